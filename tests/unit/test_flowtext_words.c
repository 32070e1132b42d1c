// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The words for numbers, against the numbers as IANA lists them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/flowtext_words.h"

struct named {
	uint8_t number;
	const char *name;
};

static const struct named icmp[] = {
	{0, "echo-reply"},	     {3, "destination-unreachable"},
	{4, "source-quench"},	     {5, "redirect"},
	{8, "echo-request"},	     {9, "router-advertisement"},
	{10, "router-solicitation"}, {11, "time-exceeded"},
	{12, "parameter-problem"},   {13, "timestamp-request"},
	{14, "timestamp-reply"},     {15, "info-request"},
	{16, "info-reply"},	     {17, "address-mask-request"},
	{18, "address-mask-reply"},
};

static const struct named icmpv6[] = {
	{1, "destination-unreachable"},
	{2, "packet-too-big"},
	{3, "time-exceeded"},
	{4, "parameter-problem"},
	{128, "echo-request"},
	{129, "echo-reply"},
	{130, "mld-listener-query"},
	{131, "mld-listener-report"},
	{132, "mld-listener-done"},
	{133, "router-solicitation"},
	{134, "router-advertisement"},
	{135, "neighbour-solicitation"},
	{136, "neighbour-advertisement"},
	{137, "redirect"},
	{138, "router-renumbering"},
	{141, "inverse-neighbour-solicitation"},
	{142, "inverse-neighbour-advertisement"},
	{143, "mld2-listener-report"},
	{144, "home-agent-request"},
	{145, "home-agent-reply"},
	{146, "mobile-prefix-solicitation"},
	{147, "mobile-prefix-advertisement"},
	{148, "certification-path-solicitation"},
	{149, "certification-path-advertisement"},
	{151, "multicast-router-advertisement"},
	{152, "multicast-router-solicitation"},
	{153, "multicast-router-termination"},
};

static void assert_types(const struct named *types, size_t count,
			 unsigned int family)
{
	size_t named = 0;

	for (unsigned int i = 0; i <= UINT8_MAX; i++)
		named += flowtext_icmp_type_name((uint8_t)i, family) != NULL;
	assert_int_equal(named, count);
	for (size_t i = 0; i < count; i++) {
		const char *name = types[i].name;
		uint8_t number = 77;

		assert_string_equal(
			flowtext_icmp_type_name(types[i].number, family), name);
		assert_int_equal(flowtext_icmp_type_of(name, strlen(name),
						       family, &number),
				 0);
		assert_int_equal(number, types[i].number);
		assert_int_equal(flowtext_icmp_type_of(name, strlen(name) - 1,
						       family, &number),
				 -ENOENT);
	}
}

static void types_of_icmp_have_the_numbers_of_iana(void **state)
{
	(void)state;
	assert_types(icmp, ARRAY_LEN(icmp), 4);
	assert_types(icmpv6, ARRAY_LEN(icmpv6), 6);
}

static void names_of_nft_are_read_too(void **state)
{
	static const struct named names[] = {
		{133, "nd-router-solicit"},   {134, "nd-router-advert"},
		{135, "nd-neighbor-solicit"}, {136, "nd-neighbor-advert"},
		{137, "nd-redirect"},	      {141, "ind-neighbor-solicit"},
		{142, "ind-neighbor-advert"}, {135, "neighbor-solicitation"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		uint8_t number = 77;

		assert_int_equal(flowtext_icmp_type_of(names[i].name,
						       strlen(names[i].name), 6,
						       &number),
				 0);
		assert_int_equal(number, names[i].number);
	}
}

static void ports_have_the_names_of_services(void **state)
{
	uint16_t port = 77;

	(void)state;
	assert_int_equal(flowtext_port_of("ssh and more", 3, &port), 0);
	assert_int_equal(port, 22);
	assert_int_equal(flowtext_port_of("sh", 2, &port), -ENOENT);
	assert_int_equal(port, 22);
}

static void flags_have_the_bits_of_tcp(void **state)
{
	static const struct named flags[] = {
		{1, "fin"},  {2, "syn"},  {4, "rst"},  {8, "psh"},
		{16, "ack"}, {32, "urg"}, {64, "ece"}, {128, "cwr"},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(flags); i++) {
		uint8_t flag = 0;

		assert_string_equal(flowtext_flag_name(i), flags[i].name);
		assert_int_equal(flowtext_flag_of(flags[i].name, 3, &flag), 0);
		assert_int_equal(flag, flags[i].number);
	}
}

static void protocols_have_names_where_those_are_of_the_family(void **state)
{
	(void)state;
	assert_string_equal(flowtext_protocol_name(6, 4), "tcp");
	assert_string_equal(flowtext_protocol_name(17, 6), "udp");
	assert_string_equal(flowtext_protocol_name(132, 6), "sctp");
	assert_string_equal(flowtext_protocol_name(1, 4), "icmp");
	assert_string_equal(flowtext_protocol_name(58, 6), "icmpv6");
	assert_null(flowtext_protocol_name(1, 6));
	assert_null(flowtext_protocol_name(58, 4));
	assert_null(flowtext_protocol_name(47, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_of_icmp_have_the_numbers_of_iana),
		cmocka_unit_test(names_of_nft_are_read_too),
		cmocka_unit_test(ports_have_the_names_of_services),
		cmocka_unit_test(flags_have_the_bits_of_tcp),
		cmocka_unit_test(
			protocols_have_names_where_those_are_of_the_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
