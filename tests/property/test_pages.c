// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A store whose file was scribbled on: opening refuses it, or all of it can be
 * read and changed, with -EBADMSG at worst. It never takes the process down,
 * as LMDB by itself does.
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

#include <cmocka.h>

#include "rules/store.h"
#include "tests/support/scratch.h"

#define MAP_BYTES (4u << 20)
#define SCRIBBLES 400
#define MEMBERS	  1500

static uint64_t random_state;

/* Marsaglia's xorshift64: the same everywhere for the same seed. */
static uint32_t draw(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % below;
}

static struct change numbered(uint32_t n)
{
	struct change change =
		scratch_put(SET_ID_BLOCK, "10.0.0.0/8", n % 2 ? "odd" : "even");

	change.member.prefix = prefix_of_v4(n * 0x10001u, 32);
	return change;
}

/* Revisions, whose parts each have a page of their own. */
static void populate_revisions(struct scratch *s)
{
	static char text[40000];
	const struct change pending = {
		.kind = CHANGE_REVISION_PENDING,
		.pending = {.number = 3, .fallback = 2},
	};

	memset(text, 't', sizeof(text) - 1);
	for (uint64_t number = 1; number <= 3; number++)
		assert_int_equal(scratch_put_revision(s, number, text), 0);
	assert_int_equal(scratch_commit_one(s, pending), 0);
}

/* Pages of all kinds, free ones too. */
static void populate(struct scratch *s)
{
	static struct change changes[MEMBERS];

	for (uint32_t n = 0; n < MEMBERS; n++)
		changes[n] = numbered(n);
	assert_int_equal(scratch_commit(s, changes, MEMBERS), 0);
	populate_revisions(s);
	for (uint32_t n = 0; n < MEMBERS; n += 3) {
		struct change change = numbered(n);

		change.kind = CHANGE_MEMBER_DEL;
		if (n % 60 == 0)
			assert_int_equal(scratch_commit(s, &change, 1), 0);
	}
}

static uint8_t *load(const char *path, size_t *ret_len)
{
	uint8_t *bytes = malloc(MAP_BYTES);
	FILE *file = fopen(path, "re");

	assert_non_null(bytes);
	assert_non_null(file);
	*ret_len = fread(bytes, 1, MAP_BYTES, file);
	(void)fclose(file);
	return bytes;
}

static void save(const char *path, const uint8_t *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	(void)fclose(file);
}

/* The head of a page and its offsets decide most, so they get most. */
static void scribble(uint8_t *bytes, size_t len)
{
	size_t page = draw((uint32_t)(len / 4096)) * 4096ul;
	size_t at = page + (draw(3) ? draw(64) : draw(4096));
	uint32_t how = draw(4);

	if (how == 0)
		bytes[at] ^= (uint8_t)(1u << draw(8));
	else if (how == 1)
		bytes[at] = (uint8_t)draw(256);
	else if (how == 2)
		memset(bytes + page, 0, 4096);
	else
		memcpy(bytes + page,
		       bytes + draw((uint32_t)(len / 4096)) * 4096ul, 4096);
}

static int ignore_set(void *arg, const struct set *set)
{
	(void)arg;
	return set->id ? 0 : -1;
}

static int ignore_member(void *arg, uint8_t set_id, const struct member *member)
{
	(void)arg;
	(void)set_id;
	return strlen(member->evidence.reason) < REASON_MAX ? 0 : -1;
}

static int ignore_attachment(void *arg, const struct attachment *wish)
{
	(void)arg;
	return wish->ifname[0] ? 0 : -1;
}

static int ignore_line(void *arg, const struct journal_entry *entry)
{
	(void)arg;
	return entry->seq ? 0 : -1;
}

static void assert_fine_or_damaged(int r)
{
	assert_true(r == 0 || r == -EBADMSG || r == -ENOENT);
}

static int ignore_revision(void *arg, const struct revision *revision)
{
	struct store *store = arg;
	char *text = NULL;
	size_t len = 0;
	int r;

	r = store_revision_text(store, revision->number, &text, &len);
	assert_fine_or_damaged(r);
	assert_true(r < 0 || len == revision->text_bytes);
	free(text);
	return 0;
}

static void use_revisions(struct scratch *s)
{
	const struct change back = {.kind = CHANGE_REVISION_CURRENT,
				    .revision_number = 2};
	struct pending pending;
	uint64_t number;
	int r;

	assert_fine_or_damaged(
		store_each_revision(s->store, ignore_revision, s->store));
	assert_fine_or_damaged(store_policy_state(s->store, &number, &pending));
	r = store_revision_last(s->store, &number);
	assert_fine_or_damaged(r);
	for (unsigned int i = 1; r == 0 && i <= REVISIONS_KEPT; i++) {
		r = scratch_put_revision(s, number + i, "more");
		assert_fine_or_damaged(r);
	}
	assert_fine_or_damaged(scratch_commit_one(s, back));
}

static void use(struct scratch *s)
{
	struct change change = numbered(MEMBERS);
	struct store_usage usage;

	assert_fine_or_damaged(store_each_set(s->store, ignore_set, NULL));
	assert_fine_or_damaged(
		store_each_member(s->store, 0, ignore_member, NULL));
	assert_fine_or_damaged(
		store_each_attachment(s->store, ignore_attachment, NULL));
	assert_fine_or_damaged(
		store_each_journal(s->store, 0, SIZE_MAX, ignore_line, NULL));
	assert_fine_or_damaged(store_usage(s->store, &usage));
	use_revisions(s);
	for (uint32_t n = 0; n < 30; n++) {
		change = numbered(MEMBERS / 30 * n);
		change.kind = n % 2 ? CHANGE_MEMBER_PUT : CHANGE_MEMBER_DEL;
		assert_fine_or_damaged(scratch_commit(s, &change, 1));
	}
}

static void a_scribble_is_refused_or_does_no_harm(void **state)
{
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 1;
	unsigned int refused = 0;
	char path[PATH_MAX];
	struct scratch s;
	uint8_t *good, *bad;
	size_t len;
	int r;

	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)seed);
	random_state = seed * 0x9e3779b97f4a7c15u;
	scratch_init(&s, MAP_BYTES);
	populate(&s);
	store_close(s.store);
	s.store = NULL;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", s.path);
	good = load(path, &len);
	bad = malloc(len);
	assert_non_null(bad);
	for (unsigned int i = 0; i < SCRIBBLES; i++) {
		memcpy(bad, good, len);
		scribble(bad, len);
		save(path, bad, len);
		r = store_open(s.path, MAP_BYTES, &s.store);
		assert_true(r == 0 || r == -EBADMSG || r == -EPROTO);
		refused += r < 0;
		if (r == 0)
			use(&s);
		store_close(s.store);
		s.store = NULL;
	}
	print_message("%u of %u refused\n", refused, SCRIBBLES);
	assert_true(refused > SCRIBBLES / 4);
	free(good);
	free(bad);
	scratch_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scribble_is_refused_or_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
