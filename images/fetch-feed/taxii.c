// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/taxii.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "images/fetch-feed/page.h"
#include "images/fetch-feed/url.h"
#include "rules/base.h"

#define NEXT_BYTES_MAX 2048
#define PAGE_OBJECTS   "1000"

struct walk {
	struct transfer *transfer;
	const struct request *request;
	struct sink *sink;
	struct answer *answer;
	char *url; /* of the next page; NULL: there is none */
	bool has_objects;
};

static int fail_page(const struct walk *walk, int error, const char *why)
{
	return answer_fail(walk->answer, error, "page %u: %s",
			   walk->answer->page_count, why);
}

static int put(const struct walk *walk, const char *text, size_t count)
{
	int r = sink_write(walk->sink, text, count);

	if (r == -EFBIG)
		return answer_fail(walk->answer, r,
				   "the bundle is longer than %ld bytes",
				   walk->request->max_bytes);
	return r < 0 ? answer_fail(walk->answer, r, "not stored: %s",
				   strerror(-r))
		     : 0;
}

static int put_text(const struct walk *walk, const char *text)
{
	return put(walk, text, strlen(text));
}

static int put_object(struct walk *walk, const json_t *object)
{
	CLEANUP(freep) char *text = NULL;
	int r = 0;

	if (!json_is_object(object))
		return fail_page(walk, -EBADMSG, "an object is none");
	text = json_dumps(object, JSON_COMPACT);
	if (!text)
		return fail_page(walk, -ENOMEM, "no memory");
	if (walk->has_objects)
		r = put(walk, ",", 1);
	walk->has_objects = true;
	return r < 0 ? r : put_text(walk, text);
}

static int put_objects(struct walk *walk, const json_t *envelope)
{
	const json_t *objects = json_object_get(envelope, "objects");
	const json_t *object;
	size_t i;
	int r = 0;

	if (objects && !json_is_array(objects))
		return fail_page(walk, -EBADMSG, "its objects are no list");
	json_array_foreach(objects, i, object)
	{
		r = put_object(walk, object);
		if (r < 0)
			break;
	}
	return r;
}

/* The URL of what follows this page; left NULL where nothing does. */
static int turn(struct walk *walk, const json_t *envelope)
{
	const char *next = json_string_value(json_object_get(envelope, "next"));
	const char *date = walk->answer->added_last;
	int r;

	if (!json_is_true(json_object_get(envelope, "more")))
		return 0;
	if (next && *next && strlen(next) <= NEXT_BYTES_MAX)
		r = url_set(walk->request->url, "next", next, &walk->url);
	else if (!next && *date)
		r = url_set(walk->request->url, "added_after", date,
			    &walk->url);
	else
		return fail_page(walk, -EBADMSG,
				 "there is more, but not where");
	return r < 0 ? fail_page(walk, r, "the next one has no URL") : 0;
}

static int read_page(struct walk *walk, const struct page *page)
{
	CLEANUP(json_decrefp) json_t *envelope = page_object(page);
	int r;

	if (!envelope)
		return fail_page(walk, -EBADMSG,
				 "not a JSON object, or too large a one");
	r = put_objects(walk, envelope);
	return r < 0 ? r : turn(walk, envelope);
}

static int fetch_page(struct walk *walk)
{
	struct page page = {0};
	CLEANUP(freep) char *url = NULL;
	char last[ANSWER_FIELD_MAX]; /* an empty page has no date */
	int r;

	memcpy(last, walk->answer->added_last, sizeof(last));
	if (walk->answer->page_count == walk->request->max_pages)
		return answer_fail(walk->answer, -EFBIG, "more than %ld pages",
				   walk->request->max_pages);
	walk->answer->page_count++;
	r = url_add(walk->url, "limit", PAGE_OBJECTS, &url);
	free(TAKE(walk->url));
	if (r < 0)
		return fail_page(walk, r, "it has no URL");
	r = page_get(&page, walk->transfer, url, walk->answer);
	if (r == 0)
		r = read_page(walk, &page);
	if (!*walk->answer->added_last)
		memcpy(walk->answer->added_last, last, sizeof(last));
	page_done(&page);
	return r;
}

/* RFC 9562, 5.8: the form of a UUID whose bits are the maker's own. */
static int put_end(const struct walk *walk)
{
	unsigned char d[SINK_DIGEST_BYTES];
	char text[96];

	if (sink_digest(walk->sink, d) < 0)
		return answer_fail(walk->answer, -ENOMEM, "no memory");
	d[6] = (d[6] & 0x0f) | 0x80;
	d[8] = (d[8] & 0x3f) | 0x80;
	(void)snprintf(
		text, sizeof(text),
		"],\"id\":\"bundle--%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\"}\n",
		d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9],
		d[10], d[11], d[12], d[13], d[14], d[15]);
	return put_text(walk, text);
}

int taxii_fetch(struct transfer *transfer, const struct request *request,
		struct sink *sink, struct answer *answer)
{
	struct walk walk = {
		.transfer = transfer,
		.request = request,
		.sink = sink,
		.answer = answer,
		.url = strdup(request->url),
	};
	int r = walk.url ? put_text(&walk, "{\"type\":\"bundle\",\"objects\":[")
			 : answer_fail(answer, -ENOMEM, "no memory");

	while (r == 0 && walk.url)
		r = fetch_page(&walk);
	free(walk.url);
	return r < 0 ? r : put_end(&walk);
}
