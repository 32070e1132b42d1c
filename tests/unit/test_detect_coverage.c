// SPDX-License-Identifier: GPL-2.0-or-later
/* Which tactics and techniques rules name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rules/detect/coverage.h"

static void add(struct coverage *coverage, enum detect_level level,
		const char *const *tags, size_t count)
{
	const struct detect_rule rule = {
		.level = level,
		.tags = tags,
		.tag_count = count,
	};

	assert_int_equal(coverage_add(coverage, &rule), 0);
}

static void assert_item(const struct coverage *coverage, size_t at,
			const char *name, uint32_t rules,
			enum detect_level level)
{
	assert_true(at < coverage->count);
	assert_string_equal(coverage->items[at].name, name);
	assert_int_equal(coverage->items[at].rules, rules);
	assert_int_equal(coverage->items[at].level, level);
}

static void names_are_counted_once_a_rule(void **state)
{
	const char *const shell[] = {"attack.t1059.004", "attack.execution",
				     "attack.t1059.004"};
	const char *const code[] = {"attack.execution", "attack.t1059"};
	struct coverage coverage = {NULL};

	(void)state;
	add(&coverage, DETECT_LOW, shell, 3);
	add(&coverage, DETECT_HIGH, code, 2);
	coverage_sort(&coverage);
	assert_int_equal(coverage.count, 3);
	assert_item(&coverage, 0, "execution", 2, DETECT_HIGH);
	assert_false(coverage.items[0].is_technique);
	assert_item(&coverage, 1, "t1059", 1, DETECT_HIGH);
	assert_item(&coverage, 2, "t1059.004", 1, DETECT_LOW);
	assert_true(coverage.items[2].is_technique);
	coverage_done(&coverage);
}

static void other_tags_are_none(void **state)
{
	const char *const tags[] = {"cve.2021-44228",
				    "attack.g0049",
				    "attack.s0154",
				    "attack.c0010",
				    "detection.emerging-threats",
				    "attack."};
	struct coverage coverage = {NULL};

	(void)state;
	add(&coverage, DETECT_LOW, tags, 6);
	assert_int_equal(coverage.count, 0);
	assert_int_equal(coverage.rules, 1);
	assert_int_equal(coverage.without, 1);
	coverage_done(&coverage);
}

/* "collection" and "stealth" begin like a campaign and a software. */
static void tactics_are_told_from_groups_by_what_follows(void **state)
{
	const char *const tags[] = {"attack.collection", "attack.stealth"};
	struct coverage coverage = {NULL};

	(void)state;
	add(&coverage, DETECT_LOW, tags, 2);
	assert_int_equal(coverage.count, 2);
	assert_int_equal(coverage.without, 1);
	coverage_done(&coverage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_counted_once_a_rule),
		cmocka_unit_test(other_tags_are_none),
		cmocka_unit_test(tactics_are_told_from_groups_by_what_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
