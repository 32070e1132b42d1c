/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hush.h - which denials are told by themselves, which together, and how many
 * were not yet.
 *
 *	1. The first denial of a file's digest is told, and the next one after
 *	   HUSH_NS, with how many there were.
 *	2. When HUSH_FILES digests were told within HUSH_NS, denials of others
 *	   are told together: one at once, and then one each HUSH_NS with how
 *	   many there were. So nobody fills the alerts with files that differ.
 *	3. Each denial is in a count that was told, or waits for the next one.
 *
 * Times	CLOCK_BOOTTIME, passed in
 * Threads	a value; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/enforce/file_digest.h"

#define HUSH_NS	   300000000000ull
#define HUSH_FILES 64

struct hush_file {
	struct file_digest digest;
	uint64_t told_ns;
	uint64_t waiting; /* denials since */
};

/* All 0: nothing was denied. */
struct hush {
	struct hush_file files[HUSH_FILES];
	size_t count;
	uint64_t others; /* denials that wait to be told together */
	uint64_t others_ns; /* when they were; 0: never */
};

/* Denials to be told now, this one among them; both 0: none. */
struct hush_answer {
	uint64_t count; /* of this file */
	uint64_t others; /* of files that are not told by themselves */
};

struct hush_answer hush_hear(struct hush *hush,
			     const struct file_digest *digest, uint64_t now_ns);
