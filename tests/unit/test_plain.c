// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plain lists: what is an entry, what is a reject, what is no list at all.
 * With PORTCULLIS_DATA set to the collection of real lists, those as well.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feedfile/plain.h"

/* Remembers what was given to it, and stops the reading on demand. */
struct taken {
	struct plain_report report;
	char text[1024]; /* "LINE:PREFIX LINE:PREFIX" */
	int calls;
	int stop_at; /* 0: never */
};

static int take(void *arg, const struct prefix *prefix, uint32_t line)
{
	struct taken *taken = arg;
	size_t used = strlen(taken->text);
	char buf[PREFIX_TEXT_MAX];

	taken->calls++;
	(void)snprintf(taken->text + used, sizeof(taken->text) - used,
		       "%s%u:%s", used ? " " : "", line,
		       prefix_to_text(prefix, buf));
	return taken->calls == taken->stop_at ? -ECANCELED : 0;
}

/* Read a copy without a NUL behind it, so that a byte too far is found. */
static int read_bytes(const char *bytes, size_t len, struct taken *ret_taken)
{
	char *copy = malloc(len + !len);
	int r;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	r = plain_read(copy, len, take, ret_taken, &ret_taken->report);
	free(copy);
	return r;
}

static void assert_list(const char *text, const char *expected)
{
	struct taken taken = {0};

	assert_int_equal(read_bytes(text, strlen(text), &taken), 0);
	assert_string_equal(taken.text, expected);
	assert_int_equal(taken.report.rejects, 0);
}

static void assert_reject(const char *text, const char *why)
{
	struct taken taken = {0};

	assert_int_equal(read_bytes(text, strlen(text), &taken), 0);
	if (taken.calls > 0 || taken.report.rejects != 1)
		fail_msg("not rejected: %s", text);
	assert_string_equal(taken.report.notes[0].why, why);
}

static void assert_no_list(const char *bytes, size_t len, uint32_t line,
			   const char *why)
{
	struct taken taken = {0};

	assert_int_equal(read_bytes(bytes, len, &taken), -EBADMSG);
	assert_int_equal(taken.calls, 0);
	assert_int_equal(taken.report.note_count, 1);
	assert_int_equal(taken.report.notes[0].line, line);
	assert_string_equal(taken.report.notes[0].why, why);
}

#define NO_ADDRESS "not an address, network or range"
#define DOCUMENT   "a list does not start like HTML or JSON"
#define RANGE	   "range needs two single addresses"
#define FAMILIES   "range from one address family to the other"
#define BACKWARDS  "range ends before it starts"
#define EVERYTHING "covers every address"
#define ALL_V4	   "has every IPv4 address in it"

static void one_entry_a_line_of_either_family(void **state)
{
	(void)state;
	assert_list("192.0.2.1\n2001:db8::1\n198.51.100.0/24\n",
		    "1:192.0.2.1 2:2001:db8::1 3:198.51.100.0/24");
	assert_list("192.0.2.77/255.255.255.0\n2001:db8::1/32\n",
		    "1:192.0.2.0/24 2:2001:db8::/32");
}

static void an_empty_list_is_a_list(void **state)
{
	struct taken taken = {0};

	(void)state;
	assert_int_equal(plain_read(NULL, 0, take, &taken, &taken.report), 0);
	assert_list("", "");
	assert_list("\n\n# nothing\n", "");
	assert_list("\xef\xbb\xbf", "");
}

static void the_last_line_needs_no_end(void **state)
{
	(void)state;
	assert_list("192.0.2.1\n192.0.2.2", "1:192.0.2.1 2:192.0.2.2");
	assert_list("192.0.2.1-192.0.2.1", "1:192.0.2.1");
	assert_list("192.0.2.1\r", "1:192.0.2.1");
	assert_list("192.0.2.1/3", "1:192.0.0.0/3");
}

