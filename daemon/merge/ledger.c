// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/merge/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/merge/claims.h"
#include "daemon/merge/nest.h"
#include "rules/trie.h"

struct ledger {
	struct nest nest;
	struct set sets[SET_ID_MAX + 1]; /* id 0: none */
	uint32_t set_counts[SET_ID_MAX + 1]; /* members */
	uint64_t sets_version;
};

int ledger_new(const struct ledger_sink *sink, void *arg,
	       struct ledger **ret_ledger)
{
	CLEANUP(ledger_freep) struct ledger *ledger = NULL;
	int r;

	assert(sink && sink->set && sink->clear && sink->define);
	assert(ret_ledger);

	ledger = calloc(1, sizeof(*ledger));
	if (!ledger)
		return -ENOMEM;
	r = nest_init(&ledger->nest, sink, arg, ledger->sets);
	if (r < 0)
		return r;
	*ret_ledger = TAKE(ledger);
	return 0;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;

	nest_done(&ledger->nest);
	free(ledger);
}

struct classes *ledger_classes(struct ledger *ledger)
{
	assert(ledger);

	return ledger->nest.classes;
}

/* Tell again what each class with this set means. */
static int redefine(struct ledger *ledger, uint8_t set_id)
{
	uint32_t last = classes_last(ledger->nest.classes);
	int r = 0;

	for (uint32_t class_id = 1; class_id <= last && r == 0; class_id++) {
		struct class_info info =
			classes_info(ledger->nest.classes, (uint16_t)class_id);

		if (set_mask_has(&info.sets, set_id))
			r = ledger->nest.sink.define(ledger->nest.arg,
						     (uint16_t)class_id, &info);
	}
	return r;
}

int ledger_put_set(struct ledger *ledger, const struct set *set)
{
	const struct set *namesake;
	struct set old;
	int r;

	assert(ledger);
	assert(set);
	assert(set->id);
	assert(set->action < SET_ACTION_COUNT);

	namesake = ledger_set_named(ledger, set->name);
	if (namesake && namesake->id != set->id)
		return -EEXIST;
	/* Classes with a set that was dropped are still there, and their
	 * numbers mean the new set of that id from now on. */
	old = ledger->sets[set->id];
	ledger->sets[set->id] = *set;
	ledger->sets_version++;
	if (old.id && old.action == set->action &&
	    strcmp(old.name, set->name) == 0)
		return 0;
	r = redefine(ledger, set->id);
	if (r < 0) {
		ledger->sets[set->id] = old;
		ledger->sets_version++;
		(void)redefine(ledger, set->id); /* as it was: it fits */
	}
	return r;
}

int ledger_drop_set(struct ledger *ledger, uint8_t set_id)
{
	assert(ledger);

	if (!ledger_set(ledger, set_id))
		return -ENOENT;
	if (ledger->set_counts[set_id])
		return -ENOTEMPTY;
	ledger->sets[set_id] = (struct set){0};
	ledger->sets_version++;
	return 0;
}

const struct set *ledger_set(const struct ledger *ledger, uint8_t set_id)
{
	assert(ledger);

	return ledger->sets[set_id].id ? &ledger->sets[set_id] : NULL;
}

const struct set *ledger_set_named(const struct ledger *ledger,
				   const char *name)
{
	assert(ledger);
	assert(name);

	for (unsigned int id = 1; id <= SET_ID_MAX; id++) {
		const struct set *set = &ledger->sets[id];

		if (set->id && strcmp(set->name, name) == 0)
			return set;
	}
	return NULL;
}

uint64_t ledger_sets_version(const struct ledger *ledger)
{
	assert(ledger);

	return ledger->sets_version;
}

size_t ledger_set_count(const struct ledger *ledger, uint8_t set_id)
{
	assert(ledger);

	return ledger->set_counts[set_id];
}

/* Is there room for the claim, or will it only replace one? */
static bool fits(const struct ledger *ledger, uint8_t set_id,
		 const struct prefix *prefix)
{
	if (ledger->set_counts[set_id] < ledger->sets[set_id].capacity)
		return true;
	return nest_find(&ledger->nest, set_id, prefix) != 0;
}

