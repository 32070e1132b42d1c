// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/reader.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/event/arguments.h"
#include "daemon/event/cgroup.h"
#include "daemon/event/kind.h"
#include "daemon/event/proc.h"
#include "daemon/event/process.h"
#include "daemon/event/sensed.h"
#include "daemon/event/user.h"

#define PROC_PATH	"/proc"
#define FORGET_PER_TICK 1024
#define DNS_PER_TICK	4096
#define DNS_PER_EVENT	32

struct event_reader {
	struct sensing *sensing;
	struct processes *processes;
	struct cgroups *cgroups;
	struct users *users;
	struct arguments *arguments;
	struct hostnames *hostnames;
	event_sink_fn *sink;
	void *arg;
	uint64_t now_ns; /* of the turn under way */
	int budget; /* of it */
	int dns_budget; /* of packets of DNS that are heard at once */
	int taken;
	uint64_t heard_ns; /* all of the first ring up to this was taken */
	/* The first record of the second ring that is of after `heard_ns`. */
	uint64_t held[(sizeof(struct fw_sensed) + FW_SENSED_ROOM) / 8];
	size_t held_bytes; /* 0: there is none */
	uint64_t told;
	uint64_t malformed, malformed_told;
	struct fw_sensor_counts counts_told; /* losses up to these are told */
	struct sensed_room room;
};

static void tell(struct event_reader *reader, const struct event *event)
{
	reader->told++;
	reader->sink(reader->arg, event);
}

static void remember_exec(struct event_reader *reader,
			  const struct event *event)
{
	const struct program_text text = {
		.image = event->words[EVENT_IMAGE],
		.command_line = event->words[EVENT_COMMAND_LINE],
	};
	struct process *process = processes_put(
		reader->processes, &event->process, &event->parent);

	if (process)
		(void)process_run(process, &text);
	cgroups_put(reader->cgroups, event->cgroup,
		    &event->words[EVENT_CGROUP]);
}

static void remember_fork(struct event_reader *reader,
			  const struct event *event)
{
	const struct process *parent =
		processes_find(reader->processes, &event->parent);
	struct process *process = processes_put(
		reader->processes, &event->process, &event->parent);

	if (process && parent)
		process_run_as(process, parent);
}

/* Of threads that end at once, each may look like the last one. */
static int remember_exit(struct event_reader *reader, const struct event *event)
{
	struct process *process =
		processes_find(reader->processes, &event->process);

	return process ? processes_end(reader->processes, process,
				       reader->now_ns)
		       : 0;
}

/* -EALREADY: it is not to be told again. */
static int remember(struct event_reader *reader, const struct event *event)
{
	if (event->kind == EVENT_EXEC)
		remember_exec(reader, event);
	else if (event->kind == EVENT_FORK)
		remember_fork(reader, event);
	else if (event->kind == EVENT_EXIT)
		return remember_exit(reader, event);
	return 0;
}

static void put_programs(struct event_reader *reader, struct event *event)
{
	const struct process *process =
		processes_find(reader->processes, &event->process);
	const struct process *parent =
		processes_find(reader->processes, &event->parent);
	struct program_text text;

	if (parent) {
		text = process_program(parent);
		event->words[EVENT_PARENT_IMAGE] = text.image;
		event->words[EVENT_PARENT_COMMAND_LINE] = text.command_line;
	}
	if (process && event->kind != EVENT_EXEC) {
		text = process_program(process);
		event->words[EVENT_IMAGE] = text.image;
		event->words[EVENT_COMMAND_LINE] = text.command_line;
	}
}

static int on_dns(void *arg, void *bytes, size_t len)
{
	struct event_reader *reader = arg;
	const struct fw_dns *record = bytes;

	if (len >= sizeof(*record) && record->len <= len - sizeof(*record))
		hostnames_hear(reader->hostnames, record->socket,
			       record->packet, record->len, reader->now_ns);
	return --reader->dns_budget > 0 ? 0 : -ECANCELED;
}

/* Whoever connects by a name has had an answer, which waits still. */
static void hear_dns(struct event_reader *reader, int max)
{
	reader->dns_budget = max;
	(void)sensing_take_dns(reader->sensing);
}

static void put_hostname(struct event_reader *reader, struct event *event)
{
	if (!reader->hostnames || event->peer.bits == 0 ||
	    (event->kind != EVENT_CONNECT && event->kind != EVENT_SEND))
		return;
	hear_dns(reader, DNS_PER_EVENT);
	event->words[EVENT_HOSTNAME] =
		hostnames_of(reader->hostnames, &event->peer, reader->now_ns);
}

