// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds of all formats: their names, what is refused before anything is read,
 * what a feed says of its own end, and what format is suggested.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "tests/support/feeds.h"

static enum feed_format format_of(int number)
{
	return (enum feed_format)number;
}

static bool is_json(enum feed_format format)
{
	return feed_parsed(format, "{}").report.instead != FEED_INSTEAD_JSON;
}

/* Definitions of feeds have these names: they stay. */
static const char *const names[] = {
	[FEED_PLAIN] = "plain",
	[FEED_PLAIN_SCORE] = "plain-score",
	[FEED_CSV] = "csv",
	[FEED_P2P] = "p2p",
	[FEED_DSHIELD] = "dshield",
	[FEED_DSHIELD_API] = "dshield-api",
	[FEED_SPAMHAUS_JSONL] = "spamhaus-jsonl",
	[FEED_SPAMHAUS_TEXT] = "spamhaus-text",
	[FEED_FEODO_JSON] = "feodo-json",
	[FEED_FEODO_CSV] = "feodo-csv",
	[FEED_THREATFOX_CSV] = "threatfox-csv",
	[FEED_URLHAUS_CSV] = "urlhaus-csv",
	[FEED_TOR_EXIT_ADDRESSES] = "tor-exit-addresses",
	[FEED_FIREHOL_NETSET] = "firehol-netset",
	[FEED_MISP_EVENT] = "misp-event",
	[FEED_MISP_MANIFEST] = "misp-manifest",
	[FEED_MISP_WARNINGLIST] = "misp-warninglist",
	[FEED_STIX] = "stix",
	[FEED_TAXII] = "taxii",
	[FEED_RPZ] = "rpz",
	[FEED_CROWDSEC_STREAM] = "crowdsec-stream",
	[FEED_BOGON] = "bogon",
};

_Static_assert(ARRAY_LEN(names) == FEED_FORMAT_COUNT, "");

static void each_format_has_a_name_of_its_own(void **state)
{
	enum feed_format format;

	(void)state;
	for (int i = 0; i < FEED_FORMAT_COUNT; i++) {
		assert_string_equal(feedfile_format_name(format_of(i)),
				    names[i]);
		assert_int_equal(feedfile_format_from_name(names[i], &format),
				 0);
		assert_int_equal(format, i);
	}
	assert_int_equal(feedfile_format_from_name("", &format), -ENOENT);
	assert_int_equal(feedfile_format_from_name("Plain", &format), -ENOENT);
}

static void what_is_no_feed_at_all_is_refused_by_every_format(void **state)
{
	static const struct {
		const char *text;
		enum feed_instead instead;
	} texts[] = {
		{"", FEED_INSTEAD_EMPTY},
		{"\xef\xbb\xbf", FEED_INSTEAD_EMPTY},
		{" \r\n\t\n", FEED_INSTEAD_EMPTY},
		{"<!DOCTYPE html><html>\n192.0.2.1\n", FEED_INSTEAD_HTML},
		{"\n <?xml version=\"1.0\"?>", FEED_INSTEAD_HTML},
		{"\x1f\x8b\x08", FEED_INSTEAD_GZIP},
		{"PK\x03\x04 192.0.2.1\n", FEED_INSTEAD_ZIP},
	};

	(void)state;
	for (int i = 0; i < FEED_FORMAT_COUNT; i++) {
		for (size_t j = 0; j < ARRAY_LEN(texts); j++)
			assert_feed_refused(format_of(i), texts[j].text,
					    texts[j].instead);
	}
}

static void text_and_json_are_not_taken_for_each_other(void **state)
{
	int json_count = 0;

	(void)state;
	for (int i = 0; i < FEED_FORMAT_COUNT; i++) {
		if (is_json(format_of(i))) {
			json_count++;
			assert_feed_refused(format_of(i), "192.0.2.1\n",
					    FEED_INSTEAD_TEXT);
		} else {
			assert_feed_refused(format_of(i), "[\"192.0.2.1\"]",
					    FEED_INSTEAD_JSON);
		}
	}
	assert_int_equal(json_count, 8);
}

static void a_nul_byte_is_no_text(void **state)
{
	static const char text[] = "192.0.2.1\n# \0\n192.0.2.2\n";
	struct feed_options options = {0};

	(void)state;
	for (int i = 0; i < FEED_FORMAT_COUNT; i++) {
		struct feed_seen seen = {0};

		options.format = format_of(i);
		if (is_json(options.format))
			continue;
		feed_read_bytes(&options, text, sizeof(text) - 1, &seen);
		assert_int_equal(seen.r, -EBADMSG);
		assert_int_equal(seen.calls, 0);
		assert_int_equal(seen.report.instead, FEED_INSTEAD_BINARY);
		assert_int_equal(seen.report.notes[0].line, 2);
	}
}

static void a_sentence_is_a_message_and_no_list(void **state)
{
	struct feed_seen seen =
		feed_parsed(FEED_PLAIN, "# x\nYou can only fetch this every 30 "
					"minutes.\nSorry.\n");

	(void)state;
	assert_int_equal(seen.r, -EBADMSG);
	assert_int_equal(seen.report.instead, FEED_INSTEAD_MESSAGE);
	assert_false(seen.report.is_whole);
	assert_int_equal(seen.report.rejected, 2);
	assert_int_equal(seen.report.notes[0].line, 2);
	assert_string_equal(seen.report.notes[0].text,
			    "You can only fetch this every 30 minutes.");
	assert_feed(FEED_PLAIN, "# nothing today\n", "");
}

static int never(void *arg, const struct feed_entry *entry)
{
	(void)arg;
	(void)entry;
	fail_msg("an entry");
	return 0;
}

