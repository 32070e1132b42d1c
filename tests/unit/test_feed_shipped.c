// SPDX-License-Identifier: GPL-2.0-or-later
/* The definitions and the list of resolvers that are installed. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feed.h"
#include "rules/feedfile/plain.h"
#include "tests/support/documents.h"

#define FEEDS	  "rules/default/feeds/"
#define FEEDS_MAX 100

static struct feed feeds[FEEDS_MAX];
static size_t feed_count;

static int is_definition(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && strcmp(entry->d_name + len - 4, ".yml") == 0;
}

static void read_definition(const char *file, struct feed *ret_feed)
{
	struct document_note note;
	char path[512];
	char *text;

	(void)snprintf(path, sizeof(path), FEEDS "%s", file);
	text = read_tree_file(path);
	if (feed_read(text, strlen(text), ret_feed, &note) < 0)
		fail_msg("%s:%u:%u: %s", path, note.line, note.column,
			 note.text);
	assert_int_equal(strlen(ret_feed->name) + 4, strlen(file));
	assert_memory_equal(ret_feed->name, file, strlen(ret_feed->name));
	free(text);
}

static int setup(void **state)
{
	struct dirent **entries;
	int count = scandir(TEST_DATA_DIR "/../../" FEEDS, &entries,
			    is_definition, alphasort);

	(void)state;
	assert_in_range(count, 1, FEEDS_MAX);
	for (int i = 0; i < count; i++) {
		read_definition(entries[i]->d_name, &feeds[feed_count++]);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

static void there_are_twenty_of_several_formats_and_classes(void **state)
{
	bool classes[FEED_CLASS_COUNT] = {false};
	unsigned int class_count = 0;

	(void)state;
	assert_true(feed_count >= 20);
	for (size_t i = 0; i < feed_count; i++) {
		class_count += !classes[feeds[i].class];
		classes[feeds[i].class] = true;
	}
	assert_int_equal(class_count, FEED_CLASS_COUNT);
}

static void each_says_what_it_is_and_how_large(void **state)
{
	(void)state;
	for (size_t i = 0; i < feed_count; i++) {
		const struct feed *feed = &feeds[i];

		if (feed->comment[0] == '\0' || feed->expected_max == 4000000)
			fail_msg("%s has no comment or no size", feed->name);
		if (feed->terms[0] == '\0' &&
		    strcmp(feed->licence, "our own") != 0)
			fail_msg("%s has no terms", feed->name);
		if (feed->may_be_http)
			fail_msg("%s comes by http", feed->name);
	}
}

static void what_is_suggested_may_be_used_by_everybody(void **state)
{
	unsigned int suggested = 0;

	(void)state;
	for (size_t i = 0; i < feed_count; i++) {
		const struct feed *feed = &feeds[i];

		if (!feed->is_suggested)
			continue;
		suggested++;
		if (feed->commercial != FEED_COMMERCIAL_YES ||
		    feed->key_header[0] != '\0' ||
		    feed_class_is_broad((enum feed_class)feed->class))
			fail_msg("%s is not for everybody", feed->name);
	}
	assert_in_range(suggested, 1, 5);
}

static void providers_are_not_asked_more_often_than_they_let(void **state)
{
	static const struct {
		const char *host;
		uint32_t least_s;
	} floors[] = {
		{"www.spamhaus.org", 3600},
		{"feeds.dshield.org", 3600},
		{"api.abuseipdb.com", 24 * 3600 / 5},
		{"lists.blocklist.de", 1800},
		{"check.torproject.org", 1800},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(floors); i++) {
		unsigned int found = 0;

		for (size_t j = 0; j < feed_count; j++) {
			if (!strstr(feeds[j].url, floors[i].host))
				continue;
			found++;
			assert_true(feeds[j].min_interval_s >=
				    floors[i].least_s);
		}
		assert_true(found > 0);
	}
}

static void each_is_printed_and_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < feed_count; i++) {
		struct document_note note;
		char *text = NULL;
		struct feed back;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		assert_non_null(out);
		assert_int_equal(feed_print(&feeds[i], out), 0);
		assert_int_equal(fclose(out), 0);
		if (feed_read(text, len, &back, &note) < 0)
			fail_msg("%u:%u: %s:\n%s", note.line, note.column,
				 note.text, text);
		assert_memory_equal(&back, &feeds[i], sizeof(back));
		free(text);
	}
}

struct resolvers {
	struct prefix seen[512];
	size_t count;
};

static int take_resolver(void *arg, const struct prefix *prefix, uint32_t line)
{
	struct resolvers *resolvers = arg;

	if (prefix->bits != 128)
		fail_msg("line %u is no single address", line);
	for (size_t i = 0; i < resolvers->count; i++) {
		if (prefix_cmp(&resolvers->seen[i], prefix) == 0)
			fail_msg("line %u was there before", line);
	}
	assert_true(resolvers->count < ARRAY_LEN(resolvers->seen));
	resolvers->seen[resolvers->count++] = *prefix;
	return 0;
}

static void the_resolvers_are_addresses_and_each_once(void **state)
{
	char *text = read_tree_file("rules/default/resolvers.txt");
	struct resolvers resolvers = {.count = 0};
	struct plain_report report;

	(void)state;
	assert_int_equal(plain_read(text, strlen(text), take_resolver,
				    &resolvers, &report),
			 0);
	assert_int_equal(report.rejects, 0);
	assert_true(resolvers.count >= 50);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			there_are_twenty_of_several_formats_and_classes),
		cmocka_unit_test(each_says_what_it_is_and_how_large),
		cmocka_unit_test(what_is_suggested_may_be_used_by_everybody),
		cmocka_unit_test(
			providers_are_not_asked_more_often_than_they_let),
		cmocka_unit_test(each_is_printed_and_read_back),
		cmocka_unit_test(the_resolvers_are_addresses_and_each_once),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
