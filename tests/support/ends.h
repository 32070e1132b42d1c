/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ends.h - ends of sockets of either family.
 *
 * Errors	a failure is one of the test
 */
#pragma once

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

union end {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

union end end_of(const char *address, uint16_t port);
socklen_t end_len(const union end *end);

/* A TCP socket that listens there, and at which port. */
int end_listener(const char *address, uint16_t *ret_port);
