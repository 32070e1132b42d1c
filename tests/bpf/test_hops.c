// SPDX-License-Identifier: GPL-2.0-or-later
/* daemon/packet/hops.h: gateways are found, in turns that stay short. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/packet/hops.h"
#include "tests/support/sandbox.h"

#define PATIENCE_MS 30000
#define ROUTES	    5000
#define ROUTE_BYTES 44 /* at least, of one in an answer */
#define ADD_MANY(gate)                                                     \
	"for i in $(seq 0 4999); do echo route add "                       \
	"10.$((i / 250)).$((i %% 250)).0/24 via 192.0.2." gate "; done | " \
	"ip -batch -"

static int setup(void **state)
{
	struct hops *hops = NULL;
	int r = hops_new(&hops);

	*state = hops;
	sandbox_veth("gw0", "peer0");
	return r;
}

static int teardown(void **state)
{
	hops_free(*state);
	sandbox_run("ip link del gw0");
	return 0;
}

struct wanted {
	const char *prefix;
	const char *what;
	int count;
};

static int look_for(void *arg, const struct prefix *prefix, const char *what)
{
	struct wanted *wanted = arg;
	char text[PREFIX_TEXT_MAX];

	if (strcmp(what, wanted->what) == 0 &&
	    strcmp(prefix_to_text(prefix, text), wanted->prefix) == 0)
		wanted->count++;
	return 0;
}

static int count_known(struct hops *hops, const char *prefix, const char *what)
{
	struct wanted wanted = {.prefix = prefix, .what = what};

	assert_int_equal(hops_each(hops, look_for, &wanted), 0);
	return wanted.count;
}

/* In a reading of this moment. */
static int count_hop(struct hops *hops, const char *prefix, const char *what)
{
	assert_int_equal(hops_read(hops), 0);
	return count_known(hops, prefix, what);
}

static int turn(struct hops *hops)
{
	struct pollfd ready = {.fd = hops_fd(hops), .events = POLLIN};

	assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	return hops_turn(hops);
}

static void a_next_hop_is_listed(void **state)
{
	struct hops *hops = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	sandbox_run("ip route add default via 192.0.2.254");
	assert_int_equal(count_hop(hops, "192.0.2.254", "next hop on gw0"), 1);
}

static void a_next_hop_without_a_route_is_listed_no_more(void **state)
{
	struct hops *hops = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	sandbox_run("ip route add default via 192.0.2.254");
	assert_int_equal(count_hop(hops, "192.0.2.254", "next hop on gw0"), 1);
	sandbox_run("ip route del default");
	assert_int_equal(count_hop(hops, "192.0.2.254", "next hop on gw0"), 0);
}

static void an_ipv6_next_hop_is_listed(void **state)
{
	struct hops *hops = *state;

	sandbox_run("ip -6 addr add 2001:db8::1/64 dev gw0 nodad");
	sandbox_run("ip -6 route add default via 2001:db8::fe");
	assert_int_equal(count_hop(hops, "2001:db8::fe", "next hop on gw0"), 1);
}

static void all_next_hops_of_one_route_are_listed(void **state)
{
	struct hops *hops = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	sandbox_run("ip route add 198.51.100.0/24 nexthop via 192.0.2.253 "
		    "nexthop via 192.0.2.254");
	assert_int_equal(count_hop(hops, "192.0.2.253", "next hop on gw0"), 1);
	assert_int_equal(count_hop(hops, "192.0.2.254", "next hop on gw0"), 1);
}

static void next_hops_of_other_tables_are_listed(void **state)
{
	struct hops *hops = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	sandbox_run("ip route add default via 192.0.2.77 table 77");
	assert_int_equal(count_hop(hops, "192.0.2.77", "next hop on gw0"), 1);
}

/* RFC 5549: IPv4 by way of an IPv6 neighbour. */
static void a_next_hop_of_the_other_family_is_listed(void **state)
{
	struct hops *hops = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	sandbox_run("ip -6 addr add 2001:db8::1/64 dev gw0 nodad");
	sandbox_run("ip route add 198.51.100.0/24 via inet6 2001:db8::5 "
		    "dev gw0");
	assert_int_equal(count_hop(hops, "2001:db8::5", "next hop on gw0"), 1);
}

