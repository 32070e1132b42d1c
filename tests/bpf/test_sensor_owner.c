// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose a flow is, as the sensor keeps it in the kernel, over loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
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
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "daemon/enforce/group.h"
#include "rules/base.h"
#include "tests/support/ends.h"
#include "tests/support/host.h"

static struct host_bench bench;
static bool has_groups;

static int setup(void **state)
{
	(void)state;
	host_settle(&bench);
	host_clear(&bench);
	return 0;
}

/* Whose flow it is from this port to that one, on loopback. */
static int owner_of(const char *address, uint8_t protocol, uint16_t local_port,
		    uint16_t peer_port, struct owner *ret_owner)
{
	struct owner_question question = {
		.local_port = local_port,
		.peer_port = peer_port,
		.protocol = protocol,
		.may_listen = true,
	};

	assert_int_equal(
		prefix_from_text(address, strlen(address), &question.local), 0);
	question.peer = question.local;
	return event_reader_owner(bench.reader, &question, ret_owner);
}

static void assert_owner(const char *address, uint8_t protocol,
			 uint16_t local_port, uint16_t peer_port,
			 enum owner_how how, pid_t pid)
{
	struct owner owner = {0};

	assert_int_equal(
		owner_of(address, protocol, local_port, peer_port, &owner), 0);
	assert_int_equal(owner.how, how);
	assert_int_equal(owner.id.pid, pid);
}

struct flows {
	const char *address;
	uint16_t to;
	uint16_t ports[12]; /* chosen by the kernel */
};

static int connect_often(void *arg)
{
	struct flows *flows = arg;
	union end end = end_of(flows->address, flows->to);

	for (size_t i = 0; i < ARRAY_LEN(flows->ports); i++) {
		union end own = {0};
		socklen_t len = sizeof(own);
		int fd = socket(end.any.sa_family, SOCK_STREAM, 0);

		if (fd < 0 || connect(fd, &end.any, end_len(&end)) < 0 ||
		    getsockname(fd, &own.any, &len) < 0)
			return 1;
		flows->ports[i] = ntohs(own.v4.sin_port);
	}
	return 0;
}

static struct flows *shared_flows(void)
{
	void *room = mmap(NULL, sizeof(struct flows), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(room != MAP_FAILED);
	return room;
}

static void check_flows(const char *listens, const char *address,
			const char *told)
{
	struct flows *flows = shared_flows();
	int fd;
	pid_t child;

	flows->address = address;
	fd = end_listener(listens, &flows->to);
	child = host_child(&bench, connect_often, flows);
	for (size_t i = 0; i < ARRAY_LEN(flows->ports); i++)
		assert_owner(told, IPPROTO_TCP, flows->ports[i], flows->to,
			     OWNER_FLOW, child);
	(void)close(fd);
	(void)munmap(flows, sizeof(*flows));
}

static void every_connect_has_its_owner_though_one_is_told(void **state)
{
	(void)state;
	if (!has_groups)
		skip();
	check_flows("127.0.0.1", "127.0.0.1", "127.0.0.1");
	check_flows("::1", "::1", "::1");
	check_flows("127.0.0.1", "::ffff:127.0.0.1", "127.0.0.1");
}

static void a_listener_has_what_no_flow_is_known_of(void **state)
{
	uint16_t port = 0;
	int fd = end_listener("::", &port);
	struct owner owner;

	(void)state;
	assert_owner("127.0.0.1", IPPROTO_TCP, port, 1, OWNER_LISTENER,
		     getpid());
	assert_owner("::1", IPPROTO_TCP, port, 1, OWNER_LISTENER, getpid());
	assert_int_equal(owner_of("::1", IPPROTO_UDP, port, 1, &owner),
			 -ENOENT);
	(void)close(fd);
}

static int send_from_own(void *arg)
{
	struct flows *flows = arg;
	union end end = end_of("127.0.0.1", 4009), own = {0};
	socklen_t len = sizeof(own);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (sendto(fd, "x", 1, 0, &end.any, sizeof(end.v4)) != 1 ||
	    getsockname(fd, &own.any, &len) < 0)
		return 1;
	flows->ports[0] = ntohs(own.v4.sin_port);
	return 0;
}

static void a_datagram_has_its_owner(void **state)
{
	struct flows *flows = shared_flows();
	pid_t child = host_child(&bench, send_from_own, flows);

	(void)state;
	assert_owner("127.0.0.1", IPPROTO_UDP, flows->ports[0], 4009,
		     OWNER_FLOW, child);
	(void)munmap(flows, sizeof(*flows));
}

static int connect_elsewhere(void *arg)
{
	union end end = end_of("127.0.0.1", 4010);
	int fd;

	(void)arg;
	if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up") != 0)
		return 1;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	return sendto(fd, "x", 1, 0, &end.any, sizeof(end.v4)) != 1;
}

static void another_network_s_flows_are_not_ours(void **state)
{
	struct owner owner;
	pid_t child = host_child(&bench, connect_elsewhere, NULL);
	const struct event *event = host_find(&bench, EVENT_SEND, child, 0);

	(void)state;
	assert_non_null(event);
	assert_true(event->local_port > 0);
	assert_int_equal(owner_of("127.0.0.1", IPPROTO_UDP, event->local_port,
				  4010, &owner),
			 -ENOENT);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

static int begin(void **state)
{
	char groups[PATH_MAX];
	const struct sensing_config config = {
		.cgroup_root = group_root(groups) == 0 ? groups : NULL,
	};

	(void)state;
	has_groups = config.cgroup_root != NULL;
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
		TEST(every_connect_has_its_owner_though_one_is_told),
		TEST(a_listener_has_what_no_flow_is_known_of),
		TEST(a_datagram_has_its_owner),
		TEST(another_network_s_flows_are_not_ours),
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("sensor_owner", tests, begin, end);
}
