/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * note.h - why a detection rule was not loaded.
 *
 * Threads	a value
 */
#pragma once

#include "rules/document_note.h"

enum detect_reason {
	DETECT_BROKEN, /* not what the language allows */
	DETECT_TOO_LARGE,
	DETECT_NO_FIELD, /* a field that no sensor fills */
	DETECT_NO_MODIFIER,
	DETECT_NO_VALUE, /* a kind of value */
	DETECT_NO_REGEX, /* a regular expression not in linear time */
	DETECT_NO_CONDITION, /* a form of condition, aggregation for one */
	DETECT_NO_LOG_SOURCE, /* events of another system or service */
	DETECT_NEEDS_LOG, /* is met by lines of a log only */
	DETECT_NEVER, /* could never be met */
	DETECT_REASON_COUNT,
};

struct detect_note {
	enum detect_reason reason;
	struct document_note at;
};

/* "field", "modifier", ...: one word of letters and "-". */
const char *detect_reason_name(enum detect_reason reason);
