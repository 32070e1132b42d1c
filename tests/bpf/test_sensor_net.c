// SPDX-License-Identifier: GPL-2.0-or-later
/* What the sensor tells of sockets: who talks to whom, over loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "rules/base.h"
#include "tests/support/ends.h"
#include "tests/support/host.h"

static struct host_bench bench;

static int setup(void **state)
{
	(void)state;
	host_settle(&bench);
	host_clear(&bench);
	return 0;
}

struct call {
	const char *address;
	uint16_t port;
	int type;
	int times;
};

static int connect_there(void *arg)
{
	const struct call *call = arg;
	union end end = end_of(call->address, call->port);

	for (int i = 0; i < call->times; i++) {
		int fd = socket(end.any.sa_family, call->type, 0);

		if (fd < 0 || connect(fd, &end.any, end_len(&end)) < 0)
			return 1;
		(void)close(fd);
	}
	return 0;
}

static void assert_peer(const struct event *event, const char *address,
			uint16_t port)
{
	char text[PREFIX_TEXT_MAX];

	assert_non_null(event);
	assert_string_equal(prefix_to_text(&event->peer, text), address);
	assert_int_equal(event->peer_port, port);
}

static void check_tcp(const char *address, const char *told)
{
	struct call call = {address, 0, SOCK_STREAM, 1};
	int fd = end_listener(strchr(address, ':') ? "::" : "127.0.0.1",
			      &call.port);
	pid_t child = host_child(&bench, connect_there, &call);
	const struct event *event = host_find(&bench, EVENT_CONNECT, child, 0);

	assert_int_equal(host_count(&bench, EVENT_CONNECT, child), 1);
	assert_peer(event, told, call.port);
	assert_int_equal(event->protocol, IPPROTO_TCP);
	assert_int_equal(event->result, -EINPROGRESS);
	assert_false(event->is_asked);
	assert_true(host_place(&bench, EVENT_FORK, child) <
		    host_place(&bench, EVENT_CONNECT, child));
	assert_true(host_place(&bench, EVENT_CONNECT, child) <
		    host_place(&bench, EVENT_EXIT, child));
	(void)close(fd);
}

static void a_connect_is_told_once_and_in_order(void **state)
{
	(void)state;
	check_tcp("127.0.0.1", "127.0.0.1");
}

static void a_connect_over_ipv6_is_told_too(void **state)
{
	(void)state;
	check_tcp("::1", "::1");
}

static void an_ipv4_address_in_ipv6_is_the_ipv4_it_is(void **state)
{
	(void)state;
	check_tcp("::ffff:127.0.0.1", "127.0.0.1");
}

static uint64_t suppressed(enum fw_sense sense)
{
	struct event_reader_info info;

	assert_int_equal(event_reader_info(bench.reader, &info), 0);
	return info.counts.kinds[sense].suppressed;
}

static void the_same_peer_within_a_second_is_counted_only(void **state)
{
	struct call call = {"127.0.0.1", 0, SOCK_STREAM, 5};
	int fd = end_listener("127.0.0.1", &call.port);
	uint64_t before = suppressed(FW_SENSE_CONNECT);
	pid_t child = host_child(&bench, connect_there, &call);

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_CONNECT, child), 1);
	assert_true(suppressed(FW_SENSE_CONNECT) >= before + 4);
	(void)close(fd);
}

/* Another process is another one, whatever its peer. */
static void another_process_is_told_of_the_same_peer(void **state)
{
	struct call call = {"127.0.0.1", 0, SOCK_STREAM, 1};
	int fd = end_listener("127.0.0.1", &call.port);
	pid_t first = host_child(&bench, connect_there, &call);
	pid_t second = host_child(&bench, connect_there, &call);

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_CONNECT, first), 1);
	assert_int_equal(host_count(&bench, EVENT_CONNECT, second), 1);
	(void)close(fd);
}

static void a_connect_of_datagrams_has_its_result(void **state)
{
	struct call call = {"127.0.0.1", 5353, SOCK_DGRAM, 1};
	pid_t child = host_child(&bench, connect_there, &call);
	const struct event *event = host_find(&bench, EVENT_CONNECT, child, 0);

	(void)state;
	assert_peer(event, "127.0.0.1", 5353);
	assert_int_equal(event->protocol, IPPROTO_UDP);
	assert_int_equal(event->result, 0);
	assert_int_equal(host_count(&bench, EVENT_CONNECT, child), 1);
}

static int send_to_two(void *arg)
{
	union end first = end_of("127.0.0.1", 4001);
	union end second = end_of("127.0.0.2", 4001);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)arg;
	for (int i = 0; i < 3; i++) {
		if (sendto(fd, "x", 1, 0, &first.any, sizeof(first.v4)) != 1 ||
		    sendto(fd, "x", 1, 0, &second.any, sizeof(second.v4)) != 1)
			return 1;
	}
	return 0;
}

