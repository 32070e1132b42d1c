// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of networks say what a plain walk over all of them says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/packet/nets.h"
#include "perf/support/dice.h"
#include "rules/compile.h"

struct bench {
	struct policy policy;
	struct rule rule;
	struct prefix prefixes[4096];
	struct compiled *compiled;
	struct fw_nets nets;
};

static void add(struct bench *bench, const char *text)
{
	struct match_address *match = &bench->rule.source;

	match->prefixes = bench->prefixes;
	assert_int_equal(
		prefix_from_text(text, strlen(text),
				 &bench->prefixes[match->prefix_count++]),
		0);
}

static void build(struct bench *bench)
{
	char note[COMPILE_NOTE_MAX];

	bench->rule.directions = DIRECTION_IN;
	bench->policy.rules = &bench->rule;
	bench->policy.rule_count = 1;
	assert_int_equal(compile(&bench->policy, &bench->compiled, note), 0);
	assert_int_equal(nets_build(bench->compiled, &bench->nets), 0);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct bench));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	nets_done(&bench->nets);
	compiled_free(bench->compiled);
	free(bench);
	return 0;
}

static struct fw_key6 key_of(const struct prefix *address)
{
	struct fw_key6 key = {0};

	for (int i = 0; i < 8; i++) {
		key.hi = key.hi << 8 | address->addr[i];
		key.lo = key.lo << 8 | address->addr[i + 8];
	}
	return key;
}

/* The region that the tables find, as a prefix; "in none" has length 0. */
static void same_as_walk(struct bench *bench, const struct prefix *address)
{
	const struct compiled_region *want =
		compiled_region(bench->compiled, address);
	uint32_t got =
		prefix_is_v4(address)
			? fw_region4(&bench->nets, prefix_addr_v4(address))
		: bench->nets.count6 ? fw_region6(&bench->nets, key_of(address))
				     : 0;

	assert_int_equal(got, want - bench->compiled->regions);
}

static void expect(struct bench *bench, const char *address, const char *net)
{
	const struct compiled_region *region;
	struct prefix prefix;
	char text[PREFIX_TEXT_MAX];

	assert_int_equal(prefix_from_text(address, strlen(address), &prefix),
			 0);
	same_as_walk(bench, &prefix);
	region = compiled_region(bench->compiled, &prefix);
	assert_string_equal(region == bench->compiled->regions
				    ? "none"
				    : prefix_to_text(&region->prefix, text),
			    net);
}

static void the_longest_network_is_found(void **state)
{
	struct bench *bench = *state;

	add(bench, "10.0.0.0/8");
	add(bench, "10.1.0.0/16");
	add(bench, "10.1.2.0/23");
	add(bench, "10.1.2.128/25");
	add(bench, "10.1.2.129");
	build(bench);

	expect(bench, "9.255.255.255", "none");
	expect(bench, "10.0.0.1", "10.0.0.0/8");
	expect(bench, "10.1.1.1", "10.1.0.0/16");
	expect(bench, "10.1.3.255", "10.1.2.0/23");
	expect(bench, "10.1.2.130", "10.1.2.128/25");
	expect(bench, "10.1.2.129", "10.1.2.129");
	expect(bench, "2001:db8::1", "none");
}

static void ipv6_is_told_apart_at_any_length(void **state)
{
	struct bench *bench = *state;

	add(bench, "2001:db8::/32");
	add(bench, "2001:db8:1::/48");
	add(bench, "2001:db8:1:2::/63");
	add(bench, "2001:db8:1:2::8");
	add(bench, "2001:db8:1:2::9");
	add(bench, "fe80::/10");
	build(bench);

	expect(bench, "2001:db7::1", "none");
	expect(bench, "2001:db8:f::1", "2001:db8::/32");
	expect(bench, "2001:db8:1:9::1", "2001:db8:1::/48");
	expect(bench, "2001:db8:1:3::1", "2001:db8:1:2::/63");
	expect(bench, "2001:db8:1:2::7", "2001:db8:1:2::/63");
	expect(bench, "2001:db8:1:2::8", "2001:db8:1:2::8");
	expect(bench, "2001:db8:1:2::9", "2001:db8:1:2::9");
	expect(bench, "febf::1", "fe80::/10");
	expect(bench, "10.0.0.1", "none");
}

static void all_of_a_family_is_not_all_of_the_other(void **state)
{
	struct bench *bench = *state;

	add(bench, "::/0");
	add(bench, "192.0.2.0/24");
	build(bench);

	expect(bench, "192.0.3.1", "none");
	expect(bench, "192.0.2.1", "192.0.2.0/24");
	expect(bench, "2001:db8::1", "::/0");
}

/* Close together, so that they nest, and addresses close to them. */
static struct prefix some_prefix(struct dice *dice, bool is_v4)
{
	struct prefix prefix = {.bits = 128};
	unsigned int len = (unsigned int)dice_below(dice, is_v4 ? 33 : 129);

	if (is_v4)
		return prefix_of_v4((uint32_t)(0x0a000000 |
					       dice_below(dice, 4) << 16 |
					       dice_below(dice, 3) << 8 |
					       dice_below(dice, 256)),
				    len);
	for (int i = 0; i < 16; i++)
		prefix.addr[i] = (uint8_t)(0x20 + dice_below(dice, 2));
	return prefix_widen(&prefix, len);
}

static void any_networks_are_found_as_by_a_walk(void **state)
{
	struct bench *bench = *state;
	struct dice dice = {.state = 20261129};

	for (size_t i = 0; i < ARRAY_LEN(bench->prefixes); i++)
		bench->prefixes[i] = some_prefix(&dice, i % 2);
	bench->rule.source.prefixes = bench->prefixes;
	bench->rule.source.prefix_count = ARRAY_LEN(bench->prefixes);
	build(bench);

	for (int i = 0; i < 20000; i++) {
		struct prefix address = some_prefix(&dice, i % 2);

		address.bits = 128;
		same_as_walk(bench, &address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_longest_network_is_found,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			ipv6_is_told_apart_at_any_length, setup, teardown),
		cmocka_unit_test_setup_teardown(
			all_of_a_family_is_not_all_of_the_other, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			any_networks_are_found_as_by_a_walk, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