static void lines_may_end_in_crlf(void **state)
{
	(void)state;
	assert_list("192.0.2.1\r\n\r\n192.0.2.2 \r\n192.0.2.8-192.0.2.9\r\n",
		    "1:192.0.2.1 3:192.0.2.2 4:192.0.2.8/31");
}

static void a_byte_order_mark_is_skipped_at_the_start_only(void **state)
{
	(void)state;
	assert_list("\xef\xbb\xbf"
		    "192.0.2.1\n",
		    "1:192.0.2.1");
	assert_reject("\n\xef\xbb\xbf"
		      "192.0.2.1\n",
		      NO_ADDRESS);
}

static void comments_and_blanks_are_no_entries(void **state)
{
	(void)state;
	assert_list("# 192.0.2.1\n; 192.0.2.2\n \t# x\n\n   \n192.0.2.3\n",
		    "6:192.0.2.3");
}

static void what_follows_the_entry_is_ignored(void **state)
{
	(void)state;
	assert_list("192.0.2.1 # x\n192.0.2.2;x\n192.0.2.3,443,x\n"
		    "192.0.2.4\t17\n  192.0.2.5\t\n192.0.2.6#x\n"
		    "192.0.2.7 a-b\n192.0.2.8 ; SBL-1\n",
		    "1:192.0.2.1 2:192.0.2.2 3:192.0.2.3 4:192.0.2.4 "
		    "5:192.0.2.5 6:192.0.2.6 7:192.0.2.7 8:192.0.2.8");
	assert_list("192.0.2.0-192.0.2.1,AS1\n192.0.2.2 - 192.0.2.3 - x\n",
		    "1:192.0.2.0/31 2:192.0.2.2/31");
}

static void a_range_gives_its_prefixes_with_one_line_number(void **state)
{
	struct taken taken = {0};
	static const char text[] = "\n192.0.2.1 - 192.0.2.4\n";

	(void)state;
	assert_int_equal(read_bytes(text, strlen(text), &taken), 0);
	assert_string_equal(taken.text,
			    "2:192.0.2.1 2:192.0.2.2/31 2:192.0.2.4");
	assert_int_equal(taken.report.entries, 1);
	assert_list("2001:db8::-2001:db8::ffff", "1:2001:db8::/112");
	assert_list("192.0.2.0\t-\t192.0.2.255", "1:192.0.2.0/24");
}

static void a_bad_range_is_a_reject(void **state)
{
	(void)state;
	assert_reject("203.0.113.5-203.0.113.1", BACKWARDS);
	assert_reject("2001:db8::2-2001:db8::1", BACKWARDS);
	assert_reject("192.0.2.1-2001:db8::1", FAMILIES);
	assert_reject("::1-192.0.2.1", FAMILIES);
	assert_reject("192.0.2.0/24-192.0.3.0", RANGE);
	assert_reject("192.0.2.0/32-192.0.3.0", RANGE);
	assert_reject("192.0.2.0-192.0.3.0/32", RANGE);
	assert_reject("192.0.2.1-", RANGE);
	assert_reject("192.0.2.1-20", RANGE);
	assert_reject("192.0.2.1-192.0.2.256", RANGE);
	assert_reject("192.0.2.1-192.0.2.3-192.0.2.9", RANGE);
	assert_reject("192.0.2.1 -- 192.0.2.9", RANGE);
	assert_reject("-192.0.2.1", NO_ADDRESS);
}

static void text_in_place_of_the_second_address_is_a_reject(void **state)
{
	(void)state;
	assert_reject("192.0.2.1 - scanner", RANGE);
}

static void what_covers_everything_is_a_reject(void **state)
{
	(void)state;
	assert_reject("0.0.0.0/0", EVERYTHING);
	assert_reject("192.0.2.1/0.0.0.0", EVERYTHING);
	assert_reject("::/0", EVERYTHING);
	assert_reject("::ffff:0:0/96", EVERYTHING);
	assert_reject("0.0.0.0-255.255.255.255", EVERYTHING);
	assert_reject("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", EVERYTHING);
	/* its second part is all of IPv4 */
	assert_reject("::fffe:ffff:ffff-::1:0:0:0", EVERYTHING);
	/* in the order of prefixes IPv4 lies in these too */
	assert_reject("::/64", ALL_V4);
	assert_reject("::-::ffff:ffff:ffff:ffff", ALL_V4);
}

