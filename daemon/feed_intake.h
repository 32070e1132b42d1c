/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_intake.h - a version of a feed from bytes to members: unpacked, read by
 * its format, without what is excepted or protected, and judged.
 *
 *	decode	gzip and zip, up to the feed's bound
 *	read	rules/feedfile, up to as many entries as its set may have
 *	order	sorted, each once
 *	carve	exceptions, and all that is protected, are taken out of the
 *		entries, also of those around them
 *	judge	rules/feed_guard, against what the set holds and what is
 *		protected
 *
 * Owns		all that came of it, which feed_intake_done() frees
 * Errors	negative errno with `why`; a version that is held is none
 * Threads	the worker, or any: touches only itself
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/listed.h"
#include "rules/feed.h"
#include "rules/feed_guard.h"
#include "rules/feedfile/feedfile.h"

#define FEED_INTAKE_WHY 512 /* bytes with the NUL */

struct prefix_list {
	struct prefix *list;
	size_t count, capacity;
};

/* -ENOMEM: it is as it was. */
int prefix_list_add(struct prefix_list *list, const struct prefix *prefix);
void prefix_list_done(struct prefix_list *list);

/* In order, each once. */
void prefix_list_sort(struct prefix_list *list);

/* What an entry says of its end, and the line that it stands on. */
struct feed_end {
	uint64_t until_s; /* 0: never */
	uint32_t line;
};

struct feed_ends {
	struct feed_end *list;
	size_t count, capacity;
};

struct feed_intake {
	/* What was asked for; borrowed but for the lists. */
	const struct feed *feed;
	const char *bytes; /* NULL: what the set holds, read anew */
	size_t len;
	uint64_t now_s;
	bool can_end; /* its entries can, by its format */
	uint32_t before_entries; /* of the version in force, as it was read */
	struct feed_memory memory; /* brought up to date */
	struct feed_prefixes before; /* of the set, in order */
	struct feed_ends ends; /* of `before`, where that is read anew; else
				* none yet */
	struct prefix_list protected, resolvers; /* in order */
	struct prefix_list exceptions; /* in any order */

	/* What came of it. */
	struct feed_report report;
	struct feed_judgement judgement;
	struct listed_array listed; /* what is to be in the set; where there
				     * are ends, `line` is the place among
				     * those, from 1 */
	struct prefix_list never; /* what was taken out: in order, none in
				   * another */
	size_t excepted; /* entries that an exception cut or took out */
	uint64_t parse_ns, merge_ns, judge_ns; /* that it took */
	char why[FEED_INTAKE_WHY];
};

/* May its entries end by themselves? */
bool feed_intake_has_ends(const struct feed *feed);

int feed_ends_add(struct feed_ends *ends, uint64_t until_s, uint32_t line);

/* Of an entry that is listed there. */
struct feed_end feed_intake_end(const struct feed_intake *intake,
				uint32_t line);

int feed_intake_run(struct feed_intake *intake);
void feed_intake_done(struct feed_intake *intake);