int ledger_claim(struct ledger *ledger, uint8_t set_id,
		 const struct member *member, uint64_t until_s)
{
	bool is_added;
	int r;

	assert(ledger);
	assert(member);

	if (!ledger_set(ledger, set_id))
		return -ENOENT;
	if (!fits(ledger, set_id, &member->prefix))
		return -ENOSPC;
	r = nest_claim(&ledger->nest, set_id, member, until_s, &is_added);
	if (r < 0)
		return r;
	ledger->set_counts[set_id] += is_added;
	return 0;
}

int ledger_withdraw(struct ledger *ledger, uint8_t set_id,
		    const struct prefix *prefix)
{
	int r;

	assert(ledger);
	assert(prefix);

	r = nest_withdraw(&ledger->nest, set_id, prefix);
	if (r < 0)
		return r;
	ledger->set_counts[set_id]--;
	return 0;
}

int ledger_get(const struct ledger *ledger, uint8_t set_id,
	       const struct prefix *prefix, struct evidence *ret_evidence)
{
	uint32_t id;

	assert(ledger);
	assert(prefix);
	assert(ret_evidence);

	id = nest_find(&ledger->nest, set_id, prefix);
	if (!id)
		return -ENOENT;
	*ret_evidence = claims_evidence(&ledger->nest.claims, id);
	return 0;
}

int ledger_due(struct ledger *ledger, uint64_t now_s, uint8_t *ret_set_id,
	       struct prefix *ret_prefix)
{
	struct expiry_due due;

	assert(ledger);
	assert(ret_set_id);
	assert(ret_prefix);

	if (!expiry_first(&ledger->nest.claims.expiry, &due) ||
	    due.until_s > now_s)
		return -ENOENT;
	*ret_set_id = due.set_id;
	*ret_prefix = due.prefix;
	return 0;
}

int ledger_put_off(struct ledger *ledger, uint8_t set_id,
		   const struct prefix *prefix, uint64_t until_s)
{
	struct claims *claims;
	uint32_t id;

	assert(ledger);
	assert(prefix);

	claims = &ledger->nest.claims;
	id = nest_find(&ledger->nest, set_id, prefix);
	if (!id || !claims_at(claims, id)->term)
		return -ENOENT;
	expiry_move(&claims->expiry, claims_at(claims, id)->term, until_s);
	return 0;
}

uint64_t ledger_next_due_s(const struct ledger *ledger)
{
	struct expiry_due due;

	assert(ledger);

	return expiry_first(&ledger->nest.claims.expiry, &due) ? due.until_s
							       : 0;
}

uint16_t ledger_class(const struct ledger *ledger, const struct prefix *prefix)
{
	assert(ledger);
	assert(prefix);

	return nest_class(&ledger->nest, prefix);
}

/* Known prefixes around one, from the shortest: at most one of each length. */
struct cover_list {
	unsigned int count;
	struct {
		struct prefix prefix;
		uint32_t head;
	} covers[129];
};

static int note_cover(void *arg, const struct prefix *prefix, uint32_t head)
{
	struct cover_list *list = arg;

	list->covers[list->count].prefix = *prefix;
	list->covers[list->count++].head = head;
	return 0;
}

static int show(const struct ledger *ledger, const struct prefix *prefix,
		uint32_t id, ledger_fn *fn, void *arg)
{
	struct member member = {
		.prefix = *prefix,
		.evidence = claims_evidence(&ledger->nest.claims, id),
	};
	uint8_t set_id = claims_at(&ledger->nest.claims, id)->set_id;

	return fn(arg, &ledger->sets[set_id], &member);
}

