// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What may be shown on one line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/text.h"

#define ROOM 64

static void text_of_any_script_is_a_line(void **state)
{
	static const char *const lines[] = {"",
					    "a b",
					    "~",
					    "\xc2\xa0",
					    "\xc3\xa4",
					    "\xe2\x82\xac",
					    "\xf0\x9f\x94\xa5",
					    "\xef\xbf\xbd",
					    "\xf4\x8f\xbf\xbd"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (!text_is_line(lines[i], ROOM))
			fail_msg("line %zu is refused", i);
	}
}

static void what_moves_the_cursor_is_no_line(void **state)
{
	static const char *const others[] = {
		"a\nb",		"\t",		"\r",	    "\x1b[2J",
		"\x7f",		"\xc2\x85",	"\xc2\x9b", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xef\xbb\xbf",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (text_is_line(others[i], ROOM))
			fail_msg("text %zu is let in", i);
	}
}

static void what_is_no_utf8_is_no_line(void **state)
{
	static const char *const others[] = {
		"\x80",
		"\xc3",
		"\xc3(",
		"\xc0\xaf",
		"\xe0\x80\xaf",
		"\xe2\x82",
		"\xed\xa0\x80",
		"\xef\xbf\xbe",
		"\xf0\x80\x80\xaf",
		"\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80",
		"\xff",
		"\xf0\x9f\xbf\xbe",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (text_is_line(others[i], ROOM))
			fail_msg("text %zu is let in", i);
	}
}

static void a_line_is_shorter_than_its_room(void **state)
{
	(void)state;
	assert_true(text_is_line("abc", 4));
	assert_false(text_is_line("abcd", 4));
	assert_false(text_is_line("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_any_script_is_a_line),
		cmocka_unit_test(what_moves_the_cursor_is_no_line),
		cmocka_unit_test(what_is_no_utf8_is_no_line),
		cmocka_unit_test(a_line_is_shorter_than_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
