// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * daemon/enforce/refusing.h: whom a process may not talk to. Only processes
 * of a group of the test's own are asked, in a network without a way out:
 * what is not refused ends with ENETUNREACH.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "daemon/clock.h"
#include "daemon/enforce/refusing.h"
#include "tests/support/enforce_bench.h"
#include "tests/support/sandbox.h"

#define SECOND_NS 1000000000ull
#define SKIP	  77

struct bench {
	struct group_bench group;
	struct refusing *refusing;
};

static struct bench bench;

/* Children end with the error of the call, or 0. */
static int connect_stream(void *arg)
{
	union far_end end;
	socklen_t len = far_end(arg, &end);
	int fd = socket(end.any.sa_family, SOCK_STREAM, 0);

	return connect(fd, &end.any, len) < 0 ? errno : 0;
}

static int connect_datagram(void *arg)
{
	union far_end end;
	socklen_t len = far_end(arg, &end);
	int fd = socket(end.any.sa_family, SOCK_DGRAM, 0);

	return connect(fd, &end.any, len) < 0 ? errno : 0;
}

static int send_datagram(void *arg)
{
	union far_end end;
	socklen_t len = far_end(arg, &end);
	int fd = socket(end.any.sa_family, SOCK_DGRAM, 0);

	return sendto(fd, "x", 1, 0, &end.any, len) < 0 ? errno : 0;
}

/* A send that opens a connection. */
static int send_fast_open(void *arg)
{
	union far_end end;
	socklen_t len = far_end(arg, &end);
	int fd = socket(end.any.sa_family, SOCK_STREAM, 0);

	return sendto(fd, "x", 1, MSG_FASTOPEN, &end.any, len) < 0 ? errno : 0;
}

/* IPv4 by a socket of IPv6. */
static int send_from_v6(void *arg)
{
	union far_end end;
	socklen_t len = far_end(arg, &end);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	return sendto(fd, "x", 1, 0, &end.any, len) < 0 ? errno : 0;
}

static int try(int (*fn)(void *arg), const char *address)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s", address);
	return group_run(&bench.group, fn, text);
}

static void add(const char *text, uint64_t until_ns)
{
	struct prefix peer = prefix_named(text);

	assert_int_equal(refusing_add(bench.refusing, &peer, until_ns, false),
			 0);
}

static bool is_refused(const char *text)
{
	struct prefix peer = prefix_named(text);

	return refusing_has(bench.refusing, &peer, clock_boot_ns());
}

static void forgive(const char *text, refusing_keeps_fn *keeps, void *arg)
{
	struct prefix peer = prefix_named(text);

	assert_int_equal(refusing_forgive(bench.refusing, &peer, keeps, arg),
			 0);
}

static struct refusing_info info(void)
{
	struct refusing_info info;

	assert_int_equal(refusing_info(bench.refusing, &info), 0);
	return info;
}

static void who_is_no_refused_peer_is_let_through(void **state)
{
	(void)state;
	add("198.51.100.7", FOR_EVER);
	assert_int_equal(try(connect_stream, "198.51.100.8"), ENETUNREACH);
	assert_int_equal(try(send_datagram, "2001:db8::8"), ENETUNREACH);
	assert_int_equal(info().gates[FW_GATE_CONNECT4].refused, 0);
}

static void every_way_to_a_refused_ipv4_peer_is_closed(void **state)
{
	(void)state;
	add("198.51.100.7", FOR_EVER);
	assert_int_equal(try(connect_stream, "198.51.100.7"), EPERM);
	assert_int_equal(try(connect_datagram, "198.51.100.7"), EPERM);
	assert_int_equal(try(send_datagram, "198.51.100.7"), EPERM);
	assert_int_equal(try(send_fast_open, "198.51.100.7"), EPERM);
	assert_int_equal(info().gates[FW_GATE_CONNECT4].refused, 3);
	assert_int_equal(info().gates[FW_GATE_SEND4].refused, 1);
}

