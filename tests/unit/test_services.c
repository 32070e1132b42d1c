// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of ports, protocols and ICMP messages.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/services.h"

static const struct numbered_names *const tables[] = {
	&services, &protocols, &icmp_types, &icmpv6_types};

static void assert_found(const struct numbered_names *names, const char *name,
			 uint16_t expected)
{
	uint16_t number = 0;

	assert_int_equal(numbered_find(names, name, &number), 0);
	assert_int_equal(number, expected);
}

static void well_known_names_have_their_numbers(void **state)
{
	(void)state;
	assert_found(&services, "ssh", 22);
	assert_found(&services, "domain", 53);
	assert_found(&services, "https", 443);
	assert_found(&services, "wireguard", 51820);
	assert_found(&protocols, "tcp", 6);
	assert_found(&protocols, "udp", 17);
	assert_found(&protocols, "icmpv6", 58);
	assert_found(&protocols, "sctp", 132);
	assert_found(&icmp_types, "echo-request", 8);
	assert_found(&icmp_types, "time-exceeded", 11);
	assert_found(&icmpv6_types, "echo-request", 128);
	assert_found(&icmpv6_types, "packet-too-big", 2);
}

static void a_name_that_is_not_there_is_not_found(void **state)
{
	uint16_t number = 7;

	(void)state;
	assert_int_equal(numbered_find(&services, "htt", &number), -ENOENT);
	assert_int_equal(numbered_find(&services, "HTTP", &number), -ENOENT);
	assert_int_equal(numbered_find(&services, "", &number), -ENOENT);
	assert_int_equal(number, 7);
	assert_null(numbered_name(&services, 1));
}

static void no_name_stands_twice(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		for (size_t i = 0; i < tables[t]->count; i++) {
			const struct numbered_name *row = &tables[t]->names[i];

			assert_found(tables[t], row->name, row->number);
		}
	}
}

static void the_first_name_of_a_number_is_given_back(void **state)
{
	(void)state;
	assert_string_equal(numbered_name(&services, 53), "domain");
	assert_string_equal(numbered_name(&protocols, 58), "icmpv6");
	assert_string_equal(numbered_name(&icmpv6_types, 135),
			    "neighbour-solicitation");
}

/* What starts like a number would hide one, or a range. */
static void names_are_words(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		for (size_t i = 0; i < tables[t]->count; i++) {
			const char *name = tables[t]->names[i].name;

			assert_true(name[0] >= 'a' && name[0] <= 'z');
			assert_int_equal(strspn(name, "abcdefghijklmnopqrstuv"
						      "wxyz0123456789-"),
					 strlen(name));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_known_names_have_their_numbers),
		cmocka_unit_test(a_name_that_is_not_there_is_not_found),
		cmocka_unit_test(no_name_stands_twice),
		cmocka_unit_test(the_first_name_of_a_number_is_given_back),
		cmocka_unit_test(names_are_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
