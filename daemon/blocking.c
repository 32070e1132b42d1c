// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/blocking.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/alert/line.h"
#include "daemon/apply.h"
#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/members.h"
#include "daemon/offending.h"
#include "daemon/passing.h"
#include "daemon/set_id.h"

#define STORE_AGAIN_NS 5000000000ull
#define ALERT_BUDGET   "detection budget"
#define ALERT_FAILED   "detection blocks"
#define ALERT_SET      "detection set"
#define PAYER_MAX      192

static void set_stored(void *arg, int r)
{
	struct daemon *daemon = arg;

	if (r == 0) {
		(void)alerts_clear(&daemon->alerts, ALERT_SET);
		return;
	}
	daemon->detecting.blocking.store_again_ns =
		clock_boot_ns() + STORE_AGAIN_NS;
	if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_SET,
			 "set %s could not be stored, and is gone with the "
			 "next start: %s",
			 BLOCKING_SET, strerror(-r)))
		log_err(r, "set %s: could not be stored, will retry",
			BLOCKING_SET);
}

static int store_set(struct daemon *daemon, const struct set *set)
{
	struct change *change = calloc(1, sizeof(*change));

	if (!change)
		return -ENOMEM;
	*change = (struct change){.kind = CHANGE_SET_PUT, .set = *set};
	commit_submit(daemon,
		      &(struct commit_order){
			      .changes = change,
			      .count = 1,
			      .done = set_stored,
			      .arg = daemon,
		      },
		      "set %s: for what detection finds", set->name);
	return 0;
}

/* It may be filled at once: what is stored of it comes behind it. */
static const struct set *make_set(struct daemon *daemon)
{
	const struct set set = {
		.id = set_id_free(daemon),
		.action = SET_DROP,
		.kind = SET_DYNAMIC,
		.capacity = BLOCKING_CAPACITY,
		.name = BLOCKING_SET,
	};

	if (set.id == 0 || ledger_put_set(daemon->ledger, &set) < 0)
		return NULL;
	if (store_set(daemon, &set) < 0)
		set_stored(daemon, -ENOMEM);
	return ledger_set(daemon->ledger, set.id);
}

/* ids of sets may mean others in the store, or be about to */
static bool is_unsettled(const struct daemon *daemon)
{
	return daemon->is_stale || daemon->is_importing[0];
}

static int find_set(struct daemon *daemon, const struct set **ret_set)
{
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);

	if (is_unsettled(daemon))
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
	return 0;
}

static void write_payer(const struct budget_payer *payer, int r,
			char who[PAYER_MAX])
{
	char group[PAYER_MAX / 2];

	*who = '\0';
	(void)line_show(payer->group.bytes, payer->group.len, group,
			sizeof(group));
	if (r == -EUSERS)
		(void)snprintf(who, PAYER_MAX, " for user %u", payer->uid);
	else if (r == -EXFULL)
		(void)snprintf(who, PAYER_MAX, " for what is in %s", group);
}

int blocking_spend(struct daemon *daemon, const struct budget_payer *payer,
		   uint64_t now_ns)
{
	struct blocking *blocking = &daemon->detecting.blocking;
	uint32_t budget = daemon->config.detect_blocks_per_minute;
	int r = budget_spend(&blocking->budget, budget, payer, blocking->seed,
			     now_ns);
	char who[PAYER_MAX];

	if (r == 0)
		return 0;
	write_payer(payer, r, who);
	blocking->over++;
	blocking->over_ns = now_ns;
	if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_BUDGET,
			 "detection would act more than %u times a minute%s: "
			 "no more until that is over",
			 *who ? (budget + 1) / 2 : budget, who))
		log_warningx("detection: budget of blocks is spent count=%u%s",
			     budget, who);
	return -EDQUOT;
}

static void tell_failed(struct daemon *daemon, int r)
{
	struct blocking *blocking = &daemon->detecting.blocking;

	blocking->failed++;
	blocking->failed_ns = clock_boot_ns();
	if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_FAILED,
			 "blocks of detection have failed: %llu since the "
			 "start, the last: %s",
			 (unsigned long long)blocking->failed, strerror(-r)))
		log_err(r, "detection: a block has failed");
}

