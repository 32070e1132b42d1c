// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * With PORTCULLIS_DATA set: a sample of each format and of each way in which
 * fetching goes wrong, and lists as they were published.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feedfile/decode.h"
#include "tests/support/feeds.h"

struct expected {
	const char *name;
	struct feed_options options;
	enum feed_instead instead;
	uint32_t accepted;
	uint32_t entries;
	uint32_t skipped; /* for any reason */
	uint32_t rejected;
	uint32_t first_reject; /* line */
	bool is_whole;
	bool is_dead;
};

#define FORMAT(x) .options = {.format = (x), .now_s = FEED_NOW_S}

static const struct expected samples[] = {
	{"crowdsec-stream-empty.json", FORMAT(FEED_CROWDSEC_STREAM),
	 .is_whole = true},
	{"crowdsec-stream.json", FORMAT(FEED_CROWDSEC_STREAM), .accepted = 2,
	 .entries = 2, .skipped = 2, .is_whole = true},
	{"dshield-block.txt", FORMAT(FEED_DSHIELD), .accepted = 2, .entries = 2,
	 .is_whole = true},
	{"empty.txt", FORMAT(FEED_PLAIN), .instead = FEED_INSTEAD_EMPTY},
	{"error-page.html", FORMAT(FEED_PLAIN), .instead = FEED_INSTEAD_HTML},
	{"error-page.html", FORMAT(FEED_STIX), .instead = FEED_INSTEAD_HTML},
	{"feodo-crlf.csv", FORMAT(FEED_FEODO_CSV), .accepted = 2, .entries = 2,
	 .is_whole = true},
	{"feodo.json", FORMAT(FEED_FEODO_JSON), .accepted = 1, .entries = 1,
	 .is_whole = true},
	/* its head states one less than it has */
	{"firehol.netset", FORMAT(FEED_FIREHOL_NETSET), .accepted = 4,
	 .entries = 4},
	{"misp-event.json", FORMAT(FEED_MISP_EVENT), .accepted = 2,
	 .entries = 2, .skipped = 1, .is_whole = true},
	{"nasty.txt", FORMAT(FEED_PLAIN), .accepted = 10, .entries = 15,
	 .rejected = 18, .first_reject = 3, .is_whole = true},
	{"p2p-ranges.txt", FORMAT(FEED_P2P), .accepted = 2, .entries = 4,
	 .is_whole = true},
	{"p2p-ranges.txt.gz", FORMAT(FEED_P2P), .accepted = 2, .entries = 4,
	 .is_whole = true},
	{"rate-limited.txt", FORMAT(FEED_PLAIN),
	 .instead = FEED_INSTEAD_MESSAGE, .rejected = 1, .first_reject = 1},
	{"rate-limited.txt", FORMAT(FEED_TOR_EXIT_ADDRESSES),
	 .instead = FEED_INSTEAD_MESSAGE, .rejected = 1, .first_reject = 1},
	{"rpz.zone", FORMAT(FEED_RPZ), .accepted = 3, .entries = 3,
	 .skipped = 3, .is_whole = true},
	{"spamhaus-drop-truncated.jsonl", FORMAT(FEED_SPAMHAUS_JSONL),
	 .instead = FEED_INSTEAD_JSON_CUT},
	{"spamhaus-drop.jsonl", FORMAT(FEED_SPAMHAUS_JSONL), .accepted = 2,
	 .entries = 2, .is_whole = true},
	{"spamhaus-drop.txt", FORMAT(FEED_SPAMHAUS_TEXT), .accepted = 3,
	 .entries = 3, .is_whole = true},
	{"spamhaus-edrop-dead.txt", FORMAT(FEED_SPAMHAUS_TEXT),
	 .is_whole = true, .is_dead = true},
	{"sslbl-dead.txt", FORMAT(FEED_PLAIN), .is_whole = true,
	 .is_dead = true},
	{"stix21-bundle.json", FORMAT(FEED_STIX), .accepted = 1, .entries = 2,
	 .skipped = 2, .is_whole = true},
	{"threatfox-ipport.csv", FORMAT(FEED_THREATFOX_CSV), .accepted = 2,
	 .entries = 2, .skipped = 1, .is_whole = true},
	{"tor-exit-addresses.txt", FORMAT(FEED_TOR_EXIT_ADDRESSES),
	 .accepted = 2, .entries = 2, .is_whole = true},
	{"urlhaus-crlf.csv", FORMAT(FEED_URLHAUS_CSV), .accepted = 1,
	 .entries = 1, .skipped = 1, .is_whole = true},
};

