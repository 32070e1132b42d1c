/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quarantine.h - processes that talk to nobody but a few, with all they begin.
 *
 * A control group, QUARANTINE_NAME, has a group for each tree of processes
 * that was put in, and when there are QUARANTINE_TREES_MAX of them, one for
 * all further ones: so nobody stays outside because others are in. refusing.h refuses peers to whoever is inside, by the group
 * the process is in; what sockets it had before is cut, but for those with
 * peers it may talk to.
 *
 *	1. A process is moved before its children are looked for, and what a
 *	   moved one begins is inside. So whoever forks meanwhile is found. Not
 *	   found is who lost its parent meanwhile: `lost` counts the parents.
 *	2. Protected processes stay where they are, and so does what they began.
 *	3. Who is released goes to where the first of its tree was, or as near
 *	   to it as there still is a place; from the group of further trees to
 *	   the group that the quarantine is in.
 *
 * A process of root may write itself out of any group, and a file that was
 * opened before stays open.
 *
 * Owns		the groups of trees; they stay for who is in them when it is
 *		freed. The next owner has them, and releases to the root
 * Needs	the group's directory writable: root, and no
 *		ProtectControlGroups=; CAP_SYS_PTRACE for the sockets of others
 * Errors	negative errno
 * Threads	one at a time
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/enforce/protect.h"
#include "daemon/enforce/subject.h"
#include "rules/base.h"
#include "rules/prefix.h"

#define QUARANTINE_NAME	     "portcullis.quarantine"
#define QUARANTINE_TREES_MAX 64
#define QUARANTINE_MOVES_MAX 256 /* processes that a call moves */
#define QUARANTINE_NOTE_MAX  256
#define QUARANTINE_LIST_MAX  (QUARANTINE_TREES_MAX + 1)
#define QUARANTINE_IMAGE_MAX 128

struct quarantine_config {
	const char *root; /* directory of the group it is made in */
	const struct protect_list *protected_list; /* these two are lent */
	const struct prefix *allowed; /* until the end */
	size_t allowed_count;
};

struct quarantine;

int quarantine_new(const struct quarantine_config *config,
		   struct quarantine **ret_quarantine,
		   char note[QUARANTINE_NOTE_MAX]);
void quarantine_free(struct quarantine *quarantine);
DEFINE_CLEANUP(struct quarantine *, quarantine_free)

/* Of the outer group; the descriptor is lent. */
int quarantine_dir(const struct quarantine *quarantine);
uint64_t quarantine_id(const struct quarantine *quarantine);

struct quarantine_tally {
	size_t moved;
	size_t withheld; /* protected */
	size_t lost; /* ended before their children could be looked for */
	size_t cut; /* sockets */
	bool has_more; /* not all was looked at: call again */
};

/* It, and all it began. */
int quarantine_take(struct quarantine *quarantine, const struct subject *top,
		    struct quarantine_tally *ret_tally);

/* The tree that was put in by its first process, which may have ended.
 * -ENOENT; -EAGAIN when more are inside than a call moves: call again. */
int quarantine_release(struct quarantine *quarantine,
		       const struct process_id *top);

/* The tree that this process is in, or was the first of. The same errors. */
int quarantine_release_pid(struct quarantine *quarantine, uint32_t pid);

struct quarantine_tree {
	struct process_id id; /* of its first process; pid 0: further trees */
	char image[QUARANTINE_IMAGE_MAX]; /* of it; "": from before the start */
};

size_t quarantine_list(const struct quarantine *quarantine,
		       struct quarantine_tree list[QUARANTINE_LIST_MAX]);

/* Is this one the first of a tree with a group of its own? Of none: are there
 * further trees? */
bool quarantine_has(struct quarantine *quarantine,
		    const struct process_id *top);

/* Now and then: forget of a tree that is no more. */
void quarantine_tick(struct quarantine *quarantine);
