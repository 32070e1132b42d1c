// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a feed of any format: the first byte chooses the format, the
 * second the options. What is given and reported must be what the header
 * promises, and what is whole must not be so with its last byte cut off.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/feedfile/feedfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint32_t calls;
	uint32_t events;
	uint32_t line;
};

static int check_entry(void *arg, const struct feed_entry *entry)
{
	struct seen *seen = arg;
	struct prefix back;
	char text[PREFIX_TEXT_MAX];

	assert(prefix_len(&entry->prefix) > 0);
	assert(!prefix_has_all_v4(&entry->prefix));
	assert(entry->line >= seen->line && entry->line > 0);
	assert(entry->kind < FEED_KIND_COUNT);
	prefix_to_text(&entry->prefix, text);
	assert(prefix_from_text(text, strlen(text), &back) == 0);
	assert(prefix_cmp(&entry->prefix, &back) == 0);
	seen->line = entry->line;
	seen->calls++;
	return 0;
}

static int check_event(void *arg, const char uuid[FEED_UUID_LEN + 1],
		       uint64_t timestamp_s)
{
	struct seen *seen = arg;

	(void)timestamp_s;
	assert(strlen(uuid) == FEED_UUID_LEN);
	assert(strspn(uuid, "0123456789abcdefABCDEF-") == FEED_UUID_LEN);
	seen->events++;
	return 0;
}

static void check_note(const struct plain_note *note)
{
	size_t len = strnlen(note->text, PLAIN_NOTE_TEXT);

	assert(note->why);
	assert(len < PLAIN_NOTE_TEXT);
	for (size_t i = 0; i < len; i++)
		assert(note->text[i] >= 0x20 && note->text[i] < 0x7f);
}

static void check_report(const struct feed_report *report, size_t size)
{
	size_t records =
		(size_t)report->accepted + report->rejected + report->events;

	for (size_t i = 0; i < FEED_SKIP_COUNT; i++)
		records += report->skipped[i];
	assert(records <= size);
	assert(report->lines <= size);
	assert(report->accepted <= report->entries);
	assert(report->host_bits <= report->entries);
	assert(report->note_count <= PLAIN_NOTES);
	for (uint32_t i = 0; i < report->note_count; i++)
		check_note(&report->notes[i]);
	if (report->is_dead)
		check_note(&report->dead);
}

/* Returns whether it is accepted and whole, by a mark at its end. */
static bool is_whole(const struct feed_options *options, const char *text,
		     size_t size)
{
	struct feed_report report;
	struct seen seen = {0};
	int r = feedfile_read(options, text, size, check_entry, &seen, &report);

	assert(r == 0 || r == -EBADMSG);
	assert((r == 0) == (report.instead == FEED_INSTEAD_NONE));
	assert(r == 0 || (seen.calls == 0 && report.note_count > 0));
	assert(r < 0 || report.entries == seen.calls);
	assert(r < 0 || report.events == seen.events);
	assert(!report.stated_matches || report.has_stated_count);
	check_report(&report, size);
	return r == 0 && report.has_end_mark && report.is_whole;
}

static void check_probe(const char *text, size_t size)
{
	struct feed_probe probe = feedfile_probe(text, size);

	assert(probe.why);
	assert(probe.format < FEED_FORMAT_COUNT);
	assert(probe.column <= FEED_COLUMNS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed_options options = {.event_fn = check_event};
	const char *text = (const char *)data + 2;
	char *cut;

	if (size < 2)
		return 0;
	options.format = data[0] % FEED_FORMAT_COUNT;
	options.min_score = data[1] & 1 ? 50 : 0;
	options.last_column = data[1] & 2 ? 2 : 0;
	options.column = data[1] & 4 ? 3 : 0;
	options.misp_types = data[1] & 8 ? FEED_MISP_DOMAIN_IP : 0;
	options.now_s = 1787000000;
	size -= 2;
	check_probe(text, size);
	if (!is_whole(&options, text, size))
		return 0;
	/* its mark is a count in the head: a comment at the end may go */
	if (options.format == FEED_FIREHOL_NETSET)
		return 0;
	/* blanks as the parser of JSON has them */
	while (size > 0 && strchr("\n\r\t\f\v ", text[size - 1]))
		size--;
	assert(size > 0);
	cut = malloc(size);
	assert(cut);
	memcpy(cut, text, size - 1);
	assert(!is_whole(&options, cut, size - 1));
	free(cut);
	return 0;
}
