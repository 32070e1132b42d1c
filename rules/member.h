/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * member.h - a prefix in a set, with its evidence: who, why, when, until when.
 *
 * Times	seconds of the wall clock since 1970 (what people read and LMDB
 *		keeps); 0 in `expires_s` means never. The daemon turns what is
 *		left into boot time, so a stepped clock frees nobody.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/prefix.h"

#define REASON_MAX 256 /* bytes with the NUL */

/* Who put it there. Values are stored: append only. */
enum origin {
	ORIGIN_OPERATOR, /* a person, through fwctl */
	ORIGIN_IMPORT, /* a list, through fwctl set import */
	ORIGIN_TRIAL, /* a policy that does not judge for good: goes with it */
	ORIGIN_FEED, /* a version of a feed */
	ORIGIN_CROWDSEC, /* a decision; `line` is its id */
	ORIGIN_DETECTION, /* a rule that an event of this host has met */
	ORIGIN_COUNT,
};

struct evidence {
	uint8_t origin; /* enum origin */
	uint32_t uid; /* whose request it was */
	uint32_t line; /* of the imported list, 0 if none */
	uint64_t created_s;
	uint64_t expires_s; /* 0: never */
	const char *reason; /* borrowed; valid UTF-8 or "", < REASON_MAX */
};

struct member {
	struct prefix prefix;
	struct evidence evidence;
};

const char *origin_name(enum origin origin);

/* Valid UTF-8, no control characters, shorter than REASON_MAX. */
bool reason_is_valid(const char *text);
