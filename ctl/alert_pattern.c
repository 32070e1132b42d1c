// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/alert_pattern.h"

#include <errno.h>
#include <string.h>

#include "ctl/answer.h"

int alert_patterns_init(struct alert_patterns *patterns)
{
	patterns->list = json_array();
	patterns->by_id = json_object();
	return patterns->list && patterns->by_id ? 0 : -ENOMEM;
}

void alert_patterns_done(struct alert_patterns *patterns)
{
	json_decref(patterns->list);
	json_decref(patterns->by_id);
}

static json_t *begin(struct alert_patterns *patterns, const json_t *item)
{
	const json_t *alert = answer_object(item, "alert");
	const json_t *ours = answer_object(alert, "portcullis");
	const char *id = answer_text(item, "pattern");
	json_t *pattern = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i}", "pattern", id,
		"text", answer_text(answer_object(ours, "pattern"), "text"),
		"level", answer_text(item, "level"), "rule",
		answer_text(answer_object(alert, "rule"), "name"), "last",
		answer_text(alert, "@timestamp"), "newest",
		answer_text(item, "id"), "alerts", 0, "count", 0, "new", 0);

	if (!pattern || json_object_set(patterns->by_id, id, pattern) < 0 ||
	    json_array_append(patterns->list, pattern) < 0) {
		json_decref(pattern);
		return NULL;
	}
	json_decref(pattern); /* the lists have it */
	return pattern;
}

static void add(json_t *pattern, const char *key, int64_t by)
{
	(void)json_object_set_new(
		pattern, key, json_integer(answer_number(pattern, key) + by));
}

int alert_patterns_add(struct alert_patterns *patterns, const json_t *item)
{
	const json_t *alert = answer_object(item, "alert");
	json_t *pattern =
		json_object_get(patterns->by_id, answer_text(item, "pattern"));

	if (!pattern)
		pattern = begin(patterns, item);
	if (!pattern)
		return -ENOMEM;
	add(pattern, "alerts", 1);
	add(pattern, "count",
	    answer_number(answer_object(alert, "portcullis"), "count"));
	add(pattern, "new", strcmp(answer_text(item, "state"), "new") == 0);
	return json_object_set_new(
		       pattern, "first",
		       json_string(answer_text(alert, "@timestamp"))) < 0
		       ? -ENOMEM
		       : 0;
}
