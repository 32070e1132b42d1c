// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/record.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "rules/base.h"

static const char why_long[] = "a record is too long";
static const char why_no_object[] = "not an object";
static const char why_no_string[] = "no address in the record";

struct reading {
	struct feed_scan *scan;
	const struct record_format *format;
	void *state;
	uint32_t line; /* of the record at hand */
	struct plain_note said; /* an error message in the document */
	struct record record;
};

bool record_is(const struct json_value *value, const char *text)
{
	return value->type == JSON_STRING && span_is(value->text, text);
}

int record_give(struct feed_scan *scan, const struct json_value *value)
{
	if (value->type == JSON_STRING)
		return scan_give(scan, value->text);
	scan_reject(scan, why_no_string, value->text);
	return 0;
}

static void start_record(struct reading *reading, const char *path,
			 uint32_t line)
{
	struct record *record = &reading->record;

	record->path = path;
	record->used = 0;
	record->is_too_long = false;
	reading->line = line;
	for (size_t i = 0; i < RECORD_FIELDS_MAX; i++)
		record->fields[i] = (struct json_value){
			.type = JSON_NULL,
			.text = span_of(""),
		};
}

/* Keep a copy: the parser's own is of the call only. */
static void keep_field(struct record *record, size_t index,
		       const struct json_value *value)
{
	size_t len = span_len(value->text);
	char *copy = record->bytes + record->used;

	if (len > RECORD_BYTES_MAX - record->used) {
		record->is_too_long = true;
		return;
	}
	memcpy(copy, value->text.at, len);
	record->used += len;
	record->fields[index] = *value;
	record->fields[index].text = (struct span){copy, copy + len};
}

/* What a path has below that of a record; NULL if it is not below it. */
static const char *below(const char *path, const char *record_path)
{
	size_t len = strlen(record_path);

	if (strncmp(path, record_path, len) != 0)
		return NULL;
	if (len > 0 && path[len] != '\0')
		return path[len] == '.' ? path + len + 1 : NULL;
	return path + len;
}

static bool take_field(struct reading *reading, const char *name,
		       const struct json_value *value)
{
	const struct record_format *format = reading->format;

	for (size_t i = 0; i < RECORD_FIELDS_MAX && format->fields[i]; i++) {
		if (strcmp(name, format->fields[i]) == 0) {
			keep_field(&reading->record, i, value);
			return true;
		}
	}
	return false;
}

/* The names by which servers say what went wrong. */
static void hear_error(struct reading *reading, const char *path,
		       const struct json_value *value)
{
	static const char *const names[] = {
		"message",	   "error",
		"error.message",   "errors[].message",
		"errors[].detail", "errors[]",
		"title",	   "detail",
	};

	if (value->type != JSON_STRING || reading->said.why)
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(path, names[i]) == 0)
			plain_note_set(&reading->said, value->line, names[i],
				       value->text.at, span_len(value->text));
	}
}

/* A field is kept and a record begun. False if it is none of a record. */
static bool take_value(struct reading *reading, const char *path,
		       const struct json_value *value)
{
	const struct record_format *format = reading->format;

	for (size_t i = 0; i < RECORD_PATHS_MAX && format->paths[i]; i++) {
		const char *name = below(path, format->paths[i]);

		if (!name)
			continue;
		if (*name != '\0') {
			if (take_field(reading, name, value))
				return true;
			continue;
		}
		if (value->type == JSON_OBJECT)
			start_record(reading, format->paths[i], value->line);
		else
			scan_reject(reading->scan, why_no_object, value->text);
	}
	return false;
}

static int on_value(void *arg, const char *path, const struct json_value *value)
{
	struct reading *reading = arg;
	const struct record_format *format = reading->format;

	reading->scan->entry = (struct feed_entry){.line = value->line};
	if (take_value(reading, path, value))
		return 0;
	hear_error(reading, path, value);
	if (!format->other)
		return 0;
	return format->other(reading->scan, reading->state, path, value);
}

static int on_end(void *arg, const char *path)
{
	struct reading *reading = arg;
	struct record *record = &reading->record;

	if (!record->path || strcmp(path, record->path) != 0)
		return 0;
	reading->scan->entry = (struct feed_entry){.line = reading->line};
	if (record->is_too_long) {
		scan_reject(reading->scan, why_long, record->fields[0].text);
		return 0;
	}
	return reading->format->give(reading->scan, reading->state, record);
}

static int read_once(struct reading *reading, struct span text)
{
	const struct json_sink sink = {
		.value = on_value,
		.end = on_end,
		.arg = reading,
		.has_many = reading->format->has_many,
	};
	struct feed_report *report = reading->scan->report;
	struct json_report json;
	int r;

	reading->record.path = NULL;
	r = json_read(text, &sink, &json);
	report->lines = json.lines;
	report->has_end_mark = true;
	report->is_whole = r == 0;
	if (r == 0 || !json.why)
		return r;
	(void)scan_refuse(reading->scan,
			  r == -ENODATA ? FEED_INSTEAD_JSON_CUT
					: FEED_INSTEAD_JSON_BROKEN,
			  json.lines, json.at);
	report->notes[0].why = json.why;
	return -EBADMSG;
}

/* It is JSON, but not what was looked for. */
static int refuse(struct reading *reading, struct span text)
{
	struct feed_report *report = reading->scan->report;

	if (!reading->said.why)
		return scan_refuse(reading->scan, FEED_INSTEAD_JSON_OTHER, 1,
				   text);
	(void)scan_refuse(reading->scan, FEED_INSTEAD_JSON_ERROR, 1, text);
	reading->said.why = report->notes[0].why;
	report->notes[0] = reading->said;
	return -EBADMSG;
}

int record_read(struct feed_scan *scan, struct span text,
		const struct record_format *format, void *state)
{
	CLEANUP(freep) struct reading *reading = calloc(1, sizeof(*reading));
	feed_entry_fn *fn = scan->fn;
	int r;

	if (!reading)
		return -ENOMEM;
	reading->scan = scan;
	reading->format = format;
	reading->state = state;
	scan->fn = NULL;
	r = read_once(reading, text);
	scan->fn = fn;
	if (r < 0)
		return r;
	if (format->is_format && !format->is_format(state))
		return refuse(reading, text);
	*scan->report = (struct feed_report){0};
	return read_once(reading, text);
}
