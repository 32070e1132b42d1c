/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * enforce_bench.h - enforcement on a bench: a group of a test's own, in a
 * network of its own that has three addresses on loopback.
 *
 * Somebody listens on TCP at FAR_PORT of each address. Every failure that is
 * not the answer looked for fails the test.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "daemon/enforce/enforce.h"
#include "tests/support/group_bench.h"

#define FAR	     "198.51.100.1"
#define FAR6	     "2001:db8::1"
#define FRIEND	     "198.51.100.2" /* is allowed to who is in quarantine */
#define FAR_PORT     4444
#define FOR_EVER     UINT64_MAX
#define FOR_PATIENCE 20000 /* steps of a millisecond that a test waits */
#define END_OR_HOLD  (ENFORCE_END | ENFORCE_QUARANTINE)

struct enforce_bench {
	struct group_bench group;
	struct enforce *enforce;
	struct prefix allowed;
	int listeners[2];
};

union far_end {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* For all tests of a program. Where programs may not be loaded, the process
 * ends with status 77, a skip. */
void enforce_bench_begin(struct enforce_bench *bench);
void enforce_bench_end(struct enforce_bench *bench);

/* For each test: all steps, and afterwards all children are gone. */
void enforce_bench_setup(struct enforce_bench *bench);
void enforce_bench_teardown(struct enforce_bench *bench);

/* A child in the group that has no listener of the bench's. */
pid_t enforce_start(struct enforce_bench *bench, int (*fn)(void *arg),
		    void *arg);
int sleep_on(void *arg);

struct prefix prefix_named(const char *text);
struct process_id process_named(pid_t pid);

struct enforce_answer act_on(struct enforce_bench *bench, pid_t pid,
			     uint32_t steps);
struct enforce_answer act_against(struct enforce_bench *bench, const char *peer,
				  uint32_t steps);
struct enforce_info info_of(struct enforce_bench *bench);

/* Does the kernel not destroy sockets? */
bool has_no_cut(const struct enforce_answer *answer);

/* Length of the address, at FAR_PORT. */
socklen_t far_end(const char *address, union far_end *ret_end);

/* Error of connect(), or 0. */
int far_connect(const char *address, int fd);

/* A socket that is connected. */
int far_talk(const char *address, int type);
int far_error(int fd);
bool is_cut(int error);
