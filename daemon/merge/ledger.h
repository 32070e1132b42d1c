/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger.h - which prefix is in which sets, on whose evidence, and what
 * class of addresses follows from it.
 *
 * A claim is one set's hold on one prefix. Sets nest: an address belongs to
 * every set that holds a prefix covering it, so the class of a prefix is made
 * of its own claims and of those of every prefix around it (daemon/merge/
 * classes.h interns such combinations). The ledger tells the sink only what
 * changed:
 *
 *	1. set() for a prefix whose class is new or different, outer before
 *	   inner; of a prefix the sink knows already it never fails;
 *	2. clear() for a prefix no claim holds any more, with the nearest
 *	   prefix around it that is still known, whose class takes over;
 *	3. define() for a class before set() first names it, and again when an
 *	   action of one of its sets changes. What it meant before never fails.
 *
 * A claim or withdrawal that the sink or the class table refuses has changed
 * nothing, but may have made (and defined) classes nobody uses yet.
 *
 * Times	evidence as in rules/member.h; `until_s` is in seconds of the clock
 *		that ledger_due() is asked by, 0 for never. The ledger reads none. Times are
 *		kept in 32 bits; later ones are cut to UINT32_MAX
 * Errors	negative errno: -ENOSPC set full or what the sink said,
 *		-ENOENT, -E2BIG no class left, -EEXIST name taken, -ENOMEM
 * Cost		claim, withdraw: the length of the prefix, plus one step for
 *		each known prefix inside it
 * Threads	none: event loop only. The sink must not call back
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/merge/classes.h"
#include "rules/base.h"
#include "rules/member.h"
#include "rules/pool.h"
#include "rules/prefix.h"
#include "rules/set.h"

struct ledger_sink {
	int (*set)(void *arg, const struct prefix *prefix, uint16_t class_id);

	/* `cover` is NULL, and `class_id` 0, when nothing lies around it. */
	void (*clear)(void *arg, const struct prefix *prefix,
		      const struct prefix *cover, uint16_t class_id);

	int (*define)(void *arg, uint16_t class_id,
		      const struct class_info *info);
};

struct ledger;

/* `sink` is copied, `arg` kept. The caller owns *ret_ledger. */
int ledger_new(const struct ledger_sink *sink, void *arg,
	       struct ledger **ret_ledger);

/* Forgets everything without telling the sink. NULL is fine. */
void ledger_free(struct ledger *ledger);
DEFINE_CLEANUP(struct ledger *, ledger_free)

/* Where class ids come from; for seeding after a restart and for reading. */
struct classes *ledger_classes(struct ledger *ledger);

/* Make a set known, or change all of it but the id. -EEXIST when another set
 * has the name. A capacity below the count only refuses further members. */
int ledger_put_set(struct ledger *ledger, const struct set *set);

/* Forget a set; -ENOTEMPTY while it has members. */
int ledger_drop_set(struct ledger *ledger, uint8_t set_id);

/* NULL when there is none. Valid until the set changes. */
const struct set *ledger_set(const struct ledger *ledger, uint8_t set_id);
const struct set *ledger_set_named(const struct ledger *ledger,
				   const char *name);

/* Another number after each ledger_put_set() and ledger_drop_set(). */
uint64_t ledger_sets_version(const struct ledger *ledger);

size_t ledger_set_count(const struct ledger *ledger, uint8_t set_id);

/* Hold member->prefix for the set, or replace the evidence; copies it. */
int ledger_claim(struct ledger *ledger, uint8_t set_id,
		 const struct member *member, uint64_t until_s);

int ledger_withdraw(struct ledger *ledger, uint8_t set_id,
		    const struct prefix *prefix);

/* Exactly this prefix in this set: its evidence, borrowed, or -ENOENT. */
int ledger_get(const struct ledger *ledger, uint8_t set_id,
	       const struct prefix *prefix, struct evidence *ret_evidence);

/* The claim that ends first, if it ends at or before `now_s`; else -ENOENT. */
int ledger_due(struct ledger *ledger, uint64_t now_s, uint8_t *ret_set_id,
	       struct prefix *ret_prefix);

/* Let it be due at another time than its own; -ENOENT, also if it has no end. */
int ledger_put_off(struct ledger *ledger, uint8_t set_id,
		   const struct prefix *prefix, uint64_t until_s);

/* When ledger_due() will next answer; 0 if never. */
uint64_t ledger_next_due_s(const struct ledger *ledger);

/* The class of exactly this prefix, or of the nearest around it; 0 if none. */
uint16_t ledger_class(const struct ledger *ledger, const struct prefix *prefix);

typedef int ledger_fn(void *arg, const struct set *set,
		      const struct member *member);

/* Each claim that covers `prefix`, longest prefix first. */
int ledger_each_covering(const struct ledger *ledger,
			 const struct prefix *prefix, ledger_fn *fn, void *arg);

/* Has the set a member that shares an address with `prefix`? As long as there
 * are prefixes of any set inside it. */
bool ledger_meets(const struct ledger *ledger, uint8_t set_id,
		  const struct prefix *prefix);

/*
 * At most `max` members of a set in order, those after `after` (NULL: from
 * the start). Returns how many were visited, or the first negative answer.
 */
int ledger_each_after(const struct ledger *ledger, uint8_t set_id,
		      const struct prefix *after, size_t max, ledger_fn *fn,
		      void *arg);

/*
 * The same in bounded time: the walk also ends when LEDGER_PAGE_VISITS prefixes
 * of any set were looked at, so a page may have none of the few members of a
 * set among many others. 1: go on after page->next; 0: that was all; or the
 * first negative answer.
 */
#define LEDGER_PAGE_VISITS 8192

struct ledger_page {
	const struct prefix *after; /* NULL: from the start */
	size_t max;
	struct prefix next; /* the answer, when there is one */
};

int ledger_page(const struct ledger *ledger, uint8_t set_id,
		struct ledger_page *page, ledger_fn *fn, void *arg);

/* Have memory for `claims` more, and always for the next tens of thousands, so
 * that they do not wait for it; see pool_prepare(). */
void ledger_prepare(struct ledger *ledger, size_t claims,
		    const struct pool_touch *touch);

struct ledger_usage {
	size_t prefix_count; /* known, each once */
	size_t claim_count;
	size_t bytes; /* held by tree, claims and reasons */
};

struct ledger_usage ledger_usage(const struct ledger *ledger);
