// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes through the reader of plain lists: what it gives out must be what
 * its header promises.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/feedfile/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint32_t line;
	uint32_t lines; /* that gave at least one prefix */
};

static int check_entry(void *arg, const struct prefix *prefix, uint32_t line)
{
	struct seen *seen = arg;
	struct prefix back;
	char text[PREFIX_TEXT_MAX];

	assert(prefix_len(prefix) > 0);
	assert(line >= seen->line && line > 0);
	seen->lines += line != seen->line;
	seen->line = line;
	prefix_to_text(prefix, text);
	assert(prefix_from_text(text, strlen(text), &back) == 0);
	assert(prefix_cmp(prefix, &back) == 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plain_report report;
	struct seen seen = {0};
	int r;

	r = plain_read((const char *)data, size, check_entry, &seen, &report);
	assert(r == 0 || r == -EBADMSG);
	assert(report.entries == seen.lines);
	assert(report.entries + report.rejects <= report.lines);
	assert(report.lines <= size);
	assert(report.note_count <= PLAIN_NOTES);
	for (uint32_t i = 0; i < report.note_count; i++) {
		assert(report.notes[i].why);
		assert(memchr(report.notes[i].text, '\0', PLAIN_NOTE_TEXT));
	}
	if (r < 0)
		assert(report.entries == 0 && report.note_count == 1);
	return 0;
}