int ledger_each_covering(const struct ledger *ledger,
			 const struct prefix *prefix, ledger_fn *fn, void *arg)
{
	struct cover_list list = {.count = 0};

	assert(ledger);
	assert(prefix);
	assert(fn);

	(void)trie_each_covering(ledger->nest.trie, prefix, note_cover, &list);
	while (list.count > 0) {
		uint32_t id = list.covers[--list.count].head;

		for (; id; id = claims_at(&ledger->nest.claims, id)->next) {
			int r = show(ledger, &list.covers[list.count].prefix,
				     id, fn, arg);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

struct meeting {
	const struct ledger *ledger;
	uint8_t set_id;
};

static int stop_at_member(void *arg, const struct prefix *prefix, uint32_t head)
{
	const struct meeting *meeting = arg;

	(void)prefix;
	return claims_find(&meeting->ledger->nest.claims, head,
			   meeting->set_id) != 0;
}

bool ledger_meets(const struct ledger *ledger, uint8_t set_id,
		  const struct prefix *prefix)
{
	struct meeting meeting = {.ledger = ledger, .set_id = set_id};

	assert(ledger);
	assert(prefix);

	return trie_each_covering(ledger->nest.trie, prefix, stop_at_member,
				  &meeting) != 0 ||
	       trie_each_inside(ledger->nest.trie, prefix, stop_at_member,
				&meeting) != 0;
}

/* A walk over the members of one set. */
struct walk {
	const struct ledger *ledger;
	uint8_t set_id;
	size_t left;
	size_t visits_left;
	struct prefix last; /* visited, whatever its sets */
	bool is_cut; /* there may be more after it */
	ledger_fn *fn;
	void *arg;
};

static int walk_on(void *arg, const struct prefix *prefix, uint32_t head)
{
	struct walk *walk = arg;
	uint32_t id =
		claims_find(&walk->ledger->nest.claims, head, walk->set_id);

	if (id) {
		int r = show(walk->ledger, prefix, id, walk->fn, walk->arg);

		if (r < 0)
			return r;
		walk->left--;
	}
	walk->last = *prefix;
	walk->is_cut = walk->left == 0 || --walk->visits_left == 0;
	return walk->is_cut;
}

int ledger_each_after(const struct ledger *ledger, uint8_t set_id,
		      const struct prefix *after, size_t max, ledger_fn *fn,
		      void *arg)
{
	struct walk walk = {
		.ledger = ledger,
		.set_id = set_id,
		.left = max,
		.visits_left = SIZE_MAX,
		.fn = fn,
		.arg = arg,
	};
	int r;

	assert(ledger);
	assert(max <= INT32_MAX);
	assert(fn);

	if (max == 0 || ledger->set_counts[set_id] == 0)
		return 0;
	r = trie_each_after(ledger->nest.trie, after, walk_on, &walk);
	return r < 0 ? r : (int)(max - walk.left);
}

int ledger_page(const struct ledger *ledger, uint8_t set_id,
		struct ledger_page *page, ledger_fn *fn, void *arg)
{
	struct walk walk = {
		.ledger = ledger,
		.set_id = set_id,
		.left = page->max,
		.visits_left = LEDGER_PAGE_VISITS,
		.fn = fn,
		.arg = arg,
	};
	int r;

	assert(ledger);
	assert(fn);

	if (page->max == 0 || ledger->set_counts[set_id] == 0)
		return 0;
	r = trie_each_after(ledger->nest.trie, page->after, walk_on, &walk);
	if (r < 0 || !walk.is_cut)
		return r < 0 ? r : 0;
	page->next = walk.last;
	return 1;
}

void ledger_prepare(struct ledger *ledger, size_t claims,
		    const struct pool_touch *touch)
{
	assert(ledger);

	trie_prepare(ledger->nest.trie, claims, touch);
	claims_prepare(&ledger->nest.claims, claims, touch);
}

struct ledger_usage ledger_usage(const struct ledger *ledger)
{
	assert(ledger);

	return (struct ledger_usage){
		.prefix_count = trie_count(ledger->nest.trie),
		.claim_count = ledger->nest.claims.count,
		.bytes = trie_bytes(ledger->nest.trie) +
			 claims_bytes(&ledger->nest.claims),
	};
}
