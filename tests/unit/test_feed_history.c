// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Published versions of two real lists, replayed in order: the broken ones are
 * held, the others applied; and one version of many, each let in by the
 * definition that is installed. Skipped unless PORTCULLIS_DATA names the
 * collection of real lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feed_guard.h"
#include "rules/feedfile/plain.h"
#include "tests/support/documents.h"

#define ENTRIES_MAX 200000
#define BYTES_MAX   (8u << 20)
#define SKIPPED	    77

/* Prefixes in order and each once. */
struct list {
	struct prefix *prefixes;
	size_t count;
};

/* A feed as its versions come. */
struct replay {
	struct feed feed;
	struct list before, entries, resolvers;
	struct feed_memory memory;
	uint8_t *marks;
};

/* A version, and what is to become of it. */
struct step {
	const char *name;
	enum feed_outcome outcome;
	enum feed_guard guard; /* the first that fails, where it is held */
};

static int compare(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

static int take(void *arg, const struct prefix *prefix, uint32_t line)
{
	struct list *list = arg;

	(void)line;
	assert_true(list->count < ENTRIES_MAX);
	list->prefixes[list->count++] = *prefix;
	return 0;
}

static void read_list(const char *text, size_t len, struct list *list,
		      struct plain_report *ret_report)
{
	size_t kept = 0;

	list->count = 0;
	assert_int_equal(plain_read(text, len, take, list, ret_report), 0);
	qsort(list->prefixes, list->count, sizeof(*list->prefixes), compare);
	for (size_t i = 0; i < list->count; i++) {
		if (kept == 0 ||
		    compare(&list->prefixes[kept - 1], &list->prefixes[i]) != 0)
			list->prefixes[kept++] = list->prefixes[i];
	}
	list->count = kept;
}

static void new_list(struct list *list)
{
	list->count = 0;
	list->prefixes = calloc(ENTRIES_MAX, sizeof(*list->prefixes));
	assert_non_null(list->prefixes);
}

static int setup(void **state)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	char *text = read_tree_file("rules/default/resolvers.txt");
	struct plain_report report;

	assert_non_null(replay);
	feed_init(&replay->feed);
	new_list(&replay->before);
	new_list(&replay->entries);
	new_list(&replay->resolvers);
	replay->marks = calloc(ENTRIES_MAX, 1);
	assert_non_null(replay->marks);
	read_list(text, strlen(text), &replay->resolvers, &report);
	free(text);
	*state = replay;
	return 0;
}

static int teardown(void **state)
{
	struct replay *replay = *state;

	free(replay->before.prefixes);
	free(replay->entries.prefixes);
	free(replay->resolvers.prefixes);
	free(replay->marks);
	free(replay);
	return 0;
}

/* A file of the collection, packed or not. */
static size_t read_version(const char *name, char *bytes)
{
	char path[4096];
	gzFile file;
	int len;

	(void)snprintf(path, sizeof(path), "%s/feeds/%s",
		       getenv("PORTCULLIS_DATA"), name);
	file = gzopen(path, "rb");
	if (!file)
		fail_msg("cannot read %s", path);
	len = gzread(file, bytes, BYTES_MAX);
	assert_in_range(len, 0, BYTES_MAX - 1);
	(void)gzclose(file);
	return (size_t)len;
}

static struct feed_prefixes view(const struct list *list)
{
	return (struct feed_prefixes){.prefixes = list->prefixes,
				      .count = list->count};
}

/* What is kept of the version is what the next is measured against. */
static void apply(struct replay *replay)
{
	replay->before.count = 0;
	for (size_t i = 0; i < replay->entries.count; i++) {
		if (!(replay->marks[i] & FEED_MARK_LEFT_OUT))
			replay->before.prefixes[replay->before.count++] =
				replay->entries.prefixes[i];
	}
}

static void judge(struct replay *replay, const char *name,
		  struct feed_judgement *ret_judgement)
{
	char *bytes = malloc(BYTES_MAX);
	struct plain_report report;
	struct feed_version version = {.feed = &replay->feed};
	size_t len;

	assert_non_null(bytes);
	len = read_version(name, bytes);
	read_list(bytes, len, &replay->entries, &report);
	version.reading.accepted = report.entries;
	version.reading.rejected = report.rejects;
	version.entries = view(&replay->entries);
	version.before = view(&replay->before);
	version.resolvers = view(&replay->resolvers);
	feed_judge(&version, &replay->memory, replay->marks, ret_judgement);
	free(bytes);
}

static void play(struct replay *replay, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct feed_judgement judgement;
		const struct feed_finding *first = &judgement.findings[0];

		char name[128];

		(void)snprintf(name, sizeof(name), "history/%s.txt.gz",
			       steps[i].name);
		judge(replay, name, &judgement);
		print_message(
			"%-26s %6u entries, +%u -%u, %u left out: %s%s%s\n",
			steps[i].name, judgement.entries, judgement.added,
			judgement.removed, judgement.left_out,
			feed_outcome_name(judgement.outcome),
			judgement.finding_count > 0 ? ": " : "",
			judgement.finding_count > 0 ? first->text : "");
		assert_int_equal(judgement.outcome, steps[i].outcome);
		if (judgement.outcome == FEED_OUTCOME_HELD)
			assert_int_equal(first->guard, steps[i].guard);
		else
			apply(replay);
	}
}

