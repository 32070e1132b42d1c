/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_log.h - the last events of this host, for watchers to read at their
 * pace.
 *
 * Kept only while somebody has asked in the last HOST_LOG_WATCH_NS: most of
 * the time nobody does, and then an event costs nothing here. A watcher that is
 * slower than the ring turns is told how many it lost.
 *
 * Times	CLOCK_BOOTTIME
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "rules/detect/event.h"

#define HOST_LOG_SIZE	  4096u
#define HOST_LOG_WATCH_NS 10000000000ull

struct logged_host_event {
	enum event_kind kind;
	json_t *json; /* NULL: none yet */
};

struct host_log {
	struct logged_host_event *ring; /* HOST_LOG_SIZE of them */
	uint64_t next_seq; /* of the next event; the first is 2, as that of
			    * event_log.h */
	uint64_t watched_until_ns;
};

int host_log_init(struct host_log *log);
void host_log_done(struct host_log *log);

/* Somebody watches. */
void host_log_watch(struct host_log *log, uint64_t now_ns);

/* Nothing, while nobody watches. */
void host_log_put(struct host_log *log, const struct event *event,
		  uint64_t now_ns);

/* The event of that number, or NULL when it is gone or not there yet. */
const struct logged_host_event *host_log_get(const struct host_log *log,
					     uint64_t seq);

/* Number of the oldest that is still there. */
uint64_t host_log_oldest(const struct host_log *log);
