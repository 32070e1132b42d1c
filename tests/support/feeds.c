// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/feeds.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feedfile/decode.h"

#define FILE_BYTES_MAX (32u << 20)

static void add(struct feed_seen *seen, const char *format, ...)
{
	size_t used = strlen(seen->text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(seen->text + used, sizeof(seen->text) - used, format,
			args);
	va_end(args);
}

static int remember(void *arg, const struct feed_entry *entry)
{
	static const char *const marks[] = {
		[FEED_LISTED] = "",
		[FEED_ALLOWED] = "+",
		[FEED_DELETED] = "-",
	};
	struct feed_seen *seen = arg;
	char prefix[PREFIX_TEXT_MAX];

	seen->calls++;
	add(seen, "%s%u:%s", seen->calls > 1 ? " " : "", entry->line,
	    prefix_to_text(&entry->prefix, prefix));
	if (entry->score)
		add(seen, "@%u", entry->score);
	if (entry->until_s)
		add(seen, "<%llu", (unsigned long long)entry->until_s);
	add(seen, "%s", marks[entry->kind]);
	return seen->calls == seen->stop_at ? -ECANCELED : 0;
}

void feed_read_bytes(const struct feed_options *options, const char *text,
		     size_t len, struct feed_seen *seen)
{
	char *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, text, len);
	seen->r = feedfile_read(options, copy, len, remember, seen,
				&seen->report);
	free(copy);
}

struct feed_seen feed_parsed(enum feed_format format, const char *text)
{
	const struct feed_options options = {
		.format = format,
		.now_s = FEED_NOW_S,
	};
	struct feed_seen seen = {0};

	feed_read_bytes(&options, text, strlen(text), &seen);
	return seen;
}

void assert_feed(enum feed_format format, const char *text,
		 const char *expected)
{
	struct feed_seen seen = feed_parsed(format, text);

	if (seen.r != 0)
		fail_msg("%d: %s", seen.r, seen.report.notes[0].why);
	assert_string_equal(seen.text, expected);
	assert_int_equal(seen.report.rejected, 0);
	assert_int_equal(seen.report.entries, seen.calls);
}

void assert_feed_reject(enum feed_format format, const char *text,
			uint32_t line, const char *why)
{
	struct feed_seen seen = feed_parsed(format, text);

	if (seen.report.rejected != 1)
		fail_msg("%u rejects: %s", seen.report.rejected, text);
	assert_int_equal(seen.report.notes[0].line, line);
	if (seen.r == 0)
		assert_string_equal(seen.report.notes[0].why, why);
	else
		assert_int_equal(seen.report.instead, FEED_INSTEAD_MESSAGE);
}

void assert_feed_refused(enum feed_format format, const char *text,
			 enum feed_instead instead)
{
	struct feed_seen seen = feed_parsed(format, text);

	assert_int_equal(seen.r, -EBADMSG);
	assert_int_equal(seen.calls, 0);
	assert_string_equal(feedfile_instead_text(seen.report.instead),
			    feedfile_instead_text(instead));
	assert_true(seen.report.note_count > 0);
	assert_false(seen.report.is_whole);
}

void assert_feed_cuts(enum feed_format format, const char *text,
		      size_t whole_len)
{
	const struct feed_options options = {
		.format = format,
		.now_s = FEED_NOW_S,
	};

	for (size_t len = 0; len <= strlen(text); len++) {
		struct feed_seen seen = {0};
		bool is_whole;

		feed_read_bytes(&options, text, len, &seen);
		is_whole = seen.r == 0 && seen.report.is_whole;
		if (is_whole != (len >= whole_len))
			fail_msg("%s at %zu of %zu bytes: %.*s",
				 is_whole ? "whole" : "not whole", len,
				 strlen(text), (int)len, text);
		if (seen.r < 0)
			assert_int_equal(seen.calls, 0);
	}
}

char *feed_data(const char *name, size_t *ret_len)
{
	const char *data = getenv("PORTCULLIS_DATA");
	char *bytes = malloc(FILE_BYTES_MAX);
	struct decoded decoded;
	const char *why;
	char path[512];
	FILE *file;
	size_t len;

	if (!data) {
		free(bytes);
		return NULL;
	}
	(void)snprintf(path, sizeof(path), "%s/feeds/%s", data, name);
	file = fopen(path, "re");
	if (!file || !bytes)
		fail_msg("cannot read %s", path);
	len = fread(bytes, 1, FILE_BYTES_MAX, file);
	assert_true(feof(file));
	(void)fclose(file);
	if (decode(bytes, len, FILE_BYTES_MAX, &decoded, &why) < 0)
		fail_msg("%s: %s", path, why);
	*ret_len = decoded.len;
	if (!decoded.owned)
		return bytes;
	free(bytes);
	return decoded.owned;
}
