// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/daemon.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/ahead.h"
#include "daemon/apply.h"
#include "daemon/attribution.h"
#include "daemon/capturing.h"
#include "daemon/clock.h"
#include "daemon/cookies.h"
#include "daemon/crowdsec.h"
#include "daemon/expire.h"
#include "daemon/feeds.h"
#include "daemon/gate_follow.h"
#include "daemon/log.h"
#include "daemon/members.h"
#include "daemon/named.h"
#include "daemon/notice_keep.h"
#include "daemon/prepared.h"
#include "daemon/requests.h"
#include "daemon/windows.h"

#define REST_PART   16 /* of the time, when all of it was used */
#define REST_NS_MAX 50000000u

int daemon_make_live(struct daemon *daemon, struct generation *generation,
		     char note[MAPS_NOTE_MAX])
{
	struct generation *old = daemon->live;
	char gate_note[GATE_NOTE_MAX] = "";
	int r;

	windows_set(generation->judge, clock_wall_s());
	if (generation->last)
		windows_set(generation->last, clock_wall_s());
	r = gates_swap(daemon->gates, program_gate(generation->judge->program),
		       gate_note);
	if (r < 0) {
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "a gate could not be given the new program: %s",
			       *gate_note ? gate_note : strerror(-r));
		/* Those that were swapped go back to what we keep. */
		if (old)
			(void)gates_swap(daemon->gates,
					 program_gate(old->judge->program),
					 gate_note);
		generation_free(generation);
		return r;
	}
	daemon->live = generation;
	daemon->maps = generation->maps;
	daemon->table = generation->table;
	daemon->ledger = generation->ledger;
	generation_free(old);
	owed_done(&daemon->owed);
	ended_done(&daemon->ended);
	daemon->ended = generation->ended;
	generation->ended = (struct ended){0};
	daemon->doubts_clock = generation->doubts_clock;
	members_guard(daemon);
	gate_follow(daemon);
	generation_tell(generation, &daemon->alerts);
	named_follow(daemon, clock_wall_s());
	r = program_make_live(generation->judge->program);
	if (r < 0)
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "%s: the live generation could not be pinned: "
			       "%s",
			       daemon->config.pin_dir, strerror(-r));
	return r;
}

/* What the loop is told of, and what it does then. */

static int keep_event(void *arg, const struct fw_event *event)
{
	struct daemon *daemon = arg;

	event_log_put(&daemon->events, event,
		      counters_id(daemon->live->counters, event->counter),
		      attribution_of_event(daemon, event));
	return 0;
}

/*
 * The kernel leaves a real-time thread 95 % of each second, and takes the rest
 * in one piece, in the middle of whatever it does (sched(7), and the fair
 * server since 6.12). So rest before that, where no request is half done.
 */
static void rest(struct daemon *daemon)
{
	uint64_t now_ns = clock_mono_ns();
	uint64_t cpu_ns = clock_thread_ns();
	uint64_t span_ns = now_ns - daemon->rest_ns;
	const struct timespec pause = {
		.tv_nsec = (long)(REST_NS_MAX < span_ns / REST_PART
					  ? REST_NS_MAX
					  : span_ns / REST_PART),
	};

	if (daemon->config.realtime && daemon->rest_ns &&
	    cpu_ns - daemon->rest_cpu_ns > span_ns / 10 * 9)
		(void)nanosleep(&pause, NULL);
	daemon->rest_ns = clock_mono_ns();
	daemon->rest_cpu_ns = clock_thread_ns();
}

static struct timeval time_of(uint64_t us)
{
	return (struct timeval){
		.tv_sec = (time_t)(us / 1000000),
		.tv_usec = (suseconds_t)(us % 1000000),
	};
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	int taken = maps_take_events(daemon->maps, keep_event, daemon,
				     EVENTS_PER_TURN);
	struct event_pace pace =
		event_log_pace(daemon->config.events_per_second, taken);
	const struct timeval pause = time_of(pace.pause_us);
	struct pool_touch touch = ahead_touch(daemon->ahead);

