/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * denylist.h - programs that may not run, by the SHA-256 of their file.
 *
 * The kernel asks before it executes a file of a watched file system
 * (fanotify, FAN_OPEN_EXEC_PERM); the answer is EPERM for a file of the list.
 * A file that was denied is then asked about whenever it is opened: so a
 * dynamic loader cannot run it either, and nobody can read it.
 *
 *	1. Every question is answered within `answer_ns`: with yes when the
 *	   digest is not known by then, which is counted. Files are read by
 *	   another thread than the one that answers.
 *	2. A digest is kept as long as its file is the same one, unchanged.
 *	3. A list that changes holds for the next question.
 *	4. Where the kernel runs LSM programs it also refuses by itself what it
 *	   was told of: a file whose digest was read, once it is listed and as
 *	   long as it is unchanged. So it does when a question came too late,
 *	   and when a loader maps what it has open already.
 *
 * Not seen: a file that a dynamic loader or an interpreter is given, if it was
 * never executed before (without LSM: executed and denied); a file without a name (memfd); file
 * systems that were mounted later; a file that is rewritten between the answer
 * and its execution, by whoever had it open for writing.
 *
 * Needs	CAP_SYS_ADMIN at the start, with CAP_BPF and CAP_PERFMON for what
 *		the kernel refuses itself, and CAP_DAC_READ_SEARCH, which one of
 *		the threads keeps, for files that others may not read; of a
 *		seccomp filter fanotify_mark
 * Owns		two threads with no other capabilities; when it is gone, all questions have the answer yes
 * Times	CLOCK_BOOTTIME
 * Errors	negative errno, with a note for people
 * Threads	one at a time, but for the two; denylist_set() on another one too
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/enforce/attempt.h"
#include "daemon/enforce/file_digest.h"
#include "rules/base.h"

#define DENYLIST_NOTE_MAX  256 /* bytes with the NUL */
#define DENYLIST_ANSWER_NS 250000000ull
#define DENYLIST_BYTES_MAX (256ull << 20)

struct denylist_config {
	const char *const
		*places; /* the file systems they are on are watched */
	size_t place_count;
	uint64_t answer_ns; /* 0: DENYLIST_ANSWER_NS */
	uint64_t bytes_max; /* of a file that is read; 0: DENYLIST_BYTES_MAX */
};

struct denylist;

/* Nothing is denied yet. -EOPNOTSUPP for a place whose file system may wait
 * for a network or another process. */
int denylist_start(const struct denylist_config *config,
		   struct denylist **ret_denylist,
		   char note[DENYLIST_NOTE_MAX]);
void denylist_stop(struct denylist *denylist);
DEFINE_CLEANUP(struct denylist *, denylist_stop)

/* In place of those before; copied. */
int denylist_set(struct denylist *denylist, const struct file_digest *digests,
		 size_t count);

/* Readable when denylist_next() has something. */
int denylist_fd(const struct denylist *denylist);

struct denylist_denial {
	uint64_t time_ns;
	uint32_t pid;
	struct attempt who;
	struct file_digest digest;
	char path[PATH_MAX]; /* as it is for this daemon */
};

/* What was denied, the oldest first; the latest are lost when nobody asks. */
bool denylist_next(struct denylist *denylist,
		   struct denylist_denial *ret_denial);

struct denylist_info {
	uint64_t asked, denied;
	uint64_t read; /* files whose digest was not known */
	uint64_t late; /* allowed, for there was no digest in time */
	uint64_t unread; /* allowed, for the file could not be read, is too long
			  * or is none */
	uint64_t unmarked; /* denied, and a loader still gets it */
	uint64_t untold; /* denials there was no room for */
	bool is_lsm; /* the kernel denies too, by itself */
	uint64_t lsm_digests; /* that it has, of the list */
	uint64_t lsm_denied; /* by it alone; nobody is told of these */
	const char *lsm_note; /* why it does not; lasts as the list does */
};

struct denylist_info denylist_info(struct denylist *denylist);