/* What the record does not say, and the tables do. */
static void put_known(struct event_reader *reader, struct event *event)
{
	struct cgroup_names names;

	put_programs(reader, event);
	if (event->kind != EVENT_EXEC)
		event->words[EVENT_CGROUP] =
			cgroups_path(reader->cgroups, event->cgroup);
	names = cgroup_names(&event->words[EVENT_CGROUP]);
	event->words[EVENT_CONTAINER] = names.container;
	event->words[EVENT_UNIT] = names.unit;
	event->words[EVENT_USER] =
		users_name(reader->users, event->uid, reader->now_ns);
	put_hostname(reader, event);
}

static void take_record(struct event_reader *reader, const void *bytes,
			size_t len)
{
	struct event_text more = {0};
	struct sensed record;
	struct event event;

	if (sensed_read(bytes, len, &record) < 0) {
		reader->malformed++;
		return;
	}
	if (record.head.kind == FW_SENSE_ARGS) {
		arguments_put(reader->arguments, &record);
		return;
	}
	if (record.head.kind == FW_SENSE_EXEC)
		more = arguments_take(reader->arguments, &record.head);
	sensed_event(&record, &more, &reader->room, &event);
	event.number = reader->told;
	if (remember(reader, &event) < 0)
		return;
	put_known(reader, &event);
	tell(reader, &event);
}

static uint64_t time_of(const void *bytes, size_t len)
{
	const struct fw_sensed *head = bytes;

	return len >= sizeof(*head) ? head->time_ns : 0;
}

static int count_record(struct event_reader *reader)
{
	reader->taken++;
	return --reader->budget > 0 ? 0 : -ECANCELED;
}

static void heard_until(struct event_reader *reader, uint64_t time_ns)
{
	if (time_ns > reader->heard_ns)
		reader->heard_ns = time_ns;
}

static int on_security(void *arg, void *bytes, size_t len)
{
	struct event_reader *reader = arg;

	heard_until(reader, time_of(bytes, len));
	take_record(reader, bytes, len);
	return count_record(reader);
}

/* A record that was lent is taken from its ring, so what has to wait is
 * copied, and what comes behind it waits in the ring. */
static int on_volume(void *arg, void *bytes, size_t len)
{
	struct event_reader *reader = arg;

	if (time_of(bytes, len) > reader->heard_ns &&
	    len <= sizeof(reader->held)) {
		memcpy(reader->held, bytes, len);
		reader->held_bytes = len;
		return -ECANCELED;
	}
	take_record(reader, bytes, len);
	return count_record(reader);
}

static int take_volume(struct event_reader *reader)
{
	if (reader->held_bytes) {
		if (time_of(reader->held, reader->held_bytes) >
		    reader->heard_ns)
			return 0;
		take_record(reader, reader->held, reader->held_bytes);
		reader->held_bytes = 0;
		if (count_record(reader) < 0)
			return 0;
	}
	return sensing_take_volume(reader->sensing);
}

static int start_tables(struct event_reader *reader)
{
	int r = processes_new(&reader->processes);

	if (r == 0)
		r = cgroups_new(&reader->cgroups);
	if (r == 0)
		r = users_new(USERS_PATH, &reader->users);
	if (r == 0)
		r = arguments_new(&reader->arguments);
	return r;
}

static int start_hostnames(struct event_reader *reader)
{
	uint64_t seed[2];

	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		return -errno;
	return hostnames_new(seed, &reader->hostnames);
}

/* First the sensor, then /proc: who begins in between is in the ring. */
static int start_into(const struct sensing_config *config,
		      struct event_reader *reader, char note[SENSING_NOTE_MAX])
{
	int r = start_tables(reader);

	if (r == 0 && config->has_hostnames)
		r = start_hostnames(reader);
	if (r == 0)
		r = sensing_load(config, &reader->sensing, note);
	if (r == 0)
		r = sensing_listen(reader->sensing, on_security, on_volume,
				   on_dns, reader);
	if (r == 0)
		r = sensing_attach(reader->sensing, note);
	if (r == 0)
		r = proc_read(PROC_PATH, reader->processes, reader->cgroups);
	return r;
}

