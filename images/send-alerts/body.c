// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/send-alerts/body.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "rules/base.h"

#define NAME_BYTES_MAX 128

/* The next place of a template: where it begins, and its name. false: none. */
static bool next_place(const char *template, const char **ret_begin,
		       char name[NAME_BYTES_MAX], const char **ret_end)
{
	const char *begin = strstr(template, "{{");
	const char *end = begin ? strstr(begin, "}}") : NULL;
	size_t len = end ? (size_t)(end - begin) - 2 : 0;

	*ret_begin = begin;
	if (!end || len == 0 || len >= NAME_BYTES_MAX)
		return false;
	memcpy(name, begin + 2, len);
	name[len] = '\0';
	*ret_end = end + 2;
	return true;
}

int body_check_template(const char *template)
{
	const char *begin;
	char name[NAME_BYTES_MAX];

	while (next_place(template, &begin, name, &template))
		if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_.@")])
			return -EINVAL;
	return begin ? -EINVAL : 0;
}

static const json_t *value_at(const json_t *alert, const char *name)
{
	char part[NAME_BYTES_MAX];

	while (alert && *name) {
		size_t len = strcspn(name, ".");

		memcpy(part, name, len);
		part[len] = '\0';
		alert = json_object_get(alert, part);
		name += len + (name[len] == '.');
	}
	return alert;
}

/* As a string of JSON, without the quotes around it. */
static void put_string(FILE *out, const char *text)
{
	CLEANUP(json_decrefp) json_t *string = json_string(text);
	char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
	size_t len = quoted ? strlen(quoted) : 0;

	if (len >= 2)
		(void)fwrite(quoted + 1, 1, len - 2, out);
	free(quoted);
}

static void put_value(FILE *out, const json_t *value)
{
	char *text;
	size_t i;
	const json_t *item;

	if (!value)
		return;
	if (json_is_string(value)) {
		put_string(out, json_string_value(value));
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, item)
		{
			if (i > 0)
				(void)fputc(',', out);
			if (json_is_string(item))
				put_string(out, json_string_value(item));
		}
	} else {
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		put_string(out, text ? text : "");
		free(text);
	}
}

static void put_place(FILE *out, const char *name,
		      const struct queue_line *line, const json_t *alert,
		      uint64_t dropped)
{
	if (strcmp(name, "json") == 0)
		(void)fwrite(line->text, 1, line->len, out);
	else if (strcmp(name, "dropped") == 0)
		(void)fprintf(out, "%" PRIu64, dropped);
	else
		put_value(out, value_at(alert, name));
}

static size_t fill_template(FILE *out, const struct queue *queue,
			    const char *template)
{
	const struct queue_line *line = queue_get(queue, 0);
	CLEANUP(json_decrefp)
	json_t *alert = json_loadb(line->text, line->len, 0, NULL);
	char name[NAME_BYTES_MAX];
	const char *begin, *end;

	while (next_place(template, &begin, name, &end)) {
		(void)fwrite(template, 1, (size_t)(begin - template), out);
		put_place(out, name, line, alert, queue->dropped);
		template = end;
	}
	(void)fputs(template, out);
	return 1;
}

static size_t fill_usual(FILE *out, const struct queue *queue)
{
	const struct queue_line *line;
	size_t count = 0, bytes = 0;

	(void)fprintf(out, "{\"dropped\":%" PRIu64 ",\"alerts\":[",
		      queue->dropped);
	while (count < BODY_ALERTS_MAX &&
	       (line = queue_get(queue, count)) != NULL &&
	       (count == 0 || bytes + line->len <= BODY_BYTES_MAX)) {
		if (count > 0)
			(void)fputc(',', out);
		(void)fwrite(line->text, 1, line->len, out);
		bytes += line->len;
		count++;
	}
	(void)fputs("]}", out);
	return count;
}

int body_make(const struct queue *queue, const char *template,
	      struct body_text *ret_body)
{
	struct body_text body = {
		.first = queue->gone,
		.dropped = queue->dropped,
	};
	FILE *out = open_memstream(&body.text, &body.len);
	bool has_failed;

	assert(queue->count > 0);

	if (!out)
		return -ENOMEM;
	body.alerts = template ? fill_template(out, queue, template)
			       : fill_usual(out, queue);
	has_failed = ferror(out);
	has_failed |= fclose(out) != 0;
	if (has_failed) {
		free(body.text);
		return -ENOMEM;
	}
	*ret_body = body;
	return 0;
}
