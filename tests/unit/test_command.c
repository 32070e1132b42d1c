// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/command.h"
#include "ctl/help.h"
#include "rules/base.h"
#include "rules/detect/rule.h"

#define WORDS_MAX 16

static const char *words[WORDS_MAX];

/* Parse "fwctl" and the words of `line`, parted by single blanks. */
static int parse(const char *line, struct invocation *ret_invocation)
{
	static char copy[256];
	const char *argv[WORDS_MAX] = {"fwctl"};
	char *rest = copy;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	while (*rest) {
		assert_in_range(argc, 1, WORDS_MAX - 1);
		argv[argc++] = strsep(&rest, " ");
		if (!rest)
			break;
	}
	return command_parse(argc, argv, words, ret_invocation);
}

static void assert_means(const char *line, const char *name)
{
	struct invocation invocation = {0};

	if (parse(line, &invocation) < 0)
		fail_msg("'%s' is refused", line);
	assert_string_equal(invocation.command->name, name);
}

static void assert_refused(const char *line)
{
	const struct invocation before = {.word_count = 77};
	struct invocation invocation = before;

	if (parse(line, &invocation) == 0)
		fail_msg("'%s' is accepted", line);
	assert_memory_equal(&invocation, &before, sizeof(before));
}

/* What `print` prints, to be freed. */
static char *printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	print(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *help_of(const struct command *command)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	help_command(out, command);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void commands_are_sorted_and_named_once(void **state)
{
	(void)state;
	for (size_t i = 1; i < command_count; i++)
		assert_true(strcmp(command_table[i - 1].name,
				   command_table[i].name) < 0);
}

static void a_name_is_one_word_or_two_and_never_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const char *name = command_table[i].name;
		const char *blank = strchr(name, ' ');
		size_t len = strcspn(name, " ");

		assert_true(!blank || !strchr(blank + 1, ' '));
		for (size_t j = 0; j < command_count; j++)
			assert_true(!blank ||
				    strlen(command_table[j].name) != len ||
				    strncmp(command_table[j].name, name, len) !=
					    0);
	}
}

static void every_command_says_what_it_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = &command_table[i];

		assert_non_null(command->run);
		assert_non_null(command->summary);
		assert_in_range(strlen(command->summary), 10, 60);
		assert_int_not_equal(
			command->summary[strlen(command->summary) - 1], '.');
	}
}

static void check_option(const struct option *option, bool ids[OPTION_COUNT])
{
	assert_non_null(option->help);
	assert_true(strlen(option->help) > 5);
	assert_true(!option->choices == (option->kind != KIND_CHOICE));
	assert_false(ids[option->id]);
	ids[option->id] = true;
}

static void every_option_is_documented_and_given_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const struct option *option = command_table[i].options;
		const struct option *common = command_common_options;
		bool ids[OPTION_COUNT] = {false};

		for (; common->name; common++)
			check_option(common, ids);
		for (; option && option->name; option++)
			check_option(option, ids);
	}
}

static void options_are_sorted_and_clash_with_no_common_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const struct option *option = command_table[i].options;
		const char *last = "";

		for (; option && option->name; last = option++->name) {
			const struct option *common = command_common_options;

			assert_true(strcmp(last, option->name) < 0);
			for (; common->name; common++) {
				assert_string_not_equal(common->name,
							option->name);
				assert_true(!option->letter ||
					    option->letter != common->letter);
			}
		}
	}
}

static void only_the_last_argument_may_repeat_or_be_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const struct argument *argument = command_table[i].arguments;

		for (; argument->kind != KIND_FLAG; argument++) {
			bool is_last = argument[1].kind == KIND_FLAG;

			assert_true(is_last || !argument->many);
			assert_true(is_last || !argument->optional);
			assert_true(!argument->choices ==
				    (argument->kind != KIND_CHOICE));
		}
	}
}

