// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/service.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "rules/base.h"

#define BACKLOG 16
#define TCP_SYN 2

static int services[] = {-1, -1};

void service_allow_cookies(int when)
{
	CLEANUP(closep)
	int fd =
		open("/proc/sys/net/ipv4/tcp_syncookies", O_WRONLY | O_CLOEXEC);
	char digit = (char)('0' + when);

	assert_int_equal(write(fd, &digit, 1), 1);
}

static void bind_to(int fd, bool is_v4_only, uint16_t port)
{
	const struct sockaddr_in of_v4 = {.sin_family = AF_INET,
					  .sin_port = htons(port)};
	const struct sockaddr_in6 of_both = {.sin6_family = AF_INET6,
					     .sin6_port = htons(port)};
	int no = 0;

	if (is_v4_only) {
		assert_int_equal(bind(fd, (const struct sockaddr *)&of_v4,
				      sizeof(of_v4)),
				 0);
		return;
	}
	assert_int_equal(
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)), 0);
	assert_int_equal(
		bind(fd, (const struct sockaddr *)&of_both, sizeof(of_both)),
		0);
}

static int open_service(bool is_v4_only, uint16_t port)
{
	int fd = socket(is_v4_only ? AF_INET : AF_INET6,
			SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	bind_to(fd, is_v4_only, port);
	assert_int_equal(listen(fd, BACKLOG), 0);
	return fd;
}

void service_start(void)
{
	services[0] = open_service(false, SERVICE_PORT);
	services[1] = open_service(true, SERVICE_PORT4);
}

void service_stop(void)
{
	closep(&services[0]);
	closep(&services[1]);
}

bool service_welcomes(void *arg, const struct packet *packet)
{
	(void)arg;
	return packet->flags & TCP_SYN &&
	       (packet->destination_port == SERVICE_PORT ||
		(packet->destination_port == SERVICE_PORT4 &&
		 packet->family == 4));
}
