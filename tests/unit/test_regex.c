// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rules/detect/regex.h"

static int compile(struct arena *arena, const char *pattern,
		   const struct regex **ret_regex, const char **ret_reason)
{
	struct regex_problem problem = {NULL};
	int r = regex_compile(arena, pattern, strlen(pattern), false, ret_regex,
			      &problem);

	*ret_reason = problem.reason;
	return r;
}

static void assert_meets(const char *pattern, const char *text, bool expected)
{
	struct arena arena = {NULL};
	const struct regex *regex;
	const char *reason;

	if (compile(&arena, pattern, &regex, &reason) < 0)
		fail_msg("%s: %s", pattern, reason);
	if (regex_search(regex, text, strlen(text)) != expected)
		fail_msg("%s: \"%s\" is %s", pattern, text,
			 expected ? "not met" : "met");
	arena_done(&arena);
}

static void assert_refused(const char *pattern, int code, const char *reason)
{
	struct arena arena = {NULL};
	const struct regex *regex;
	const char *told = "";

	assert_int_equal(compile(&arena, pattern, &regex, &told), code);
	assert_string_equal(told, reason);
	arena_done(&arena);
}

static void what_is_met_is_found_anywhere(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool is_met;
	} cases[] = {
		{"b", "abc", true},
		{"B", "abc", false},
		{"(?i)B", "abc", true},
		{"(?i)[a-c]x", "CX", true},
		{"^b", "abc", false},
		{"^a", "abc", true},
		{"c$", "abc", true},
		{"b$", "abc", false},
		{"^$", "", true},
		{"^$", "a", false},
		{"", "", true},
		{"a*", "", true},
		{"^a*$", "aab", false},
		{"a.c", "a\nc", false},
		{"a.c", "abc", true},
		{"a|bc", "xbc", true},
		{"^(a|bc)$", "bc", true},
		{"^(a|bc)$", "abc", false},
		{"^(?:ab){2}$", "abab", true},
		{"^(?:ab){2}$", "ababab", false},
		{"^(?:ab){2,}$", "ababab", true},
		{"^a{2,3}$", "aaaa", false},
		{"^a{2,3}$", "aaa", true},
		{"^a{0,2}$", "", true},
		{"a{,2}", "a{,2}", true},
		{"^a{x$", "a{x", true},
		{"^[^/]{3,}$", "ab/", false},
		{"[^/]{3,}$", "/abc", true},
		{"[]a]", "]", true},
		{"[a-]", "-", true},
		{"[\\d.]", ".", true},
		{"^\\w+\\s\\S+$", "a_1\tx-y", true},
		{"^\\D$", "5", false},
		{"\\.", "a", false},
		{"\\x41", "A", true},
		{"a+?b", "aab", true},
		{"(a*)*b", "aaab", true},
		{"(|a)b", "b", true},
		{"\\Ax\\z", "x", true},
		{"(^|\\/)\\.[^.\\/]", "/.x", true},
		{"(^|\\/)\\.[^.\\/]", "a.x", false},
		{"(^|\\/)\\.[^.\\/]", ".x", true},
		{"^((a|b)c?)+$", "acbb", true},
		{"\xc3\xa9", "caf\xc3\xa9", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_meets(cases[i].pattern, cases[i].text, cases[i].is_met);
}

static void a_count_is_counted(void **state)
{
	char text[202];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[200] = '\0';
	assert_meets("(.){200,}", text, true);
	text[199] = '\0';
	assert_meets("(.){200,}", text, false);
}

static void what_needs_a_memory_is_refused(void **state)
{
	(void)state;
	assert_refused("(a)\\1", -ENOTSUP, "a back reference");
	assert_refused("a(?=b)", -ENOTSUP, "look-around");
	assert_refused("(?<!a)b", -ENOTSUP, "look-around");
	assert_refused("\\bword", -ENOTSUP, "a word boundary");
	assert_refused("a++", -ENOTSUP, "possessive repetition");
	assert_refused("(?P<n>a)", -ENOTSUP, "this kind of group");
	assert_refused("[[:alpha:]]", -ENOTSUP, "a class by its name");
	assert_refused("[\xc3\xa9]", -ENOTSUP, "a class beyond ASCII");
	assert_refused("\\Qa", -ENOTSUP, "an escape that is not known");
}

static void what_is_broken_is_refused(void **state)
{
	(void)state;
	assert_refused("(a", -EINVAL, "a group without its end");
	assert_refused("a)", -EINVAL, "an end without its group");
	assert_refused("[a", -EINVAL, "a class without its end");
	assert_refused("*a", -EINVAL, "nothing to repeat");
	assert_refused("a**", -EINVAL, "a repetition of a repetition");
	assert_refused("a{3,2}", -EINVAL, "a repetition without order");
	assert_refused("[b-a]", -EINVAL, "a range without order");
	assert_refused("a\\", -EINVAL, "a backslash at the end");
	assert_refused("\\xg0", -EINVAL, "\\x needs two digits");
}

static void what_grows_too_large_is_refused(void **state)
{
	(void)state;
	assert_refused("a{1001}", -E2BIG, "more than 1000 repetitions");
	assert_refused("(a{1000}){1000}", -E2BIG,
		       "it would need too many states");
	/* each of the last 14 bytes counts: 2^14 states */
	assert_refused("a[ab]{14}c", -E2BIG, "it would need too many states");
}

/* Backtracking would take 2^30 steps. */
static void no_text_makes_it_slow(void **state)
{
	char text[31];
	clock_t start = clock();

	(void)state;
	memset(text, 'a', 30);
	text[30] = '\0';
	assert_meets("^(a|aa|a*)*$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false);
	assert_meets("^(a+)+$", text, true);
	assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_met_is_found_anywhere),
		cmocka_unit_test(a_count_is_counted),
		cmocka_unit_test(what_needs_a_memory_is_refused),
		cmocka_unit_test(what_is_broken_is_refused),
		cmocka_unit_test(what_grows_too_large_is_refused),
		cmocka_unit_test(no_text_makes_it_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