static const struct expected lists[] = {
	{"ipsum/ipsum.txt", FORMAT(FEED_PLAIN_SCORE), .accepted = 120430,
	 .entries = 120430, .is_whole = true},
	{"ipsum/ipsum.txt",
	 .options = {.format = FEED_PLAIN_SCORE, .min_score = 3},
	 .accepted = 14217, .entries = 14217, .skipped = 106213,
	 .is_whole = true},
	{"ipsum/level3.txt", FORMAT(FEED_PLAIN), .accepted = 14217,
	 .entries = 14217, .is_whole = true},
	{"spamhaus-mirror/drop_v4.json", FORMAT(FEED_SPAMHAUS_JSONL),
	 .accepted = 1406, .entries = 1406, .is_whole = true},
	{"bogons/fullbogons-ipv4.txt", FORMAT(FEED_BOGON), .accepted = 1479,
	 .entries = 1479, .is_whole = true},
	/* its ::/8 is given in 88 parts */
	{"bogons/fullbogons-ipv6.txt.gz", FORMAT(FEED_BOGON),
	 .accepted = 130320, .entries = 130407, .is_whole = true},
	{"maltrail/mass_scanner.txt", FORMAT(FEED_PLAIN), .accepted = 19215,
	 .entries = 19215, .rejected = 5, .is_whole = true},
	{"criticalpath/AtomSpam.txt", FORMAT(FEED_PLAIN),
	 .instead = FEED_INSTEAD_MESSAGE, .rejected = 2792},
	{"criticalpath/dom-bl.txt", FORMAT(FEED_PLAIN),
	 .instead = FEED_INSTEAD_EMPTY},
	{"history/sans-2026-08-17T0103.txt.gz", FORMAT(FEED_PLAIN),
	 .instead = FEED_INSTEAD_EMPTY},
	{"bgp/asn-ipv4-ranges.csv.gz",
	 .options = {.format = FEED_CSV, .last_column = 2}, .accepted = 411961,
	 .is_whole = true},
	{"bgp/asn-ipv6-ranges.csv.gz",
	 .options = {.format = FEED_CSV, .last_column = 2}, .accepted = 103197,
	 .is_whole = true},
};

static int count(void *arg, const struct feed_entry *entry)
{
	(void)entry;
	++*(uint32_t *)arg;
	return 0;
}

/* A figure of an expectation that is 0 where it is not looked at. */
static bool is_either(uint32_t figure, uint32_t expected)
{
	return expected == 0 || figure == expected;
}

static void assert_expected(const char *folder, const struct expected *expected)
{
	struct feed_report report;
	uint32_t entries = 0, skipped = 0;
	char name[256];
	size_t len;
	char *text;
	int r;

	(void)snprintf(name, sizeof(name), "%s%s", folder, expected->name);
	text = feed_data(name, &len);
	r = feedfile_read(&expected->options, text, len, count, &entries,
			  &report);
	free(text);
	for (size_t i = 0; i < FEED_SKIP_COUNT; i++)
		skipped += report.skipped[i];
	if (report.instead != expected->instead ||
	    (r < 0) != (expected->instead != FEED_INSTEAD_NONE) ||
	    report.accepted != expected->accepted ||
	    !is_either(entries, expected->entries) ||
	    entries != report.entries || skipped != expected->skipped ||
	    report.rejected != expected->rejected ||
	    (r == 0 && report.is_whole != expected->is_whole) ||
	    report.is_dead != expected->is_dead ||
	    !is_either(report.notes[0].line, expected->first_reject))
		fail_msg("%s: %d, %s, %u accepted, %u entries, %u skipped, "
			 "%u rejected at %u (%s), %s",
			 name, r, feedfile_instead_text(report.instead),
			 report.accepted, entries, skipped, report.rejected,
			 report.notes[0].line, report.notes[0].text,
			 report.is_whole ? "whole" : "not whole");
}