static void a_steady_list_is_applied_each_time(void **state)
{
	static const struct step steps[] = {
		{.name = "datashield-2026-08-16T0205"},
		{.name = "datashield-2026-08-16T2205"},
		{.name = "datashield-2026-08-17T2205"},
		{.name = "datashield-2026-08-18T1805"},
		{.name = "datashield-2026-08-19T1405"},
		{.name = "datashield-2026-08-20T1005"},
		{.name = "datashield-2026-08-21T0605"},
		{.name = "datashield-2026-08-22T0205"},
	};

	play(*state, steps, ARRAY_LEN(steps));
}

/* It starts from nothing each day and grows by more than half, so that has to
 * be let in, and holds public resolvers; and twice it is empty, and once has
 * four lines of nonsense. */
static void of_a_list_that_breaks_only_whole_versions_are_applied(void **state)
{
	static const struct step steps[] = {
		{"sans-2026-08-17T0103", FEED_OUTCOME_HELD, FEED_GUARD_EMPTY},
		{.name = "sans-2026-08-17T0303"},
		{.name = "sans-2026-08-17T0903"},
		{.name = "sans-2026-08-17T1704"},
		{"sans-2026-08-17T2203", FEED_OUTCOME_HELD, FEED_GUARD_SHRINK},
		{.name = "sans-2026-08-17T2303"},
		{"sans-2026-08-18T0103", FEED_OUTCOME_HELD, FEED_GUARD_EMPTY},
		{"sans-2026-08-18T0503", FEED_OUTCOME_HELD, FEED_GUARD_SHRINK},
	};
	struct replay *replay = *state;

	replay->feed.limits.grow = 400;
	replay->feed.limits.protected_hits = 100;
	play(replay, steps, ARRAY_LEN(steps));
}

/* With the guards as they are by default it is held until a person looks. */
static void by_default_a_list_that_breaks_is_mostly_held(void **state)
{
	static const struct step steps[] = {
		{"sans-2026-08-17T0103", FEED_OUTCOME_HELD, FEED_GUARD_EMPTY},
		{.name = "sans-2026-08-17T0303"},
		{"sans-2026-08-17T0903", FEED_OUTCOME_HELD,
		 FEED_GUARD_PROTECTED_HITS},
		{"sans-2026-08-17T1704", FEED_OUTCOME_HELD,
		 FEED_GUARD_PROTECTED_HITS},
		{"sans-2026-08-17T2203", FEED_OUTCOME_HELD, FEED_GUARD_SHRINK},
		{"sans-2026-08-17T2303", FEED_OUTCOME_HELD,
		 FEED_GUARD_PROTECTED_HITS},
		{"sans-2026-08-18T0103", FEED_OUTCOME_HELD, FEED_GUARD_EMPTY},
		{.name = "sans-2026-08-18T0503"},
	};

	play(*state, steps, ARRAY_LEN(steps));
}

/* A definition, and a file that its URL once gave. */
struct sample {
	const char *feed;
	const char *file;
};

static void read_definition(const char *name, struct feed *ret_feed)
{
	struct document_note note;
	char path[128];
	char *text;

	(void)snprintf(path, sizeof(path), "rules/default/feeds/%s.yml", name);
	text = read_tree_file(path);
	assert_int_equal(feed_read(text, strlen(text), ret_feed, &note), 0);
	free(text);
}

static void real_lists_are_let_in_by_the_definitions_installed(void **state)
{
	static const struct sample samples[] = {
		{"ipsum", "ipsum/level3.txt"},
		{"data-shield",
		 "datashield/prod_data-shield_ipv4_blocklist.txt"},
		{"blocklist-de",
		 "romainmarcoux/sources/blocklist.de-all-aa.txt"},
		{"cins-army", "romainmarcoux/sources/cinsscore.com-aa.txt"},
		{"greensnow", "romainmarcoux/sources/greensnow.co-aa.txt"},
		{"binarydefense",
		 "romainmarcoux/sources/binarydefense.com-aa.txt"},
		{"et-block-ips",
		 "romainmarcoux/sources/emergingthreats.net-aa.txt"},
		{"et-compromised", "criticalpath/compromised-ips.txt"},
		{"tor-exits", "criticalpath/tor-exit.txt"},
		{"cymru-fullbogons", "bogons/fullbogons-ipv4.txt"},
		{"cymru-fullbogons-v6", "bogons/fullbogons-ipv6.txt.gz"},
		{"maltrail-scanners", "maltrail/mass_scanner.txt"},
		{"country-de", "country-herrbischoff/ipv4/de.cidr"},
	};
	struct replay *replay = *state;

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct feed_judgement judgement;

		read_definition(samples[i].feed, &replay->feed);
		judge(replay, samples[i].file, &judgement);
		print_message("%-20s %6u entries, %u left out, %u around\n",
			      samples[i].feed, judgement.entries,
			      judgement.left_out, judgement.around);
		if (judgement.finding_count > 0)
			fail_msg("%s: %s", samples[i].feed,
				 judgement.findings[0].text);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_steady_list_is_applied_each_time),
		TEST(of_a_list_that_breaks_only_whole_versions_are_applied),
		TEST(by_default_a_list_that_breaks_is_mostly_held),
		TEST(real_lists_are_let_in_by_the_definitions_installed),
	};

	if (!getenv("PORTCULLIS_DATA")) {
		(void)printf("PORTCULLIS_DATA is not set: no real lists\n");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
