// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Definitions of feeds: what is read, what is refused and where, what is
 * printed, and what the manual says.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feed.h"
#include "rules/feed_schema.h"
#include "tests/support/documents.h"

/* The least there is, on 6 lines. */
#define LEAST                             \
	"name: scouts\n"                  \
	"title: Scouts\n"                 \
	"url: https://example.com/list\n" \
	"format: plain\n"                 \
	"class: reputation\n"             \
	"licence: CC0-1.0\n"
#define LEAST_WITH(more) LEAST "interval: 1h\n" more

/* Read from a copy without a NUL behind it, so that a byte too far is found. */
static int read_copy(const char *text, size_t len, struct feed *ret_feed,
		     struct document_note *ret_note)
{
	char *copy = malloc(len + !len);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	r = feed_read(copy, len, ret_feed, ret_note);
	free(copy);
	return r;
}

static void read_feed(const char *text, struct feed *ret_feed)
{
	struct document_note note;
	int r = read_copy(text, strlen(text), ret_feed, &note);

	if (r < 0)
		fail_msg("%d, %u:%u: %s", r, note.line, note.column, note.text);
}

static void assert_refused(const char *text, uint32_t line, uint32_t column,
			   const char *part)
{
	struct document_note note = {.line = 0};
	struct feed feed;
	int r = read_copy(text, strlen(text), &feed, &note);

	if (r == 0)
		fail_msg("let in:\n%s", text);
	if (note.line != line || note.column != column ||
	    !strstr(note.text, part))
		fail_msg("%d, %u:%u: %s\nfor:\n%s", r, note.line, note.column,
			 note.text, text);
}