static void a_gateway_of_many_routes_is_listed_once(void **state)
{
	struct hops *hops = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	sandbox_run("for i in $(seq 0 999); do echo route add "
		    "10.$((i / 250)).$((i %% 250)).0/24 via "
		    "192.0.2.$((i %% 3 + 10)); done | ip -batch -");
	for (int i = 10; i < 13; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "192.0.2.%d", i);
		assert_int_equal(count_hop(hops, text, "next hop on gw0"), 1);
	}
}

static void an_unreachable_route_is_no_next_hop(void **state)
{
	struct hops *hops = *state;

	sandbox_run("ip route add unreachable 203.0.113.0/24");
	assert_int_equal(count_hop(hops, "203.0.113.0", "next hop on lo"), 0);
	sandbox_run("ip route del unreachable 203.0.113.0/24");
}

static void a_next_hop_that_is_an_object_is_listed(void **state)
{
	struct hops *hops = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	sandbox_run("ip nexthop add id 7 via 192.0.2.254 dev gw0");
	sandbox_run("ip route add 198.51.100.0/24 nhid 7");
	assert_int_equal(count_hop(hops, "192.0.2.254", "next hop on gw0"), 1);
}

static void many_routes_are_read_in_turns(void **state)
{
	struct hops *hops = *state;
	int turns = 1;
	int r;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	sandbox_run(ADD_MANY("9"));
	assert_int_equal(hops_ask(hops), 0);
	for (r = turn(hops); r == 0; r = turn(hops))
		turns++;
	assert_int_equal(r, 1);
	assert_true(turns > ROUTES * ROUTE_BYTES / HOPS_TURN_BYTES);
	assert_false(hops_is_asked(hops));
	assert_int_equal(count_known(hops, "192.0.2.9", "next hop on gw0"), 1);
}

static void what_is_known_stays_until_all_is_read(void **state)
{
	struct hops *hops = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	sandbox_run(ADD_MANY("9"));
	assert_int_equal(hops_read(hops), 0);
	sandbox_run("ip route flush via 192.0.2.9");
	sandbox_run(ADD_MANY("8"));
	assert_int_equal(hops_ask(hops), 0);
	assert_int_equal(turn(hops), 0);
	assert_int_equal(hops_ask(hops), -EBUSY);
	assert_int_equal(count_known(hops, "192.0.2.9", "next hop on gw0"), 1);
	assert_int_equal(count_known(hops, "192.0.2.8", "next hop on gw0"), 0);
	while (hops_is_asked(hops))
		assert_true(turn(hops) >= 0);
	assert_int_equal(count_known(hops, "192.0.2.9", "next hop on gw0"), 0);
	assert_int_equal(count_known(hops, "192.0.2.8", "next hop on gw0"), 1);
}

static void a_turn_with_nothing_to_read_is_no_error(void **state)
{
	struct hops *hops = *state;

	assert_int_equal(hops_turn(hops), 0);
	assert_int_equal(hops_read(hops), 0);
	assert_int_equal(hops_turn(hops), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_next_hop_is_listed),
		TEST(a_next_hop_without_a_route_is_listed_no_more),
		TEST(an_ipv6_next_hop_is_listed),
		TEST(all_next_hops_of_one_route_are_listed),
		TEST(next_hops_of_other_tables_are_listed),
		TEST(a_next_hop_of_the_other_family_is_listed),
		TEST(a_gateway_of_many_routes_is_listed_once),
		TEST(an_unreachable_route_is_no_next_hop),
		TEST(a_next_hop_that_is_an_object_is_listed),
		TEST(many_routes_are_read_in_turns),
		TEST(what_is_known_stays_until_all_is_read),
		TEST(a_turn_with_nothing_to_read_is_no_error),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("hops", tests, NULL, NULL);
}
