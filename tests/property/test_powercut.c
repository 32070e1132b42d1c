// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What rules 1 and 2 of rules/store.h say, also when the power goes: after a
 * cut at any moment the store holds what was acknowledged, or that and the one
 * commit that was under way.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/store.h"
#include "tests/support/powercut/disk.h"
#include "tests/support/scratch.h"

#define MAP_BYTES (4u << 20)
#define COMMITS	  16

static struct change draw_change(void)
{
	char reason[REASON_MAX];
	static char kept[16][REASON_MAX];
	unsigned int n = disk_draw(16);
	struct change change;

	memset(reason, 'a' + (int)n, sizeof(reason));
	reason[1 + disk_draw(REASON_MAX - 2)] = '\0';
	memcpy(kept[n], reason, sizeof(reason));
	change = scratch_put(SET_ID_BLOCK, "10.0.0.0/8", kept[n]);
	change.member.prefix =
		prefix_of_v4(disk_draw(400) << 16, 16 + disk_draw(17));
	if (disk_draw(3) == 0)
		change.kind = CHANGE_MEMBER_DEL;
	return change;
}

/* A policy, and that it judges. */
static size_t add_policy(struct scratch *s, struct change *changes)
{
	static char text[20000];
	static struct revision revision;
	uint64_t last = 0;

	assert_int_equal(store_revision_last(s->store, &last), 0);
	memset(text, 'a' + (int)disk_draw(26), sizeof(text));
	revision = (struct revision){
		.number = last + 1,
		.text_bytes = 1 + disk_draw(sizeof(text)),
		.note = "apply",
	};
	changes[0] = (struct change){.kind = CHANGE_REVISION_PUT,
				     .revision_put = {&revision, text}};
	changes[1] = (struct change){.kind = CHANGE_REVISION_CURRENT,
				     .revision_number = last + 1};
	if (disk_draw(2))
		changes[1] = (struct change){
			.kind = CHANGE_REVISION_PENDING,
			.pending = {.number = last + 1, .fallback = last},
		};
	return 2;
}

static int commit_some(struct scratch *s)
{
	struct change changes[14];
	size_t count = 1 + disk_draw(ARRAY_LEN(changes) - 2);

	for (size_t i = 0; i < count; i++)
		changes[i] = draw_change();
	if (disk_draw(2))
		count += add_policy(s, &changes[count]);
	return scratch_commit(s, changes, count);
}

/* All that the store holds, and how far its journal is. */
static char *describe(struct store *store)
{
	struct store_usage usage;
	char *text = scratch_text(store), *all = NULL;
	char *revisions = scratch_revisions(store);

	assert_int_equal(store_usage(store, &usage), 0);
	assert_true(asprintf(&all, "%u %s%s", (unsigned int)usage.journal_seq,
			     text, revisions) > 0);
	free(text);
	free(revisions);
	return all;
}

/* The store after each acknowledged commit; 0 is after its creation. */
static char *described[COMMITS + 1];

static void run_recorded(struct scratch *s)
{
	disk_record(NULL);
	scratch_init(s, MAP_BYTES);
	disk_acknowledge();
	described[0] = describe(s->store);
	for (size_t i = 1; i <= COMMITS; i++) {
		assert_int_equal(commit_some(s), 0);
		disk_acknowledge();
		described[i] = describe(s->store);
	}
	disk_record_stop();
}

static void check_cut(struct scratch *s, size_t acknowledged)
{
	char *held;

	scratch_reopen(s, MAP_BYTES);
	held = describe(s->store);
	if (strcmp(held, described[acknowledged]) != 0) {
		assert_true(acknowledged < COMMITS);
		assert_string_equal(held, described[acknowledged + 1]);
	}
	free(held);
}

static void a_power_cut_at_any_moment_loses_nothing_acknowledged(void **state)
{
	struct scratch s;

	(void)state;
	disk_seed(1);
	run_recorded(&s);
	assert_true(disk_cut_everywhere(&s, check_cut) > 5ul * COMMITS);
	check_cut(&s, COMMITS);
	scratch_done(&s);
	for (size_t i = 0; i <= COMMITS; i++)
		free(described[i]);
}

/* The same store with the tables of today's schema or without, which is all
 * that an upgrade changes. */
static char *before_upgrade;

static void check_upgrade(struct scratch *s, size_t acknowledged)
{
	char *held;

	(void)acknowledged;
	scratch_reopen(s, MAP_BYTES);
	held = describe(s->store);
	assert_string_equal(held, before_upgrade);
	free(held);
	assert_int_equal(scratch_put_revision(s, 1, "rules"), 0);
}

/* A store of schema 1 with something in it; closed. */
static void init_older(struct scratch *s)
{
	scratch_init(s, MAP_BYTES);
	for (uint32_t n = 0; n < 10; n++)
		assert_int_equal(
			scratch_commit_one(s, scratch_numbered(n, "list")), 0);
	before_upgrade = describe(s->store);
	scratch_downgrade(s);
}

