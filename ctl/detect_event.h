/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect_event.h - an event that the user wrote, as JSON.
 *
 *	{"kind": "exec", "image": "/usr/bin/id", "args": ["id", "-u"],
 *	 "uid": 0, "peer": "198.51.100.7", "peer_port": 443}
 *
 * Keys are "kind", the words of rules/detect/event_name.h, "args", "call_args",
 * and the numbers "uid", "euid", "login_uid", "pid", "start_ns", "parent" or
 * "parent_pid", "parent_start_ns", "time_us", "result", "flags", "count",
 * "peer_port", "local_port", "protocol"; "peer" is an address; "asked" and
 * "new_peer" are true or false. What "fwctl events" says besides is passed
 * over. Any other key, and any value of another type, is refused. Without "command_line" it is
 * the arguments with a blank between them.
 *
 * Owns		its texts, until detect_event_done()
 * Errors	-EINVAL, with what is wrong in `ret_why`; -ENOMEM
 */
#pragma once

#include <jansson.h>

#include "rules/detect/event.h"

struct detect_event {
	struct event event;
	json_t *object; /* has the texts */
	char *command_line; /* if it was made of the arguments */
};

int detect_event_read(const char *line, size_t len,
		      struct detect_event *ret_event, char ret_why[128]);
void detect_event_done(struct detect_event *event);
