/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk.h - a disk under a store that loses its power, or that fails.
 *
 * Programs that link this have its pwrite(), writev(), fdatasync(), fsync()
 * and rename() before those of the C library, LMDB's calls included. They note
 * what happens to data.mdb. From the notes the file is rebuilt as it could be
 * after a cut at any moment: what was synced is there, of what was not any
 * part may be, down to sectors of 512 bytes.
 *
 * The same functions can fail, for a disk that is full or broken.
 *
 * Threads	one; the notes and the fault have no other place than static
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/scratch.h"

/* The same everywhere for the same seed, SEED of the environment if given. */
void disk_seed(uint64_t fallback);
uint32_t disk_draw(uint32_t below);

/* Note what happens from now on, to the data.mdb of a store that is there;
 * NULL: it will be made. */
void disk_record(const struct scratch *scratch);

/* What was done so far was acknowledged: the first time is number 0. */
void disk_acknowledge(void);
void disk_record_stop(void);

/* The power was cut and data.mdb is as the disk has it: open it and look.
 * `acknowledged` is the last that was; 0 also before the first. */
typedef void disk_check_fn(struct scratch *scratch, size_t acknowledged);

/* For cuts at every moment of the record, which is forgotten then. Returns how
 * many there were. The store is closed before each and at the end. */
size_t disk_cut_everywhere(struct scratch *scratch, disk_check_fn *check);

enum fault {
	FAULT_NONE,
	FAULT_FULL, /* -1, ENOSPC */
	FAULT_BROKEN, /* -1, EIO */
	FAULT_SHORT, /* half of it is written */
	FAULT_COUNT,
};

/* Let a call for data.mdb fail, after `calls_until` of them that do not. */
void disk_arm(enum fault kind, unsigned int calls_until);

/* Only the last write of a commit counts as a call, that of its meta page. */
void disk_arm_for_meta(bool is_for_meta);

/* No more; has a call failed? */
bool disk_disarm(void);
