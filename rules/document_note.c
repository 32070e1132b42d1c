// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/document_note.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX   32 /* longer ones are not looked at for slips */
#define SLIPS_MAX  2
#define LISTED_MAX 40 /* choices */

static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < 0x20 || *text >= 0x7f)
			*text = '?';
	}
}

void document_note_write(struct document_note *note, struct mark mark,
			 const char *format, ...)
{
	va_list args;

	assert(note);
	assert(format);

	*note = (struct document_note){mark.line, mark.column, ""};
	va_start(args, format);
	(void)vsnprintf(note->text, sizeof(note->text), format, args);
	va_end(args);
	make_printable(note->text);
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Letters to insert, delete, replace or swap with the next to make one of the
 * other (optimal string alignment); both are shorter than WORD_MAX. */
static unsigned int count_slips(const char *a, const char *b)
{
	unsigned int rows[WORD_MAX + 1][WORD_MAX + 1];
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);

	for (size_t i = 0; i <= a_len; i++)
		rows[i][0] = (unsigned int)i;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			unsigned int cost = a[i - 1] != b[j - 1];

			rows[i][j] = least(
				rows[i - 1][j - 1] + cost,
				least(rows[i - 1][j], rows[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				rows[i][j] = least(rows[i][j],
						   rows[i - 2][j - 2] + 1);
		}
	}
	return rows[a_len][b_len];
}

/* The choice that was probably meant, or NULL. */
static const char *nearest(const char *text, const struct note_choices *choices)
{
	size_t best_slips = SLIPS_MAX + 1;
	const char *best = NULL;
	size_t len = strlen(text);

	if (len < 2 || len >= WORD_MAX)
		return NULL;
	for (uint32_t i = 0; i < choices->count; i++) {
		const char *name = choices->name(choices->arg, i);
		size_t slips;

		if (strlen(name) >= WORD_MAX)
			continue;
		slips = count_slips(text, name);
		if (slips < best_slips && slips * 2 <= len) {
			best_slips = slips;
			best = name;
		}
	}
	return best;
}

static void append(struct document_note *note, const char *before,
		   const char *text, const char *after)
{
	size_t used = strlen(note->text);

	(void)snprintf(note->text + used, sizeof(note->text) - used, "%s%s%s",
		       before, text, after);
}

void document_note_write_unknown(struct document_note *note, struct mark mark,
				 const char *text,
				 const struct note_choices *choices)
{
	const char *meant = nearest(text, choices);

	document_note_write(note, mark,
			    "unknown %s \"%.60s\"%s: ", choices->noun, text,
			    choices->place);
	if (meant)
		append(note, "did you mean \"", meant, "\"? ");
	if (choices->count == 0)
		append(note, "there is none", "", "");
	else
		append(note, choices->noun, "s: ", "");
	for (uint32_t i = 0; i < choices->count && i < LISTED_MAX; i++)
		append(note, i > 0 ? ", " : "", choices->name(choices->arg, i),
		       "");
	if (choices->count > LISTED_MAX)
		append(note, ", ...", "", "");
}
