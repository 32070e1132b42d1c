// SPDX-License-Identifier: GPL-2.0-or-later
/* The detection rules that are installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "tests/support/sigma_rules.h"

static struct detect_folder folder;

static int setup(void **state)
{
	(void)state;
	sigma_rules_shipped(&folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	detect_folder_done(&folder);
	return 0;
}

/* Not what others are made of, and not what is ignored. */
static bool is_told(const struct detect_rule *rule)
{
	return !rule->is_step && rule->action != DETECT_IGNORE;
}

static void all_of_them_load(void **state)
{
	(void)state;
	assert_in_range(folder.file_count, 1, 100);
	for (size_t i = 0; i < folder.file_count; i++) {
		const struct detect_file *file = &folder.files[i];

		if (file->is_refused)
			fail_msg("%s:%u:%u: %s", file->path, file->note.at.line,
				 file->note.at.column, file->note.at.text);
	}
}

static void each_has_an_id_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < folder.rule_count; i++) {
		if (!is_told(folder.rules[i]))
			continue;
		assert_true(folder.rules[i]->id[0] != '\0');
		for (size_t other = 0; other < i; other++)
			assert_string_not_equal(folder.rules[i]->id,
						folder.rules[other]->id);
	}
}

static bool has_tag(const struct detect_rule *rule, const char *start)
{
	for (size_t i = 0; i < rule->tag_count; i++) {
		if (strncmp(rule->tags[i], start, strlen(start)) == 0)
			return true;
	}
	return false;
}

static void each_names_a_technique(void **state)
{
	(void)state;
	for (size_t i = 0; i < folder.rule_count; i++) {
		if (is_told(folder.rules[i]) &&
		    !has_tag(folder.rules[i], "attack.t1"))
			fail_msg("\"%s\" names none", folder.rules[i]->title);
	}
}

/* Whoever installs them has not yet said that they may block. */
static void none_of_them_blocks_unless_it_is_told_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < folder.rule_count; i++) {
		if (folder.rules[i]->action == DETECT_BLOCK)
			assert_true(folder.rules[i]->is_observed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_them_load),
		cmocka_unit_test(each_has_an_id_of_its_own),
		cmocka_unit_test(each_names_a_technique),
		cmocka_unit_test(none_of_them_blocks_unless_it_is_told_to),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