static void every_way_to_a_refused_ipv6_peer_is_closed(void **state)
{
	(void)state;
	add("2001:db8:7::/48", FOR_EVER);
	assert_int_equal(try(connect_stream, "2001:db8:7::1"), EPERM);
	assert_int_equal(try(connect_datagram, "2001:db8:7::1"), EPERM);
	assert_int_equal(try(send_datagram, "2001:db8:7::1"), EPERM);
	assert_int_equal(try(send_fast_open, "2001:db8:7::1"), EPERM);
	assert_int_equal(info().gates[FW_GATE_CONNECT6].refused, 3);
	assert_int_equal(info().gates[FW_GATE_SEND6].refused, 1);
}

static void ipv4_inside_ipv6_is_ipv4(void **state)
{
	(void)state;
	add("198.51.100.0/24", FOR_EVER);
	assert_int_equal(try(connect_stream, "::ffff:198.51.100.7"), EPERM);
	assert_int_equal(try(connect_datagram, "::ffff:198.51.100.7"), EPERM);
	assert_int_equal(try(send_datagram, "::ffff:198.51.100.7"), EPERM);
	assert_int_equal(try(send_from_v6, "198.51.100.7"), EPERM);
	assert_int_equal(try(connect_stream, "::ffff:198.51.101.7"),
			 ENETUNREACH);
}

static void a_peer_ends_by_itself(void **state)
{
	(void)state;
	add("198.51.100.7", clock_boot_ns() + SECOND_NS / 2);
	assert_int_equal(try(connect_stream, "198.51.100.7"), EPERM);
	assert_true(is_refused("198.51.100.7"));
	assert_false(is_refused("198.51.100.8"));
	(void)usleep(600000);
	assert_false(is_refused("198.51.100.7"));
	assert_int_equal(try(connect_stream, "198.51.100.7"), ENETUNREACH);
	assert_int_equal(info().peers4, 1);
	refusing_tick(bench.refusing, clock_boot_ns(), NULL, NULL);
	assert_int_equal(info().peers4, 0);
}

/* The inner one is over, and has not been taken out. */
static void a_prefix_that_ended_hides_none_around_it(void **state)
{
	(void)state;
	add("198.51.100.0/24", FOR_EVER);
	add("198.51.100.0/25", 1);
	add("198.51.100.7", 1);
	assert_int_equal(try(connect_stream, "198.51.100.7"), EPERM);
	add("2001:db8::/32", FOR_EVER);
	add("2001:db8::7", 1);
	assert_int_equal(try(connect_stream, "2001:db8::7"), EPERM);
}

static void a_later_end_counts_and_an_earlier_does_not(void **state)
{
	(void)state;
	add("198.51.100.7", 1);
	add("198.51.100.7", FOR_EVER);
	add("198.51.100.7", 2);
	assert_int_equal(info().peers4, 1);
	assert_int_equal(try(connect_stream, "198.51.100.7"), EPERM);
}

static void who_is_forgiven_is_let_through(void **state)
{
	(void)state;
	add("198.51.100.7", FOR_EVER);
	forgive("198.51.100.7", NULL, NULL);
	assert_int_equal(try(connect_stream, "198.51.100.7"), ENETUNREACH);
	forgive("198.51.100.7", NULL, NULL);
	assert_int_equal(info().peers4, 0);
}

static void add_all(const char *const list[])
{
	for (size_t i = 0; list[i]; i++)
		add(list[i], FOR_EVER);
}

