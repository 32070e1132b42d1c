/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * enforce.h - what is done about a process that a rule of detection blocks.
 *
 * An order has steps, which are carried out in this order whatever comes of
 * the one before:
 *
 *	refuse		processes of this host get EPERM when they connect or
 *			send to the peer (refusing.h)
 *	cut		live sockets with that peer end (cut.h), of the
 *			daemon's own network namespace
 *	quarantine	the process and all it began talk to nobody but the
 *			allowed (quarantine.h); before its end, for then
 *			nobody knows whom it had begun
 *	end		SIGKILL, to this process alone (subject.h)
 *
 *	1. The process meant is that of the pid and the start time. Another one
 *	   with its number is never touched: withheld.
 *	2. Protected processes (protect.h) are never touched: withheld. What
 *	   counts is what the kernel says now, not what the event said. When
 *	   it does not say, the step has failed.
 *	3. Nothing here waits for a process, a disk or a network.
 *
 * `refuse` takes microseconds, and `end` half a millisecond, for four files of
 * /proc. ENFORCE_SLOW are steps that take more: to find sockets the kernel goes
 * through the tables of all it has (a few times a second: cutting.h), and to move a process it waits for all its
 * processors; each is some milliseconds, and a call takes a bounded number of
 * sockets and processes. So orders without ENFORCE_REFUSE may be carried out on
 * a thread of their own, "slow" below.
 *
 * Needs	refuse		CAP_BPF, CAP_NET_ADMIN
 *		cut		CAP_NET_ADMIN
 *		quarantine	CAP_SYS_PTRACE, CAP_NET_ADMIN; user root, and
 *				the control groups writable
 *		end		CAP_SYS_PTRACE, CAP_KILL
 *		and of a seccomp filter pidfd_send_signal for `end`
 * Owns		all that it made in the kernel; gone with its owner, but for a
 *		quarantine that somebody is in
 * Times	CLOCK_BOOTTIME
 * Errors	negative errno, with a note for people
 * Threads	loop: all. Slow, one thread, or the loop too: enforce_act() without
 *		ENFORCE_REFUSE, enforce_follow(), enforce_release*(),
 *		enforce_trees()
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/enforce/protect.h"
#include "daemon/enforce/quarantine.h"
#include "daemon/enforce/refusing.h"
#include "rules/base.h"
#include "rules/detect/event.h"
#include "rules/detect/rule.h"
#include "rules/prefix.h"

#define ENFORCE_NOTE_MAX 256 /* bytes with the NUL */
#define ENFORCE_SLOW	 (ENFORCE_CUT | ENFORCE_QUARANTINE)

enum enforce_step {
	ENFORCE_TABLE = DETECT_STEP_TABLE, /* the caller's; nothing here */
	ENFORCE_REFUSE = DETECT_STEP_REFUSE,
	ENFORCE_CUT = DETECT_STEP_CUT,
	ENFORCE_END = DETECT_STEP_END,
	ENFORCE_QUARANTINE = DETECT_STEP_QUARANTINE,
};

struct enforce_config {
	uint32_t steps; /* that orders may have */
	const char *cgroup_root; /* NULL: found where they are mounted */
	const struct enforce_protected *protected_rows; /* NULL: the usual */
	size_t protected_count;
	const struct prefix *allowed; /* for who is in quarantine */
	size_t allowed_count;
};

struct enforce_order {
	struct process_id process;
	struct prefix peer; /* bits 0: none */
	uint32_t steps;
	uint64_t until_ns; /* of the refusal; UINT64_MAX: no end */
	bool is_tied; /* what refusing_keeps_fn is told of it */
};

struct enforce_answer {
	uint32_t done, failed;
	uint32_t later; /* cuts: see enforce_follow() */
	uint32_t withheld; /* protected, gone, or there is no peer */
	char note[ENFORCE_NOTE_MAX]; /* of the last that was not done */
};

struct enforce;

/* -EINVAL for steps that are none; else why a step cannot be had here. What
 * `config` points to is lent until the end, but for the path. */
int enforce_new(const struct enforce_config *config,
		struct enforce **ret_enforce, char note[ENFORCE_NOTE_MAX]);
void enforce_free(struct enforce *enforce);
DEFINE_CLEANUP(struct enforce *, enforce_free)

void enforce_act(struct enforce *enforce, const struct enforce_order *order,
		 struct enforce_answer *ret_answer);

/* A few times a second: forget peers that are refused no longer; see
 * refusing_tick(). */
void enforce_tick(struct enforce *enforce, uint64_t now_ns,
		  refusing_keeps_fn *keeps, void *arg);

/* What came of cuts since. */
struct enforce_followed {
	size_t cuts, cuts_failed;
	char note[ENFORCE_NOTE_MAX]; /* of the last that failed */
};

/* Ten times a second, on the slow thread: go on with quarantines that one call
 * could not finish, and with cuts, as cutting.h says. */
void enforce_follow(struct enforce *enforce, struct enforce_followed *ret_done);

/* Is the peer refused? */
bool enforce_refuses(const struct enforce *enforce, const struct prefix *peer,
		     uint64_t now_ns);

/* The peer is refused no longer, nor anybody inside it: refusing_forgive(). */
int enforce_forgive(struct enforce *enforce, const struct prefix *peer,
		    refusing_keeps_fn *keeps, void *arg);

/* Out of the quarantine with it, and all it began. -ENOENT; -EAGAIN. */
int enforce_release(struct enforce *enforce, const struct process_id *process);

/* The same for the tree that this process is in, or was the first of. */
int enforce_release_pid(struct enforce *enforce, uint32_t pid);

/* Who is in quarantine: returns how many trees. */
size_t enforce_trees(const struct enforce *enforce,
		     struct quarantine_tree list[QUARANTINE_LIST_MAX]);

struct enforce_info {
	uint32_t steps;
	struct refusing_info refusing;
	uint64_t orders;
	uint64_t cut; /* sockets */
	uint64_t ended;
	uint64_t quarantined; /* processes */
	uint64_t lost; /* see quarantine.h */
	uint64_t withheld, failed; /* steps */
	size_t unfinished; /* cuts and quarantines */
	uint64_t forgone; /* that could not be gone on with */
};

/* `forgone` alone. */
uint64_t enforce_forgone(const struct enforce *enforce);

int enforce_info(const struct enforce *enforce, struct enforce_info *ret_info);
