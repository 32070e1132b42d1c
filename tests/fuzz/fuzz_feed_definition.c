// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes through the reader of feed.yml: what it lets in can be printed,
 * read back as the same and printed again as the same text; what it refuses
 * has a note.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct feed *feed, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	assert(out);
	assert(feed_print(feed, out) == 0);
	assert(fclose(out) == 0);
	return text;
}

static void check_feed(const struct feed *feed)
{
	struct document_note note;
	struct feed back;
	size_t len, again_len;
	char *text = print(feed, &len);
	char *again;

	assert(feed_read(text, len, &back, &note) == 0);
	assert(memcmp(feed, &back, sizeof(back)) == 0);
	again = print(&back, &again_len);
	assert(len == again_len && memcmp(text, again, len) == 0);
	free(text);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document_note note = {.line = 0};
	struct feed feed;
	int r = feed_read((const char *)data, size, &feed, &note);

	assert(r == 0 || r == -EINVAL || r == -E2BIG);
	if (r == 0) {
		check_feed(&feed);
		return 0;
	}
	assert(note.line > 0 && note.column > 0);
	assert(memchr(note.text, '\0', sizeof(note.text)));
	assert(note.text[0] != '\0');
	return 0;
}
