/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_log.h - the last drop events, for watchers to read at their pace.
 *
 * A ring of EVENT_LOG_SIZE; a watcher that is slower than it turns is told
 * how many it lost.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

#include "daemon/event/owner.h"
#include "rules/rule.h"
#include "xdp/abi.h"

#define EVENT_LOG_SIZE 4096u

/* A place may be given to another rule; so the id is put beside it at once. */
struct logged_event {
	struct fw_event event;
	char rule[RULE_ID_MAX]; /* that ended it; "" */
	struct owner owner; /* as of that moment */
};

struct event_log {
	struct logged_event *ring; /* EVENT_LOG_SIZE of them */
	uint64_t next_seq; /* of the next event; the first is 2, so that "read
			    * up to 1" is not "has read nothing", 0 */
};

int event_log_init(struct event_log *log);
void event_log_done(struct event_log *log);

void event_log_put(struct event_log *log, const struct fw_event *event,
		   const char *rule, struct owner owner);

/* The event of that number, or NULL when it is gone or not there yet. */
const struct logged_event *event_log_get(const struct event_log *log,
					 uint64_t seq);

/* Number of the oldest that is still there. */
uint64_t event_log_oldest(const struct event_log *log);

/* More than the kernel's ring holds, so that a turn leaves it empty. */
#define EVENTS_PER_TURN 2048

struct event_pace {
	uint32_t credit; /* events that may be sent until the next turn */
	uint32_t pause_us; /* until then */
};

/*
 * How to go on after a turn that took `taken` events, so that it is at most
 * `per_second` of them and never more at once than the ring has room for.
 * Without events, and up to 10,240 a second, ten turns a second are enough.
 */
struct event_pace event_log_pace(uint32_t per_second, int taken);
