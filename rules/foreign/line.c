// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/line.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Copy one word, without what quotes it, to `to`. Returns behind its text. */
static const char *copy_word(const char *at, const char *end, char **to)
{
	bool is_quoted = false;

	for (; at < end && (is_quoted || !is_blank(*at)); at++) {
		if (*at == '"') {
			is_quoted = !is_quoted;
			continue;
		}
		if (*at == '\\' && end - at > 1)
			at++;
		*(*to)++ = *at;
	}
	*(*to)++ = '\0';
	return at;
}

static void split(struct line *line, const char *at, const char *end)
{
	char *to = line->text;

	/* a word is no longer than its text, but for the NUL, which has the
	 * place of the blank behind it, or the one byte kept free */
	if (end - at >= LINE_BYTES_MAX ||
	    memchr(at, '\0', (size_t)(end - at))) {
		line->why = "a line that is too long, or no text";
		return;
	}
	while (at < end) {
		if (is_blank(*at)) {
			at++;
			continue;
		}
		if (line->count == LINE_WORDS_MAX) {
			line->why = "a line of too many words";
			return;
		}
		line->words[line->count++] = to;
		at = copy_word(at, end, &to);
	}
}

bool line_next(struct lines *lines, struct line *ret_line)
{
	while (lines->at < lines->end) {
		const char *start = lines->at;
		const char *stop =
			memchr(start, '\n', (size_t)(lines->end - start));

		lines->number++;
		lines->at = stop ? stop + 1 : lines->end;
		if (!stop)
			stop = lines->end;
		while (start < stop && is_blank(*start))
			start++;
		if (start == stop || *start == '#')
			continue;
		ret_line->count = ret_line->at = 0;
		ret_line->why = NULL;
		ret_line->excerpt = (struct excerpt){
			.text = start,
			.len = (size_t)(stop - start),
			.line = lines->number,
		};
		split(ret_line, start, stop);
		return true;
	}
	return false;
}

bool line_is_done(const struct line *line)
{
	return line->at >= line->count;
}

const char *line_take(struct line *line)
{
	return line_is_done(line) ? "" : line->words[line->at++];
}

bool line_take_if(struct line *line, const char *word)
{
	bool is_it =
		!line_is_done(line) && strcmp(line->words[line->at], word) == 0;

	line->at += is_it;
	return is_it;
}
