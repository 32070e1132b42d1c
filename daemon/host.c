// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/host.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "daemon/enforce/group.h"
#include "daemon/event/kind.h"
#include "daemon/event/user.h"
#include "daemon/host_watched.h"
#include "daemon/log.h"
#include "daemon/passing.h"

#define TURN_RECORDS 64
#define TICK_US	     100000
#define BUSY_NS	     200000 /* between two turns */
#define BUSY_TURNS   16 /* so close */
#define GATHER_NS    200000
#define ALERT_SENSOR "sensor"
#define ALERT_LOSS   "sensor loss"

static void tell_loss(struct daemon *daemon, const struct event *event)
{
	struct host *host = &daemon->host;
	const char *name = event_kind_name((enum event_kind)event->number);

	host->lost += event->count;
	host->lost_ns = event->time_ns;
	if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_LOSS,
			 "the sensor has lost events: %llu since the start, "
			 "the last ones of kind %s",
			 (unsigned long long)host->lost, name))
		log_warningx("sensor: events are lost kind=%s count=%llu", name,
			     (unsigned long long)event->count);
}

static void on_event(void *arg, const struct event *event)
{
	struct daemon *daemon = arg;

	if (event->kind == EVENT_LOSS)
		tell_loss(daemon, event);
	talkers_hear(daemon->host.talkers, event);
	detecting_event(daemon, event);
	host_log_put(&daemon->host.log, event, clock_boot_ns());
}

/*
 * Called again and again so soon, the loop would be called for every record: a
 * switch of tasks, and an interrupt for who is watched, which is more than the
 * record itself. So a few are waited for, and nobody calls meanwhile
 * (sensor_record.bpf.h).
 */
static void gather(struct host *host)
{
	const struct timespec pause = {.tv_nsec = GATHER_NS};

	if (clock_boot_ns() - host->turned_ns >= BUSY_NS)
		host->busy_turns = 0;
	else if (host->busy_turns < BUSY_TURNS)
		host->busy_turns++;
	else if (!host->is_behind)
		(void)nanosleep(&pause, NULL);
}

static void take_turn(struct daemon *daemon)
{
	struct host *host = &daemon->host;
	int taken =
		event_reader_turn(host->reader, clock_boot_ns(), TURN_RECORDS);

	host->is_behind = taken >= TURN_RECORDS;
	host->turned_ns = clock_boot_ns();
}

static void on_ring(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	gather(&daemon->host);
	take_turn(daemon);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	struct host *host = &daemon->host;
	uint64_t now_ns;

	(void)fd;
	(void)what;
	take_turn(daemon);
	now_ns = clock_boot_ns(); /* nothing was heard later */
	event_reader_tick(host->reader, now_ns);
	detecting_tick(daemon, now_ns);
	blocking_tick(daemon, now_ns);
	acting_tick(daemon, now_ns);
	passing_tick(&daemon->alerts, ALERT_LOSS, &host->lost_ns, now_ns);
}

static int add(struct event_base *base, struct event **source, int fd,
	       event_callback_fn fn, void *arg)
{
	const struct timeval tick = {.tv_usec = TICK_US};

	*source = event_new(base, fd,
			    (short)(EV_PERSIST | (fd < 0 ? 0 : EV_READ)), fn,
			    arg);
	if (!*source)
		return -ENOMEM;
	return event_add(*source, fd < 0 ? &tick : NULL) < 0 ? -ENOMEM : 0;
}

static int add_sources(struct daemon *daemon)
{
	struct host *host = &daemon->host;
	int r = add(daemon->base, &host->sources[0],
		    event_reader_security_fd(host->reader), on_ring, daemon);

	if (r == 0)
		r = add(daemon->base, &host->sources[1],
			event_reader_volume_fd(host->reader), on_ring, daemon);
	if (r == 0)
		r = add(daemon->base, &host->sources[2], -1, on_tick, daemon);
	return r;
}

static int start_talkers(struct host *host)
{
	uint64_t seed[2];

	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		return -errno;
	return talkers_new(seed, &host->talkers);
}

static int start_reader(struct daemon *daemon,
			const struct host_watched *watched,
			char note[SENSING_NOTE_MAX])
{
	char groups[PATH_MAX];
	const struct sensing_config config = {
		.watched = watched->paths,
		.watched_count = watched->count,
		.cgroup_root = group_root(groups) == 0 ? groups : NULL,
		.has_hostnames = daemon->config.sensor_hostnames,
	};
	int r = start_talkers(&daemon->host);

	if (r < 0)
		return r;
	return event_reader_start(&config, on_event, daemon,
				  &daemon->host.reader, note);
}

/* Rules about them are met by nobody, then. */
static void tell_hostnames(struct daemon *daemon)
{
	struct event_reader_info info;

	if (event_reader_info(daemon->host.reader, &info) < 0 ||
	    info.hostnames_r == 0 || !daemon->config.sensor_hostnames)
		return;
	log_warning(info.hostnames_r,
		    "sensor: packets of DNS cannot be seen, so names of peers "
		    "are not known, ignoring");
}

static int start(struct daemon *daemon)
{
	CLEANUP(host_watched_done) struct host_watched watched = {0};
	struct host *host = &daemon->host;
	char note[SENSING_NOTE_MAX] = "";
	int r = host_log_init(&host->log);

	if (r < 0 || !daemon->config.sensor)
		return r;
	r = host_watched_make(USERS_PATH, daemon->config.sensor_paths,
			      &watched);
	if (r == 0)
		r = start_reader(daemon, &watched, note);
	if (r == 0)
		r = add_sources(daemon);
	else
		(void)alerts_raise(&daemon->alerts, clock_wall_s(),
				   ALERT_SENSOR, "the sensor did not start: %s",
				   note);
	if (r == 0 && *note)
		log_warningx("sensor: %s, ignoring", note);
	if (r == 0)
		tell_hostnames(daemon);
	if (r < 0)
		log_err(r, "sensor: did not start, going on without: %s", note);
	r = detecting_start(daemon);
	return r < 0 ? r : acting_start(daemon);
}

int host_start(struct daemon *daemon)
{
	int r = start(daemon);

	return r < 0 ? r : abandoned_start(daemon);
}

void host_deafen(struct host *host)
{
	for (size_t i = 0; i < ARRAY_LEN(host->sources); i++) {
		if (host->sources[i])
			event_free(host->sources[i]);
		host->sources[i] = NULL;
	}
}

void host_stop(struct host *host)
{
	host_deafen(host);
	event_reader_stop(host->reader);
	host->reader = NULL;
	talkers_free(host->talkers);
	host->talkers = NULL;
	host_log_done(&host->log);
}
