/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heard.h - what another program says of this host, as an event that rules are
 * asked about.
 *
 *	falco		a line of Falco's with json_output: true. The service is
 *			"falco", the line "PRIORITY RULE: OUTPUT"; image, command
 *			line, user, container, pid and the remote address are
 *			those of its output_fields that are there
 *	journal		a line of journalctl -o json. The service is
 *			SYSLOG_IDENTIFIER, or _COMM, and never "falco"; image,
 *			unit and pid are what journald itself knows of who
 *			wrote it
 *
 * Texts are cut after WIRE_HEARD_TEXT_MAX bytes; bytes of a message that are not
 * UTF-8 stand as \xNN.
 *
 * Errors	-EINVAL, with what is wrong in `ret_why`; -ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

#define HEARD_WHY_MAX 128

/* The caller owns *ret_event, which is NULL for a line that says nothing: one
 * of the journal without a message. */
int heard_falco(const char *line, size_t len, json_t **ret_event,
		char ret_why[HEARD_WHY_MAX]);
int heard_journal(const char *line, size_t len, json_t **ret_event,
		  char ret_why[HEARD_WHY_MAX]);

size_t heard_bytes(json_t *event); /* of its texts */
