/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * revision.h - one text of the policy, as it was applied, by its number.
 *
 * Numbers are 1, 2, 3, ... and never used again; 0 is no revision. The text
 * is opaque here: what is in it is for rules/policy.h.
 *
 * At any time one revision is current: it judges, and it is confirmed; or
 * none has been yet. Another one, or the same, may be pending: it judges now,
 * and unless it is confirmed before its deadline the fallback is to judge
 * again. The deadline is of the clock that also runs in suspend and starts
 * anew with each boot, so it means nothing after another boot.
 *
 * Times	time_s is CLOCK_REALTIME, deadline_ns CLOCK_BOOTTIME
 * Threads	none: values
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REVISIONS_KEPT	  20u
#define REVISION_TEXT_MAX (8u << 20) /* bytes; there is at least one */
#define REVISION_NOTE_MAX 256 /* bytes with the NUL */
#define BOOT_ID_BYTES	  16
#define TRIAL_MAX_S	  86400u /* from pending to its deadline */

struct revision {
	uint64_t number;
	uint64_t time_s; /* when it was put */
	uint32_t uid; /* by whom */
	uint32_t text_bytes;
	char note[REVISION_NOTE_MAX]; /* a line of UTF-8, or "" */
};

/* A revision to be put; both are lent. */
struct revision_put {
	const struct revision *revision;
	const char *text; /* text_bytes of it; no NUL is needed */
};

/* Applied, and not confirmed yet. */
struct pending {
	uint64_t number; /* 0: nothing is pending */
	uint64_t fallback; /* 0: back to no policy */
	uint64_t deadline_ns;
	uint8_t boot_id[BOOT_ID_BYTES]; /* of which the deadline is */
};

enum revision_state {
	REVISION_KEPT, /* can be read and applied again */
	REVISION_CURRENT,
	REVISION_PENDING,
	REVISION_STATE_COUNT,
};

/* Of revision `number`. One that is current and pending is pending. */
enum revision_state revision_state_of(uint64_t number, uint64_t current,
				      const struct pending *pending);

/* "kept", "current", "pending". */
const char *revision_state_name(enum revision_state state);

/* Valid UTF-8, no control characters, shorter than REVISION_NOTE_MAX. */
bool revision_note_is_valid(const char *note);
