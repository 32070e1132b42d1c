// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/plain.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>

static const char why_html_or_json[] =
	"a list does not start like HTML or JSON";
static const char why_nul[] = "NUL byte: not text";
static const char why_long[] = "line too long";
static const char why_no_address[] = "not an address, network or range";
static const char why_everything[] = "covers every address";
static const char why_all_v4[] = "has every IPv4 address in it";
static const char why_backwards[] = "range ends before it starts";
static const char why_families[] = "range from one address family to the other";
static const char why_no_range[] = "range needs two single addresses";

/* Text not read yet; `at` moves towards `end`. */
struct cursor {
	const char *at;
	const char *end;
};

/* What each_entry() needs to know beside the line. */
struct reader {
	plain_entry_fn *fn;
	void *arg;
	uint32_t line;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && is_blank(*cursor->at))
		cursor->at++;
}

/* Take the next line without its end. False when there is none left. */
static bool take_line(struct cursor *text, struct cursor *ret_line)
{
	size_t left = (size_t)(text->end - text->at);
	const char *feed;
	const char *stop;

	if (left == 0)
		return false;
	feed = memchr(text->at, '\n', left);
	stop = feed ? feed : text->end;
	*ret_line = (struct cursor){text->at, stop};
	if (stop > text->at && stop[-1] == '\r')
		ret_line->end--;
	text->at = feed ? feed + 1 : text->end;
	return true;
}

/* Take up to what may follow an address, or part two of a range. */
static struct cursor take_word(struct cursor *line)
{
	static const bool ends_word[256] = {
		[' '] = true, ['\t'] = true, [','] = true,
		['#'] = true, [';'] = true,  ['-'] = true,
	};
	const char *start = line->at;

	while (line->at < line->end && !ends_word[(uint8_t)*line->at])
		line->at++;
	return (struct cursor){start, line->at};
}

static int prefix_of_word(struct cursor word, struct prefix *ret_prefix)
{
	return prefix_from_text(word.at, (size_t)(word.end - word.at),
				ret_prefix);
}

static void note(struct plain_report *report, uint32_t line, const char *why,
		 struct cursor text)
{
	struct plain_note *kept = &report->notes[report->note_count++];
	size_t used = 0;

	*kept = (struct plain_note){.line = line, .why = why};
	for (; text.at < text.end && used < PLAIN_NOTE_TEXT - 1; text.at++) {
		kept->text[used] = *text.at;
		if (*text.at < 0x20 || *text.at >= 0x7f)
			kept->text[used] = '?';
		used++;
	}
}

static void reject(struct plain_report *report, uint32_t line, const char *why,
		   struct cursor text)
{
	report->rejects++;
	if (report->note_count < PLAIN_NOTES)
		note(report, line, why, text);
}

/* Why the whole input is no list, NULL if it may be one. */
static const char *refusal_of_line(struct cursor line, bool has_nul)
{
	if ((size_t)(line.end - line.at) > PLAIN_LINE_MAX)
		return why_long;
	if (has_nul && memchr(line.at, '\0', (size_t)(line.end - line.at)))
		return why_nul;
	return NULL;
}

static bool starts_like_a_document(struct cursor text)
{
	while (text.at < text.end &&
	       (is_blank(*text.at) || *text.at == '\r' || *text.at == '\n'))
		text.at++;
	return text.at < text.end &&
	       (*text.at == '<' || *text.at == '{' || *text.at == '[');
}

/* Look at all of it before the first entry is given out: what is not a list
 * must not be half imported. */
static int check_is_list(struct cursor text, struct plain_report *report)
{
	bool has_nul = memchr(text.at, '\0', (size_t)(text.end - text.at));
	bool is_document = starts_like_a_document(text);
	struct cursor line;

	for (uint32_t number = 1; take_line(&text, &line); number++) {
		const char *why = is_document ? why_html_or_json
					      : refusal_of_line(line, has_nul);

		if (!why)
			continue;
		report->lines = number;
		note(report, number, why, line);
		return -EBADMSG;
	}
	return 0;
}