static void a_datagram_is_told_once_for_each_new_peer(void **state)
{
	pid_t child = host_child(&bench, send_to_two, NULL);
	const struct event *event = host_find(&bench, EVENT_SEND, child, 0);

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_SEND, child), 2);
	assert_peer(event, "127.0.0.1", 4001);
	assert_int_equal(event->protocol, IPPROTO_UDP);
	assert_int_equal(event->result, 1);
	assert_peer(host_find(&bench, EVENT_SEND, child, 1), "127.0.0.2", 4001);
	/* it is what the process gave, and may have been rewritten */
	assert_true(event->is_asked);
}

static int send_messages(void *arg)
{
	union end ends[] = {end_of("127.0.0.1", 4002), end_of("::1", 4003)};
	struct iovec part = {.iov_base = ends, .iov_len = 1};
	struct mmsghdr messages[2] = {0};
	int v4 = socket(AF_INET, SOCK_DGRAM, 0);
	int v6 = socket(AF_INET6, SOCK_DGRAM, 0);

	(void)arg;
	for (int i = 0; i < 2; i++)
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &ends[i],
			.msg_namelen = end_len(&ends[i]),
			.msg_iov = &part,
			.msg_iovlen = 1,
		};
	return sendmsg(v4, &messages[0].msg_hdr, 0) == 1 &&
			       sendmmsg(v6, &messages[1], 1, 0) == 1
		       ? 0
		       : 1;
}

static void every_way_to_send_is_seen(void **state)
{
	pid_t child = host_child(&bench, send_messages, NULL);

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_SEND, child), 2);
	assert_peer(host_find(&bench, EVENT_SEND, child, 0), "127.0.0.1", 4002);
	assert_peer(host_find(&bench, EVENT_SEND, child, 1), "::1", 4003);
}

static int be_server(void *arg)
{
	uint16_t *port = arg;
	int fd = end_listener("127.0.0.1", port);
	union end end = end_of("127.0.0.1", *port);
	int client = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(client, &end.any, sizeof(end.v4)) < 0)
		return 1;
	return accept4(fd, NULL, NULL, 0) < 0;
}

static void a_server_binds_listens_and_accepts(void **state)
{
	uint16_t port = 0;
	pid_t child = host_child(&bench, be_server, &port);
	const struct event *bound = host_find(&bench, EVENT_BIND, child, 0);
	const struct event *listening =
		host_find(&bench, EVENT_LISTEN, child, 0);
	const struct event *accepted =
		host_find(&bench, EVENT_ACCEPT, child, 0);

	(void)state;
	assert_non_null(bound);
	assert_non_null(listening);
	assert_true(bound->local_port > 0);
	assert_int_equal(listening->local_port, bound->local_port);
	assert_non_null(accepted);
	assert_int_equal(accepted->local_port, bound->local_port);
	assert_int_equal(accepted->peer.addr[12], 127);
	assert_true(accepted->peer_port > 0);
	assert_false(accepted->is_asked);
}

/* Where it begins processes, and who they are: of those that serve somebody the
 * one for a connection, what that has begun, and what that has; and one that was
 * begun when the connection was closed. */
struct serves {
	uint16_t port;
	pid_t own, next, last, other;
};

static pid_t begun(void (*fn)(struct serves *serves), struct serves *serves)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fn)
			fn(serves);
		_exit(7);
	}
	(void)waitpid(pid, NULL, 0);
	return pid;
}

static void begin_last(struct serves *serves)
{
	serves->last = begun(NULL, serves);
}

static void begin_next(struct serves *serves)
{
	if (setuid(0) < 0)
		_exit(1);
	serves->next = begun(begin_last, serves);
}

static int join(uint16_t port)
{
	union end end = end_of("127.0.0.1", port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, &end.any, sizeof(end.v4)) < 0 ? -1 : fd;
}

static int be_inetd(void *arg)
{
	struct serves *serves = arg;
	int fd = end_listener("127.0.0.1", &serves->port), accepted;

	/* the second is the same again to the sensor, and not told */
	for (int i = 0; i < 2; i++) {
		if (join(serves->port) < 0)
			return 1;
		accepted = accept4(fd, NULL, NULL, 0);
		if (accepted < 0)
			return 1;
		serves->own = begun(i ? begin_next : NULL, serves);
		(void)close(accepted);
	}
	serves->other = begun(NULL, serves);
	return 0;
}

