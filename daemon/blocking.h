/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blocking.h - one peer into the set of those that detection has found, now.
 *
 * The set is called BLOCKING_SET, and made when it is first needed. Where an
 * operator has given it another action than drop, nothing is done.
 *
 *	1. Only single addresses, and of IPv6 the /64 that a peer is counted as
 *	   (prefix_counted()); none that is protected (merge/guard.h) or has
 *	   something in it that is, and none that the caller keeps out.
 *	2. Every member ends by itself, after BLOCKING_TTL_MAX at most.
 *	3. One that is there is not put there again, so its end stays.
 *	4. At most `detect_blocks_per_minute` new ones, together with what is
 *	   done about processes, and no more than budget.h has for whose
 *	   doing it is; above that an alert, and no more until the minute is over.
 *
 * It is in the table when blocking_put() returns; LMDB follows, and if it
 * cannot, the member is taken out again. That and other failures are an alert.
 * A set that could not be stored is tried again.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/budget.h"
#include "rules/detect/growth.h"
#include "rules/member.h"

struct daemon;

#define BLOCKING_SET	  "detected"
#define BLOCKING_TTL_MAX  DETECT_TTL_MAX_S
#define BLOCKING_CAPACITY 65536u

struct blocking {
	struct budget budget;
	uint64_t seed[2]; /* of the budget */
	uint64_t over_ns, failed_ns; /* last time; CLOCK_BOOTTIME */
	uint64_t store_again_ns; /* the set; 0: it is stored */
	uint64_t put, withheld,
		over; /* so far: added, protected, above budget */
	uint64_t failed;
};

/* May anything be done about it? It is a single address, or the /64 of one,
 * nothing in it is protected or let in by a set that allows, and the set drops
 * if it is there. */
bool blocking_may(const struct daemon *daemon, const struct prefix *peer);

/* Is it in the set, or what it is counted as? */
bool blocking_has(const struct daemon *daemon, const struct prefix *peer);

/* What to block for this address, of a rule that counts peers: what it is
 * counted as, if the set has another address of that; else itself. */
struct prefix blocking_whom(const struct daemon *daemon,
			    const struct prefix *address);

/* One of the minute's for this payer, or -EDQUOT and an alert. */
int blocking_spend(struct daemon *daemon, const struct budget_payer *payer,
		   uint64_t now_ns);

/* A few times a second. */
void blocking_tick(struct daemon *daemon, uint64_t now_ns);

struct block_order {
	struct prefix peer;
	uint32_t ttl_s;
	struct detect_growth growth; /* by > 0: it is an offence, once stored */
	struct budget_payer payer; /* whose process had it blocked */
	uint64_t since_ns; /* CLOCK_MONOTONIC: what it is measured from */
	char reason[REASON_MAX];
};

/*
 * 0, or -EALREADY it is in the set; -EPERM protected, allowed, too wide, or the
 * set does not drop; -EDQUOT above the budget; -EBUSY the set, or the policy, is
 * being changed;
 * or what the table said. Every answer but 0 has changed nothing.
 */
int blocking_put(struct daemon *daemon, const struct block_order *order,
		 uint64_t now_ns);