/* Why no set may hold it, or NULL. */
static const char *why_too_wide(const struct prefix *prefix)
{
	if (prefix_len(prefix) == 0)
		return why_everything;
	return prefix_has_all_v4(prefix) ? why_all_v4 : NULL;
}

static int check_width(void *arg, const struct prefix *prefix)
{
	const char **ret_why = arg;
	const char *why = why_too_wide(prefix);

	if (!why)
		return 0;
	*ret_why = why;
	return -EINVAL;
}

static int give_part(void *arg, const struct prefix *prefix)
{
	const struct reader *reader = arg;

	return reader->fn(reader->arg, prefix, reader->line);
}

/* Read " - LAST"; on return the range is known to be one that can be given. */
static const char *read_range(struct cursor *line, struct cursor first_word,
			      const struct prefix *first,
			      struct prefix *ret_last)
{
	const char *why = NULL;
	struct cursor word;

	line->at++;
	skip_blanks(line);
	word = take_word(line);
	if (memchr(first_word.at, '/', (size_t)(word.end - first_word.at)) ||
	    prefix_of_word(word, ret_last) < 0 ||
	    (line->at < line->end && *line->at == '-'))
		return why_no_range;
	if (prefix_is_v4(first) != prefix_is_v4(ret_last))
		return why_families;
	if (prefix_cmp(first, ret_last) > 0)
		return why_backwards;
	/* not only 0.0.0.0 to 255.255.255.255: a range of IPv6 around the
	 * mapped addresses can have all of IPv4 as one of its parts */
	(void)prefix_each_in_range(first, ret_last, check_width, &why);
	return why;
}

/* Read the entry that starts at `line`. Returns why it is none, or NULL with
 * *ret_r what the entry function answered. */
static const char *read_entry(struct reader *reader, struct cursor line,
			      int *ret_r)
{
	struct cursor word = take_word(&line);
	struct prefix first, last;
	const char *why;

	if (prefix_of_word(word, &first) < 0)
		return why_no_address;
	skip_blanks(&line);
	if (line.at == line.end || *line.at != '-') {
		why = why_too_wide(&first);
		if (why)
			return why;
		*ret_r = reader->fn(reader->arg, &first, reader->line);
		return NULL;
	}
	why = read_range(&line, word, &first, &last);
	if (!why)
		*ret_r = prefix_each_in_range(&first, &last, give_part, reader);
	return why;
}

static int read_line(struct reader *reader, struct cursor line,
		     struct plain_report *report)
{
	const char *why;
	int r = 0;

	skip_blanks(&line);
	if (line.at == line.end || *line.at == '#' || *line.at == ';')
		return 0;
	why = read_entry(reader, line, &r);
	if (why)
		reject(report, reader->line, why, line);
	else if (r >= 0)
		report->entries++;
	return r < 0 ? r : 0;
}

static void skip_byte_order_mark(struct cursor *text)
{
	static const char mark[3] = {'\xef', '\xbb', '\xbf'};

	if ((size_t)(text->end - text->at) >= sizeof(mark) &&
	    memcmp(text->at, mark, sizeof(mark)) == 0)
		text->at += sizeof(mark);
}

int plain_read(const char *text, size_t len, plain_entry_fn *fn, void *arg,
	       struct plain_report *ret_report)
{
	struct cursor left = {text, text + len};
	struct reader reader = {.fn = fn, .arg = arg};
	struct cursor line;
	int r;

	assert(text || len == 0);
	assert(fn);
	assert(ret_report);

	*ret_report = (struct plain_report){0};
	if (len == 0)
		return 0;
	skip_byte_order_mark(&left);
	r = check_is_list(left, ret_report);
	while (r >= 0 && take_line(&left, &line)) {
		reader.line = ++ret_report->lines;
		r = read_line(&reader, line, ret_report);
	}
	return r;
}
