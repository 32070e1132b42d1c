/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * talkers.h - which processes have talked to whom, also those that have ended.
 *
 *	1. A process is remembered when it first connects, accepts, sends,
 *	   binds or listens, with what is known of it then; its image is that
 *	   of its last execution.
 *	2. What it did with a peer is one talk, with how often and when last: of
 *	   a peer's port where it connects or sends, of its own where it
 *	   accepts. A peer has TALKS_PER_PEER of them at most.
 *	3. Both tables never grow. In each the one that was longest unused makes
 *	   room, and is counted; talks of a process that is gone are not told.
 *
 * Owns		what is in it; texts that are lent live until the next event
 * Times	CLOCK_BOOTTIME
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/event.h"

#define TALKERS_MAX	8192u
#define TALKS_MAX	65536u
#define TALKS_PER_PEER	32u
#define TALKER_TEXT_MAX 160u /* bytes that are kept of a text */

struct talker {
	struct process_id id;
	uint32_t uid;
	uint64_t ended_ns; /* 0: its end was not told */
	struct event_text image, unit, container;
};

struct talk {
	struct process_id id;
	enum event_kind kind; /* EVENT_CONNECT, EVENT_ACCEPT, EVENT_SEND */
	uint8_t protocol;
	uint16_t peer_port, local_port; /* of the last time; 0: not known */
	uint64_t first_ns, last_ns;
	uint64_t count; /* that were told: docs/sensor.md */
};

struct talkers;

/* `seed` is a secret, for peers choose their addresses. */
int talkers_new(const uint64_t seed[2], struct talkers **ret_talkers);
void talkers_free(struct talkers *talkers);
DEFINE_CLEANUP(struct talkers *, talkers_free)

/* Events of other kinds than those above are none of its business. */
void talkers_hear(struct talkers *talkers, const struct event *event);

/* -ENOENT: it is not known, or not any more. */
int talkers_process(struct talkers *talkers, const struct process_id *id,
		    struct talker *ret_talker);

/* The last ones with this address, newest first; how many it wrote. */
size_t talkers_of(struct talkers *talkers, const struct prefix *peer,
		  struct talk talks[TALKS_PER_PEER]);

struct talkers_usage {
	size_t processes, talks;
	uint64_t processes_evicted, talks_evicted;
};

struct talkers_usage talkers_usage(const struct talkers *talkers);