static void nobody_in_a_network_that_is_forgiven_is_refused(void **state)
{
	static const char *const inside[] = {
		"2001:db8:0:7::/64",
		"2001:db8:0:7::",
		"2001:db8:0:7::1",
		"2001:db8:0:7:1::/80",
		"2001:db8:0:7:ffff::ffff",
		"198.51.100.0/24",
		"198.51.100.7",
		"198.51.100.128/25",
		"198.51.100.255",
		NULL,
	};
	static const char *const outside[] = {
		"2001:db8:0:6:ffff:ffff:ffff:ffff",
		"2001:db8:0:8::",
		"2001:db8:1::/48",
		"198.51.99.255",
		"198.51.101.0",
		NULL,
	};

	(void)state;
	add_all(inside);
	add_all(outside);
	forgive("2001:db8:0:7::/64", NULL, NULL);
	forgive("198.51.100.0/24", NULL, NULL);
	assert_int_equal(info().peers6, 3);
	assert_int_equal(info().peers4, 2);
	for (size_t i = 0; outside[i]; i++)
		if (!strchr(outside[i], '/'))
			assert_int_equal(try(connect_stream, outside[i]),
					 EPERM);
	assert_int_equal(try(connect_stream, "2001:db8:0:7::1"), ENETUNREACH);
	assert_int_equal(try(connect_stream, "198.51.100.7"), ENETUNREACH);
	forgive("2001:db8::/32", NULL, NULL);
	assert_int_equal(info().peers6, 0);
}

static bool keeps_one(void *arg, const struct prefix *peer, bool is_tied)
{
	(void)is_tied;
	return prefix_cmp(peer, arg) == 0;
}

static void who_has_a_cause_of_its_own_is_not_forgiven_with_others(void **state)
{
	struct prefix kept = prefix_named("2001:db8::7");
	struct prefix lowest = prefix_named("2001:db8::");

	(void)state;
	add("2001:db8::/64", FOR_EVER);
	add("2001:db8::6", FOR_EVER);
	add("2001:db8::7", FOR_EVER);
	add("2001:db8::8", FOR_EVER);
	forgive("2001:db8::/64", keeps_one, &kept);
	assert_int_equal(info().peers6, 1);
	assert_int_equal(try(connect_stream, "2001:db8::7"), EPERM);
	add("2001:db8::", FOR_EVER);
	forgive("2001:db8::/64", keeps_one, &lowest);
	assert_int_equal(info().peers6, 1);
	assert_int_equal(try(connect_stream, "2001:db8::"), EPERM);
}

static bool keeps_the_untied(void *arg, const struct prefix *peer, bool is_tied)
{
	const struct prefix *spared = arg;

	return !is_tied || prefix_cmp(peer, spared) == 0;
}

static void without_a_cause_it_ends(void **state)
{
	struct prefix spared = prefix_named("198.51.100.7");
	struct prefix tied = prefix_named("198.51.100.8");
	struct prefix tied6 = prefix_named("2001:db8::8");

	(void)state;
	add("198.51.100.9", FOR_EVER);
	add("198.51.100.8", 1);
	assert_int_equal(refusing_add(bench.refusing, &spared, FOR_EVER, true),
			 0);
	assert_int_equal(refusing_add(bench.refusing, &tied, FOR_EVER, true),
			 0);
	assert_int_equal(refusing_add(bench.refusing, &tied6, FOR_EVER, true),
			 0);
	add("198.51.100.8", 2); /* is tied as before, and as long */
	refusing_tick(bench.refusing, 10, keeps_the_untied, &spared);
	assert_int_equal(info().peers4, 2);
	assert_int_equal(info().peers6, 0);
	assert_int_equal(try(connect_stream, "198.51.100.8"), ENETUNREACH);
	assert_int_equal(try(connect_stream, "198.51.100.7"), EPERM);
	assert_int_equal(try(connect_stream, "198.51.100.9"), EPERM);
}

/* Nobody listens there: that is another error. */
static void loopback_is_never_refused(void **state)
{
	static const char *const none[] = {"127.0.0.1", "126.0.0.0/7", "::1",
					   "::/64",	"0.0.0.0/0",   "::/0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		struct prefix peer = prefix_named(none[i]);

		assert_int_equal(
			refusing_add(bench.refusing, &peer, FOR_EVER, false),
			-EINVAL);
	}
	add("0.0.0.0/6", FOR_EVER); /* 0.0.0.0 is this host */
	assert_int_equal(try(connect_stream, "0.0.0.0"), ECONNREFUSED);
	assert_int_equal(try(connect_stream, "1.0.0.1"), EPERM);
	assert_int_equal(try(connect_stream, "127.0.0.1"), ECONNREFUSED);
	assert_int_equal(try(connect_stream, "::1"), ECONNREFUSED);
	assert_int_equal(try(connect_stream, "::ffff:127.0.0.1"), ECONNREFUSED);
}