static void the_samples_are_read_or_refused(void **state)
{
	(void)state;
	if (!getenv("PORTCULLIS_DATA"))
		skip();
	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		assert_expected("formats/", &samples[i]);
}

static void published_lists_are_read(void **state)
{
	(void)state;
	if (!getenv("PORTCULLIS_DATA"))
		skip();
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		assert_expected("", &lists[i]);
}

static void the_samples_probe_as_what_they_are(void **state)
{
	char name[256];

	(void)state;
	if (!getenv("PORTCULLIS_DATA"))
		skip();
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct feed_probe probe;
		size_t len;
		char *text;

		(void)snprintf(name, sizeof(name), "formats/%s",
			       samples[i].name);
		text = feed_data(name, &len);
		probe = feedfile_probe(text, len);
		free(text);
		if (samples[i].accepted <= samples[i].rejected)
			continue;
		if (!probe.is_known ||
		    probe.format != samples[i].options.format)
			fail_msg("%s: %s", name, probe.why);
	}
}

static void warninglists_are_read_if_they_are_of_networks(void **state)
{
	const struct feed_options options = {.format = FEED_MISP_WARNINGLIST};
	const char *data = getenv("PORTCULLIS_DATA");
	uint32_t networks = 0, others = 0;
	const struct dirent *entry;
	char path[512];
	DIR *dir;

	(void)state;
	if (!data)
		skip();
	(void)snprintf(path, sizeof(path), "%s/feeds/misp-warninglists", data);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct feed_report report;
		uint32_t entries = 0;
		char name[300];
		size_t len;
		char *text;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "misp-warninglists/%s",
			       entry->d_name);
		text = feed_data(name, &len);
		if (feedfile_read(&options, text, len, count, &entries,
				  &report) < 0)
			others++;
		else
			networks++;
		if (entries != report.entries ||
		    report.rejected > report.accepted / 100)
			fail_msg("%s: %u entries, %u rejected: %s", name,
				 entries, report.rejected,
				 report.notes[0].text);
		free(text);
	}
	(void)closedir(dir);
	assert_int_equal(networks, 29);
	assert_int_equal(others, 7);
}

static int decode_sample(const char *name, const char **ret_why)
{
	const char *data = getenv("PORTCULLIS_DATA");
	struct decoded decoded;
	char bytes[4096];
	char path[512];
	FILE *file;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/feeds/formats/%s", data, name);
	file = fopen(path, "re");
	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	return decode(bytes, len, 1 << 20, &decoded, ret_why);
}

static void samples_that_do_not_decode_are_refused(void **state)
{
	const char *why;

	(void)state;
	if (!getenv("PORTCULLIS_DATA"))
		skip();
	assert_int_equal(decode_sample("truncated.txt.gz", &why), -ENODATA);
	assert_string_equal(why, "gzip that ends in the middle");
	assert_int_equal(decode_sample("iblock.zip", &why), -EBADMSG);
	assert_string_equal(why,
			    "a zip archive with more or less than one file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_samples_are_read_or_refused),
		cmocka_unit_test(published_lists_are_read),
		cmocka_unit_test(the_samples_probe_as_what_they_are),
		cmocka_unit_test(warninglists_are_read_if_they_are_of_networks),
		cmocka_unit_test(samples_that_do_not_decode_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