struct block {
	struct daemon *daemon;
	struct detect_growth growth;
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
		tell_failed(block->daemon, r);
	} else if (block->growth.by > 0) {
		offending_note(block->daemon, &block->growth,
			       &block->edits.list[0].prefix,
			       block->edits.evidence.expires_s);
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
	block->growth = order->growth;
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

static int commit(struct block *block)
{
	struct change *changes = members_changes(&block->edits);
	char text[PREFIX_TEXT_MAX];

	if (!changes) {
		members_undo(block->daemon, &block->edits);
		block_free(block);
		return -ENOMEM;
	}
	members_await(block->daemon, &block->edits);
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
	return 0;
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
	return commit(block);
}

/* Something of it is let in by a set that allows, whatever others say. */
static bool is_allowed(const struct daemon *daemon, const struct prefix *peer)
{
	uint16_t class_id = ledger_class(daemon->ledger, peer);

	if (class_id != CLASS_NONE &&
	    classes_info(ledger_classes(daemon->ledger), class_id).action ==
		    SET_ALLOW)
		return true;
	for (unsigned int id = 1; !prefix_is_address(peer) && id <= SET_ID_MAX;
	     id++) {
		const struct set *set = ledger_set(daemon->ledger, (uint8_t)id);

		if (set && set->action == SET_ALLOW &&
		    ledger_meets(daemon->ledger, set->id, peer))
			return true;
	}
	return false;
}

/* An address, or what addresses are counted as. */
static bool is_narrow(const struct prefix *peer)
{
	struct prefix inside = *peer;

	inside.bits = 128;
	inside = prefix_counted(&inside);
	return prefix_is_address(peer) || prefix_cmp(&inside, peer) == 0;
}

bool blocking_may(const struct daemon *daemon, const struct prefix *peer)
{
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);

	return (!set || set->action == SET_DROP) && is_narrow(peer) &&
	       !guard_find(daemon->guard, peer) && !is_allowed(daemon, peer);
}

bool blocking_has(const struct daemon *daemon, const struct prefix *peer)
{
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);
	const struct prefix counted = prefix_counted(peer);
	struct evidence unused;

	return set &&
	       (ledger_get(daemon->ledger, set->id, peer, &unused) == 0 ||
		ledger_get(daemon->ledger, set->id, &counted, &unused) == 0);
}

struct prefix blocking_whom(const struct daemon *daemon,
			    const struct prefix *address)
{
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);
	const struct prefix counted = prefix_counted(address);

	return set && !blocking_has(daemon, address) &&
			       ledger_meets(daemon->ledger, set->id, &counted)
		       ? counted
		       : *address;
}

static int check(struct daemon *daemon, const struct block_order *order,
		 const struct set **ret_set)
{
	int r = find_set(daemon, ret_set);

	if (r == 0 && blocking_has(daemon, &order->peer))
		return -EALREADY;
	if (r == 0 && !blocking_may(daemon, &order->peer))
		return -EPERM;
	if (r == 0 && ledger_set_count(daemon->ledger, (*ret_set)->id) >=
			      (*ret_set)->capacity)
		return -ENOSPC;
	return r;
}

int blocking_put(struct daemon *daemon, const struct block_order *order,
		 uint64_t now_ns)
{
	struct blocking *blocking = &daemon->detecting.blocking;
	const struct set *set = NULL;
	int r = check(daemon, order, &set);

	if (r == 0)
		r = blocking_spend(daemon, &order->payer, now_ns);
	if (r == 0)
		r = apply(daemon, set->id, order);
	if (r == 0)
		blocking->put++;
	else if (r != -EALREADY && r != -EPERM && r != -EDQUOT)
		tell_failed(daemon, r);
	return r;
}

/* It may have been dropped, or made by a person, meanwhile. */
static void store_again(struct daemon *daemon, uint64_t now_ns)
{
	struct blocking *blocking = &daemon->detecting.blocking;
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);

	if (blocking->store_again_ns == 0 || now_ns < blocking->store_again_ns)
		return;
	if (is_unsettled(daemon) || daemon->apply ||
	    (set && daemon->is_importing[set->id]))
		return;
	blocking->store_again_ns = 0;
	if (!set)
		(void)alerts_clear(&daemon->alerts, ALERT_SET);
	else if (store_set(daemon, set) < 0)
		set_stored(daemon, -ENOMEM);
}

void blocking_tick(struct daemon *daemon, uint64_t now_ns)
{
	struct blocking *blocking = &daemon->detecting.blocking;

	passing_tick(&daemon->alerts, ALERT_BUDGET, &blocking->over_ns, now_ns);
	passing_tick(&daemon->alerts, ALERT_FAILED, &blocking->failed_ns,
		     now_ns);
	store_again(daemon, now_ns);
}