static void whoever_is_begun_for_a_connection_serves_its_peer(void **state)
{
	struct serves *serves =
		mmap(NULL, sizeof(*serves), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct event *ended;
	pid_t server;

	(void)state;
	assert_true(serves != MAP_FAILED);
	server = host_child(&bench, be_inetd, serves);
	assert_int_equal(host_count(&bench, EVENT_ACCEPT, server), 1);
	ended = host_find(&bench, EVENT_EXIT, serves->own, 0);
	assert_non_null(ended);
	assert_int_equal(ended->result, 7 << 8);
	assert_int_equal(ended->local_port, serves->port);
	assert_int_equal(ended->peer.addr[12], 127);
	assert_int_equal(
		host_find(&bench, EVENT_FORK, serves->own, 0)->peer_port,
		ended->peer_port);
	assert_int_equal(
		host_find(&bench, EVENT_SETUID, serves->own, 0)->peer_port,
		ended->peer_port);
	assert_int_equal(
		host_find(&bench, EVENT_EXIT, serves->next, 0)->peer_port,
		ended->peer_port);
	assert_int_equal(
		host_find(&bench, EVENT_EXIT, serves->last, 0)->peer.bits, 0);
	assert_int_equal(
		host_find(&bench, EVENT_EXIT, serves->other, 0)->peer.bits, 0);
	(void)munmap(serves, sizeof(*serves));
}

/* Two connections are open when a process begins, and it may be for either; nor
 * is it known later on, when one of them has ended. */
static int be_many(void *arg)
{
	struct serves *serves = arg;
	int fd = end_listener("127.0.0.1", &serves->port), first, second;

	for (int i = 0; i < 2; i++) {
		if (join(serves->port) < 0)
			return 1;
	}
	first = accept4(fd, NULL, NULL, 0);
	serves->next = begun(NULL, serves);
	second = accept4(fd, NULL, NULL, 0);
	if (first < 0 || second < 0)
		return 1;
	serves->own = begun(NULL, serves);
	(void)close(second);
	if (join(serves->port) < 0 || accept4(fd, NULL, NULL, 0) < 0)
		return 1;
	serves->other = begun(NULL, serves);
	return 0;
}

static void nobody_is_served_of_whom_there_may_be_two(void **state)
{
	struct serves *serves =
		mmap(NULL, sizeof(*serves), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(serves != MAP_FAILED);
	(void)host_child(&bench, be_many, serves);
	assert_int_equal(
		host_find(&bench, EVENT_EXIT, serves->next, 0)->local_port,
		serves->port);
	assert_int_equal(
		host_find(&bench, EVENT_EXIT, serves->own, 0)->peer.bits, 0);
	assert_int_equal(
		host_find(&bench, EVENT_EXIT, serves->other, 0)->peer.bits, 0);
	(void)munmap(serves, sizeof(*serves));
}

static int be_unix(void *arg)
{
	int pair[2];

	(void)arg;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 1;
	return send(pair[0], "x", 1, 0) != 1;
}

static void what_stays_on_the_host_is_no_talk(void **state)
{
	pid_t child = host_child(&bench, be_unix, NULL);

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_SEND, child), 0);
	assert_int_equal(host_count(&bench, EVENT_CONNECT, child), 0);
	assert_int_equal(host_count(&bench, EVENT_SOCKET, child), 0);
	assert_int_equal(host_count(&bench, EVENT_EXIT, child), 1);
}

static int open_raw(void *arg)
{
	(void)arg;
	(void)socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	(void)socket(AF_PACKET, SOCK_DGRAM, 0);
	return 0;
}

static void sockets_out_of_the_ordinary_are_told(void **state)
{
	pid_t child = host_child(&bench, open_raw, NULL);
	const struct event *event = host_find(&bench, EVENT_SOCKET, child, 0);

	(void)state;
	assert_int_equal(host_count(&bench, EVENT_SOCKET, child), 2);
	assert_int_equal(event->flags, AF_INET);
	assert_int_equal(event->count, SOCK_RAW);
	assert_int_equal(host_find(&bench, EVENT_SOCKET, child, 1)->flags,
			 AF_PACKET);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

static int begin(void **state)
{
	const struct sensing_config config = {0};

	(void)state;
	host_begin(&bench, &config);
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end(&bench);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_connect_is_told_once_and_in_order),
		TEST(a_connect_over_ipv6_is_told_too),
		TEST(an_ipv4_address_in_ipv6_is_the_ipv4_it_is),
		TEST(the_same_peer_within_a_second_is_counted_only),
		TEST(another_process_is_told_of_the_same_peer),
		TEST(a_connect_of_datagrams_has_its_result),
		TEST(a_datagram_is_told_once_for_each_new_peer),
		TEST(every_way_to_send_is_seen),
		TEST(a_server_binds_listens_and_accepts),
		TEST(whoever_is_begun_for_a_connection_serves_its_peer),
		TEST(nobody_is_served_of_whom_there_may_be_two),
		TEST(what_stays_on_the_host_is_no_talk),
		TEST(sockets_out_of_the_ordinary_are_told),
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("sensor_net", tests, begin, end);
}
