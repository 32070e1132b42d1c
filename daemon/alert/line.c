// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/line.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define UNIT_MAX 8 /* bytes of a character as JSON, and more */

static void put(struct line *line, const char *bytes, size_t len)
{
	assert(line->len + len < line->size);

	memcpy(line->bytes + line->len, bytes, len);
	line->len += len;
	line->bytes[line->len] = '\0';
}

static void put_key(struct line *line, const char *key)
{
	if (line->wants_comma)
		put(line, ",", 1);
	line->wants_comma = true;
	if (!key)
		return;
	put(line, "\"", 1);
	put(line, key, strlen(key));
	put(line, "\":", 2);
}

void line_init(struct line *line, char *bytes, size_t size, size_t texts)
{
	assert(size > texts);

	*line = (struct line){
		.bytes = bytes, .size = size, .texts_left = texts};
	bytes[0] = '\0';
}

void line_open(struct line *line, const char *key, char bracket)
{
	put_key(line, key);
	put(line, &bracket, 1);
	line->wants_comma = false;
}

void line_close(struct line *line, char bracket)
{
	put(line, &bracket, 1);
	line->wants_comma = true;
}

void line_number(struct line *line, const char *key, uint64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64,
			   number < INT64_MAX ? number : INT64_MAX);

	put_key(line, key);
	put(line, digits, (size_t)len);
}

void line_true(struct line *line, const char *key)
{
	put_key(line, key);
	put(line, "true", 4);
}

void line_word(struct line *line, const char *key, const char *word)
{
	put_key(line, key);
	put(line, "\"", 1);
	put(line, word, strlen(word));
	put(line, "\"", 1);
}

/* Bytes of the character that begins here, or 0: it is none. */
static size_t character_len(const unsigned char *at, size_t room)
{
	static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
	size_t len = at[0] < 0x80	      ? 1
		     : (at[0] & 0xe0) == 0xc0 ? 2
		     : (at[0] & 0xf0) == 0xe0 ? 3
		     : (at[0] & 0xf8) == 0xf0 ? 4
					      : 0;
	uint32_t code = len > 1 ? at[0] & (0x7fu >> len) : at[0];

	if (len == 0 || len > room)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3fu);
	}
	if (code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

static bool is_plain(const struct line_text *text, size_t most)
{
	const unsigned char *bytes = (const unsigned char *)text->bytes;

	for (size_t i = 0; i < most;) {
		size_t len = character_len(bytes + i, most - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

/* A byte as it stands in a text that is escaped: \xNN, and as JSON \\xNN. */
static size_t escape_byte(unsigned char byte, char unit[UNIT_MAX])
{
	return (size_t)snprintf(unit, UNIT_MAX, "\\\\x%02x", byte);
}

/* RFC 8259, 7. DEL may stand as it is, but is better seen. */
static size_t escape_ascii(unsigned char byte, char unit[UNIT_MAX])
{
	if (byte == '"' || byte == '\\') {
		unit[0] = '\\';
		unit[1] = (char)byte;
		return 2;
	}
	if (byte < 0x20 || byte == 0x7f)
		return (size_t)snprintf(unit, UNIT_MAX, "\\u%04x", byte);
	unit[0] = (char)byte;
	return 1;
}

/* How much stands in JSON as it is, and is of one byte each. */
static size_t plain_run(const char *bytes, size_t most)
{
	size_t len = 0;

	while (len < most && bytes[len] >= ' ' && bytes[len] < 0x7f &&
	       bytes[len] != '"' && bytes[len] != '\\')
		len++;
	return len;
}

/* What comes next of a text, as JSON; `*ret_used`: of how many bytes. */
static size_t next_unit(const struct line_text *text, size_t at,
			bool is_escaped, char unit[UNIT_MAX], size_t *ret_used)
{
	static const char two_backslashes[] = {'\\', '\\', '\\', '\\'};
	const unsigned char *from = (const unsigned char *)text->bytes + at;
	size_t len = character_len(from, text->len - at);

	*ret_used = len ? len : 1;
	if (len == 0)
		return escape_byte(*from, unit);
	if (is_escaped && *from == '\\') {
		memcpy(unit, two_backslashes, sizeof(two_backslashes));
		return sizeof(two_backslashes);
	}
	if (len == 1)
		return escape_ascii(*from, unit);
	memcpy(unit, from, len);
	return len;
}

size_t line_whole(const char *bytes, size_t len)
{
	size_t at = len;

	while (at > 0 && len - at < 3 && (bytes[at - 1] & 0xc0) == 0x80)
		at--;
	if (at == 0 || (bytes[at - 1] & 0xc0) != 0xc0)
		return len;
	at--;
	return character_len((const unsigned char *)bytes + at, len - at) ? len
									  : at;
}

size_t line_show(const char *bytes, size_t len, char *to, size_t size)
{
	size_t used = 0;

	assert(size > 0);

	for (size_t at = 0; at < len;) {
		const unsigned char *from = (const unsigned char *)bytes + at;
		size_t step = character_len(from, len - at);
		char unit[UNIT_MAX];
		size_t count = step;

		if (step == 0 || *from < 0x20 || *from == 0x7f) {
			step = 1;
			count = (size_t)snprintf(unit, sizeof(unit), "\\x%02x",
						 *from);
		} else {
			memcpy(unit, from, step);
		}
		if (used + count >= size)
			break;
		memcpy(to + used, unit, count);
		used += count;
		at += step;
	}
	to[used] = '\0';
	return used;
}

static void mark(struct line_marks *marks, const char *name)
{
	if (marks->count < LINE_MARKS_MAX)
		marks->names[marks->count] = name;
	marks->count++;
}

void line_text(struct line *line, const char *key, const struct line_text *text)
{
	size_t room =
		text->most < line->texts_left ? text->most : line->texts_left;
	/* a byte takes one at least, so what is behind that is never shown */
	size_t len =
		text->len <= room ? text->len : line_whole(text->bytes, room);
	bool is_escaped = !is_plain(text, len);
	size_t at = 0;

	if (text->len == 0)
		return;
	put_key(line, key);
	put(line, "\"", 1);
	while (at < len) {
		char unit[UNIT_MAX];
		size_t used = plain_run(text->bytes + at,
					room < len - at ? room : len - at);
		const char *bytes = text->bytes + at;
		size_t count = used;

		if (used == 0) {
			count = next_unit(text, at, is_escaped, unit, &used);
			bytes = unit;
		}
		if (count > room)
			break;
		put(line, bytes, count);
		room -= count;
		line->texts_left -= count;
		at += used;
	}
	put(line, "\"", 1);
	if (is_escaped)
		mark(&line->escaped, text->name);
	if (at < text->len || text->is_cut)
		mark(&line->cut, text->name);
}

void line_marks(struct line *line, const char *key,
		const struct line_marks *marks)
{
	if (marks->count == 0)
		return;
	line_open(line, key, '[');
	for (size_t i = 0; i < marks->count && i < LINE_MARKS_MAX; i++)
		line_word(line, NULL, marks->names[i]);
	if (marks->count > LINE_MARKS_MAX)
		line_word(line, NULL, "others");
	line_close(line, ']');
}
