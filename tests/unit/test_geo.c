// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of sets that databases list, and tables of autonomous systems. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/geo_ranges.h"

static void a_name_is_a_country_or_a_system(void **state)
{
	struct geo_place place;
	char letters[3];

	(void)state;
	assert_int_equal(geo_from_name("geo:CN", &place), 0);
	assert_int_equal(place.kind, GEO_COUNTRY);
	assert_string_equal(geo_letters_of_key(place.key, letters), "CN");
	assert_int_equal(geo_from_name("geo:AD", &place), 0);
	assert_int_equal(geo_from_name("geo:ZW", &place), 0);
	assert_int_equal(geo_from_name("geo:XK", &place), 0);
	assert_int_equal(geo_from_name("asn:1", &place), 0);
	assert_int_equal(place.kind, GEO_ASN);
	assert_int_equal(place.key, 1);
	assert_int_equal(geo_from_name("asn:4294967295", &place), 0);
	assert_int_equal(place.key, 4294967295u);
}

static void what_is_no_place_is_no_name(void **state)
{
	static const char *const no_country[] = {
		"geo:",	  "geo:C",  "geo:cn",  "geo:Cn",  "geo:CHN", "geo:XX",
		"geo:EU", "geo:AA", "geo: CN", "geo:CN ", "geo:E ",
	};
	static const char *const no_number[] = {
		"asn:",	   "asn:0",  "asn:01",	 "asn:4294967296",
		"asn:-1",  "asn:1x", "asn:AS1",	 "asn:99999999999999999999",
		"asn: 12", "asn:1.", "asn:1.10",
	};
	static const char *const neither[] = {
		"",	  "geo",  "asn", "Geo:CN", "CN",
		"office", "@geo", "ge",	 "a:b",	   "2001:db8::"};
	struct geo_place place;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(no_country); i++)
		assert_int_equal(geo_from_name(no_country[i], &place), -EINVAL);
	for (size_t i = 0; i < ARRAY_LEN(no_number); i++)
		assert_int_equal(geo_from_name(no_number[i], &place), -ERANGE);
	for (size_t i = 0; i < ARRAY_LEN(neither); i++)
		assert_int_equal(geo_from_name(neither[i], &place), -ENOENT);
}

static void letters_and_their_key_are_one(void **state)
{
	size_t countries = 0;

	(void)state;
	for (uint32_t key = 0; key < GEO_COUNTRY_KEYS; key++) {
		char letters[3], name[8];
		uint32_t back;

		(void)geo_letters_of_key(key, letters);
		assert_int_equal(geo_key_of_letters(letters, 2, &back), 0);
		assert_int_equal(back, key);
		(void)snprintf(name, sizeof(name), "geo:%s", letters);
		assert_int_equal(geo_name_is_valid(name),
				 geo_key_is_country(key));
		countries += geo_key_is_country(key);
	}
	assert_int_equal(countries, 250); /* of ISO 3166-1, and XK */
	assert_false(geo_key_is_country(GEO_NOBODY));
	assert_false(geo_key_is_country(GEO_COUNTRY_KEYS));
}

/* "KEY:PREFIX " of each. */
struct seen {
	char text[1024];
	int stop_at; /* the call that answers -ECANCELED; 0: none */
	int calls;
};

static int see(void *arg, uint32_t key, const struct prefix *prefix)
{
	struct seen *seen = arg;
	size_t used = strlen(seen->text);
	char text[PREFIX_TEXT_MAX];

	(void)snprintf(seen->text + used, sizeof(seen->text) - used, "%s%u:%s",
		       used > 0 ? " " : "", key, prefix_to_text(prefix, text));
	return ++seen->calls == seen->stop_at ? -ECANCELED : 0;
}