static void help_names_every_option_of_a_command(void **state)
{
	char name[64];

	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const struct option *option = command_table[i].options;
		char *text = help_of(&command_table[i]);

		for (; option && option->name; option++) {
			snprintf(name, sizeof(name), "--%s", option->name);
			assert_non_null(strstr(text, name));
		}
		assert_non_null(strstr(text, "--socket PATH"));
		free(text);
	}
}

static void help_fits_eighty_columns(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		char *text = help_of(&command_table[i]);

		for (char *line = strtok(text, "\n"); line;
		     line = strtok(NULL, "\n"))
			assert_in_range(strlen(line), 1, 80);
		free(text);
	}
}

static void overview_and_completion_mention_every_command(void **state)
{
	char *texts[] = {printed(help_overview), printed(help_completion)};

	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const char *name = command_table[i].name;
		const char *blank = strchr(name, ' ');

		assert_non_null(strstr(texts[0], name));
		assert_non_null(strstr(texts[1], blank ? blank + 1 : name));
	}
	free(texts[0]);
	free(texts[1]);
}

static void every_whole_name_means_its_command(void **state)
{
	const struct command *first = NULL;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		char name[64];
		const char *parts[2] = {name, NULL};
		char *blank;

		snprintf(name, sizeof(name), "%s", command_table[i].name);
		blank = strchr(name, ' ');
		if (blank) {
			*blank = '\0';
			parts[1] = blank + 1;
		}
		assert_int_equal(
			command_find(parts, blank ? 2 : 1, &first, &count), 0);
		assert_ptr_equal(first, &command_table[i]);
		assert_int_equal(count, 1);
	}
}

static void a_name_cut_short_means_the_only_one_it_can(void **state)
{
	(void)state;
	assert_means("stat", "status");
	assert_means("se li", "set list");
	assert_means("unb 192.0.2.1", "unblock");
	assert_means("set show feed", "set show");
}

static void an_ambiguous_name_is_refused(void **state)
{
	(void)state;
	assert_refused("s");
	assert_refused("a wan0");
	assert_refused("set d feed");
	assert_refused("");
}

static void an_unknown_name_is_refused(void **state)
{
	(void)state;
	assert_refused("frobnicate");
	assert_refused("set frobnicate");
	assert_refused("statuss");
	assert_refused("set");
}

static void options_are_found_anywhere_after_the_command(void **state)
{
	struct invocation invocation = {0};

	(void)state;
	assert_int_equal(parse("block 192.0.2.1 --for 1h 192.0.2.2 -rscan -j",
			       &invocation),
			 0);
	assert_int_equal(invocation.word_count, 2);
	assert_string_equal(invocation.words[1], "192.0.2.2");
	assert_string_equal(invocation.values[OPTION_FOR], "1h");
	assert_string_equal(invocation.values[OPTION_REASON], "scan");
	assert_non_null(invocation.values[OPTION_JSON]);
	assert_null(invocation.values[OPTION_UNTIL]);
}

static void a_value_may_be_joined_by_an_equals_sign(void **state)
{
	struct invocation invocation = {0};

	(void)state;
	assert_int_equal(
		parse("--socket=/x block 192.0.2.1 --reason=a=b", &invocation),
		0);
	assert_string_equal(invocation.values[OPTION_SOCKET], "/x");
	assert_string_equal(invocation.values[OPTION_REASON], "a=b");
}

static void alerts_are_listed_from_any_level_on(void **state)
{
	char line[64];

	(void)state;
	for (int level = 0; level < DETECT_LEVEL_COUNT; level++) {
		snprintf(line, sizeof(line), "alert list --level %s",
			 detect_level_name(level));
		assert_means(line, "alert list");
	}
	assert_refused("alert list --level loud");
}

static void an_option_cut_short_must_mean_one(void **state)
{
	(void)state;
	assert_means("set import feed list --repl", "set import");
	assert_refused("set import feed list --re");
	assert_means("set import feed list --add", "set import");
	assert_refused("set import feed list --a");
}

static void after_two_dashes_nothing_is_an_option(void **state)
{
	struct invocation invocation = {0};

	(void)state;
	assert_int_equal(parse("restore -- --json", &invocation), 0);
	assert_string_equal(invocation.words[0], "--json");
	assert_null(invocation.values[OPTION_JSON]);
}