static void more_than_the_limit_is_not_looked_at(void **state)
{
	const struct feed_options options = {0};
	struct feed_report report;
	char byte = '1';

	(void)state;
	assert_int_equal(feedfile_read(&options, &byte, FEED_BYTES_MAX + 1ul,
				       never, NULL, &report),
			 -EFBIG);
}

static void a_feed_that_has_ended_says_so(void **state)
{
	struct feed_seen seen = feed_parsed(
		FEED_SPAMHAUS_TEXT,
		"; This list has been merged into drop.txt\n; EOF\n");

	(void)state;
	assert_true(seen.report.is_dead);
	assert_string_equal(seen.report.dead.why, "merged into");
	assert_int_equal(seen.report.dead.line, 1);
	assert_true(seen.report.is_whole);
	seen = feed_parsed(FEED_CSV, "# x\n#\n# This was Deprecated in 2025\n");
	assert_true(seen.report.is_dead);
	assert_int_equal(seen.report.dead.line, 3);
	seen = feed_parsed(FEED_PLAIN, "# fine\n192.0.2.1 deprecated\n");
	assert_false(seen.report.is_dead);
}

static void the_function_can_end_the_reading(void **state)
{
	static const struct {
		enum feed_format format;
		const char *text;
	} feeds[] = {
		{FEED_PLAIN, "192.0.2.1\n192.0.2.2\n192.0.2.3\n"},
		{FEED_CSV, "192.0.2.1\n192.0.2.2\n192.0.2.3\n"},
		{FEED_BOGON, "::/8\n"},
		{FEED_DSHIELD_API, "1.2.3.4\n1.2.3.5\n1.2.3.6\n"},
		{FEED_P2P, "a:192.0.2.1-192.0.2.20\n"},
		{FEED_FEODO_JSON, "[{\"ip_address\":\"192.0.2.1\"},"
				  "{\"ip_address\":\"192.0.2.1-192.0.2.4\"}]"},
		{FEED_STIX,
		 "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\","
		 "\"pattern\":\"[ipv4-addr:value IN ('192.0.2.1','192.0.2.2',"
		 "'192.0.2.3')]\"}]}"},
	};
	struct feed_options options = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(feeds); i++) {
		struct feed_seen seen = {.stop_at = 2};

		options.format = feeds[i].format;
		feed_read_bytes(&options, feeds[i].text, strlen(feeds[i].text),
				&seen);
		assert_int_equal(seen.r, -ECANCELED);
		assert_int_equal(seen.calls, 2);
		assert_int_equal(seen.report.entries, 1);
		assert_int_equal(seen.report.instead, FEED_INSTEAD_NONE);
	}
}

static void the_first_rejects_are_kept_and_all_counted(void **state)
{
	struct feed_seen seen =
		feed_parsed(FEED_CSV, "192.0.2.1\na.\nb.\nc.\n\x1b.\ne.\nf.\n");

	(void)state;
	assert_int_equal(seen.report.rejected, 6);
	assert_int_equal(seen.report.note_count, PLAIN_NOTES);
	assert_int_equal(seen.report.notes[0].line, 2);
	assert_string_equal(seen.report.notes[3].text, "?.");
	assert_int_equal(seen.report.notes[PLAIN_NOTES - 1].line, 6);
}

static void assert_probe(const char *text, enum feed_format format)
{
	struct feed_probe probe = feedfile_probe(text, strlen(text));

	if (!probe.is_known || probe.format != format)
		fail_msg("%s: %s, not %s", text,
			 probe.is_known ? feedfile_format_name(probe.format)
					: probe.why,
			 feedfile_format_name(format));
	assert_non_null(probe.why);
}

static void a_format_is_suggested_with_a_reason(void **state)
{
	static const char table[] = "a,192.0.2.1\nb,192.0.2.2\n";

	(void)state;
	assert_probe("# x\n192.0.2.1\n2001:db8::/32\n", FEED_PLAIN);
	assert_probe("192.0.2.1\t3\n192.0.2.2\t1\n", FEED_PLAIN_SCORE);
	assert_probe("001.002.003.004\t3\n192.168.001.001\t1\n",
		     FEED_DSHIELD_API);
	assert_probe("a:192.0.2.1-192.0.2.2\nb:c:192.0.2.4-192.0.2.4\n",
		     FEED_P2P);
	assert_probe(table, FEED_CSV);
	assert_int_equal(feedfile_probe(table, strlen(table)).column, 2);
}

static void what_has_no_format_is_named_too(void **state)
{
	(void)state;
	assert_string_equal(feedfile_probe("", 0).why, "an empty file");
	assert_string_equal(feedfile_probe("<p>", 3).why,
			    "an HTML or XML page");
	assert_string_equal(feedfile_probe("x\0y", 3).why,
			    "no text: it has NUL bytes");
	assert_string_equal(feedfile_probe("{\"a\":1}", 7).why,
			    "JSON of no kind that is known");
	assert_string_equal(feedfile_probe("wait a bit\n", 11).why,
			    "no format that is known");
	assert_false(feedfile_probe("wait a bit\n", 11).is_known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_has_a_name_of_its_own),
		cmocka_unit_test(
			what_is_no_feed_at_all_is_refused_by_every_format),
		cmocka_unit_test(text_and_json_are_not_taken_for_each_other),
		cmocka_unit_test(a_nul_byte_is_no_text),
		cmocka_unit_test(a_sentence_is_a_message_and_no_list),
		cmocka_unit_test(more_than_the_limit_is_not_looked_at),
		cmocka_unit_test(a_feed_that_has_ended_says_so),
		cmocka_unit_test(the_function_can_end_the_reading),
		cmocka_unit_test(the_first_rejects_are_kept_and_all_counted),
		cmocka_unit_test(a_format_is_suggested_with_a_reason),
		cmocka_unit_test(what_has_no_format_is_named_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
