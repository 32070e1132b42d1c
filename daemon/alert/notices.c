// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/notices.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/alert/line.h"
#include "daemon/alert/notice_ring.h"

#define RULE_TEXT_MAX 192
#define DONE_TEXT_MAX 64

struct outlet {
	struct notice_outlet ways;
	struct notice_counts counts;
	uint64_t cursor;
};

struct notices {
	struct notice_origin origin;
	struct notice_ring ring;
	struct outlet outlets[NOTICE_OUTLETS_MAX];
	size_t outlet_count;
};

int notices_new(const struct notice_origin *origin,
		struct notices **ret_notices)
{
	CLEANUP(notices_freep) struct notices *notices = NULL;
	int r;

	assert(origin);
	assert(ret_notices);

	notices = calloc(1, sizeof(*notices));
	if (!notices)
		return -ENOMEM;
	notices->origin = *origin;
	r = notice_ring_init(&notices->ring);
	if (r < 0)
		return r;
	*ret_notices = TAKE(notices);
	return 0;
}

void notices_free(struct notices *notices)
{
	if (!notices)
		return;
	notice_ring_done(&notices->ring);
	free(notices);
}

/* The texts of one notice, until the ring has them. */
struct texts {
	char json[NOTICE_LINE_MAX];
	char message[NOTICE_MESSAGE_MAX];
	char rule_id[RULE_TEXT_MAX], rule_name[RULE_TEXT_MAX];
	char executable[RULE_TEXT_MAX];
	char peer[PREFIX_TEXT_MAX];
	char done[DONE_TEXT_MAX];
};

static void point(struct told *told, enum told_text which, const char *text,
		  size_t len)
{
	told->texts[which] = text;
	told->lens[which] = (uint32_t)len;
}

static void show(struct told *told, enum told_text which, const char *bytes,
		 size_t len, char *to, size_t size)
{
	point(told, which, to, line_show(bytes, len, to, size));
}

static void show_done(struct told *told, uint32_t done,
		      char text[DONE_TEXT_MAX])
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int bit = 0; bit < NOTICE_STEP_COUNT; bit++) {
		const char *step = notice_step_name(bit);

		if (!(done & 1u << bit))
			continue;
		len += (size_t)snprintf(text + len, DONE_TEXT_MAX - len, "%s%s",
					len ? "," : "", step);
	}
	point(told, TOLD_DONE, text, len);
}

static void fill_texts(struct told *told, const struct notice *notice,
		       struct texts *texts)
{
	const struct event_text *image = &notice->event->words[EVENT_IMAGE];
	const char *id = notice_rule_id(notice);
	const char *name = notice_rule_name(notice);

	point(told, TOLD_MESSAGE, texts->message,
	      notice_message(notice, texts->message));
	show(told, TOLD_RULE_ID, id, strlen(id), texts->rule_id,
	     sizeof(texts->rule_id));
	show(told, TOLD_RULE_NAME, name, strlen(name), texts->rule_name,
	     sizeof(texts->rule_name));
	show(told, TOLD_EXECUTABLE, image->bytes, image->len, texts->executable,
	     sizeof(texts->executable));
	texts->peer[0] = '\0';
	if (notice->event->peer.bits)
		(void)prefix_to_text(&notice->event->peer, texts->peer);
	point(told, TOLD_PEER, texts->peer, strlen(texts->peer));
	show_done(told, notice->done, texts->done);
}

int notices_put(struct notices *notices, const struct notice *notice)
{
	struct texts texts;
	struct pattern pattern;
	struct told told = {
		.wall_ns = notice->wall_ns,
		.count = notice->count,
		.pid = notice->event->process.pid,
		.level = notice->rule->level,
	};

	assert(notices);

	told.id = notice_id(&notices->origin, notice);
	notice_pattern(notice, &pattern);
	told.pattern = pattern.id;
	fill_texts(&told, notice, &texts);
	point(&told, TOLD_JSON, texts.json,
	      notice_json(&notices->origin, notice, &told.id, &pattern,
			  texts.json));
	notice_ring_put(&notices->ring, &told);
	return 0;
}

void notices_add_outlet(struct notices *notices,
			const struct notice_outlet *outlet)
{
	struct outlet *added = &notices->outlets[notices->outlet_count];

	assert(notices->outlet_count < NOTICE_OUTLETS_MAX);
	assert(outlet->fn);

	*added = (struct outlet){
		.ways = *outlet,
		.counts = {.name = outlet->name},
		.cursor = notices->ring.next_seq,
	};
	notices->outlet_count++;
}

const struct told *notices_next(const struct notices *notices, uint64_t *cursor,
				uint64_t *lost)
{
	const struct notice_ring *ring = &notices->ring;
	const struct told *told;

	if (*cursor == 0)
		*cursor = ring->next_seq;
	if (*cursor < ring->first_seq) {
		*lost += ring->first_seq - *cursor;
		*cursor = ring->first_seq;
	}
	told = notice_ring_get(ring, *cursor);
	if (told)
		++*cursor;
	return told;
}

/* Has it more to take, and would? */
static bool turn(const struct notices *notices, struct outlet *outlet)
{
	for (int i = 0; i < NOTICES_PER_TURN; i++) {
		const struct told *told = notices_next(notices, &outlet->cursor,
						       &outlet->counts.lost);
		int r;

		if (!told)
			return false;
		r = outlet->ways.fn(outlet->ways.arg, told);
		if (r == -EAGAIN) {
			outlet->cursor--;
			return false;
		}
		if (r < 0) {
			outlet->counts.lost++;
			outlet->counts.error = r;
		} else {
			outlet->counts.told++;
		}
	}
	return outlet->cursor < notices->ring.next_seq;
}

bool notices_turn(struct notices *notices)
{
	bool has_more = false;

	for (size_t i = 0; i < notices->outlet_count; i++)
		has_more |= turn(notices, &notices->outlets[i]);
	return has_more;
}

uint64_t notices_next_seq(const struct notices *notices)
{
	return notices->ring.next_seq;
}

bool notices_counts(const struct notices *notices, size_t at,
		    struct notice_counts *ret_counts)
{
	if (at >= notices->outlet_count)
		return false;
	*ret_counts = notices->outlets[at].counts;
	return true;
}
