// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/plain.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>

#include "rules/feedfile/span.h"

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

/* What each_entry() needs to know beside the line. */
struct reader {
	plain_entry_fn *fn;
	void *arg;
	uint32_t line;
};

/* Take up to what may follow an address, or part two of a range. */
static struct span take_word(struct span *line)
{
	static const bool ends_word[256] = {
		[' '] = true, ['\t'] = true, [','] = true,
		['#'] = true, [';'] = true,  ['-'] = true,
	};
	const char *start = line->at;

	while (line->at < line->end && !ends_word[(uint8_t)*line->at])
		line->at++;
	return (struct span){start, line->at};
}

static int prefix_of_word(struct span word, struct prefix *ret_prefix)
{
	return prefix_from_text(word.at, span_len(word), ret_prefix);
}

void plain_note_set(struct plain_note *note, uint32_t line, const char *why,
		    const char *text, size_t len)
{
	size_t used;

	*note = (struct plain_note){.line = line, .why = why};
	for (used = 0; used < len && used < PLAIN_NOTE_TEXT - 1; used++) {
		note->text[used] = text[used];
		if (text[used] < 0x20 || text[used] >= 0x7f)
			note->text[used] = '?';
	}
}

static void note(struct plain_report *report, uint32_t line, const char *why,
		 struct span text)
{
	plain_note_set(&report->notes[report->note_count++], line, why, text.at,
		       span_len(text));
}

static void reject(struct plain_report *report, uint32_t line, const char *why,
		   struct span text)
{
	report->rejects++;
	if (report->note_count < PLAIN_NOTES)
		note(report, line, why, text);
}

/* Why the whole input is no list, NULL if it may be one. */
static const char *refusal_of_line(struct span line, bool has_nul)
{
	if (span_len(line) > PLAIN_LINE_MAX)
		return why_long;
	if (has_nul && memchr(line.at, '\0', span_len(line)))
		return why_nul;
	return NULL;
}

static bool starts_like_a_document(struct span text)
{
	while (text.at < text.end && (span_is_blank(*text.at) ||
				      *text.at == '\r' || *text.at == '\n'))
		text.at++;
	return text.at < text.end &&
	       (*text.at == '<' || *text.at == '{' || *text.at == '[');
}

/* Look at all of it before the first entry is given out: what is not a list
 * must not be half imported. */
