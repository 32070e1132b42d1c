// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/heard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/prefix.h"
#include "rules/wire.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The longest beginning that is at most WIRE_HEARD_TEXT_MAX bytes, and whole. */
static size_t whole(const char *text, size_t len)
{
	if (len <= WIRE_HEARD_TEXT_MAX)
		return len;
	len = WIRE_HEARD_TEXT_MAX;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void put(json_t *event, const char *key, const char *text)
{
	if (*text)
		(void)json_object_set_new(
			event, key,
			json_stringn(text, whole(text, strlen(text))));
}

/* What a program says in `object`, into `event`. -EINVAL: with what is wrong. */
typedef int fill_fn(json_t *event, const json_t *object,
		    const char **ret_wrong);

static int hear(const char *line, size_t len, fill_fn *fill, json_t **ret_event,
		char *why)
{
	CLEANUP(json_decrefp)
	json_t *object = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	CLEANUP(json_decrefp) json_t *event = json_object();
	const char *wrong = "it is no object of JSON";
	int r = json_is_object(object) ? fill(event, object, &wrong) : -EINVAL;

	if (r == -EINVAL)
		(void)snprintf(why, HEARD_WHY_MAX, "%s", wrong);
	*ret_event = NULL;
	if (r == 0 && json_object_get(event, "line") &&
	    json_object_get(event, "service"))
		*ret_event = TAKE(event);
	return r;
}

/* Falco. */

static void put_number(json_t *event, const char *key, json_t *value,
		       json_int_t max)
{
	if (json_is_integer(value) && json_integer_value(value) > 0 &&
	    json_integer_value(value) <= max)
		(void)json_object_set(event, key, value);
}

/* The other end: what Falco calls so, or of a connect the server. */
static void put_peer(json_t *event, const json_t *fields)
{
	const char *peer = text_of(fields, "fd.rip");
	const char *port = "fd.rport";
	struct prefix prefix;

	if (!*peer && strcmp(text_of(fields, "evt.type"), "connect") == 0) {
		peer = text_of(fields, "fd.sip");
		port = "fd.sport";
	}
	if (prefix_from_text(peer, strlen(peer), &prefix) < 0 ||
	    prefix.bits != 128)
		return;
	put(event, "peer", peer);
	put_number(event, "peer_port", json_object_get(fields, port),
		   UINT16_MAX);
}

static int put_line(json_t *event, const json_t *object)
{
	char *line = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&line, &len);

	if (!out)
		return -ENOMEM;
	(void)fprintf(out, "%s %s: %s", text_of(object, "priority"),
		      text_of(object, "rule"), text_of(object, "output"));
	if (fclose(out) != 0)
		return -ENOMEM;
	put(event, "line", line);
	free(line);
	return 0;
}

static int fill_falco(json_t *event, const json_t *object,
		      const char **ret_wrong)
{
	static const struct {
		const char *field, *key;
	} texts[] = {
		{"proc.exepath", "image"},
		{"proc.cmdline", "command_line"},
		{"user.name", "user"},
		{"container.id", "container"},
	};
	const json_t *fields = json_object_get(object, "output_fields");

	if (!*text_of(object, "rule") || !*text_of(object, "priority")) {
		*ret_wrong = "it has no \"rule\" and \"priority\", which "
			     "Falco's lines have";
		return -EINVAL;
	}
	put(event, "service", "falco");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		put(event, texts[i].key, text_of(fields, texts[i].field));
	/* Falco calls what is in no container so. */
	if (strcmp(text_of(event, "container"), "host") == 0)
		(void)json_object_del(event, "container");
	put_number(event, "pid", json_object_get(fields, "proc.pid"),
		   UINT32_MAX);
	put_peer(event, fields);
	return put_line(event, object);
}

int heard_falco(const char *line, size_t len, json_t **ret_event,
		char ret_why[HEARD_WHY_MAX])
{
	return hear(line, len, fill_falco, ret_event, ret_why);
}

/* The journal. */

/* A message that is not UTF-8 is a list of its bytes. */
static char *text_of_bytes(const json_t *list)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; out && i < json_array_size(list); i++) {
		unsigned int byte = (unsigned int)json_integer_value(
			json_array_get(list, i));

		(void)fprintf(out,
			      byte >= ' ' && byte <= '~' ? "%c" : "\\x%02x",
			      byte & 0xff);
	}
	if (!out || fclose(out) != 0)
		return NULL;
	return text;
}

static int put_message(json_t *event, const json_t *message)
{
	char *text;

	if (!json_is_array(message)) {
		put(event, "line",
		    json_is_string(message) ? json_string_value(message) : "");
		return 0;
	}
	text = text_of_bytes(message);
	if (!text)
		return -ENOMEM;
	put(event, "line", text);
	free(text);
	return 0;
}

static int fill_journal(json_t *event, const json_t *object,
			const char **ret_wrong)
{
	const char *service = text_of(object, "SYSLOG_IDENTIFIER");
	unsigned long pid = strtoul(text_of(object, "_PID"), NULL, 10);

	(void)ret_wrong;
	if (!*service)
		service = text_of(object, "_COMM");
	/* anybody may call themselves so, there */
	put(event, "service",
	    strcmp(service, "falco") == 0 ? "falco of the journal" : service);
	put(event, "image", text_of(object, "_EXE"));
	put(event, "unit", text_of(object, "_SYSTEMD_UNIT"));
	if (pid > 0 && pid <= UINT32_MAX)
		(void)json_object_set_new(event, "pid",
					  json_integer((json_int_t)pid));
	return put_message(event, json_object_get(object, "MESSAGE"));
}

int heard_journal(const char *line, size_t len, json_t **ret_event,
		  char ret_why[HEARD_WHY_MAX])
{
	return hear(line, len, fill_journal, ret_event, ret_why);
}

size_t heard_bytes(json_t *event)
{
	json_t *value;
	const char *key;
	size_t bytes = 0;

	json_object_foreach(event, key, value)
	{
		if (json_is_string(value))
			bytes += json_string_length(value);
	}
	return bytes;
}
