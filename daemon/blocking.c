// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/blocking.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/apply.h"
#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/members.h"
#include "daemon/set_id.h"

#define MINUTE_NS    60000000000ull
#define ALERT_BUDGET "detection budget"

static void set_stored(void *arg, int r)
{
	(void)arg;
	if (r < 0)
		log_err(r,
			"set %s: could not be stored, it is gone with the "
			"next start",
			BLOCKING_SET);
}

/* It may be filled at once: what is stored of it comes behind it. */
static const struct set *make_set(struct daemon *daemon)
{
	struct set set = {
		.id = set_id_free(daemon),
		.action = SET_DROP,
		.kind = SET_DYNAMIC,
		.capacity = BLOCKING_CAPACITY,
		.name = BLOCKING_SET,
	};
	struct change *change = calloc(1, sizeof(*change));

	if (set.id == 0 || !change ||
	    ledger_put_set(daemon->ledger, &set) < 0) {
		free(change);
		return NULL;
	}
	*change = (struct change){.kind = CHANGE_SET_PUT, .set = set};
	commit_submit(daemon,
		      &(struct commit_order){
			      .changes = change,
			      .count = 1,
			      .done = set_stored,
		      },
		      "set %s: for what detection finds", set.name);
	return ledger_set(daemon->ledger, set.id);
}

static int find_set(struct daemon *daemon, const struct set **ret_set)
{
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);

	/* ids of sets may mean others in the store, or be about to */
	if (daemon->is_stale || daemon->is_importing[0])
		return -EBUSY;
	if (!set && (daemon->apply || apply_tries_set(daemon, BLOCKING_SET)))
		return -EBUSY;
	if (!set)
		set = make_set(daemon);
	if (!set)
		return -ENOSPC;
	if (set->action != SET_DROP)
		return -EPERM;
	if (daemon->is_importing[set->id])
		return -EBUSY;
	*ret_set = set;
	return ledger_set_count(daemon->ledger, set->id) < set->capacity
		       ? 0
		       : -ENOSPC;
}

int blocking_spend(struct daemon *daemon, uint64_t now_ns)
{
	struct blocking *blocking = &daemon->detecting.blocking;
	uint32_t budget = daemon->config.detect_blocks_per_minute;

	if (now_ns - blocking->minute_ns >= MINUTE_NS) {
		blocking->minute_ns = now_ns;
		blocking->spent = 0;
		(void)alerts_clear(&daemon->alerts, ALERT_BUDGET);
	}
	if (blocking->spent < budget) {
		blocking->spent++;
		return 0;
	}
	blocking->over++;
	if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_BUDGET,
			 "detection would act more than %u times a minute: "
			 "no more until that is over",
			 budget))
		log_warningx("detection: budget of blocks is spent count=%u",
			     budget);
	return -EDQUOT;
}

struct block {
	struct daemon *daemon;
	struct edits edits;
};

static void block_free(struct block *block)
{
	edits_done(&block->edits);
	free(block);
}

static void committed(void *arg, int r)
{
	struct block *block = arg;
	char text[PREFIX_TEXT_MAX];

	if (r < 0) {
		log_err(r, "set %s: %s could not be stored, so it is let in",
			BLOCKING_SET,
			prefix_to_text(&block->edits.list[0].prefix, text));
		members_undo(block->daemon, &block->edits);
	}
	members_settle(block->daemon, &block->edits);
	block_free(block);
}

static struct block *begin(struct daemon *daemon, uint8_t set_id,
			   const struct block_order *order)
{
	struct block *block = calloc(1, sizeof(*block));
	uint64_t now_s = clock_wall_s();

	if (!block)
		return NULL;
	block->daemon = daemon;
	block->edits.set_id = set_id;
	block->edits.evidence = (struct evidence){
		.origin = ORIGIN_DETECTION,
		.created_s = now_s,
		.expires_s = now_s + order->ttl_s,
		.reason = strdup(order->reason),
	};
	if (block->edits.evidence.reason &&
	    edits_add(&block->edits, &order->peer) == 0)
		return block;
	block_free(block);
	return NULL;
}

static void commit(struct block *block)
{
	struct change *changes = members_changes(&block->edits);
	char text[PREFIX_TEXT_MAX];

	members_await(block->daemon, &block->edits);
	if (!changes) {
		committed(block, -ENOMEM);
		return;
	}
	commit_submit(block->daemon,
		      &(struct commit_order){
			      .changes = changes,
			      .count = 1,
			      .done = committed,
			      .arg = block,
		      },
		      "add %s: %s: %s", BLOCKING_SET,
		      prefix_to_text(&block->edits.list[0].prefix, text),
		      block->edits.evidence.reason);
}

static int apply(struct daemon *daemon, uint8_t set_id,
		 const struct block_order *order)
{
	struct block *block = begin(daemon, set_id, order);
	uint64_t worst_ns;
	size_t failed;
	int r;

	if (!block)
		return -ENOMEM;
	r = members_apply(daemon, &block->edits, order->since_ns, &worst_ns,
			  &failed);
	if (r < 0) {
		block_free(block);
		return r;
	}
	commit(block);
	return 0;
}

static int check(struct daemon *daemon, const struct block_order *order,
		 const struct set **ret_set)
{
	struct evidence old;
	int r = find_set(daemon, ret_set);

	if (r == 0 &&
	    ledger_get(daemon->ledger, (*ret_set)->id, &order->peer, &old) == 0)
		return -EALREADY;
	return r < 0 || blocking_may(daemon, &order->peer) ? r : -EPERM;
}

/* Let in by a set that allows, whatever others say. */
static bool is_allowed(const struct daemon *daemon, const struct prefix *peer)
{
	uint16_t class_id = ledger_class(daemon->ledger, peer);

	return class_id != CLASS_NONE &&
	       classes_info(ledger_classes(daemon->ledger), class_id).action ==
		       SET_ALLOW;
}

bool blocking_may(const struct daemon *daemon, const struct prefix *peer)
{
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);

	return (!set || set->action == SET_DROP) &&
	       prefix_len(peer) == (prefix_is_v4(peer) ? 32 : 128) &&
	       !guard_find(daemon->guard, peer) && !is_allowed(daemon, peer);
}

bool blocking_has(const struct daemon *daemon, const struct prefix *peer)
{
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);
	struct evidence unused;

	return set && ledger_get(daemon->ledger, set->id, peer, &unused) == 0;
}

int blocking_put(struct daemon *daemon, const struct block_order *order,
		 uint64_t now_ns)
{
	struct blocking *blocking = &daemon->detecting.blocking;
	const struct set *set = NULL;
	int r = check(daemon, order, &set);

	if (r == 0)
		r = blocking_spend(daemon, now_ns);
	if (r == 0)
		r = apply(daemon, set->id, order);
	if (r == 0)
		blocking->put++;
	else if (r != -EALREADY && r != -EPERM && r != -EDQUOT)
		blocking->failed++;
	return r;
}
