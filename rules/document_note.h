/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * document_note.h - where and why a document was refused.
 *
 * Threads	none: a value
 */
#pragma once

#include <errno.h>
#include <stdint.h>

#define DOCUMENT_NOTE_TEXT 768

struct document_note {
	uint32_t line, column; /* from 1 */
	char text[DOCUMENT_NOTE_TEXT]; /* printable ASCII */
};

struct mark {
	uint32_t line, column; /* from 1 */
};

/* Names to choose from. */
struct note_choices {
	const char *noun; /* "key" */
	const char *place; /* " in rule" */
	const char *(*name)(const void *arg, uint32_t index);
	const void *arg;
	uint32_t count;
};

/* What is not printable becomes '?'. */
void document_note_write(struct document_note *note, struct mark mark,
			 const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * `unknown key "TEXT" in rule: did you mean "x"? keys: x, y, z`, the question
 * only if one of the choices is but two slips of the pen away.
 */
void document_note_write_unknown(struct document_note *note, struct mark mark,
				 const char *text,
				 const struct note_choices *choices);

/* Write the note and answer -EINVAL; a macro so that who reads the caller,
 * clang-tidy too, sees what it answers. */
#define document_note_refuse(...) (document_note_write(__VA_ARGS__), -EINVAL)

static inline int
document_note_refuse_unknown(struct document_note *note, struct mark mark,
			     const char *text,
			     const struct note_choices *choices)
{
	document_note_write_unknown(note, mark, text, choices);
	return -EINVAL;
}

/* "4097 rules, at most 4096 are allowed" */
static inline int document_note_refuse_count(struct document_note *note,
					     struct mark mark, uint64_t count,
					     uint64_t max, const char *what)
{
	document_note_write(note, mark, "%llu %s, at most %llu are allowed",
			    (unsigned long long)count, what,
			    (unsigned long long)max);
	return -E2BIG;
}
