/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.h - events of this host, from the sensor's rings to a sink.
 *
 * A record becomes an event with what is known of its process: who began it,
 * what both run, in which control group, container and unit, as which user.
 *
 *	1. Events of the first ring are told in the order they happened. Those
 *	   about files come from a ring of their own, a moment later, and never
 *	   before what the first ring has of that time: so it is known who did
 *	   it, also when much waits there.
 *	2. Whatever was lost is told: EVENT_LOSS, with the kind as `number` and
 *	   how many as `count`; of records that were none, EVENT_LOSS itself.
 *	3. A turn takes at most as many records as it is given.
 *
 * Owns		the sensor in the kernel, and the table of processes
 * Times	CLOCK_BOOTTIME
 * Errors	negative errno, with a note for people
 * Threads	event loop only
 */
#pragma once

#include "daemon/event/hostnames.h"
#include "daemon/event/owner.h"
#include "daemon/event/sensing.h"
#include "rules/base.h"
#include "rules/detect/event.h"
#include "xdp/sensor.h"

/* The event and its texts are lent for the call. */
typedef void event_sink_fn(void *arg, const struct event *event);

struct event_reader;

/* Attach, and learn from /proc who was there before. `sink` is called from
 * turns and ticks only. 0 with a note: it does not know whose TCP connects
 * are. */
int event_reader_start(const struct sensing_config *config, event_sink_fn *sink,
		       void *arg, struct event_reader **ret_reader,
		       char note[SENSING_NOTE_MAX]);

/* The sensor goes. NULL is fine. */
void event_reader_stop(struct event_reader *reader);
DEFINE_CLEANUP(struct event_reader *, event_reader_stop)

/* Call event_reader_turn() when one is readable; it stays so while there are
 * records. */
int event_reader_security_fd(const struct event_reader *reader);
int event_reader_volume_fd(const struct event_reader *reader);

/* Take at most `max` records of the first ring, and as many of the second;
 * how many it was. Those of after `now_ns` may wait for the next turn. */
int event_reader_turn(struct event_reader *reader, uint64_t now_ns, int max);

/* A few times a second: tell of losses, and forget who has long ended. */
void event_reader_tick(struct event_reader *reader, uint64_t now_ns);

/* Whose a packet is, as the kernel's table has it: a few calls into it. */
int event_reader_owner(struct event_reader *reader,
		       const struct owner_question *question,
		       struct owner *ret_owner);

struct event_reader_info {
	const char *const *places; /* NULL behind the last */
	struct fw_sensor_counts counts;
	uint64_t malformed; /* records that were none */
	uint64_t told;
	size_t processes;
	uint64_t unremembered; /* processes there was no room for */
	int hostnames_r; /* 0: names of peers are learnt; -ENODATA: they are not
			  * asked for; else why not */
	struct hostnames_usage hostnames;
	uint64_t hostnames_lost; /* packets of DNS */
};

int event_reader_info(const struct event_reader *reader,
		      struct event_reader_info *ret_info);
