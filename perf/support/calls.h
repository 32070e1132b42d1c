/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.h - real system calls that the sensor tells, of many kinds and at a
 * rate: two processes make them, turn after turn.
 *
 *	turn	TCP and datagram connects, datagrams sent, files made, changed
 *		and removed, files without a name, and a watched file read,
 *		which is told once a second; or only calls that take least:
 *		datagram connects, changes of a file that is open, files
 *		without a name
 *	spawn	/bin/true, begun and waited for: a fork, an execution, an end
 *
 * Peers are of loopback, each another one, and nobody listens. Who does not
 * keep up does not make up for more than a tenth of a second.
 *
 * Errors	negative errno of the first call that failed
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum calls_kind {
	CALLS_CONNECT,
	CALLS_SEND,
	CALLS_MEMFD,
	CALLS_CREATE,
	CALLS_CHMOD,
	CALLS_UNLINK,
	CALLS_FORK,
	CALLS_EXEC,
	CALLS_EXIT,
	CALLS_OPEN, /* of these most are no event */
	CALLS_KIND_COUNT
};

/* As the sensor calls them. */
extern const char *const calls_names[CALLS_KIND_COUNT];

struct calls_order {
	const char *dir; /* for files */
	bool only_cheap; /* calls of a turn */
	uint32_t spawn_every; /* turns */
	uint32_t per_second; /* of all but CALLS_OPEN; at most */
	uint32_t seconds;
};

struct calls_made {
	uint64_t counts[CALLS_KIND_COUNT];
	double took_s;
};

/* Loopback is up here. All of it has ended when this returns. */
int calls_run(const struct calls_order *order, struct calls_made *ret_made);