static void a_power_cut_at_any_moment_of_an_upgrade_is_survived(void **state)
{
	struct scratch s;

	(void)state;
	disk_seed(4);
	init_older(&s);
	disk_record(&s);
	scratch_reopen(&s, MAP_BYTES);
	disk_acknowledge();
	disk_record_stop();
	assert_true(disk_cut_everywhere(&s, check_upgrade) >= 4);
	scratch_done(&s);
	free(before_upgrade);
}

static bool upgrade_with_fault(struct scratch *s, enum fault kind,
			       unsigned int calls_until)
{
	bool has_struck;
	int r;

	scratch_done(s);
	free(before_upgrade);
	init_older(s);
	disk_arm(kind, calls_until);
	r = store_open(s->path, MAP_BYTES, &s->store);
	has_struck = disk_disarm();
	/* what is full is tried once more with more room */
	if (has_struck && kind != FAULT_FULL)
		assert_int_equal(r, -EIO);
	else
		assert_int_equal(r, 0);
	check_upgrade(s, 0);
	return has_struck;
}

static void a_disk_that_fails_during_an_upgrade_loses_nothing(void **state)
{
	struct scratch s;

	(void)state;
	init_older(&s);
	for (enum fault kind = FAULT_FULL; kind < FAULT_COUNT; kind++) {
		unsigned int calls = 0;

		while (upgrade_with_fault(&s, kind, calls))
			calls++;
		assert_true(calls >= 3); /* pages, sync, meta */
	}
	scratch_done(&s);
	free(before_upgrade);
}

/* A new store with something in it. */
static void init_with_commits(struct scratch *s)
{
	scratch_init(s, MAP_BYTES);
	for (int i = 0; i < 10; i++)
		assert_int_equal(commit_some(s), 0);
}

/* False once there are fewer than `calls_until` calls to fail. */
static bool commit_with_fault(struct scratch *s, enum fault kind,
			      unsigned int calls_until)
{
	char *before = describe(s->store), *after;
	int r;

	disk_arm(kind, calls_until);
	r = commit_some(s);
	if (!disk_disarm()) {
		assert_int_equal(r, 0);
		free(before);
		return false;
	}
	assert_int_equal(r, kind == FAULT_FULL ? -ENOSPC : -EIO);
	after = describe(s->store);
	assert_string_equal(before, after);
	free(before);
	free(after);

	assert_int_equal(commit_some(s), 0);
	before = describe(s->store);
	scratch_reopen(s, MAP_BYTES);
	after = describe(s->store);
	assert_string_equal(before, after);
	free(before);
	free(after);
	return true;
}

static void
a_disk_that_fails_at_any_call_refuses_and_is_used_again(void **state)
{
	struct scratch s;

	(void)state;
	disk_seed(2);
	init_with_commits(&s);
	for (enum fault kind = FAULT_FULL; kind < FAULT_COUNT; kind++) {
		unsigned int calls = 0;

		while (commit_with_fault(&s, kind, calls))
			calls++;
		assert_true(calls >= 3); /* pages, sync, meta */
	}
	scratch_done(&s);
}

static void a_meta_page_that_cannot_be_written_is_survived(void **state)
{
	struct scratch s;

	(void)state;
	disk_seed(3);
	init_with_commits(&s);
	disk_arm_for_meta(true);
	for (enum fault kind = FAULT_FULL; kind < FAULT_COUNT; kind++) {
		assert_true(commit_with_fault(&s, kind, 0));
		assert_false(commit_with_fault(&s, kind, 1));
	}
	disk_arm_for_meta(false);
	scratch_done(&s);
}

/* Take data.mdb away, and have it made anew. */
static bool create_with_fault(struct scratch *s, enum fault kind,
			      unsigned int calls_until)
{
	char path[PATH_MAX];
	int r;

	store_close(s->store);
	s->store = NULL;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", s->path);
	assert_int_equal(unlink(path), 0);

	disk_arm(kind, calls_until);
	r = store_open(s->path, MAP_BYTES, &s->store);
	if (!disk_disarm()) {
		assert_int_equal(r, 0);
		return false;
	}
	assert_true(r < 0);
	assert_null(s->store);
	assert_int_equal(access(path, F_OK), -1);
	scratch_reopen(s, MAP_BYTES);
	return true;
}

static void a_disk_that_fails_during_creation_leaves_nothing(void **state)
{
	struct scratch s;

	(void)state;
	scratch_init(&s, MAP_BYTES);
	for (enum fault kind = FAULT_FULL; kind < FAULT_COUNT; kind++) {
		unsigned int calls = 0;

		while (create_with_fault(&s, kind, calls))
			calls++;
		assert_true(calls >= 4);
	}
	scratch_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_power_cut_at_any_moment_loses_nothing_acknowledged),
		cmocka_unit_test(
			a_power_cut_at_any_moment_of_an_upgrade_is_survived),
		cmocka_unit_test(
			a_disk_that_fails_during_an_upgrade_loses_nothing),
		cmocka_unit_test(
			a_disk_that_fails_at_any_call_refuses_and_is_used_again),
		cmocka_unit_test(
			a_meta_page_that_cannot_be_written_is_survived),
		cmocka_unit_test(
			a_disk_that_fails_during_creation_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
