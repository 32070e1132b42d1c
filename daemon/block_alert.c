// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/block_alert.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "daemon/detecting.h"

/* An event is older than the member that it was the cause of, by little. */
#define BEFORE_S 60
#define AFTER_S	 2 /* a clock that is set back a little */

static bool has_step(const json_t *line, const char *name)
{
	const json_t *done =
		json_object_get(json_object_get(line, "portcullis"), "done");
	const json_t *step;
	size_t i;

	json_array_foreach(done, i, step)
	{
		if (strcmp(json_string_value(step), name) == 0)
			return true;
	}
	return false;
}

/* The member, or an address in it. */
static bool has_peer(const json_t *line, const struct prefix *member)
{
	const char *text = block_alert_text(line, "destination", "ip");
	struct prefix peer;

	if (!*text)
		text = block_alert_text(line, "source", "ip");
	return prefix_from_text(text, strlen(text), &peer) == 0 &&
	       prefix_covers(member, &peer);
}

/* "rule TITLE: IMAGE (pid 123)", as detecting.c has written it of that event;
 * a title that had to be cut or changed is as good as its beginning. */
static bool has_reason(const json_t *line, const char *reason)
{
	const char *title = block_alert_text(line, "rule", "name");
	const json_t *process = json_object_get(line, "process");
	const char *pid = strrchr(reason, '(');
	size_t at = strlen("rule ");
	const size_t last = at + DETECTING_TITLE_MAX - 1;
	char text[32];

	(void)snprintf(
		text, sizeof(text), "(pid %lld)",
		(long long)json_integer_value(json_object_get(process, "pid")));
	if (!pid || strcmp(pid, text) != 0 || strncmp(reason, "rule ", at) != 0)
		return false;
	while (*title && at < last &&
	       (reason[at] == *title || reason[at] == '?')) {
		at++;
		title++;
	}
	return reason[at] == ':' && (!*title || at == last);
}

static bool is_of_time(const struct kept_notice *kept, uint64_t created_s)
{
	uint64_t wall_s = kept->wall_ns / 1000000000u;

	return wall_s + BEFORE_S >= created_s && wall_s <= created_s + AFTER_S;
}

struct search {
	const struct member *member;
	uint32_t looked; /* at so many alerts */
	json_t *found; /* the line, or NULL */
};

static int look_at(void *arg, const struct kept_notice *kept)
{
	struct search *search = arg;
	const struct member *member = search->member;
	json_t *line;

	if (++search->looked > BLOCK_ALERTS_LOOKED)
		return 1;
	if (!is_of_time(kept, member->evidence.created_s))
		return 0;
	line = json_loadb(kept->json, kept->json_len, 0, NULL);
	if (!has_step(line, "table") || !has_peer(line, &member->prefix) ||
	    !has_reason(line, member->evidence.reason)) {
		json_decref(line);
		return 0;
	}
	search->found = line;
	return 1;
}

json_t *block_alert_find(struct notice_store *store,
			 const struct member *member)
{
	struct search search = {.member = member};

	assert(store);
	assert(member);

	(void)notice_store_each(store, 0, look_at, &search);
	return search.found;
}

const char *block_alert_text(const json_t *line, const char *object,
			     const char *key)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(line, object), key));

	return text ? text : "";
}