/* To be freed. */
static char *print_feed(const struct feed *feed)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(feed_print(feed, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_unprintable(const struct feed *feed)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(feed_print(feed, out), -EINVAL);
	assert_int_equal(fclose(out), 0);
	free(text);
}

static void the_least_file_says_the_rest_by_default(void **state)
{
	struct feed feed;

	(void)state;
	read_feed(LEAST_WITH(""), &feed);
	assert_string_equal(feed.name, "scouts");
	assert_string_equal(feed.url, "https://example.com/list");
	assert_int_equal(feed.interval_s, 3600);
	assert_int_equal(feed.action, FEED_ACTION_SHADOW);
	assert_false(feed.is_suggested);
	assert_false(feed.may_redistribute);
	assert_int_equal(feed.commercial, FEED_COMMERCIAL_ASK);
	assert_int_equal(feed.expires_after_s, 7 * 24 * 3600);
	assert_int_equal(feed.bytes_max, 67108864);
	assert_int_equal(feed.limits.shrink, 30);
	assert_int_equal(feed.limits.floor_v6, 20);
}

static const char everything[] =
	"name: all-keys\n"
	"title: \"Keys: all of them\"\n"
	"comment: good for a test\n"
	"url: http://[2001:db8::1]:8080/a?b=c\n"
	"format: csv\n"
	"column: 3\n"
	"class: c2\n"
	"action: drop\n"
	"suggested: true\n"
	"licence: CC-BY-4.0\n"
	"terms: https://example.com/terms\n"
	"commercial: yes\n"
	"redistribute: true\n"
	"credit: Example \"quoted\"\n"
	"interval: 90m\n"
	"min_interval: 30m\n"
	"grace: 2h\n"
	"expires_after: 3d\n"
	"expected: {min: 10, max: 20}\n"
	"may_be_empty: true\n"
	"max_bytes: 4096\n"
	"insecure_http: true\n"
	"guard: {shrink: 31, grow: 200, rejects: 0, coverage: 3, floor_v4: 9,\n"
	"  floor_v6: 32, protected_hits: 0, protected_share: 100}\n";

static void every_key_is_read(void **state)
{
	struct feed feed;

	(void)state;
	read_feed(everything, &feed);
	assert_string_equal(feed.title, "Keys: all of them");
	assert_string_equal(feed_format_word(feed.format), "csv");
	assert_int_equal(feed.column, 3);
	assert_int_equal(feed.class, FEED_CLASS_C2);
	assert_int_equal(feed.action, FEED_ACTION_DROP);
	assert_int_equal(feed.commercial, FEED_COMMERCIAL_YES);
	assert_true(feed.is_suggested && feed.may_redistribute);
	assert_true(feed.may_be_empty && feed.may_be_http);
	assert_string_equal(feed.credit, "Example \"quoted\"");
	assert_int_equal(feed.interval_s, 5400);
	assert_int_equal(feed.min_interval_s, 1800);
	assert_int_equal(feed.grace_s, 7200);
	assert_int_equal(feed.expires_after_s, 3 * 24 * 3600);
	assert_int_equal(feed.expected_min, 10);
	assert_int_equal(feed.expected_max, 20);
	assert_int_equal(feed.bytes_max, 4096);
	assert_int_equal(feed.limits.shrink, 31);
	assert_int_equal(feed.limits.grow, 200);
	assert_int_equal(feed.limits.rejects, 0);
	assert_int_equal(feed.limits.coverage, 3);
	assert_int_equal(feed.limits.floor_v4, 9);
	assert_int_equal(feed.limits.floor_v6, 32);
	assert_int_equal(feed.limits.protected_hits, 0);
	assert_int_equal(feed.limits.protected_share, 100);
	read_feed(LEAST_WITH("key_header: Auth-Key\nkey_file: /etc/k\n"),
		  &feed);
	assert_string_equal(feed.key_header, "Auth-Key");
	assert_string_equal(feed.key_file, "/etc/k");
}

static void what_is_printed_is_read_back_and_printed_the_same(void **state)
{
	static const char *const texts[] = {
		everything,
		LEAST_WITH(""),
		LEAST_WITH("key_header: Auth-Key\nkey_file: \"/etc/a b\"\n"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct feed feed, back;
		char *first, *second;

		memset(&feed, 0, sizeof(feed));
		memset(&back, 0, sizeof(back));
		read_feed(texts[i], &feed);
		first = print_feed(&feed);
		read_feed(first, &back);
		second = print_feed(&back);
		assert_string_equal(first, second);
		assert_memory_equal(&feed, &back, sizeof(feed));
		free(first);
		free(second);
	}
}

static void a_default_written_out_changes_nothing(void **state)
{
	struct feed shortly, fully;
	char *text = NULL, *first, *second;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	(void)fputs(LEAST_WITH(""), out);
	write_schema_defaults(out, &feed_schema, "");
	assert_int_equal(fclose(out), 0);
	read_feed(LEAST_WITH(""), &shortly);
	read_feed(text, &fully);
	first = print_feed(&shortly);
	second = print_feed(&fully);
	assert_string_equal(first, second);
	free(first);
	free(second);
	free(text);
}

static void a_missing_key_is_asked_for(void **state)
{
	(void)state;
	assert_refused(LEAST, 1, 1, "a feed needs the key \"interval\"");
	assert_refused("# nothing\n", 1, 1, "an empty document");
	assert_refused("- name\n", 1, 1, "feed is a mapping of its keys, like");
}

static void an_unknown_key_is_refused_where_it_stands(void **state)
{
	(void)state;
	assert_refused(LEAST_WITH("colour: red\n"), 8, 1,
		       "unknown key \"colour\" in feed: keys: name, title,");
	assert_refused(LEAST_WITH("intervall: 2h\n"), 8, 1,
		       "did you mean \"interval\"?");
	assert_refused(LEAST_WITH("guard: {shrik: 3}\n"), 8, 9,
		       "did you mean \"shrink\"?");
	assert_refused(LEAST_WITH("name: again\n"), 8, 1,
		       "\"name\" is given twice, first on line 1");
}

static void a_name_is_one_of_a_set(void **state)
{
	(void)state;
	assert_refused("name: Scouts\n", 1, 7, "\"Scouts\" is no name: ");
	assert_refused("name: [a]\n", 1, 7, "a list is no name: ");
	assert_refused("name: a2345678901234567890123456789012\n", 1, 7,
		       "32 bytes, at most 31 are allowed");
	assert_refused("name: block\n"
		       "title: B\n"
		       "url: https://example.com/\n"
		       "format: plain\n"
		       "class: c2\n"
		       "licence: none\n"
		       "interval: 1h\n",
		       1, 7, "the set \"block\" is always there");
}

/* The least file with another value on its line. */
static void assert_value_refused(uint32_t line, const char *key,
				 const char *value, const char *part)
{
	static const char *const lines[] = {
		"name: scouts",	 "title: Scouts",     "url: https://a.example/",
		"format: plain", "class: reputation", "licence: CC0-1.0",
		"interval: 1h",
	};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (uint32_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (i + 1 == line)
			(void)fprintf(out, "%s: %s\n", key, value);
		else
			(void)fprintf(out, "%s\n", lines[i]);
	}
	assert_int_equal(fclose(out), 0);
	assert_refused(text, line, (uint32_t)strlen(key) + 3, part);
	free(text);
}

static void a_value_is_refused_where_it_stands(void **state)
{
	(void)state;
	assert_refused(LEAST_WITH("max_bytes: 268435457\n"), 8, 12,
		       "268435456");
	assert_value_refused(2, "title", "\"\"", "\"\" is no line of text");
	assert_value_refused(2, "title", "\"a\\nb\"", "is no line of text");
	assert_value_refused(3, "url", "ftp://a.example/",
			     "\"ftp://a.example/\" is no URL: an address like "
			     "https://example.com/list.txt");
	assert_value_refused(3, "url", "https://", "is no URL");
	assert_value_refused(3, "url", "https:///list", "is no URL");
	assert_value_refused(3, "url", "https://u:p@a.example/", "is no URL");
	assert_value_refused(3, "url", "https://a.example/a b", "is no URL");
	assert_value_refused(3, "url", "\"https://a.example/a#b\"",
			     "is no URL");
	assert_value_refused(3, "url", "\"https://a.example/\\x7f\"",
			     "is no URL");
	assert_value_refused(3, "url", "http://a.example/", "is not https");
	assert_value_refused(4, "format", "plian",
			     "unknown word \"plian\" of format: did you mean "
			     "\"plain\"?");
	assert_value_refused(5, "class", "bad", "words: reputation, bogon,");
	assert_value_refused(7, "interval", "1", "\"1\" is no span of time");
	assert_value_refused(7, "interval", "10s", "from 60s");
}

static void a_value_beside_others_is_refused_where_it_stands(void **state)
{
	(void)state;
	assert_refused(LEAST_WITH("min_interval: 2h\n"), 7, 11,
		       "an interval of 3600s is below the provider's");
	assert_refused(LEAST_WITH("expires_after: 1h\n"), 8, 16,
		       "would expire after 3600s, before the next");
	assert_refused(LEAST_WITH("column: 2\n"), 8, 9,
		       "the format plain has no columns");
	assert_refused(LEAST_WITH("min_score: 2\n"), 8, 12,
		       "the format plain has no score");
	assert_refused(LEAST_WITH("key_header: Auth-Key\n"), 8, 13,
		       "\"key_file\" is missing");
	assert_refused(LEAST_WITH("key_file: /etc/k\n"), 8, 11,
		       "\"key_header\" is missing");
	assert_refused(LEAST_WITH("expected: {min: 2, max: 1}\n"), 8, 11,
		       "at least 2 entries and at most 1");
	assert_value_refused(3, "url", "http://127.0.0.1.a.example/",
			     "is not https");
	assert_refused("url: http://a.example/\n"
		       "name: a\n"
		       "title: A\n"
		       "format: plain\n"
		       "class: allow\n"
		       "licence: none\n"
		       "interval: 1h\n"
		       "insecure_http: true\n"
		       "key_header: Key\n"
		       "key_file: /k\n",
		       9, 13, "a key is not sent over http");
}

static void this_machine_is_asked_without_https(void **state)
{
	static const char *const urls[] = {"http://127.0.0.1:8080/v1",
					   "http://[::1]/", "http://localhost"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		char text[512];
		struct feed feed;

		(void)snprintf(text, sizeof(text),
			       "name: local\ntitle: L\nurl: %s\n"
			       "format: crowdsec-stream\nclass: reputation\n"
			       "licence: our own\ninterval: 1m\n"
			       "key_header: X-Api-Key\nkey_file: /k\n",
			       urls[i]);
		read_feed(text, &feed);
		assert_string_equal(feed.url, urls[i]);
	}
}

static void keys_are_well_formed(void **state)
{
	(void)state;
	assert_refused(LEAST_WITH("key_header: \"Auth Key\"\n"), 8, 13,
		       "\"Auth Key\" is no header: the name of a header");
	assert_refused(LEAST_WITH("key_header: \"Key:\"\n"), 8, 13,
		       "is no header");
	assert_refused(LEAST_WITH("key_file: etc/k\n"), 8, 11,
		       "\"etc/k\" is no file: an absolute path");
	assert_refused(LEAST_WITH("guard: {shrink: 101}\n"), 8, 17,
		       "\"101\" is no shrink: a number from 1 to 100");
	assert_refused(LEAST_WITH("guard: {floor_v4: 0}\n"), 8, 19,
		       "\"0\" is no floor_v4: a number from 1 to 32");
	assert_refused(LEAST_WITH("suggested: yes\n"), 8, 12, "true or false");
}

/* Texts as long as they may be, and of all the characters they may have. */
static void a_text_may_be_as_long_as_its_key_says(void **state)
{
	char text[512], title[FEED_TITLE_MAX];
	struct feed feed;

	(void)state;
	memset(title, 't', sizeof(title) - 1);
	title[sizeof(title) - 1] = '\0';
	(void)snprintf(text, sizeof(text),
		       "name: n-34567890123456789012345678901\n"
		       "title: %s\n"
		       "url: https://a.example/\n"
		       "format: plain\n"
		       "class: tor\n"
		       "licence: none\n"
		       "interval: 1h\n"
		       "expected: {min: 7, max: 7}\n"
		       "key_header: Aa-zZ09\n"
		       "key_file: /k\n",
		       title);
	read_feed(text, &feed);
	assert_int_equal(strlen(feed.name), SET_NAME_MAX - 1);
	assert_string_equal(feed.title, title);
	assert_string_equal(feed.key_header, "Aa-zZ09");
	assert_int_equal(feed.expected_min, 7);
	assert_value_refused(2, "title",
			     "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeee"
			     "eeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjj"
			     "jjjjkkkkkkkkkkllllllllllmmmmmmmm",
			     "128 bytes, at most 127 are allowed");
}

static void a_list_of_what_is_good_is_never_dropped(void **state)
{
	static const char allow[] = "name: a\n"
				    "title: A\n"
				    "url: https://a.example/\n"
				    "format: plain\n"
				    "class: allow\n"
				    "licence: none\n"
				    "interval: 1h\n";
	char with_action[256];
	struct feed feed;

	(void)state;
	read_feed(allow, &feed);
	assert_int_equal(feed.action, FEED_ACTION_NONE);
	assert_int_equal(feed.expires_after_s, 30 * 24 * 3600);
	(void)snprintf(with_action, sizeof(with_action), "%saction: drop\n",
		       allow);
	assert_refused(with_action, 8, 9, "its action is none");
}

static void what_could_not_have_been_read_is_not_printed(void **state)
{
	struct feed feed;

	(void)state;
	read_feed(LEAST_WITH(""), &feed);
	feed.min_interval_s = 7200;
	assert_unprintable(&feed);
	read_feed(LEAST_WITH(""), &feed);
	feed.url[0] = 'g';
	assert_unprintable(&feed);
	feed_init(&feed);
	assert_unprintable(&feed);
}

static void a_full_disk_is_told(void **state)
{
	FILE *out = fopen("/dev/full", "we");
	struct feed feed;

	(void)state;
	assert_non_null(out);
	setbuf(out, NULL);
	read_feed(LEAST_WITH(""), &feed);
	assert_int_equal(feed_print(&feed, out), -EIO);
	(void)fclose(out);
}

static void the_manual_has_the_keys_of_the_table(void **state)
{
	char *page = read_tree_file("docs/man/feed.yml.5");
	char *keys = NULL;
	size_t len;
	FILE *out = open_memstream(&keys, &len);

	(void)state;
	assert_non_null(out);
	assert_int_equal(feed_print_man(out), 0);
	assert_int_equal(fclose(out), 0);
	if (!strstr(page, keys))
		fail_msg("docs/man/feed.yml.5 lacks\n%s", keys);
	free(keys);
	free(page);
}

static void the_example_of_the_manual_is_read(void **state)
{
	char *page = read_tree_file("docs/man/feed.yml.5");
	char *start = strstr(page, "\nname: ");
	struct feed feed;
	char *end;

	(void)state;
	assert_non_null(start);
	end = strstr(start, "\n.Ed");
	assert_non_null(end);
	end[1] = '\0';
	read_feed(start, &feed);
	assert_string_equal(feed.name, "office-blocklist");
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_file_says_the_rest_by_default),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(
			what_is_printed_is_read_back_and_printed_the_same),
		cmocka_unit_test(a_default_written_out_changes_nothing),
		cmocka_unit_test(a_missing_key_is_asked_for),
		cmocka_unit_test(an_unknown_key_is_refused_where_it_stands),
		cmocka_unit_test(a_name_is_one_of_a_set),
		cmocka_unit_test(a_value_is_refused_where_it_stands),
		cmocka_unit_test(
			a_value_beside_others_is_refused_where_it_stands),
		cmocka_unit_test(this_machine_is_asked_without_https),
		cmocka_unit_test(keys_are_well_formed),
		cmocka_unit_test(a_text_may_be_as_long_as_its_key_says),
		cmocka_unit_test(a_list_of_what_is_good_is_never_dropped),
		cmocka_unit_test(what_could_not_have_been_read_is_not_printed),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(the_manual_has_the_keys_of_the_table),
		cmocka_unit_test(the_example_of_the_manual_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
