// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/detect_event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/base.h"
#include "rules/detect/event_name.h"

#define WHY_BYTES 128
#define NUMBER(name, bytes)                                   \
	{                                                     \
#name, offsetof(struct event, name), (bytes), \
			(1ull << ((bytes)*8)) - 1             \
	}

static const struct {
	const char *name;
	size_t offset, bytes;
	uint64_t max;
} numbers[] = {
	NUMBER(uid, 4),
	NUMBER(euid, 4),
	NUMBER(login_uid, 4),
	NUMBER(peer_port, 2),
	NUMBER(local_port, 2),
	NUMBER(protocol, 1),
	{"flags", offsetof(struct event, flags), 8, INT64_MAX},
	{"count", offsetof(struct event, count), 8, INT64_MAX},
	{"pid", offsetof(struct event, process.pid), 4, UINT32_MAX},
	{"start_ns", offsetof(struct event, process.start_ns), 8, INT64_MAX},
	{"parent", offsetof(struct event, parent.pid), 4, UINT32_MAX},
	{"parent_pid", offsetof(struct event, parent.pid), 4, UINT32_MAX},
	{"parent_start_ns", offsetof(struct event, parent.start_ns), 8,
	 INT64_MAX},
	{"time_us", offsetof(struct event, time_ns), 8, INT64_MAX / 1000},
};

/* What "fwctl events" says of an event, and no rule asks. */
static const char *const passed_over[] = {"seq", "cut", "lost_kind"};

static int refuse(char *why, const char *key, const char *what)
{
	(void)snprintf(why, WHY_BYTES, "\"%.60s\" is %s", key, what);
	return -EINVAL;
}

static int read_text(const char *key, const json_t *value,
		     struct event_text *ret_text, char *why)
{
	if (!json_is_string(value))
		return refuse(why, key, "a text");
	ret_text->bytes = json_string_value(value);
	ret_text->len = (uint32_t)json_string_length(value);
	return 0;
}

static int read_kind(const json_t *value, struct event *event, char *why)
{
	const char *name = json_string_value(value);

	for (int kind = 0; name && kind < EVENT_KIND_COUNT; kind++) {
		if (strcmp(event_kind_name(kind), name) == 0) {
			event->kind = (enum event_kind)kind;
			return 0;
		}
	}
	return refuse(why, "kind", "one of exec, create, connect, log, ...");
}

static int read_args(const json_t *value, struct event *event, char *why)
{
	int r = 0;

	if (!json_is_array(value) || json_array_size(value) > EVENT_ARGS_MAX)
		return refuse(why, "args", "a list of at most 64 texts");
	event->arg_count = (uint32_t)json_array_size(value);
	for (uint32_t i = 0; r >= 0 && i < event->arg_count; i++)
		r = read_text("args", json_array_get(value, i), &event->args[i],
			      why);
	return r;
}

static int read_call_args(const json_t *value, struct event *event, char *why)
{
	if (!json_is_array(value) ||
	    json_array_size(value) > EVENT_CALL_ARGS_MAX)
		return refuse(why, "call_args", "a list of at most 4 numbers");
	for (size_t i = 0; i < json_array_size(value); i++)
		event->call_args[i] =
			(uint64_t)json_integer_value(json_array_get(value, i));
	return 0;
}

static int read_peer(const json_t *value, struct event *event, char *why)
{
	const char *text = json_string_value(value);

	if (!text || prefix_from_text(text, strlen(text), &event->peer) < 0 ||
	    event->peer.bits != 128)
		return refuse(why, "peer", "an address");
	return 0;
}

static int read_is(const char *key, const json_t *value, bool *ret_is,
		   char *why)
{
	if (!json_is_boolean(value))
		return refuse(why, key, "true or false");
	*ret_is = json_is_true(value);
	return 0;
}

static int read_number(const char *key, const json_t *value,
		       struct event *event, char *why)
{
	json_int_t number = json_integer_value(value);

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (strcmp(numbers[i].name, key) != 0)
			continue;
		if (!json_is_integer(value) || number < 0 ||
		    (uint64_t)number > numbers[i].max)
			return refuse(why, key, "a number that is too large");
		/* as every machine that this runs on has them */
		memcpy((char *)event + numbers[i].offset, &number,
		       numbers[i].bytes);
		return 0;
	}
	return refuse(why, key, "no key of an event");
}

static int read_key(const char *key, const json_t *value, struct event *event,
		    char *why)
{
	if (strcmp(key, "kind") == 0)
		return read_kind(value, event, why);
	if (strcmp(key, "args") == 0)
		return read_args(value, event, why);
	if (strcmp(key, "call_args") == 0)
		return read_call_args(value, event, why);
	if (strcmp(key, "peer") == 0)
		return read_peer(value, event, why);
	if (strcmp(key, "asked") == 0)
		return read_is(key, value, &event->is_asked, why);
	if (strcmp(key, "new_peer") == 0)
		return read_is(key, value, &event->is_new_peer, why);
	for (size_t i = 0; i < ARRAY_LEN(passed_over); i++) {
		if (strcmp(passed_over[i], key) == 0)
			return 0;
	}
	if (strcmp(key, "result") == 0 && json_is_integer(value)) {
		event->result = (int32_t)json_integer_value(value);
		return 0;
	}
	for (int word = 0; word < EVENT_WORD_COUNT; word++) {
		if (strcmp(event_word_name(word), key) == 0)
			return read_text(key, value, &event->words[word], why);
	}
	return read_number(key, value, event, why);
}

static int join_args(struct detect_event *event)
{
	struct event_text *line = &event->event.words[EVENT_COMMAND_LINE];
	size_t len = 0;
	FILE *out;

	if (line->len > 0 || event->event.arg_count == 0)
		return 0;
	out = open_memstream(&event->command_line, &len);
	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < event->event.arg_count; i++)
		(void)fprintf(out, "%s%s", i ? " " : "",
			      event->event.args[i].bytes);
	if (fclose(out) != 0)
		return -ENOMEM;
	line->bytes = event->command_line;
	line->len = (uint32_t)len;
	return 0;
}

int detect_event_read(const char *line, size_t len,
		      struct detect_event *ret_event, char ret_why[128])
{
	struct detect_event event = {.event.login_uid = UINT32_MAX};
	json_error_t error;
	const char *key;
	json_t *value;
	int r = 0;

	event.object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(event.object)) {
		(void)snprintf(ret_why, WHY_BYTES, "no object of JSON");
		json_decref(event.object);
		return -EINVAL;
	}
	if (!json_object_get(event.object, "kind"))
		r = refuse(ret_why, "kind", "missing");
	json_object_foreach(event.object, key, value)
	{
		if (r >= 0)
			r = read_key(key, value, &event.event, ret_why);
	}
	event.event.time_ns *= 1000; /* it was read as microseconds */
	if (r >= 0)
		r = join_args(&event);
	if (r < 0)
		detect_event_done(&event);
	else
		*ret_event = event;
	return r;
}

void detect_event_done(struct detect_event *event)
{
	json_decref(event->object);
	free(event->command_line);
}