static char *copy_of(const char *text, size_t len)
{
	char *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

/* From memory that ends behind it. */
static int read_table(const char *text, struct seen *seen,
		      struct geo_ranges_note *ret_note)
{
	size_t len = strlen(text);
	char *copy = copy_of(text, len);
	int r;

	*ret_note = (struct geo_ranges_note){0};
	r = geo_ranges_read(copy, len, see, seen, ret_note);
	free(copy);
	return r;
}

static void assert_table(const char *text, const char *expected)
{
	struct geo_ranges_note note;
	struct seen seen = {0};

	assert_int_equal(read_table(text, &seen, &note), 0);
	assert_null(note.why);
	assert_string_equal(seen.text, expected);
}

static void a_table_has_ranges_or_networks(void **state)
{
	(void)state;
	assert_table("192.0.2.0,192.0.2.255,64496\n", "64496:192.0.2.0/24");
	assert_table("192.0.2.1,192.0.2.2,7\n", "7:192.0.2.1 7:192.0.2.2");
	assert_table("2001:db8::,2001:db8::ffff,7\r\n", "7:2001:db8::/112");
	assert_table("192.0.2.0\t192.0.2.255\t64496\tDE\tEXAMPLE, Inc\n",
		     "64496:192.0.2.0/24");
	assert_table("network,autonomous_system_number,organization\n"
		     "192.0.2.0/24,64496,\"Example, Inc\"\n"
		     "\"2001:db8::/32\",\"64497\",x",
		     "64496:192.0.2.0/24 64497:2001:db8::/32");
	assert_table("\xef\xbb\xbf# a comment\n\n 192.0.2.1 , 7 \n",
		     "7:192.0.2.1");
	assert_table("192.0.2.0/24,0\n198.51.100.0,198.51.100.255,0\n", "");
	assert_table("", "");
}

static void assert_refused(const char *text, uint32_t line, const char *why)
{
	struct geo_ranges_note note;
	struct seen seen = {0};

	assert_int_equal(read_table(text, &seen, &note), -EBADMSG);
	assert_int_equal(note.line, line);
	if (!strstr(note.why, why))
		fail_msg("%s: %s", text, note.why);
}

static void a_line_that_is_none_refuses_the_table(void **state)
{
	(void)state;
	assert_refused("<html>\n", 1, "not an address");
	assert_refused("network,number\nnetwork,number\n", 2, "not an address");
	assert_refused("192.0.2.0/24\n", 1, "not the number");
	assert_refused("192.0.2.0/24,\n", 1, "not the number");
	assert_refused("192.0.2.0/24,AS1\n", 1, "not the number");
	assert_refused("192.0.2.0/24,4294967296\n", 1, "not the number");
	assert_refused("192.0.2.0/24,1 2\n", 1, "not the number");
	assert_refused("192.0.2.0,192.0.2.9\n", 1, "not the number");
	assert_refused("192.0.2.1,7\n192.0.2.9,192.0.2.1,7\n", 2,
		       "ends before");
	assert_refused("192.0.2.0,2001:db8::,7\n", 1, "one address family");
	assert_refused("192.0.2.0/24,192.0.2.255,7\n", 1, "single addresses");
	assert_refused("192.0.2.0/24 x,7\n", 1, "not an address");
	assert_refused("192.0.2.1-192.0.2.2,192.0.2.3,7\n", 1, "range");
	assert_refused("0.0.0.0,255.255.255.255,7\n", 1, "every");
	assert_refused("0.0.0.0/0,7\n", 1, "every");
	assert_refused("::/0,7\n", 1, "every");
	assert_refused("192.0.2.1,7\n,7\n", 2, "not an address");
	assert_refused("000000000000000000000000000000000000000000000000000000"
		       "00000000000000.0,7\n",
		       1, "too long");
}

static void the_functions_answer_ends_a_table(void **state)
{
	struct seen seen = {.stop_at = 2};
	struct geo_ranges_note note;

	(void)state;
	assert_int_equal(read_table("192.0.2.1,1\n192.0.2.2,2\n192.0.2.3,3\n",
				    &seen, &note),
			 -ECANCELED);
	assert_null(note.why);
	assert_string_equal(seen.text, "1:192.0.2.1 2:192.0.2.2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_a_country_or_a_system),
		cmocka_unit_test(what_is_no_place_is_no_name),
		cmocka_unit_test(letters_and_their_key_are_one),
		cmocka_unit_test(a_table_has_ranges_or_networks),
		cmocka_unit_test(a_line_that_is_none_refuses_the_table),
		cmocka_unit_test(the_functions_answer_ends_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
