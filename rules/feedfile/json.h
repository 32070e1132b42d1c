/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - JSON as a stream of values with their paths.
 *
 * A path is the keys to a value with dots between; "[]" stands for any element
 * of an array: "Event.Attribute[].value". The path of the whole document is
 * "". A key that holds '.', '[' or ']', is not printable, or is longer than
 * JSON_KEY_MAX has '?' in it, so it matches nothing that we look for.
 *
 *	1. No tree is built: memory is bounded by the longest string.
 *	2. Refused: what is deeper, longer or more than the limits below.
 *	3. Of a key that comes twice, both values are given.
 *
 * Errors	-EBADMSG no JSON or over a limit; -ENODATA ends in the middle;
 *		-ENOMEM; or what a function answered
 * Threads	no state; any thread
 */
#pragma once

#include "rules/feedfile/span.h"

#define JSON_DEPTH_MAX	32
#define JSON_KEY_MAX	63
#define JSON_STRING_MAX (4u << 20) /* bytes; attachments are long */
#define JSON_VALUES_MAX (8u << 20) /* of the whole text */

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_value {
	enum json_type type;
	struct span text; /* of a number or a string; of the call only */
	uint32_t line;
	size_t line_offset; /* where that line starts */
};

/* A value, and the beginning of an array or object. */
typedef int json_value_fn(void *arg, const char *path,
			  const struct json_value *value);

/* An object has ended. */
typedef int json_end_fn(void *arg, const char *path);

struct json_sink {
	json_value_fn *value;
	json_end_fn *end;
	void *arg;
	bool has_many; /* several documents behind each other */
};

/* Where and why reading ended. */
struct json_report {
	uint32_t lines;
	const char *why; /* static text; NULL if nothing is wrong */
	struct span at; /* of the text, where it is wrong */
};

/* Read a whole text. *ret_report is filled also when it fails. */
int json_read(struct span text, const struct json_sink *sink,
	      struct json_report *ret_report);
