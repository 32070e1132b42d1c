/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * barring.h - files that the kernel itself does not execute, nor map to be, by
 * their digest (BPF-LSM).
 *
 * A file gets a label with its digest and what it looked like then. The kernel
 * refuses it while its digest is among the denied and it still looks so: one
 * that was written to is not refused. The label goes with the inode, which the
 * kernel may forget and read again; it keeps nothing in place, and a file
 * system can be unmounted.
 *
 * Owns		programs, maps and links; nothing is pinned, so it is all gone
 *		with its owner
 * Needs	CAP_BPF and CAP_PERFMON at the start, later nothing
 * Errors	negative errno
 * Threads	labels on any; digests on one at a time
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/enforce/file_digest.h"
#include "xdp/denied.h"

#define BARRING_NOTE_MAX 128 /* bytes with the NUL */

struct barring;

/* Load and attach; nothing is denied. -EOPNOTSUPP where the kernel would never
 * run the programs. `note` is written when it fails. */
int barring_new(struct barring **ret_barring, char note[BARRING_NOTE_MAX]);
void barring_free(struct barring *barring);
DEFINE_CLEANUP(struct barring *, barring_free)

/* What a file was when it had this digest, in place of its label before. */
int barring_label(const struct barring *barring, int fd,
		  const struct file_state *state,
		  const struct file_digest *digest);

/*
 * The denied, in order, in place of those before; who is in both is denied all
 * along. Of more than FW_DENIED_MAX the first. How many are in force is the
 * answer: fewer when the kernel has no memory.
 */
size_t barring_set(struct barring *barring, const struct file_digest *digests,
		   size_t count);

/* How often something was refused. */
uint64_t barring_refused(const struct barring *barring);
