/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_guard.h - judgement of a new version of a feed before it is believed.
 *
 * Lists break: they come empty, cut short, as somebody's error page, with the
 * addresses of the world's resolvers in them. A version that fails one guard
 * is held: what was accepted before stays in force, all of it, until a person
 * lets the new one in or a better one comes.
 *
 *	1. Entries that lie in what is protected are left out, whatever the
 *	   outcome: protected is what the caller says, the well-known resolvers,
 *	   and private and special addresses, which lists of whole ranges may
 *	   have. Entries around it are kept, for the caller to cut it out of
 *	   them, but told.
 *	2. A version is measured against the last accepted one, not against the
 *	   last seen. Only how much it grew or shrank, and its expected size,
 *	   are forgiven, when FEED_AGREED versions in a row have the same size
 *	   give or take FEED_AGREED_PERCENT.
 *	3. Every address of a family is never accepted.
 *	4. A list that says it is no longer kept, and has no entries, is dead.
 *	5. A list of what is good (class allow) may have all that is protected.
 *	6. A list of whole ranges (classes bogon and geo) may have wide entries,
 *	   but not more than half of IPv4, or four fifths of the IPv6 that
 *	   registries have; and of the addresses that were listed before, no
 *	   more may be missing or new than of entries, and none be of a family
 *	   that had none. That is not forgiven.
 *
 * Prefixes are in order and each once, but may lie in each other. Linear in
 * all of them.
 *
 * Owns		nothing
 * Times	none
 * Errors	none
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/feed.h"
#include "rules/prefix.h"

#define FEED_AGREED	    3
#define FEED_AGREED_PERCENT 5
#define FEED_SLACK	    32 /* entries more or less that are no change */
#define FEED_WIDEST	    8
#define FEED_FINDING_TEXT   192 /* bytes with the NUL */

enum feed_guard {
	FEED_GUARD_DEAD,
	FEED_GUARD_EMPTY,
	FEED_GUARD_CUT, /* it does not end as its format does */
	FEED_GUARD_STATED, /* it is not as large as it says */
	FEED_GUARD_REJECTS,
	FEED_GUARD_EVERYTHING,
	FEED_GUARD_FLOOR_V4,
	FEED_GUARD_FLOOR_V6,
	FEED_GUARD_COVERAGE,
	FEED_GUARD_PROTECTED_HITS,
	FEED_GUARD_PROTECTED_SHARE,
	FEED_GUARD_EXPECTED,
	FEED_GUARD_SHRINK,
	FEED_GUARD_GROW,
	FEED_GUARD_COUNT,
};

enum feed_outcome {
	FEED_OUTCOME_ACCEPTED,
	FEED_OUTCOME_HELD,
	FEED_OUTCOME_DEAD,
	FEED_OUTCOME_COUNT,
};

/* What its parser says of a version. */
struct feed_reading {
	uint32_t accepted, rejected; /* lines or items */
	bool has_stated; /* it says of itself how much there is */
	bool stated_matches;
	uint64_t stated, counted; /* entries; equal where bytes differ */
	bool is_cut; /* the end that its format has is missing */
	bool has_notice; /* that it is no longer kept */
	uint32_t everything; /* lines that list every address; rejected ones */
};

/* Prefixes in order; they may be the first field of something larger. */
struct feed_prefixes {
	const struct prefix *prefixes;
	size_t count;
	size_t step; /* bytes from one to the next; 0: as in an array */
};

static inline const struct prefix *
feed_prefix_at(const struct feed_prefixes *list, size_t index)
{
	size_t step = list->step ? list->step : sizeof(struct prefix);

	return (const struct prefix *)((const char *)list->prefixes +
				       index * step);
}

struct feed_version {
	const struct feed *feed;
	struct feed_reading reading;
	struct feed_prefixes entries;
	/* What is listed of the last accepted version; none for a first one. */
	struct feed_prefixes before;
	/* How many entries that was, before anything was cut out of them, which
	 * makes one many; 0: as many as are listed. */
	uint32_t before_entries;
	bool can_end; /* entries end by themselves: fewer are no loss */
	/* What would be listed of this one, to be held against `before`; NULL:
	 * the entries but those left out. */
	const struct feed_prefixes *after;
	struct feed_prefixes protected; /* this machine's, and management */
	struct feed_prefixes resolvers;
};

/* What the caller keeps of a feed from one version to the next; zeroed for a
 * new one, and again when a person let a version in. */
struct feed_memory {
	uint32_t held; /* entries of the first of a row that agrees */
	uint32_t agreed; /* how many do */
};

/* Of an entry; bits. */
enum feed_mark {
	FEED_MARK_LEFT_OUT = 1, /* lies in what is protected */
	FEED_MARK_AROUND = 2, /* has something protected in it */
};

struct feed_finding {
	enum feed_guard guard;
	double figure, limit;
	char text[FEED_FINDING_TEXT]; /* a sentence without a full stop */
};

/* Prefixes that were not there before, the widest first. */
struct feed_widest {
	struct prefix prefixes[FEED_WIDEST];
	uint32_t count;
};

struct feed_judgement {
	enum feed_outcome outcome;
	bool is_forgiven; /* accepted for rule 2, the findings say why */
	bool has_notice; /* and entries: it will not be kept for long */
	struct feed_finding findings[FEED_GUARD_COUNT]; /* guards that failed */
	uint32_t finding_count;

	uint32_t entries; /* without those left out */
	uint32_t left_out, around;
	uint32_t hits_protected, hits_resolvers, hits_special; /* either way */
	uint32_t added, removed; /* against the last accepted version */
	uint64_t addresses_v4;
	uint64_t nets_v6; /* /64 that are listed, some or all of each */
	struct feed_widest widest_v4, widest_v6;
};

/* "shrink", "held". */
const char *feed_guard_name(enum feed_guard guard);
const char *feed_outcome_name(enum feed_outcome outcome);

/*
 * Judge a version. `ret_marks`, or NULL, has a byte for each entry, of enum
 * feed_mark.
 * `memory` is brought up to date.
 */
void feed_judge(const struct feed_version *version, struct feed_memory *memory,
		uint8_t *ret_marks, struct feed_judgement *ret_judgement);
