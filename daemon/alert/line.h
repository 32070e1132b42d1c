/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line.h - one line of JSON in memory of the caller's, from texts in any bytes.
 *
 *	1. What comes out is UTF-8 (RFC 3629) and one object (RFC 8259) without
 *	   a line end in it, whatever the texts are.
 *	2. It is never longer than the caller gave room for texts and for the
 *	   rest. A text that finds no room is cut, between two characters.
 *	3. Nothing is lost without a word: line_end() can list the names of the
 *	   texts that were cut, and of those that are escaped: in these a byte
 *	   that is no part of a character, or is 0, stands as \xNN, and a
 *	   backslash as two. All other texts are as they were.
 *
 * Owns		nothing
 * Threads	none; one owner
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_MARKS_MAX 8 /* of a list of rule 3; then "others" */

struct line_marks {
	const char *names[LINE_MARKS_MAX];
	size_t count; /* also of those that are not in it */
};

struct line {
	char *bytes;
	size_t size;
	size_t len; /* without the NUL, which is there */
	size_t texts_left; /* bytes that texts may still take, as JSON */
	bool wants_comma;
	struct line_marks cut, escaped;
};

/* `texts`: bytes for all texts together. What else is put must fit into the
 * rest of `size`; it is for the caller to know that it does. */
void line_init(struct line *line, char *bytes, size_t size, size_t texts);

/* An object or a list; `key` is NULL in a list, and of the outermost. */
void line_open(struct line *line, const char *key, char bracket);
void line_close(struct line *line, char bracket);

/* At most INT64_MAX is told, as many readers know no more. */
void line_number(struct line *line, const char *key, uint64_t number);
void line_true(struct line *line, const char *key);

/* A text of ours: printable ASCII without '"' and '\\'. */
void line_word(struct line *line, const char *key, const char *word);

/* A text of others, at most `most` bytes of it as JSON; nothing if it is
 * empty. `name` is what the lists of rule 3 call it. */
struct line_text {
	const char *name;
	const char *bytes;
	size_t len;
	size_t most;
	bool is_cut; /* before it came here */
};

void line_text(struct line *line, const char *key,
	       const struct line_text *text);

/* How much of bytes that were cut somewhere are whole characters, if they are
 * characters at all. */
size_t line_whole(const char *bytes, size_t len);

/* Bytes as UTF-8 for people: those that are no part of a character, and control
 * characters, as \xNN. As much of them as fits with a NUL; returns its length.
 */
size_t line_show(const char *bytes, size_t len, char *to, size_t size);

/* The names of one list of rule 3, if there are any. */
void line_marks(struct line *line, const char *key,
		const struct line_marks *marks);