	(void)fd;
	(void)what;
	maps_set_credit(daemon->maps, pace.credit);
	ledger_prepare(daemon->ledger, 0, &touch);
	table_prepare(daemon->table, ledger_usage(daemon->ledger).prefix_count,
		      &touch);
	if (pace.pause_us != daemon->tick_us &&
	    event_add(daemon->tick, &pause) == 0)
		daemon->tick_us = pace.pause_us;
	rest(daemon);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	apply_tick(arg);
	prepared_tick(arg, clock_boot_s());
	feeds_tick(arg, clock_wall_s());
	crowdsec_tick(arg, clock_wall_s(), clock_boot_s());
	windows_follow(arg, clock_wall_s());
	cookies_follow(arg, clock_wall_s());
	named_follow(arg, clock_wall_s());
	flow_follow(arg, clock_wall_s());
	expire_due(arg, clock_wall_s());
	members_hold_owed(arg);
}

static void on_settle(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	gate_keep_settle(arg);
	guard_keep_addresses(arg);
	guard_keep_tick(arg);
}

static void on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	(void)sd_notify(0, "WATCHDOG=1");
}

static void on_netlink(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	(void)netlink_dispatch(daemon->netlink);
}

static void on_links(void *arg)
{
	gate_keep_settle(arg);
}

static void on_addresses(void *arg)
{
	guard_keep_addresses(arg);
}

static void on_routes(void *arg)
{
	guard_keep_hops_soon(arg);
}

static void on_hops(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	guard_keep_turn(arg);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	log_notice("stopping: gates stay attached and keep dropping");
	daemon->is_stopping = true;
	capturing_end(daemon, "fwd stops");
	(void)event_base_loopbreak(daemon->base);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	char note[CONFIG_NOTE_MAX] = "";

	(void)fd;
	(void)what;
	if (!daemon->config_path && access(CONFIG_PATH, F_OK) == 0)
		daemon->config_path = CONFIG_PATH; /* it came after the start */
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
			 (unsigned long long)(clock_mono_ns() / 1000));
	if (!daemon->config_path)
		log_notice("reload: no configuration file was given");
	else if (config_read(daemon->config_path, true, &daemon->config, note) <
		 0)
		log_errx("reload: %s; keeping what was", note);
	else
		log_notice("reload: done%s%s", *note ? ": " : "", note);
	log_start(daemon->config.log_level);
	detecting_reload(daemon, NULL);
	gate_keep_settle(daemon);
	guard_keep_addresses(daemon);
	guard_keep_hops_soon(daemon);
	notice_keep_reload(daemon);
	(void)sd_notify(0, "READY=1");
}

/* Start, in order. */

static int add_source(struct daemon *daemon, struct event *event,
		      const struct timeval *every)
{
	if (!event)
		return -ENOMEM;
	assert(daemon->source_count < ARRAY_LEN(daemon->sources));
	daemon->sources[daemon->source_count++] = event;
	return event_add(event, every) < 0 ? -ENOMEM : 0;
}

static int add_timer(struct daemon *daemon, event_callback_fn fn,
		     uint64_t every_us)
{
	const struct timeval every = time_of(every_us);

	return add_source(daemon,
			  event_new(daemon->base, -1, EV_PERSIST, fn, daemon),
			  &every);
}

static int start_tick(struct daemon *daemon)
{
	int r;

	daemon->tick_us = event_log_pace(0, 0).pause_us;
	r = add_timer(daemon, on_tick, daemon->tick_us);
	if (r == 0)
		daemon->tick = daemon->sources[daemon->source_count - 1];
	return r;
}

static int start_sources(struct daemon *daemon)
{
	struct event_base *base = daemon->base;
	uint64_t watchdog_us = 0;
	int r = 0;

	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		r = add_timer(daemon, on_watchdog, watchdog_us / 2);
	if (r == 0)
		r = start_tick(daemon);
	if (r == 0)
		r = add_timer(daemon, on_second, 250000);
	if (r == 0)
		r = add_timer(daemon, on_settle, 5000000);
	if (r == 0)
		r = add_source(daemon,
			       event_new(base, netlink_fd(daemon->netlink),
					 EV_READ | EV_PERSIST, on_netlink,
					 daemon),
			       NULL);
	if (r == 0)
		r = add_source(daemon,
			       event_new(base, hops_fd(daemon->hops),
					 EV_READ | EV_PERSIST, on_hops, daemon),
			       NULL);
	if (r == 0)
		r = add_source(daemon,
			       evsignal_new(base, SIGTERM, on_stop, daemon),
			       NULL);
	if (r == 0)
		r = add_source(daemon,
			       evsignal_new(base, SIGINT, on_stop, daemon),
			       NULL);
	if (r == 0)
		r = add_source(daemon,
			       evsignal_new(base, SIGHUP, on_reload, daemon),
			       NULL);
	return r;
}

