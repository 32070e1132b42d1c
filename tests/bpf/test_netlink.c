// SPDX-License-Identifier: GPL-2.0-or-later
/* daemon/packet/netlink.h: what changes is noticed, what is there is listed. */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "daemon/packet/netlink.h"
#include "tests/support/sandbox.h"

#define PATIENCE_MS 30000

struct watch {
	struct netlink *netlink;
	int links;
	int addresses;
	int routes;
};

static void on_links(void *arg)
{
	((struct watch *)arg)->links++;
}

static void on_addresses(void *arg)
{
	((struct watch *)arg)->addresses++;
}

static void on_routes(void *arg)
{
	((struct watch *)arg)->routes++;
}

/* Take in all that is waiting. */
static void drain(struct watch *watch)
{
	struct pollfd ready = {
		.fd = netlink_fd(watch->netlink),
		.events = POLLIN,
	};

	while (poll(&ready, 1, 0) > 0)
		assert_int_equal(netlink_dispatch(watch->netlink), 0);
}

static int setup(void **state)
{
	static const struct netlink_sink sink = {
		.links = on_links,
		.addresses = on_addresses,
		.routes = on_routes,
	};
	static struct watch watch;

	watch = (struct watch){0};
	*state = &watch;
	sandbox_veth("gw0", "peer0");
	return netlink_new(&sink, &watch, &watch.netlink);
}

static int teardown(void **state)
{
	struct watch *watch = *state;

	netlink_free(watch->netlink);
	sandbox_run("ip link del gw0 2>/dev/null; ip link del wan0 2>/dev/null;"
		    "true");
	return 0;
}

/* Wait for the next notice, and count from there. */
static void hear(struct watch *watch)
{
	struct pollfd ready = {
		.fd = netlink_fd(watch->netlink),
		.events = POLLIN,
	};

	assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	drain(watch);
}

struct wanted {
	const char *name;
	struct iface found;
	int count;
	int last_ifindex;
	bool is_sorted;
};

static int look_for(void *arg, const struct iface *iface)
{
	struct wanted *wanted = arg;

	if (iface->ifindex <= wanted->last_ifindex)
		wanted->is_sorted = false;
	wanted->last_ifindex = iface->ifindex;
	if (strcmp(iface->name, wanted->name) == 0) {
		wanted->found = *iface;
		wanted->count++;
	}
	return 0;
}

static struct wanted find_iface(struct watch *watch, const char *name)
{
	struct wanted wanted = {.name = name, .is_sorted = true};

	assert_int_equal(netlink_each_iface(watch->netlink, look_for, &wanted),
			 0);
	return wanted;
}

struct wanted_address {
	const char *prefix;
	const char *what;
	int count;
};

static int look_for_address(void *arg, const struct prefix *prefix,
			    const char *what)
{
	struct wanted_address *wanted = arg;
	char text[PREFIX_TEXT_MAX];

	if (strcmp(what, wanted->what) == 0 &&
	    strcmp(prefix_to_text(prefix, text), wanted->prefix) == 0)
		wanted->count++;
	return 0;
}

static int count_address(struct watch *watch, const char *prefix,
			 const char *what)
{
	struct wanted_address wanted = {
		.prefix = prefix,
		.what = what,
	};

	assert_int_equal(
		netlink_each_address(watch->netlink, look_for_address, &wanted),
		0);
	return wanted.count;
}

static void interfaces_are_listed_as_they_are(void **state)
{
	struct watch *w = *state;
	struct wanted wanted;

	sandbox_run("ip link set gw0 mtu 1400");
	wanted = find_iface(w, "gw0");
	assert_int_equal(wanted.count, 1);
	assert_true(wanted.is_sorted);
	assert_int_equal(wanted.found.ifindex, if_nametoindex("gw0"));
	assert_int_equal(wanted.found.mtu, 1400);
	assert_true(wanted.found.is_ethernet);
	assert_true(wanted.found.is_up);
	sandbox_run("ip link set gw0 down");
	assert_false(find_iface(w, "gw0").found.is_up);
}

static void loopback_is_left_out(void **state)
{
	assert_int_equal(find_iface(*state, "lo").count, 0);
}

static void what_is_not_ethernet_is_said_to_be_none(void **state)
{
	struct watch *w = *state;
	struct wanted wanted;

	sandbox_run("ip tuntap add tun9 mode tun");
	wanted = find_iface(w, "tun9");
	assert_int_equal(wanted.count, 1);
	assert_false(wanted.found.is_ethernet);
	sandbox_run("ip tuntap del tun9 mode tun");
}

static void an_interface_that_appears_is_noticed(void **state)
{
	struct watch *w = *state;

	drain(w);
	w->links = 0;
	sandbox_veth("wan0", "isp0");
	hear(w);
	assert_true(w->links > 0);
	assert_int_equal(find_iface(w, "wan0").count, 1);
}

