/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * span.h - a piece of text that belongs to somebody else, taken from its
 * front: what the readers of feeds cut lines, words and fields with.
 *
 * No NUL is looked for and none is written.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* `at` moves towards `end`. */
struct span {
	const char *at;
	const char *end;
};

static inline struct span span_of(const char *text)
{
	return (struct span){text, text + strlen(text)};
}

static inline size_t span_len(struct span span)
{
	return (size_t)(span.end - span.at);
}

static inline bool span_is_empty(struct span span)
{
	return span.at == span.end;
}

static inline bool span_starts(struct span span, const char *text)
{
	size_t len = strlen(text);

	return span_len(span) >= len && memcmp(span.at, text, len) == 0;
}

static inline bool span_is(struct span span, const char *text)
{
	return span_len(span) == strlen(text) && span_starts(span, text);
}

static inline bool span_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline void span_skip_blanks(struct span *span)
{
	while (span->at < span->end && span_is_blank(*span->at))
		span->at++;
}

/* Without blanks and carriage returns at either end. */
static inline struct span span_trim(struct span span)
{
	span_skip_blanks(&span);
	while (span.end > span.at &&
	       (span_is_blank(span.end[-1]) || span.end[-1] == '\r'))
		span.end--;
	return span;
}

/* Take the next line without its end. False when there is none left. */
static inline bool span_take_line(struct span *text, struct span *ret_line)
{
	size_t left = span_len(*text);
	const char *feed;
	const char *stop;

	if (left == 0)
		return false;
	feed = memchr(text->at, '\n', left);
	stop = feed ? feed : text->end;
	*ret_line = (struct span){text->at, stop};
	if (stop > text->at && stop[-1] == '\r')
		ret_line->end--;
	text->at = feed ? feed + 1 : text->end;
	return true;
}

/* Take what stands before `mark`, and the mark; all if there is none. */
static inline struct span span_take_until(struct span *span, char mark)
{
	const char *found = memchr(span->at, mark, span_len(*span));
	struct span before = {span->at, found ? found : span->end};

	span->at = found ? found + 1 : span->end;
	return before;
}

/* Take the next word: what stands between blanks. Empty at the end. */
static inline struct span span_take_word(struct span *span)
{
	const char *start;

	span_skip_blanks(span);
	start = span->at;
	while (span->at < span->end && !span_is_blank(*span->at))
		span->at++;
	return (struct span){start, span->at};
}

/* Take a decimal number. False, and nothing taken, if there is none or it
 * does not fit. */
static inline bool span_take_number(struct span *span, uint64_t *ret_number)
{
	const char *at = span->at;
	uint64_t number = 0;

	for (; at < span->end && *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*at - '0'),
					   &number))
			return false;
	}
	if (at == span->at)
		return false;
	span->at = at;
	*ret_number = number;
	return true;
}

/* Files that were put together have more than one. */
static inline void span_skip_byte_order_marks(struct span *text)
{
	while (span_starts(*text, "\xef\xbb\xbf"))
		text->at += 3;
}