static int start_store(struct daemon *daemon, char *note)
{
	int r = store_open(daemon->config.state_dir,
			   (size_t)daemon->config.store_mib << 20,
			   &daemon->store);

	if (r == 0)
		r = store_usage(daemon->store, &daemon->store_usage);
	if (r < 0)
		(void)snprintf(note, MAPS_NOTE_MAX, "store %s: %s",
			       daemon->config.state_dir,
			       r == -EBUSY    ? "another fwd has it open"
			       : r == -EPROTO ? "of another version: restore a "
						"backup with this one"
					      : strerror(-r));
	return r;
}

/* The others are attached all the same. */
static int put_wish(void *arg, const struct attachment *attachment)
{
	int r = gate_keep_put(arg, attachment);

	if (r < 0)
		log_warningx("gate %s: there can be %d gates, ignoring",
			     attachment->ifname, GATES_MAX);
	return 0;
}

/* The old generation judges until the last line of this. */
static int start_packet(struct daemon *daemon, char *note)
{
	struct generation *generation = NULL;
	int r = maps_lock_pins(daemon->config.pin_dir, &daemon->pins_fd, note);

	if (r == 0)
		r = generation_build(&daemon->config, daemon->store,
				     &generation, note);
	if (r < 0)
		return r;
	assert(generation);
	r = gates_new(daemon->config.pin_dir, &daemon->gates);
	if (r < 0) {
		generation_free(generation);
		return r;
	}
	return daemon_make_live(daemon, generation, note);
}

static int start_gates(struct daemon *daemon, char *note)
{
	const struct netlink_sink sink = {
		.links = on_links,
		.addresses = on_addresses,
		.routes = on_routes,
	};
	int r = store_each_attachment(daemon->store, put_wish, &daemon->keep);

	if (r == 0)
		r = netlink_new(&sink, daemon, &daemon->netlink);
	if (r == 0)
		r = hops_new(&daemon->hops);
	if (r < 0) {
		(void)snprintf(note, MAPS_NOTE_MAX, "netlink: %s",
			       strerror(-r));
		return r;
	}
	guard_keep_addresses(daemon);
	guard_keep_hops(daemon);
	gate_keep_settle(daemon);
	return 0;
}

static int start_control(struct daemon *daemon, char *note)
{
	const struct server_config config = {
		.path = daemon->config.socket,
		.change_group = daemon->config.change_group,
		.view_group = daemon->config.view_group,
		.handler = requests_handle,
		.arg = daemon,
	};
	int r = worker_new(daemon->base, &daemon->worker);

	if (r == 0)
		r = worker_new(daemon->base, &daemon->ahead);
	if (r == 0)
		r = worker_new(daemon->base, &daemon->files);
	if (r == 0)
		r = server_new(daemon->base, &config, &daemon->server);
	if (r < 0)
		(void)snprintf(note, MAPS_NOTE_MAX, "control socket %s: %s",
			       daemon->config.socket,
			       r == -EADDRINUSE ? "another fwd answers there"
						: strerror(-r));
	return r;
}

static int start_base(struct daemon *daemon, char *note)
{
	int r = guard_new(&daemon->guard);

	daemon->started_s = clock_boot_s();
	daemon->base = event_base_new();
	if (r == 0)
		r = daemon->base ? event_log_init(&daemon->events) : -ENOMEM;
	if (r < 0)
		(void)snprintf(note, MAPS_NOTE_MAX, "%s", strerror(-r));
	return r;
}

static int start_feeds(struct daemon *daemon, char *note)
{
	int r = feeds_load(daemon);

	if (r < 0)
		(void)snprintf(note, MAPS_NOTE_MAX, "feeds: %s", strerror(-r));
	return r;
}

