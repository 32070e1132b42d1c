/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - what of a foreign ruleset did not become policy, or the reverse.
 *
 * A translation leaves nothing out silently: what is not translated is noted
 * with its line, and what means something a little different is noted too.
 * Notes beyond REPORT_NOTES_MAX are counted and not kept.
 *
 * Owns		its notes; foreign_report_done() frees them
 * Threads	none: a value
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define REPORT_NOTES_MAX 1000
#define REPORT_TEXT_MAX	 96 /* bytes of the text kept, NUL included */

enum note_kind {
	NOTE_LEFT_OUT, /* not in the result at all */
	NOTE_DIFFERS, /* in the result, or of no effect there; reason says */
	NOTE_KIND_COUNT,
};

struct foreign_note {
	uint32_t line; /* from 1; 0 when the text is the id of a rule */
	uint8_t kind; /* enum note_kind */
	const char *reason; /* static text */
	char text[REPORT_TEXT_MAX]; /* printable; others shown as '?' */
};

/* All zero is an empty one. */
struct foreign_report {
	struct foreign_note *notes;
	size_t note_count; /* kept, in order of discovery */
	uint64_t totals[NOTE_KIND_COUNT]; /* kept or not */
	size_t understood_count; /* chains and sets that were read; of a text
				    of another kind there are none */
};

/* Frees the notes and empties it. */
void foreign_report_done(struct foreign_report *report);

/* Note one thing; `text` is copied up to its first line end. */
void foreign_report_add(struct foreign_report *report, enum note_kind kind,
			uint32_t line, const char *text, size_t len,
			const char *reason);

/* Note something about a rule of ours. */
void foreign_report_rule(struct foreign_report *report, enum note_kind kind,
			 const char *id, const char *reason);