static int check_is_list(struct span text, struct plain_report *report)
{
	bool has_nul = memchr(text.at, '\0', span_len(text));
	bool is_document = starts_like_a_document(text);
	struct span line;

	for (uint32_t number = 1; span_take_line(&text, &line); number++) {
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

bool plain_is_everything(const char *why)
{
	return why == why_everything || why == why_all_v4;
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

/* Do the octets that `prefix` has not whole differ from what it has? */
static bool octets_differ(struct span quad, const struct prefix *prefix)
{
	const uint8_t *octets = prefix->addr + sizeof(prefix->addr) - 4;
	unsigned int len = prefix_len(prefix);

	for (unsigned int octet = 4; octet * 8 > len; octet--) {
		unsigned int value = 0;

		for (unsigned int weight = 1;
		     quad.end > quad.at && quad.end[-1] != '.'; weight *= 10)
			value += weight * (unsigned int)(*--quad.end - '0');
		if (value != octets[octet - 1])
			return true;
		quad.end -= quad.end > quad.at;
	}
	return false;
}

/* Were bits set past the length? They are cleared in `prefix`. */
static bool has_host_bits(struct span word, const struct prefix *prefix)
{
	struct prefix addr;

	if (prefix->bits == PLAIN_HOST_BITS)
		return false;
	word = span_take_until(&word, '/');
	if (!memchr(word.at, ':', span_len(word)))
		return octets_differ(word, prefix);
	return prefix_of_word(word, &addr) == 0 &&
	       memcmp(addr.addr, prefix->addr, sizeof(addr.addr)) != 0;
}

/* Read " - LAST"; on return the range is known to be one that can be given. */
static const char *read_range(struct span *line, struct span first_word,
			      struct plain_item *item)
{
	const char *why = NULL;
	struct span word;

	line->at++;
	span_skip_blanks(line);
	word = take_word(line);
	if (memchr(first_word.at, '/', (size_t)(word.end - first_word.at)) ||
	    prefix_of_word(word, &item->last) < 0 ||
	    (line->at < line->end && *line->at == '-'))
		return why_no_range;
	if (prefix_is_v4(&item->first) != prefix_is_v4(&item->last))
		return why_families;
	if (prefix_cmp(&item->first, &item->last) > 0)
		return why_backwards;
	/* not only 0.0.0.0 to 255.255.255.255: a range of IPv6 around the
	 * mapped addresses can have all of IPv4 as one of its parts */
	(void)prefix_each_in_range(&item->first, &item->last, check_width,
				   &why);
	return why;
}

const char *plain_item_read(const char *text, size_t len,
			    struct plain_item *ret_item)
{
	struct span line = {text, text + len};
	struct span word = take_word(&line);

	*ret_item = (struct plain_item){0};
	if (prefix_of_word(word, &ret_item->first) < 0)
		return why_no_address;
	ret_item->rest = line.at;
	span_skip_blanks(&line);
	ret_item->is_range = line.at < line.end && *line.at == '-';
	ret_item->has_host_bits = has_host_bits(word, &ret_item->first);
	if (ret_item->is_range) {
		const char *why = read_range(&line, word, ret_item);

		ret_item->rest = line.at;
		return why;
	}
	return why_too_wide(&ret_item->first);
}

int plain_item_each(const struct plain_item *item, prefix_fn *fn, void *arg)
{
	return item->is_range ? prefix_each_in_range(&item->first, &item->last,
						     fn, arg)
			      : fn(arg, &item->first);
}

static int give_part(void *arg, const struct prefix *prefix)
{
	const struct reader *reader = arg;

	return reader->fn(reader->arg, prefix, reader->line);
}

static int read_line(struct reader *reader, struct span line,
		     struct plain_report *report)
{
	struct plain_item item;
	const char *why;
	int r;

	span_skip_blanks(&line);
	if (line.at == line.end)
		return 0;
	if (*line.at == '#' || *line.at == ';') {
		report->comments++;
		return 0;
	}
	why = plain_item_read(line.at, span_len(line), &item);
	if (why) {
		report->everything += plain_is_everything(why);
		reject(report, reader->line, why, line);
		return 0;
	}
	r = plain_item_each(&item, give_part, reader);
	if (r < 0)
		return r;
	report->entries++;
	report->host_bits += item.has_host_bits;
	return 0;
}

int plain_read_list(const char *text, size_t len, plain_entry_fn *fn, void *arg,
		    struct plain_report *ret_report)
{
	struct span left = {text, text + len};
	struct reader reader = {.fn = fn, .arg = arg};
	struct span line;
	int r = 0;

	assert(text || len == 0);
	assert(fn);
	assert(ret_report);

	*ret_report = (struct plain_report){0};
	while (r >= 0 && span_take_line(&left, &line)) {
		reader.line = ++ret_report->lines;
		r = read_line(&reader, line, ret_report);
	}
	return r;
}

int plain_read(const char *text, size_t len, plain_entry_fn *fn, void *arg,
	       struct plain_report *ret_report)
{
	struct span left = {text, text + len};
	int r;

	assert(text || len == 0);
	assert(ret_report);

	*ret_report = (struct plain_report){0};
	if (len == 0)
		return 0;
	span_skip_byte_order_marks(&left);
	r = check_is_list(left, ret_report);
	return r < 0 ? r
		     : plain_read_list(left.at, span_len(left), fn, arg,
				       ret_report);
}
