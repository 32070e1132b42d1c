// SPDX-License-Identifier: GPL-2.0-or-later
/* The sets that are always there, and the words a set is described with. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/set.h"

static void the_built_in_sets_have_their_ids(void **state)
{
	static const char *const names[] = {"management", "allow", "block"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++) {
		assert_int_equal(set_builtins[i].id, i + 1);
		assert_string_equal(set_builtins[i].name, names[i]);
		assert_true(set_name_is_valid(set_builtins[i].name));
	}
	assert_int_equal(set_builtins[SET_ID_BLOCK - 1].id, SET_ID_BLOCK);
}

static void only_the_block_set_drops(void **state)
{
	(void)state;
	assert_int_equal(set_builtins[0].action, SET_ALLOW);
	assert_int_equal(set_builtins[1].action, SET_ALLOW);
	assert_int_equal(set_builtins[2].action, SET_DROP);
}

static void a_built_in_set_holds_a_million(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++) {
		assert_in_range(set_builtins[i].capacity, 1000000,
				SET_CAPACITY_MAX);
	}
}

static void every_action_reads_back_from_its_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SET_ACTION_COUNT; i++) {
		const char *name = set_action_name((enum set_action)i);
		enum set_action action = SET_ACTION_COUNT;

		assert_int_equal(set_action_from_text(name, &action), 0);
		assert_int_equal(action, i);
	}
}

static void every_kind_reads_back_from_its_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SET_KIND_COUNT; i++) {
		const char *name = set_kind_name((enum set_kind)i);
		enum set_kind kind = SET_KIND_COUNT;

		assert_int_equal(set_kind_from_text(name, &kind), 0);
		assert_int_equal(kind, i);
	}
}

static void the_names_are_those_people_type(void **state)
{
	(void)state;
	assert_string_equal(set_action_name(SET_ALLOW), "allow");
	assert_string_equal(set_action_name(SET_DROP), "drop");
	assert_string_equal(set_action_name(SET_SHADOW), "shadow");
	assert_string_equal(set_kind_name(SET_STATIC), "static");
	assert_string_equal(set_kind_name(SET_DYNAMIC), "dynamic");
}

static void an_unknown_word_is_refused_and_changes_nothing(void **state)
{
	static const char *const words[] = {"", "Drop", "drops", "dro",
					    " drop"};
	enum set_action action = SET_SHADOW;
	enum set_kind kind = SET_DYNAMIC;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		assert_int_equal(set_action_from_text(words[i], &action),
				 -EINVAL);
		assert_int_equal(set_kind_from_text(words[i], &kind), -EINVAL);
	}
	assert_int_equal(action, SET_SHADOW);
	assert_int_equal(kind, SET_DYNAMIC);
}

static void a_plain_lower_case_name_is_valid(void **state)
{
	(void)state;
	assert_true(set_name_is_valid("a"));
	assert_true(set_name_is_valid("z9"));
	assert_true(set_name_is_valid("spamhaus-drop-4"));
}

static void another_name_is_not_valid(void **state)
{
	static const char *const names[] = {
		"",    "-a",  "9a",  "A",	 "aB",	      "a b", "a_b",
		"a/b", "a.b", "a\n", "\xc3\xa4", "a\xc3\xa4", "a{",  "a`",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_false(set_name_is_valid(names[i]));
}

static void a_name_has_31_bytes_at_most(void **state)
{
	char name[SET_NAME_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[SET_NAME_MAX - 1] = '\0';
	assert_true(set_name_is_valid(name));
	name[SET_NAME_MAX - 1] = 'a';
	name[SET_NAME_MAX] = '\0';
	assert_false(set_name_is_valid(name));
}

static void a_name_with_a_version_is_for_the_store_only(void **state)
{
	static const char *const names[] = {"office.1", "a.10", "b-2.99"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_true(set_name_is_storable(names[i]));
		assert_false(set_name_is_valid(names[i]));
	}
	assert_true(set_name_is_storable("office.0"));
	assert_true(set_name_is_storable("office"));
	assert_true(set_name_is_storable("spamhaus-drop-4"));
}

static void names_of_places_are_known_and_no_users(void **state)
{
	(void)state;
	assert_true(set_name_is_known("geo:CN"));
	assert_true(set_name_is_known("asn:64496"));
	assert_true(set_name_is_known("office"));
	assert_false(set_name_is_valid("geo:CN"));
	assert_true(set_name_is_storable("geo:CN"));
	assert_true(set_name_is_storable("geo:CN.12"));
	assert_true(set_name_is_storable("asn:4294967295.18446744"));
	assert_false(set_name_is_known("geo:CN.12"));
	assert_false(set_name_is_known("geo:XX"));
	assert_false(set_name_is_storable("geo:XX.12"));
	assert_false(set_name_is_storable("asn:0.1"));
}

static void another_name_is_not_for_the_store_either(void **state)
{
	static const char *const names[] = {
		"",	"-a",	 "A.1",	  ".1",	  "1.1",   "a.",	 "a.00",
		"a.01", "a.1.2", "a.1b",  "a.b",  "a..1",  "a.-1",	 "a.1 ",
		"a .1", "a/b.1", "a\n.1", "a.1.", "a.1\n", "a.\xc3\xa4",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_false(set_name_is_storable(names[i]));
}

static void a_version_counts_for_the_length_of_a_name(void **state)
{
	char name[SET_NAME_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	memcpy(name + SET_NAME_MAX - 4, ".12", 4);
	assert_true(set_name_is_storable(name));
	memcpy(name + SET_NAME_MAX - 4, ".123", 5);
	assert_false(set_name_is_storable(name));
	memset(name, 'a', SET_NAME_MAX);
	assert_false(set_name_is_storable(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_built_in_sets_have_their_ids),
		cmocka_unit_test(only_the_block_set_drops),
		cmocka_unit_test(a_built_in_set_holds_a_million),
		cmocka_unit_test(every_action_reads_back_from_its_name),
		cmocka_unit_test(every_kind_reads_back_from_its_name),
		cmocka_unit_test(the_names_are_those_people_type),
		cmocka_unit_test(
			an_unknown_word_is_refused_and_changes_nothing),
		cmocka_unit_test(a_plain_lower_case_name_is_valid),
		cmocka_unit_test(names_of_places_are_known_and_no_users),
		cmocka_unit_test(another_name_is_not_valid),
		cmocka_unit_test(a_name_has_31_bytes_at_most),
		cmocka_unit_test(a_name_with_a_version_is_for_the_store_only),
		cmocka_unit_test(another_name_is_not_for_the_store_either),
		cmocka_unit_test(a_version_counts_for_the_length_of_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