int event_reader_start(const struct sensing_config *config, event_sink_fn *sink,
		       void *arg, struct event_reader **ret_reader,
		       char note[SENSING_NOTE_MAX])
{
	CLEANUP(event_reader_stopp) struct event_reader *reader = NULL;
	int r;

	assert(config);
	assert(sink);
	assert(ret_reader);

	note[0] = '\0';
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->sink = sink;
	reader->arg = arg;
	r = start_into(config, reader, note);
	if (r < 0) {
		if (!*note)
			(void)snprintf(note, SENSING_NOTE_MAX, "%s",
				       strerror(-r));
		return r;
	}
	*ret_reader = TAKE(reader);
	return 0;
}

void event_reader_stop(struct event_reader *reader)
{
	if (!reader)
		return;

	sensing_free(reader->sensing);
	processes_free(reader->processes);
	cgroups_free(reader->cgroups);
	users_free(reader->users);
	arguments_free(reader->arguments);
	hostnames_free(reader->hostnames);
	free(reader);
}

int event_reader_security_fd(const struct event_reader *reader)
{
	return sensing_security_fd(reader->sensing);
}

int event_reader_volume_fd(const struct event_reader *reader)
{
	return sensing_volume_fd(reader->sensing);
}

int event_reader_turn(struct event_reader *reader, uint64_t now_ns, int max)
{
	int r;

	assert(max > 0);

	reader->now_ns = now_ns;
	reader->taken = 0;
	reader->budget = max;
	r = sensing_take_security(reader->sensing);
	if (r >= 0)
		heard_until(reader, now_ns); /* nothing waits there */
	reader->budget = max;
	if (r >= 0 || r == -ECANCELED)
		r = take_volume(reader);
	return r < 0 && r != -ECANCELED ? r : reader->taken;
}

static void tell_loss(struct event_reader *reader, enum event_kind kind,
		      uint64_t count)
{
	const struct event event = {
		.kind = EVENT_LOSS,
		.number = kind,
		.count = count,
		.time_ns = reader->now_ns,
	};

	tell(reader, &event);
}

/* Arguments that are lost cut a command line, which its event says. */
static void tell_losses(struct event_reader *reader)
{
	struct fw_sensor_counts now;

	if (sensing_counts(reader->sensing, &now) < 0)
		return;
	for (int sense = FW_SENSE_EXEC; sense < FW_SENSE_COUNT; sense++) {
		uint64_t lost = now.kinds[sense].lost -
				reader->counts_told.kinds[sense].lost;

		if (lost)
			tell_loss(reader,
				  event_kind_of_sense((enum fw_sense)sense),
				  lost);
	}
	reader->counts_told = now;
	if (reader->malformed != reader->malformed_told)
		tell_loss(reader, EVENT_LOSS,
			  reader->malformed - reader->malformed_told);
	reader->malformed_told = reader->malformed;
}

/* A call that is allowed for every process, and says when there is none. */
static bool is_gone(void *arg, uint32_t pid)
{
	cpu_set_t set;

	(void)arg;
	return sched_getaffinity((pid_t)pid, sizeof(set), &set) < 0 &&
	       errno == ESRCH;
}

void event_reader_tick(struct event_reader *reader, uint64_t now_ns)
{
	reader->now_ns = now_ns;
	if (reader->hostnames)
		hear_dns(reader, DNS_PER_TICK);
	tell_losses(reader);
	processes_sweep(reader->processes, now_ns, is_gone, NULL);
	processes_forget(reader->processes, now_ns, FORGET_PER_TICK);
}

static int look(void *arg, const struct fw_talk_key *key,
		struct fw_talk *ret_talk)
{
	const struct event_reader *reader = arg;

	return sensing_talk(reader->sensing, key, ret_talk);
}

int event_reader_owner(struct event_reader *reader,
		       const struct owner_question *question,
		       struct owner *ret_owner)
{
	return owner_find(question, look, reader, ret_owner);
}

int event_reader_info(const struct event_reader *reader,
		      struct event_reader_info *ret_info)
{
	struct processes_usage usage = processes_usage(reader->processes);
	struct event_reader_info info = {
		.places = sensing_places(reader->sensing),
		.malformed = reader->malformed,
		.told = reader->told,
		.processes = usage.count,
		.unremembered = usage.refused,
		.hostnames_r = sensing_dns_state(reader->sensing),
	};
	int r = sensing_counts(reader->sensing, &info.counts);

	if (reader->hostnames) {
		info.hostnames = hostnames_usage(reader->hostnames);
		info.hostnames_lost = sensing_dns_lost(reader->sensing);
	}
	if (r == 0)
		*ret_info = info;
	return r;
}
