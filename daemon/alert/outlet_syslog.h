/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outlet_syslog.h - notices to syslog: RFC 5424 over a Unix socket or UDP.
 *
 * Facility 10, authpriv: command lines hold secrets. What else is known than
 * the message is structured data.
 *
 * Nothing is waited for, as in outlet_journal.h.
 *
 * Errors	negative errno; -EAGAIN: not now
 * Threads	none; one owner
 */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/alert/told.h"

#define SYSLOG_LINE_MAX 2048 /* RFC 5424, 6.1: what a receiver should take */

struct syslog_target {
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len;
};

/* "/dev/log", "udp:192.0.2.1:514", "udp:[2001:db8::1]:514"; -EINVAL. A name is
 * none: nothing is looked up. */
int syslog_target_from_text(const char *text, struct syslog_target *ret_target);

struct outlet_syslog {
	int fd;
	struct syslog_target target;
	char host[65]; /* "-": not known */
	unsigned int pid; /* our own */
};

int outlet_syslog_open(const struct syslog_target *target, const char *host,
		       unsigned int pid, struct outlet_syslog *ret_outlet);
void outlet_syslog_close(struct outlet_syslog *outlet);

/* `arg` is a struct outlet_syslog. */
int outlet_syslog_tell(void *arg, const struct told *told);

/* The line as it goes out, without a NUL; its length. */
size_t outlet_syslog_line(const struct outlet_syslog *outlet,
			  const struct told *told, char line[SYSLOG_LINE_MAX]);
