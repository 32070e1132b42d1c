// SPDX-License-Identifier: GPL-2.0-or-later
/* What rules/feed_carve.h says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feed_carve.h"

struct pieces {
	char text[4096];
	size_t count;
};

static struct prefix of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	return prefix;
}

static int add(void *arg, const struct prefix *prefix)
{
	struct pieces *pieces = arg;
	size_t used = strlen(pieces->text);
	char text[PREFIX_TEXT_MAX];

	(void)snprintf(pieces->text + used, sizeof(pieces->text) - used, "%s%s",
		       used ? " " : "", prefix_to_text(prefix, text));
	pieces->count++;
	return 0;
}

/* What is left of `prefix` without the words of `exceptions`. */
static struct pieces carve(const char *prefix, const char *exceptions)
{
	struct pieces pieces = {0};
	struct prefix list[8], whole = of(prefix);
	char words[256];
	size_t count = 0;

	(void)snprintf(words, sizeof(words), "%s", exceptions);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		list[count++] = of(word);
	count = feed_carve_tidy(list, count);
	assert_int_equal(feed_carve(list, count, &whole, add, &pieces), 0);
	return pieces;
}

static void assert_carved(const char *prefix, const char *exceptions,
			  const char *left)
{
	struct pieces pieces = carve(prefix, exceptions);

	assert_string_equal(pieces.text, left);
}

static void what_has_no_exception_stays(void **state)
{
	(void)state;
	assert_carved("192.0.2.0/24", "", "192.0.2.0/24");
	assert_carved("192.0.2.0/24", "192.0.1.255 192.0.3.0", "192.0.2.0/24");
}

static void what_is_in_an_exception_goes(void **state)
{
	(void)state;
	assert_carved("192.0.2.7", "192.0.2.7", "");
	assert_carved("192.0.2.7", "192.0.2.0/24", "");
	assert_carved("192.0.2.7", "192.0.2.0/24 192.0.2.1", "");
	assert_carved("2001:db8::/64", "2001:db8::/32", "");
}

static void a_network_goes_on_around_it(void **state)
{
	(void)state;
	assert_carved("192.0.2.0/30", "192.0.2.1", "192.0.2.0 192.0.2.2/31");
	assert_carved("192.0.2.0/29", "192.0.2.0 192.0.2.6/31",
		      "192.0.2.1 192.0.2.2/31 192.0.2.4/31");
}

static void the_fewest_pieces_are_given(void **state)
{
	struct pieces v4 = carve("10.0.0.0/8", "10.1.2.3");
	struct pieces v6 = carve("2001:db8::/32", "2001:db8::1");

	(void)state;
	assert_int_equal(v4.count, 24);
	assert_int_equal(v6.count, 96);
	assert_null(strstr(v4.text, "10.1.2.3 "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_no_exception_stays),
		cmocka_unit_test(what_is_in_an_exception_goes),
		cmocka_unit_test(a_network_goes_on_around_it),
		cmocka_unit_test(the_fewest_pieces_are_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
