/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensed.h - a record of the sensor, made into an event.
 *
 * What a record says of itself is checked, whoever may have written it. Texts
 * are taken as they are, whatever bytes are in them.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>

#include "rules/detect/event.h"
#include "xdp/sensor.h"

struct sensed {
	struct fw_sensed head;
	struct event_text texts[FW_TEXT_COUNT]; /* borrow the bytes */
};

/* -EBADMSG for what is no record; *ret_sensed is then untouched. */
int sensed_read(const void *bytes, size_t len, struct sensed *ret_sensed);

/* What of an event's texts has to be put together. */
struct sensed_room {
	char paths[2][2 * FW_TEXT_BYTES + 2];
	char cgroup[FW_SENSED_ROOM];
	char command_line[FW_ARGS_BYTES + FW_TEXT_BYTES];
};

/*
 * The event that a record is. Its texts are of the record and of `room`, and
 * `number` is left to the caller. `more` are the arguments that follow those
 * of the record, of an execution that has more.
 */
void sensed_event(const struct sensed *record, const struct event_text *more,
		  struct sensed_room *room, struct event *ret_event);
