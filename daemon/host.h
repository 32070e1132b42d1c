/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - the sensor in the daemon: when it is read, and who is told.
 *
 * Off unless fwd.yml says `sensor: true`. A sensor that cannot start is an
 * alert and no more: packets are judged without it. What it loses is an alert
 * until a minute has passed without.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "daemon/event/reader.h"
#include "daemon/event/talkers.h"
#include "daemon/host_log.h"

struct daemon;

struct host {
	struct event_reader *reader; /* NULL: it is off, or did not start */
	struct talkers *talkers; /* NULL likewise */
	struct event *sources[3]; /* both rings, the tick */
	struct host_log log;
	uint64_t turned_ns; /* end of the last turn; CLOCK_BOOTTIME */
	int busy_turns; /* in a row, soon behind each other */
	bool is_behind; /* the last turn left records */
	uint64_t lost; /* events, since the start */
	uint64_t lost_ns; /* when the last were */
};

/* With the privileges of the start; what judges its events and acts on them
 * starts with it. */
int host_start(struct daemon *daemon);

/* Nothing is heard from now on, so that a stop finds an end. */
void host_deafen(struct host *host);
void host_stop(struct host *host);
