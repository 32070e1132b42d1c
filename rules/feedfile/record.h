/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - the records of a feed in JSON: objects at a few paths, of
 * which a few fields are kept until the object ends.
 *
 * The text is read twice. First without giving anything, so that a document
 * that is broken at its end, or not of the format, gives no entry at all; the
 * format then judges what it has seen. What it keeps in its state from the
 * first reading is there in the second.
 *
 * Inside of feedfile/ only.
 *
 * Threads	no state; any thread
 */
#pragma once

#include "rules/feedfile/json.h"
#include "rules/feedfile/scan.h"

#define RECORD_PATHS_MAX  4
#define RECORD_FIELDS_MAX 10
#define RECORD_BYTES_MAX  65536 /* of the fields of one record */

/* A field that the record has not is JSON_NULL with an empty text. */
struct record {
	const char *path;
	struct json_value fields[RECORD_FIELDS_MAX];
	size_t used;
	bool is_too_long;
	char bytes[RECORD_BYTES_MAX];
};

struct record_format {
	const char *paths[RECORD_PATHS_MAX];
	const char *fields[RECORD_FIELDS_MAX]; /* below the paths */
	bool has_many; /* see json.h */

	/* A record has ended; scan->entry has its line and nothing else. */
	int (*give)(struct feed_scan *scan, void *state,
		    const struct record *record);

	/* Any value that is no field of a record, and the start of one; may be
	 * NULL. */
	int (*other)(struct feed_scan *scan, void *state, const char *path,
		     const struct json_value *value);

	/* After the first reading: is it of the format? May be NULL. */
	bool (*is_format)(const void *state);
};

int record_read(struct feed_scan *scan, struct span text,
		const struct record_format *format, void *state);

/* scan_give(), for what must be a string. */
int record_give(struct feed_scan *scan, const struct json_value *value);

/* Is it a string, and this one? */
bool record_is(const struct json_value *value, const char *text);