static void put_many(uint32_t count, uint64_t until_ns)
{
	for (uint32_t i = 0; i < count; i++) {
		struct prefix peer = prefix_of_v4(0x0a000000 + i, 32);

		assert_int_equal(
			refusing_add(bench.refusing, &peer, until_ns, false),
			0);
	}
}

static void a_full_table_takes_no_more_and_loses_none(void **state)
{
	struct prefix more = prefix_named("198.51.100.7");

	(void)state;
	if (getenv("PORTCULLIS_EMULATED"))
		skip();
	put_many(FW_REFUSED_MAX, 10);
	assert_int_equal(refusing_add(bench.refusing, &more, FOR_EVER, false),
			 -ENOSPC);
	/* what is in it can have a later end */
	add("10.0.0.0", FOR_EVER);
	assert_int_equal(try(connect_stream, "10.0.0.0"), EPERM);
	assert_int_equal(info().peers4, FW_REFUSED_MAX);
	forgive("9.255.255.0/24", NULL, NULL);
	assert_int_equal(info().peers4, FW_REFUSED_MAX);
	forgive("10.0.1.0/24", NULL, NULL);
	assert_int_equal(info().peers4, FW_REFUSED_MAX - 256);
	for (int i = 0; i < 300; i++)
		refusing_tick(bench.refusing, 10, NULL, NULL);
	assert_int_equal(info().peers4, 1);
	assert_int_equal(refusing_add(bench.refusing, &more, FOR_EVER, false),
			 0);
}

static void processes_elsewhere_are_not_asked(void **state)
{
	char address[] = "198.51.100.7";
	pid_t child;

	(void)state;
	add(address, FOR_EVER);
	child = fork();
	if (child == 0)
		_exit(connect_stream(address));
	assert_int_equal(group_wait(child), ENETUNREACH);
}

static void with_its_owner_it_is_gone(void **state)
{
	(void)state;
	add("198.51.100.7", FOR_EVER);
	refusing_free(bench.refusing);
	bench.refusing = NULL;
	assert_int_equal(try(connect_stream, "198.51.100.7"), ENETUNREACH);
}

static int setup(void **state)
{
	const struct refusing_config config = {
		.root = bench.group.fd,
		.quarantine = -1,
	};
	char note[REFUSING_NOTE_MAX];
	int r = refusing_new(&config, &bench.refusing, note);

	(void)state;
	if (r == -EPERM) {
		(void)printf("skipped: %s\n", note);
		exit(SKIP);
	}
	if (r < 0)
		fail_msg("%s", note);
	return r;
}

static int teardown(void **state)
{
	(void)state;
	refusing_free(TAKE(bench.refusing));
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static int begin(void **state)
{
	(void)state;
	group_begin(&bench.group);
	sandbox_enter();
	return 0;
}

static int end(void **state)
{
	(void)state;
	group_end(&bench.group);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_is_no_refused_peer_is_let_through),
		TEST(every_way_to_a_refused_ipv4_peer_is_closed),
		TEST(every_way_to_a_refused_ipv6_peer_is_closed),
		TEST(ipv4_inside_ipv6_is_ipv4),
		TEST(a_peer_ends_by_itself),
		TEST(a_prefix_that_ended_hides_none_around_it),
		TEST(a_later_end_counts_and_an_earlier_does_not),
		TEST(who_is_forgiven_is_let_through),
		TEST(nobody_in_a_network_that_is_forgiven_is_refused),
		TEST(who_has_a_cause_of_its_own_is_not_forgiven_with_others),
		TEST(loopback_is_never_refused),
		TEST(without_a_cause_it_ends),
		TEST(a_full_table_takes_no_more_and_loses_none),
		TEST(processes_elsewhere_are_not_asked),
		TEST(with_its_owner_it_is_gone),
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("refuse", tests, begin, end);
}
