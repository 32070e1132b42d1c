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

#include "xdp/abi.h"

#define EVENT_LOG_SIZE 4096u

struct event_log {
	struct fw_event *ring; /* EVENT_LOG_SIZE of them */
	uint64_t next_seq; /* of the next event; the first is 2, so that "read
			    * up to 1" is not "has read nothing", 0 */
};

int event_log_init(struct event_log *log);
void event_log_done(struct event_log *log);

void event_log_put(struct event_log *log, const struct fw_event *event);

/* The event of that number, or NULL when it is gone or not there yet. */
const struct fw_event *event_log_get(const struct event_log *log, uint64_t seq);

/* Number of the oldest that is still there. */
uint64_t event_log_oldest(const struct event_log *log);
