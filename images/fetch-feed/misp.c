// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/misp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "images/fetch-feed/page.h"
#include "images/fetch-feed/url.h"
#include "rules/base.h"

#define UUID_LEN 36

struct event {
	char uuid[UUID_LEN + 1];
	int64_t changed_s;
};

struct walk {
	struct transfer *transfer;
	const struct request *request;
	struct sink *sink;
	struct answer *answer;
	struct page page;
	struct event *events;
	size_t count;
};

/* It becomes part of an URL: hexadecimal digits and hyphens, no more. */
static bool is_uuid(const char *text)
{
	return strlen(text) == UUID_LEN &&
	       strspn(text, "-0123456789abcdefABCDEF") == UUID_LEN;
}

/* MISP writes numbers as texts. */
static int64_t seconds_of(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? strtoll(text, NULL, 10)
		    : (int64_t)json_integer_value(value);
}

/* The newest first. */
static int compare(const void *left, const void *right)
{
	const struct event *a = left, *b = right;

	if (a->changed_s != b->changed_s)
		return a->changed_s > b->changed_s ? -1 : 1;
	return strcmp(a->uuid, b->uuid);
}

static int list_events(struct walk *walk, json_t *manifest)
{
	const char *uuid;
	json_t *about;

	walk->events =
		calloc(json_object_size(manifest) + 1, sizeof(*walk->events));
	if (!walk->events)
		return answer_fail(walk->answer, -ENOMEM, "no memory");
	json_object_foreach(manifest, uuid, about)
	{
		struct event *event = &walk->events[walk->count];

		if (!is_uuid(uuid) || !json_is_object(about))
			return answer_fail(
				walk->answer, -EBADMSG,
				"no manifest of MISP: it names what is no event");
		memcpy(event->uuid, uuid, UUID_LEN + 1);
		event->changed_s =
			seconds_of(json_object_get(about, "timestamp"));
		walk->count++;
	}
	qsort(walk->events, walk->count, sizeof(*walk->events), compare);
	if (walk->count > (size_t)walk->request->max_pages)
		walk->count = (size_t)walk->request->max_pages;
	return 0;
}

static int fetch_manifest(struct walk *walk)
{
	CLEANUP(json_decrefp) json_t *manifest = NULL;
	int r = page_get(&walk->page, walk->transfer, walk->request->url,
			 walk->answer);

	if (r != 0)
		return r;
	manifest = page_object(&walk->page);
	if (!manifest)
		return answer_fail(
			walk->answer, -EBADMSG,
			"no manifest of MISP: it is not a JSON object");
	return list_events(walk, manifest);
}

static int put(const struct walk *walk, const char *text)
{
	int r = sink_write(walk->sink, text, strlen(text));

	if (r == -EFBIG)
		return answer_fail(walk->answer, r,
				   "the events are longer than %ld bytes",
				   walk->request->max_bytes);
	return r < 0 ? answer_fail(walk->answer, r, "not stored: %s",
				   strerror(-r))
		     : 0;
}

static int put_event(struct walk *walk, const struct event *event)
{
	CLEANUP(json_decrefp) json_t *object = page_object(&walk->page);
	CLEANUP(freep) char *text = NULL;
	int r;

	if (!object || !json_is_object(json_object_get(object, "Event")))
		return answer_fail(walk->answer, -EBADMSG, "event %s is none",
				   event->uuid);
	text = json_dumps(object, JSON_COMPACT);
	if (!text)
		return answer_fail(walk->answer, -ENOMEM, "no memory");
	r = event == walk->events ? 0 : put(walk, ",\n");
	return r < 0 ? r : put(walk, text);
}

static int fetch_event(struct walk *walk, const struct event *event)
{
	CLEANUP(freep) char *url = NULL;
	char name[UUID_LEN + sizeof(".json")];
	int r;

	(void)snprintf(name, sizeof(name), "%s.json", event->uuid);
	walk->answer->page_count++;
	r = url_follow(walk->request->url, name, &url);
	if (r < 0)
		return answer_fail(walk->answer, r, "event %s has no URL",
				   event->uuid);
	r = page_get(&walk->page, walk->transfer, url, walk->answer);
	return r < 0 ? r : put_event(walk, event);
}

static int fetch_events(struct walk *walk)
{
	int r = fetch_manifest(walk);

	if (r == 0)
		r = put(walk, "{\"response\":[");
	for (size_t i = 0; i < walk->count && r == 0; i++)
		r = fetch_event(walk, &walk->events[i]);
	return r == 0 ? put(walk, "]}\n") : r;
}

int misp_fetch(struct transfer *transfer, const struct request *request,
	       struct sink *sink, struct answer *answer)
{
	struct walk walk = {
		.transfer = transfer,
		.request = request,
		.sink = sink,
		.answer = answer,
	};
	int r = fetch_events(&walk);

	page_done(&walk.page);
	free(walk.events);
	return r;
}