static int start_notices(struct daemon *daemon, char *note)
{
	int r = notice_keep_start(daemon);

	if (r < 0)
		(void)snprintf(note, MAPS_NOTE_MAX, "alerts: %s", strerror(-r));
	return r;
}

static int start_host(struct daemon *daemon, char *note)
{
	int r = host_start(daemon);

	if (r == 0)
		r = denying_start(daemon);
	if (r < 0)
		(void)snprintf(note, MAPS_NOTE_MAX, "%s", strerror(-r));
	return r;
}

static int (*const starts[])(struct daemon *daemon, char *note) = {
	start_base,    start_store, start_packet,  start_feeds,
	start_control, start_gates, start_notices, start_host,
};

int daemon_new(const struct config *config, const char *config_path,
	       struct daemon **ret_daemon, char note[MAPS_NOTE_MAX])
{
	CLEANUP(daemon_freep) struct daemon *daemon = NULL;
	int r = 0;

	assert(config);
	assert(ret_daemon);

	note[0] = '\0';
	daemon = calloc(1, sizeof(*daemon));
	if (!daemon)
		return -ENOMEM;
	daemon->pins_fd = -1;
	daemon->config = *config;
	daemon->config_path = config_path;
	for (size_t i = 0; i < ARRAY_LEN(starts) && r == 0; i++)
		r = starts[i](daemon, note);
	if (r == 0)
		apply_sweep(daemon);
	if (r == 0)
		r = start_sources(daemon);
	if (r < 0)
		return r;

	*ret_daemon = TAKE(daemon);
	return 0;
}

int daemon_start_workers(struct daemon *daemon)
{
	int r = worker_start(daemon->worker);

	if (r == 0)
		r = worker_start(daemon->ahead);
	if (r == 0)
		r = acting_start_thread(&daemon->acting);
	return r < 0 ? r : worker_start(daemon->files);
}

bool daemon_is_importing(const struct daemon *daemon)
{
	for (size_t i = 0; i < ARRAY_LEN(daemon->is_importing); i++)
		if (daemon->is_importing[i])
			return true;
	return false;
}

static int finish_begun(struct daemon *daemon)
{
	int r = 0;

	while (r >= 0 &&
	       (daemon->apply || daemon->diff || daemon_is_importing(daemon) ||
		worker_pending(daemon->worker) > 0 ||
		worker_pending(daemon->files) > 0))
		r = event_base_loop(daemon->base, EVLOOP_ONCE);
	if (r >= 0) /* the last answers */
		r = event_base_loop(daemon->base, EVLOOP_NONBLOCK);
	return r < 0 ? -EIO : 0;
}

int daemon_run(struct daemon *daemon)
{
	(void)sd_notify(0, "READY=1");
	if (event_base_dispatch(daemon->base) < 0)
		return -EIO;
	(void)sd_notify(0, "STOPPING=1");
	host_deafen(&daemon->host);
	expire_flush(daemon);
	notice_keep_flush(daemon);
	return finish_begun(daemon);
}

/* The reverse of the start: nobody is told of what is gone. */
void daemon_free(struct daemon *daemon)
{
	if (!daemon)
		return;

	capturing_end(daemon, "fwd stops");
	worker_free(daemon->worker);
	worker_free(daemon->ahead);
	worker_free(daemon->files);
	abandoned_stop(&daemon->abandoned);
	acting_stop(&daemon->acting); /* it has answers to give */
	server_free(daemon->server);
	prepared_free(daemon->prepared);
	denying_stop(&daemon->denying);
	host_stop(&daemon->host);
	detecting_stop(&daemon->detecting);
	notice_keep_stop(daemon);
	expire_stop(daemon);
	owed_done(&daemon->owed);
	for (size_t i = 0; i < daemon->source_count; i++)
		event_free(daemon->sources[i]);
	hops_free(daemon->hops);
	netlink_free(daemon->netlink);
	gates_free(daemon->gates);
	generation_free(daemon->live);
	closep(&daemon->pins_fd);
	feeds_done(&daemon->feeds);
	crowdsec_done(&daemon->crowdsec);
	store_close(daemon->store);
	guard_free(daemon->guard);
	event_log_done(&daemon->events);
	if (daemon->base)
		event_base_free(daemon->base);
	free(daemon);
}