static void an_interface_that_vanishes_is_noticed(void **state)
{
	struct watch *w = *state;

	drain(w);
	w->links = 0;
	sandbox_run("ip link del gw0");
	hear(w);
	assert_true(w->links > 0);
	assert_int_equal(find_iface(w, "gw0").count, 0);
}

static void a_renamed_interface_is_noticed(void **state)
{
	struct watch *w = *state;
	int ifindex = (int)if_nametoindex("gw0");

	sandbox_run("ip link set gw0 down");
	drain(w);
	w->links = 0;
	sandbox_run("ip link set gw0 name wan0");
	hear(w);
	assert_true(w->links > 0);
	assert_int_equal(find_iface(w, "wan0").found.ifindex, ifindex);
	assert_int_equal(find_iface(w, "gw0").count, 0);
}

static void an_address_of_our_own_is_noticed_and_listed(void **state)
{
	struct watch *w = *state;

	drain(w);
	w->addresses = 0;
	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	hear(w);
	assert_true(w->addresses > 0);
	assert_int_equal(count_address(w, "192.0.2.1", "address of gw0"), 1);

	w->addresses = 0;
	sandbox_run("ip -6 addr add 2001:db8::1/64 dev gw0 nodad");
	hear(w);
	assert_true(w->addresses > 0);
	assert_int_equal(count_address(w, "2001:db8::1", "address of gw0"), 1);
}

static void an_address_taken_away_is_listed_no_more(void **state)
{
	struct watch *w = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	drain(w);
	w->addresses = 0;
	sandbox_run("ip addr del 192.0.2.1/24 dev gw0");
	hear(w);
	assert_true(w->addresses > 0);
	assert_int_equal(count_address(w, "192.0.2.1", "address of gw0"), 0);
}

static void a_route_is_noticed(void **state)
{
	struct watch *w = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	drain(w);
	w->routes = 0;
	w->addresses = 0;
	sandbox_run("ip route add default via 192.0.2.254");
	hear(w);
	assert_true(w->routes > 0);
	assert_int_equal(w->addresses, 0);
}

/* The route by way of the old gateway goes without a notice of its own. */
static void an_address_that_routes_need_is_noticed_as_a_route(void **state)
{
	struct watch *w = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	drain(w);
	w->routes = 0;
	sandbox_run("ip addr del 192.0.2.1/24 dev gw0");
	hear(w);
	assert_true(w->routes > 0);
}

static void a_nexthop_object_is_noticed_as_a_route(void **state)
{
	struct watch *w = *state;

	sandbox_run("ip addr add 192.0.2.1/24 dev gw0");
	drain(w);
	w->routes = 0;
	sandbox_run("ip nexthop add id 7 via 192.0.2.254 dev gw0");
	hear(w);
	assert_true(w->routes > 0);
}

/* So many notices that the socket cannot hold them. */
static void lost_notices_count_as_a_change_of_everything(void **state)
{
	struct watch *w = *state;
	int bytes = 1;

	drain(w);
	assert_int_equal(setsockopt(netlink_fd(w->netlink), SOL_SOCKET,
				    SO_RCVBUF, &bytes, sizeof(bytes)),
			 0);
	w->links = 0;
	w->addresses = 0;
	w->routes = 0;
	sandbox_run("for i in $(seq 200); do echo addr add 10.9.8.$i/32 dev "
		    "gw0; done | ip -batch -");
	hear(w);
	assert_true(w->links > 0);
	assert_true(w->addresses > 0);
	assert_true(w->routes > 0);
}

static int refuse(void *arg, const struct iface *iface)
{
	(void)arg;
	(void)iface;
	return -ECANCELED;
}

static void a_visit_ends_at_the_first_refusal(void **state)
{
	struct watch *w = *state;

	assert_int_equal(netlink_each_iface(w->netlink, refuse, NULL),
			 -ECANCELED);
	assert_int_equal(find_iface(w, "gw0").count, 1);
}

static void nothing_to_read_is_no_error(void **state)
{
	struct watch *w = *state;

	drain(w);
	w->links = 0;
	assert_int_equal(netlink_dispatch(w->netlink), 0);
	assert_int_equal(w->links, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(interfaces_are_listed_as_they_are),
		TEST(loopback_is_left_out),
		TEST(what_is_not_ethernet_is_said_to_be_none),
		TEST(an_interface_that_appears_is_noticed),
		TEST(an_interface_that_vanishes_is_noticed),
		TEST(a_renamed_interface_is_noticed),
		TEST(an_address_of_our_own_is_noticed_and_listed),
		TEST(an_address_taken_away_is_listed_no_more),
		TEST(a_route_is_noticed),
		TEST(an_address_that_routes_need_is_noticed_as_a_route),
		TEST(a_nexthop_object_is_noticed_as_a_route),
		TEST(lost_notices_count_as_a_change_of_everything),
		TEST(a_visit_ends_at_the_first_refusal),
		TEST(nothing_to_read_is_no_error),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