static void options_of_another_command_are_refused(void **state)
{
	(void)state;
	assert_refused("status --for 1h");
	assert_refused("unblock 192.0.2.1 --for 1h");
	assert_refused("--for 1h block 192.0.2.1");
}

static void values_and_words_are_checked_before_anything_is_sent(void **state)
{
	(void)state;
	assert_refused("block 192.0.2");
	assert_refused("block 192.0.2.9-192.0.2.1");
	assert_refused("block 192.0.2.1-2001:db8::1");
	assert_refused("block 192.0.2.0/24-192.0.3.0/24");
	assert_refused("why -");
	assert_refused("why 192.0.2.1-192.0.2.9");
	assert_refused("block 192.0.2.1 --for 5");
	assert_refused("block 192.0.2.1 --until 2001-01-01");
	assert_refused("block 192.0.2.1 --set Feed");
	assert_refused("attach a/b");
	assert_refused("attach abcdefghijklmnop");
	assert_refused("attach wan0 --mode fast");
	assert_refused("attach wan0 --mode auto|native");
	assert_refused("log -n 0");
	assert_refused("log -n 4294967296");
	assert_refused("log -n 1x");
	assert_refused("set new x --capacity 16000001");
}

static void too_few_and_too_many_words_are_refused(void **state)
{
	(void)state;
	assert_refused("block");
	assert_refused("set add feed");
	assert_refused("set import feed");
	assert_refused("set import feed a b");
	assert_refused("status more");
	assert_means("doctor", "doctor");
	assert_means("doctor wan0", "doctor");
	assert_refused("doctor wan0 wan1");
}

static void help_is_given_whatever_else_is_missing(void **state)
{
	(void)state;
	assert_means("block --help", "block");
	assert_means("--help", "help");
	assert_means("set --help", "help");
}

static void a_choice_is_one_whole_word_of_the_list(void **state)
{
	(void)state;
	assert_true(command_choice_is("auto|native|generic", "auto"));
	assert_true(command_choice_is("auto|native|generic", "generic"));
	assert_false(command_choice_is("auto|native|generic", "nativ"));
	assert_false(command_choice_is("auto|native|generic", "tive"));
	assert_false(command_choice_is("auto|native|generic", ""));
	assert_false(command_choice_is("auto|native|generic", "auto|native"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_sorted_and_named_once),
		cmocka_unit_test(a_name_is_one_word_or_two_and_never_both),
		cmocka_unit_test(every_command_says_what_it_does),
		cmocka_unit_test(every_option_is_documented_and_given_once),
		cmocka_unit_test(
			options_are_sorted_and_clash_with_no_common_one),
		cmocka_unit_test(
			only_the_last_argument_may_repeat_or_be_left_out),
		cmocka_unit_test(help_names_every_option_of_a_command),
		cmocka_unit_test(help_fits_eighty_columns),
		cmocka_unit_test(overview_and_completion_mention_every_command),
		cmocka_unit_test(every_whole_name_means_its_command),
		cmocka_unit_test(a_name_cut_short_means_the_only_one_it_can),
		cmocka_unit_test(an_ambiguous_name_is_refused),
		cmocka_unit_test(an_unknown_name_is_refused),
		cmocka_unit_test(options_are_found_anywhere_after_the_command),
		cmocka_unit_test(a_value_may_be_joined_by_an_equals_sign),
		cmocka_unit_test(alerts_are_listed_from_any_level_on),
		cmocka_unit_test(an_option_cut_short_must_mean_one),
		cmocka_unit_test(after_two_dashes_nothing_is_an_option),
		cmocka_unit_test(options_of_another_command_are_refused),
		cmocka_unit_test(
			values_and_words_are_checked_before_anything_is_sent),
		cmocka_unit_test(too_few_and_too_many_words_are_refused),
		cmocka_unit_test(help_is_given_whatever_else_is_missing),
		cmocka_unit_test(a_choice_is_one_whole_word_of_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
