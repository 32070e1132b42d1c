// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/ends.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

union end end_of(const char *address, uint16_t port)
{
	union end end = {0};

	if (strchr(address, ':')) {
		end.v6.sin6_family = AF_INET6;
		end.v6.sin6_port = htons(port);
		(void)inet_pton(AF_INET6, address, &end.v6.sin6_addr);
	} else {
		end.v4.sin_family = AF_INET;
		end.v4.sin_port = htons(port);
		(void)inet_pton(AF_INET, address, &end.v4.sin_addr);
	}
	return end;
}

socklen_t end_len(const union end *end)
{
	return end->any.sa_family == AF_INET ? sizeof(end->v4)
					     : sizeof(end->v6);
}

int end_listener(const char *address, uint16_t *ret_port)
{
	union end end = end_of(address, 0);
	socklen_t len = end_len(&end);
	int fd = socket(end.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &end.any, len), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, &end.any, &len), 0);
	*ret_port = ntohs(end.v4.sin_port); /* in the same place */
	return fd;
}
