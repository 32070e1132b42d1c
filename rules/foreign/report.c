// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/report.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void foreign_report_done(struct foreign_report *report)
{
	assert(report);

	free(report->notes);
	*report = (struct foreign_report){0};
}

/* Room for one more, NULL when there is none: the count has it anyway. */
static struct foreign_note *take_note(struct foreign_report *report)
{
	size_t count = report->note_count;
	struct foreign_note *notes = report->notes;

	if (count == REPORT_NOTES_MAX)
		return NULL;
	/* grows when the count is a power of two, or nothing */
	if ((count & (count - 1)) == 0) {
		notes = realloc(notes,
				(count ? count * 2 : 1) * sizeof(*notes));
		if (!notes)
			return NULL;
		report->notes = notes;
	}
	report->note_count++;
	return &notes[count];
}

void foreign_report_add(struct foreign_report *report, enum note_kind kind,
			uint32_t line, const char *text, size_t len,
			const char *reason)
{
	struct foreign_note *note;
	size_t used = 0;

	assert(report);
	assert(kind < NOTE_KIND_COUNT);
	assert(text || len == 0);
	assert(reason);

	report->totals[kind]++;
	note = take_note(report);
	if (!note)
		return;
	*note = (struct foreign_note){
		.line = line,
		.kind = (uint8_t)kind,
		.reason = reason,
	};
	for (; used < len && used < REPORT_TEXT_MAX - 1; used++) {
		if (text[used] == '\n')
			break;
		note->text[used] = text[used];
		if (text[used] < 0x20 || text[used] >= 0x7f)
			note->text[used] = '?';
	}
}

void foreign_report_rule(struct foreign_report *report, enum note_kind kind,
			 const char *id, const char *reason)
{
	foreign_report_add(report, kind, 0, id, strlen(id), reason);
}
