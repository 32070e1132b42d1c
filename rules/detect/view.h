/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.h - an event as the rules of a category see it: fields by their names.
 *
 * One event is several records: that a program was executed is the creation of
 * a process to Sysmon, and an EXECVE, a SYSCALL and a PATH record to auditd. A
 * view is one such record: the kinds of events that have it, and where each of
 * its fields comes from. A field that other views of the category have is not
 * known in this one, and no test of it is met.
 *
 * A field may come from several texts: the image is the file that the kernel
 * resolved and the path that was asked for. One that meets the test is enough.
 *
 * Threads	constants; any thread
 */
#pragma once

#include "rules/detect/event.h"
#include "rules/detect/rule.h"

#define DETECT_ARGS_MAX	   16 /* that a field can name */
#define DETECT_SOURCES_MAX 3 /* of one field */
#define DETECT_NUMBER_MAX  PREFIX_TEXT_MAX /* bytes of a number as text */

/* A text of an event, or a number of it as text. */
enum detect_source {
	SOURCE_NONE,
	SOURCE_WORD, /* and one for each enum event_word */
	SOURCE_ARG = SOURCE_WORD + EVENT_WORD_COUNT, /* and for each argument */
	SOURCE_CALL_ARG = SOURCE_ARG + DETECT_ARGS_MAX, /* hexadecimal */
	SOURCE_UID = SOURCE_CALL_ARG + EVENT_CALL_ARGS_MAX,
	SOURCE_EUID,
	SOURCE_LOGIN_UID,
	SOURCE_PID,
	SOURCE_PARENT_PID,
	SOURCE_RESULT,
	SOURCE_SUCCESS, /* "yes" or "no" */
	SOURCE_PEER,
	SOURCE_PEER_PORT,
	SOURCE_LOCAL_PORT,
	SOURCE_PROTOCOL, /* "tcp", "udp", or a number */
	SOURCE_CALL, /* name of the system call */
	SOURCE_FLAGS, /* decimal */
	SOURCE_STDIN, /* "socket", if it is one of a network */
	SOURCE_STDOUT,
	SOURCE_STDERR,
	SOURCE_NEW_PEER, /* "true" or "false" */
	SOURCE_EXIT_STATUS, /* of one that has ended, not of one that was ended */
	SOURCE_LOG_USER, /* USER= of a line */
	SOURCE_LOG_TYPE, /* type= */
	SOURCE_LOG_UNIT, /* unit= */
	SOURCE_COUNT,
};
_Static_assert(SOURCE_COUNT <= 64, "sets of sources are words");

struct detect_field {
	const char *name;
	uint8_t sources[DETECT_SOURCES_MAX]; /* enum detect_source */
	const char *constant; /* what it always is, if it has no source */
};

struct detect_view {
	enum detect_category category;
	uint32_t kinds; /* 1 << enum event_kind */
	const struct detect_field *fields;
	size_t field_count;
};

extern const struct detect_view detect_views[];
extern const size_t detect_view_count;

/* Its text in the tables, if some view of the category has it, or NULL. */
const char *detect_field_name(enum detect_category category, const char *name);

/* NULL: the view does not have it. */
const struct detect_field *detect_field_of(const struct detect_view *view,
					   const char *name);

/* Its text; a number is written into `buf`. Empty if it is not known. */
struct event_text detect_source_text(const struct event *event,
				     enum detect_source source,
				     char buf[DETECT_NUMBER_MAX]);