static void what_is_no_entry_is_a_reject(void **state)
{
	static const char *const lines[] = {
		"192.0.2.256",
		"010.000.002.008",
		"192.0.2",
		"3221225985",
		"0xC0000201",
		"192.0.2.0/255.0.255.0",
		"x[2001:db8::1]",
		"2001:db8::1%eth0",
		"192.0.2.14:8080",
		"host.example.com",
		"192.0.2.15/33",
		"2001:db8::/129",
		"192.0.2.17/024",
		"192.0.2.1\r192.0.2.2\r",
		"\"192.0.2.1\"",
		",192.0.2.1",
		"Some Org:198.51.100.3-198.51.100.9",
		"Org:198.51.100.3-198.51.100.9",
		"192.0.2.1\xc2\xa0x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_reject(lines[i], NO_ADDRESS);
}

static void reading_goes_on_after_a_reject(void **state)
{
	static const char text[] = "x\n192.0.2.1\n192.0.2.2/33\n192.0.2.3\n";
	struct taken taken = {0};

	(void)state;
	assert_int_equal(read_bytes(text, strlen(text), &taken), 0);
	assert_string_equal(taken.text, "2:192.0.2.1 4:192.0.2.3");
	assert_int_equal(taken.report.lines, 4);
	assert_int_equal(taken.report.entries, 2);
	assert_int_equal(taken.report.rejects, 2);
	assert_int_equal(taken.report.note_count, 2);
	assert_int_equal(taken.report.notes[1].line, 3);
	assert_string_equal(taken.report.notes[1].text, "192.0.2.2/33");
}

static void all_rejects_are_counted_and_the_first_ones_kept(void **state)
{
	static const char text[] = "a\nb\nc\nd\ne\nf\ng\n";
	struct taken taken = {0};

	(void)state;
	assert_int_equal(read_bytes(text, strlen(text), &taken), 0);
	assert_int_equal(taken.report.rejects, 7);
	assert_int_equal(taken.report.note_count, PLAIN_NOTES);
	assert_string_equal(taken.report.notes[PLAIN_NOTES - 1].text, "e");
}

static void a_note_is_printable_and_short(void **state)
{
	char text[200] = "  a\x1b[31m\x7f\xff\t";
	struct taken taken = {0};

	(void)state;
	memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
	assert_int_equal(read_bytes(text, strlen(text), &taken), 0);
	assert_memory_equal(taken.report.notes[0].text, "a?[31m???xx", 11);
	assert_int_equal(strlen(taken.report.notes[0].text),
			 PLAIN_NOTE_TEXT - 1);
}

static void a_nul_anywhere_is_no_list(void **state)
{
	static const char last[] = "192.0.2.1\n192.0.2.2\n# \0";

	(void)state;
	assert_no_list("\0", 1, 1, "NUL byte: not text");
	assert_no_list("192.0.2.1\0\n", 11, 1, "NUL byte: not text");
	assert_no_list(last, sizeof(last) - 1, 3, "NUL byte: not text");
}

static void a_document_is_no_list(void **state)
{
	static const char *const texts[] = {
		"<!DOCTYPE html>\n192.0.2.1\n",
		"<p>",
		"{\"cidr\":\"192.0.2.0/24\"}\n",
		"[\n\"192.0.2.1\"]",
		" \t<html>",
		"\xef\xbb\xbf<html>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_no_list(texts[i], strlen(texts[i]), 1, DOCUMENT);
	assert_no_list("\r\n\n <html>\n192.0.2.1\n", 21, 1, DOCUMENT);
}

static void a_bracket_further_down_is_only_a_reject(void **state)
{
	struct taken taken = {0};

	(void)state;
	assert_int_equal(read_bytes("192.0.2.1\n[x]\n<y>\n", 18, &taken), 0);
	assert_int_equal(taken.report.entries, 1);
	assert_int_equal(taken.report.rejects, 2);
}

static void a_line_may_be_as_long_as_promised_and_no_longer(void **state)
{
	char text[PLAIN_LINE_MAX + 4];

	(void)state;
	memset(text, '#', sizeof(text));
	text[PLAIN_LINE_MAX + 3] = '\0';
	(void)snprintf(text + PLAIN_LINE_MAX, 4, "\r\n");
	assert_list(text, "");
	text[PLAIN_LINE_MAX] = '\0';
	assert_list(text, "");
	(void)snprintf(text + PLAIN_LINE_MAX, 4, "#\n");
	assert_no_list(text, strlen(text), 1, "line too long");
	assert_no_list(text, PLAIN_LINE_MAX + 1, 1, "line too long");
}

static void a_line_without_end_is_no_list_and_gives_no_entry(void **state)
{
	static const char entry[10] = "192.0.2.1\n"; /* no NUL */
	size_t len = 10 << 20;
	char *text = malloc(len);
	struct taken taken = {0};

	(void)state;
	assert_non_null(text);
	memset(text, '1', len);
	memcpy(text, entry, sizeof(entry));
	assert_int_equal(plain_read(text, len, take, &taken, &taken.report),
			 -EBADMSG);
	assert_int_equal(taken.calls, 0);
	assert_int_equal(taken.report.notes[0].line, 2);
	free(text);
}

static void the_entry_function_can_stop_the_reading(void **state)
{
	static const char text[] = "192.0.2.0/24\n192.0.2.1-192.0.2.9\n::1\n";
	struct taken taken = {.stop_at = 3};

	(void)state;
	assert_int_equal(read_bytes(text, strlen(text), &taken), -ECANCELED);
	assert_int_equal(taken.calls, 3);
	assert_int_equal(taken.report.lines, 2);
	assert_int_equal(taken.report.entries, 1);
	assert_int_equal(taken.report.rejects, 0);
}

static int count(void *arg, const struct prefix *prefix, uint32_t line)
{
	(void)prefix;
	(void)line;
	++*(uint32_t *)arg;
	return 0;
}

struct real_list {
	const char *path;
	int r;
	uint32_t entries;
	uint32_t rejects;
	uint32_t prefixes;
};

/* What a person, and for the long ones Python's ipaddress, finds in them. */
static const struct real_list real_lists[] = {
	{"formats/nasty.txt", 0, 10, 18, 15},
	{"formats/empty.txt", 0, 0, 0, 0},
	{"formats/firehol.netset", 0, 4, 0, 4},
	{"formats/spamhaus-drop.txt", 0, 3, 0, 3},
	{"formats/spamhaus-edrop-dead.txt", 0, 0, 0, 0},
	{"formats/sslbl-dead.txt", 0, 0, 0, 0},
	{"formats/dshield-block.txt", 0, 2, 1, 2},
	{"formats/p2p-ranges.txt", 0, 0, 2, 0},
	{"formats/rate-limited.txt", 0, 0, 1, 0},
	{"formats/rpz.zone", 0, 0, 8, 0},
	{"formats/tor-exit-addresses.txt", 0, 0, 5, 0},
	{"formats/feodo-crlf.csv", 0, 0, 3, 0},
	{"formats/threatfox-ipport.csv", 0, 0, 3, 0},
	{"formats/urlhaus-crlf.csv", 0, 0, 2, 0},
	{"formats/error-page.html", -EBADMSG, 0, 0, 0},
	{"formats/crowdsec-stream.json", -EBADMSG, 0, 0, 0},
	{"formats/crowdsec-stream-empty.json", -EBADMSG, 0, 0, 0},
	{"formats/feodo.json", -EBADMSG, 0, 0, 0},
	{"formats/misp-event.json", -EBADMSG, 0, 0, 0},
	{"formats/stix21-bundle.json", -EBADMSG, 0, 0, 0},
	{"formats/spamhaus-drop.jsonl", -EBADMSG, 0, 0, 0},
	{"formats/spamhaus-drop-truncated.jsonl", -EBADMSG, 0, 0, 0},
	{"formats/iblock.zip", -EBADMSG, 0, 0, 0},
	{"formats/p2p-ranges.txt.gz", -EBADMSG, 0, 0, 0},
	{"formats/truncated.txt.gz", -EBADMSG, 0, 0, 0},
	{"ipsum/ipsum.txt", 0, 120430, 0, 120430},
	{"datashield/prod_critical_data-shield_ipv4_blocklist.txt", 0, 100243,
	 0, 100243},
	{"criticalpath/sans.txt", 0, 106404, 0, 106404},
	{"criticalpath/AtomSpam.txt", 0, 0, 2792, 0},
	{"ipfire/location-drop-flag.txt", 0, 10120, 0, 10120},
	{"maltrail/mass_scanner.txt", 0, 19215, 5, 19215},
};

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	size_t room = 16 << 20;
	char *text = malloc(room);

	if (!file || !text)
		fail_msg("cannot read %s", path);
	*ret_len = fread(text, 1, room, file);
	assert_true(feof(file));
	(void)fclose(file);
	return text;
}

static void the_real_lists_are_read_as_a_person_would(void **state)
{
	const char *data = getenv("PORTCULLIS_DATA");

	(void)state;
	if (!data)
		skip();
	for (size_t i = 0; i < ARRAY_LEN(real_lists); i++) {
		const struct real_list *list = &real_lists[i];
		struct plain_report report;
		uint32_t prefixes = 0;
		char path[512];
		size_t len;
		char *text;
		int r;

		(void)snprintf(path, sizeof(path), "%s/feeds/%s", data,
			       list->path);
		text = read_file(path, &len);
		r = plain_read(text, len, count, &prefixes, &report);
		free(text);
		if (r != list->r || report.entries != list->entries ||
		    report.rejects != list->rejects ||
		    prefixes != list->prefixes)
			fail_msg("%s: %d, %u entries, %u rejects, %u prefixes",
				 list->path, r, report.entries, report.rejects,
				 prefixes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_entry_a_line_of_either_family),
		cmocka_unit_test(an_empty_list_is_a_list),
		cmocka_unit_test(the_last_line_needs_no_end),
		cmocka_unit_test(lines_may_end_in_crlf),
		cmocka_unit_test(
			a_byte_order_mark_is_skipped_at_the_start_only),
		cmocka_unit_test(comments_and_blanks_are_no_entries),
		cmocka_unit_test(what_follows_the_entry_is_ignored),
		cmocka_unit_test(
			a_range_gives_its_prefixes_with_one_line_number),
		cmocka_unit_test(a_bad_range_is_a_reject),
		cmocka_unit_test(
			text_in_place_of_the_second_address_is_a_reject),
		cmocka_unit_test(what_covers_everything_is_a_reject),
		cmocka_unit_test(what_is_no_entry_is_a_reject),
		cmocka_unit_test(reading_goes_on_after_a_reject),
		cmocka_unit_test(
			all_rejects_are_counted_and_the_first_ones_kept),
		cmocka_unit_test(a_note_is_printable_and_short),
		cmocka_unit_test(a_nul_anywhere_is_no_list),
		cmocka_unit_test(a_document_is_no_list),
		cmocka_unit_test(a_bracket_further_down_is_only_a_reject),
		cmocka_unit_test(
			a_line_may_be_as_long_as_promised_and_no_longer),
		cmocka_unit_test(
			a_line_without_end_is_no_list_and_gives_no_entry),
		cmocka_unit_test(the_entry_function_can_stop_the_reading),
		cmocka_unit_test(the_real_lists_are_read_as_a_person_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
