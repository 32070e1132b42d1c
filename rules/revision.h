/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * revision.h - a policy document as it was applied, and which of them judges.
 *
 * Revisions are numbered 1, 2, 3, ... and never change. One is *current*: it
 * judges after a start. One may be *pending*: it judges on trial, until it is
 * confirmed or its deadline has passed; then the current one judges again.
 *
 * Times	time_s: wall clock; deadline_ns: CLOCK_BOOTTIME of the boot that
 *		boot_id names
 * Threads	none: values
 */
#pragma once

#include <stdint.h>

#define REVISIONS_KEPT	  20 /* the oldest go first, but for those in use */
#define REVISION_TEXT_MAX (8u << 20) /* bytes of the document */
#define REVISION_NOTE_MAX 256 /* bytes with the NUL */
#define BOOT_ID_BYTES	  16

struct revision {
	uint64_t number;
	uint64_t time_s;
	uint32_t uid; /* whose request it was */
	uint32_t text_bytes;
	char note[REVISION_NOTE_MAX]; /* "applied", "rollback to 3" */
};

struct policy_state {
	uint64_t current; /* 0: no policy */
	uint64_t pending; /* 0: none; its fallback is the current one */
	uint64_t deadline_ns; /* of the pending one */
	uint8_t boot_id[BOOT_ID_BYTES];
};
