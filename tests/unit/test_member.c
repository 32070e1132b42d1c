// SPDX-License-Identifier: GPL-2.0-or-later
/* What may be given as a reason, and the names of who gave it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/member.h"

static void origins_have_the_names_people_see(void **state)
{
	(void)state;
	assert_string_equal(origin_name(ORIGIN_OPERATOR), "operator");
	assert_string_equal(origin_name(ORIGIN_IMPORT), "import");
	assert_string_equal(origin_name(ORIGIN_TRIAL), "trial");
}

static void a_sentence_in_any_language_is_a_reason(void **state)
{
	static const char *const texts[] = {
		"",
		"ssh scan",
		"\xc2\xa0",
		"Gru\xc3\x9f",
		"\xe2\x82\xac \xed\x9f\xbf \xee\x80\x80",
		"\xf0\x9f\x94\xa5 \xf4\x8f\xbf\xbf",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_true(reason_is_valid(texts[i]));
}

static void a_control_character_is_no_reason(void **state)
{
	static const char *const texts[] = {
		"\n", "a\tb", "\x1b[31m", "\x7f", "\xc2\x80", "a\xc2\x9f",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(reason_is_valid(texts[i]));
}

static void what_is_not_utf8_is_no_reason(void **state)
{
	static const char *const texts[] = {
		"\x80", /* a continuation alone */
		"\xc3", /* cut short */
		"\xe2\x82",
		"\xf0\x9f\x94",
		"\xc3(",
		"\xc0\xaf", /* longer than needed */
		"\xc1\xbf",
		"\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf",
		"\xed\xa0\x80", /* surrogates */
		"\xed\xbf\xbf",
		"\xf4\x90\x80\x80", /* above U+10FFFF */
		"\xf5\x80\x80\x80",
		"\xff",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(reason_is_valid(texts[i]));
}

static void a_reason_has_255_bytes_at_most(void **state)
{
	char text[REASON_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[REASON_MAX - 1] = '\0';
	assert_true(reason_is_valid(text));
	text[REASON_MAX - 1] = 'a';
	text[REASON_MAX] = '\0';
	assert_false(reason_is_valid(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins_have_the_names_people_see),
		cmocka_unit_test(a_sentence_in_any_language_is_a_reason),
		cmocka_unit_test(a_control_character_is_no_reason),
		cmocka_unit_test(what_is_not_utf8_is_no_reason),
		cmocka_unit_test(a_reason_has_255_bytes_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
