// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be refused is asked first: the classes of all that lies inside,
 * then the sink. After that nothing fails. The rules are those of nest.h.
 */
#include "daemon/merge/nest.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

/* The prefixes around the one that a walk has come to, and their classes. */
struct walk {
	struct nest *nest;
	bool is_rehearsal; /* only see whether there are classes */
	unsigned int depth;
	struct {
		struct prefix prefix;
		uint16_t class_id;
	} around[130];
};

static uint16_t class_at(const struct nest *nest, uint32_t head)
{
	return head ? claims_at(&nest->claims, head)->class_id : CLASS_NONE;
}

/* A new class is told at once: it keeps its number even if what asked for it
 * is refused after all, and nobody will call it new again. */
static int join(struct nest *nest, uint16_t outer, uint32_t head,
		uint16_t *ret_class_id)
{
	struct set_mask own = claims_sets(&nest->claims, head);
	struct class_info info;
	bool is_new;
	int r;

	r = classes_join(nest->classes, outer, &own, ret_class_id, &is_new);
	if (r < 0 || !is_new)
		return r;
	info = classes_info(nest->classes, *ret_class_id);
	r = nest->sink.define(nest->arg, *ret_class_id, &info);
	if (r < 0)
		classes_take_back(nest->classes, *ret_class_id);
	return r;
}

/* Change the class of a prefix the sink knows. */
static void change_class(struct nest *nest, const struct prefix *prefix,
			 uint32_t head, uint16_t class_id)
{
	int r;

	claims_at(&nest->claims, head)->class_id = class_id;
	r = nest->sink.set(nest->arg, prefix, class_id);
	assert(r >= 0); /* rule 1 of ledger.h */
}

static int rejoin(void *arg, const struct prefix *prefix, uint32_t head)
{
	struct walk *walk = arg;
	struct nest *nest = walk->nest;
	uint16_t class_id;
	int r;

	while (!prefix_covers(&walk->around[walk->depth - 1].prefix, prefix))
		walk->depth--;
	r = join(nest, walk->around[walk->depth - 1].class_id, head, &class_id);
	if (r < 0)
		return r;
	if (!walk->is_rehearsal && class_id != class_at(nest, head))
		change_class(nest, prefix, head, class_id);
	walk->around[walk->depth].prefix = *prefix;
	walk->around[walk->depth++].class_id = class_id;
	return 0;
}

/* Join all that is inside `prefix` anew, with `class_id` around it. */
static int rejoin_inside(struct nest *nest, const struct prefix *prefix,
			 uint16_t class_id, bool is_rehearsal)
{
	struct walk walk;

	walk.nest = nest;
	walk.is_rehearsal = is_rehearsal;
	walk.around[0].prefix = *prefix;
	walk.around[0].class_id = class_id;
	walk.depth = 1;
	return trie_each_inside(nest->trie, prefix, rejoin, &walk);
}

/*
 * Make both rules true again after a claim came to or left `prefix`, which
 * still has claims. `was` is what the insides have been joined with so far.
 */
static int settle(struct nest *nest, const struct prefix *prefix,
		  const struct trie_spot *spot, uint16_t was, bool is_known)
{
	struct claim *first = claims_at(&nest->claims, *spot->value);
	uint16_t class_id;
	bool reaches_in;
	int r;

	r = join(nest, class_at(nest, spot->cover), *spot->value, &class_id);
	if (r < 0)
		return r;
	reaches_in = spot->has_inside && class_id != was;
	if (reaches_in) {
		r = rejoin_inside(nest, prefix, class_id, true);
		if (r < 0)
			return r;
	}
	if (!is_known) {
		r = nest->sink.set(nest->arg, prefix, class_id);
		if (r < 0)
			return r;
	} else if (class_id != was) {
		change_class(nest, prefix, *spot->value, class_id);
	}
	first->class_id = class_id;
	if (reaches_in) {
		r = rejoin_inside(nest, prefix, class_id, false);
		assert(r == 0); /* it has been rehearsed */
	}
	return 0;
}

int nest_init(struct nest *nest, const struct ledger_sink *sink, void *arg,
	      const struct set *sets)
{
	uint64_t seed;
	int r;

	assert(nest);

	*nest = (struct nest){.sink = *sink, .arg = arg};
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = 0; /* the hash of reasons gets guessable, no more */
	r = claims_init(&nest->claims, seed);
	if (r < 0)
		return r;
	r = trie_new(&nest->trie);
	if (r < 0)
		return r;
	return classes_new(sets, &nest->classes);
}

void nest_done(struct nest *nest)
{
	assert(nest);

	classes_free(nest->classes);
	trie_free(nest->trie);
	claims_done(&nest->claims);
}

/* Put the claim `id` into the chain at `link`, and settle. */
static int admit(struct nest *nest, const struct prefix *prefix,
		 const struct trie_spot *spot, uint32_t *link, uint32_t id)
{
	bool is_known = *spot->value != 0;
	uint16_t was = class_at(nest, is_known ? *spot->value : spot->cover);
	struct claim *claim = claims_at(&nest->claims, id);
	int r;

	claim->next = *link;
	*link = id;
	r = settle(nest, prefix, spot, was, is_known);
	if (r >= 0)
		return 0;
	if (is_known)
		*link = claim->next;
	else
		trie_del(nest->trie, prefix);
	return r;
}

int nest_claim(struct nest *nest, uint8_t set_id, const struct member *member,
	       uint64_t until_s, bool *ret_is_added)
{
	struct claims *claims = &nest->claims;
	struct trie_spot spot;
	uint32_t *link;
	uint32_t old;
	uint32_t id;
	int r;

	assert(nest);
	assert(member);
	assert(ret_is_added);

	r = claims_new(claims, set_id, member, until_s, &id);
	if (r < 0)
		return r;
	r = trie_place(nest->trie, &member->prefix, &spot);
	if (r < 0) {
		claims_drop(claims, id);
		return r;
	}
	link = claims_link(claims, spot.value, set_id);
	old = *link;
	if (old && claims_at(claims, old)->set_id == set_id) {
		claims_at(claims, id)->next = claims_at(claims, old)->next;
		claims_at(claims, id)->class_id =
			claims_at(claims, old)->class_id;
		*link = id;
		claims_drop(claims, old);
		*ret_is_added = false;
		return 0;
	}
	r = admit(nest, &member->prefix, &spot, link, id);
	if (r < 0) {
		claims_drop(claims, id);
		return r;
	}
	*ret_is_added = true;
	return 0;
}

/* The only claim `id` on `prefix` goes, and the prefix with it. */
static int retire(struct nest *nest, const struct prefix *prefix,
		  const struct trie_spot *spot, uint32_t id)
{
	uint16_t outer = class_at(nest, spot->cover);
	bool reaches_in = spot->has_inside && class_at(nest, id) != outer;
	struct prefix cover;
	int r;

	if (reaches_in) {
		r = rejoin_inside(nest, prefix, outer, true);
		if (r < 0)
			return r;
	}
	trie_del(nest->trie, prefix);
	if (trie_cover(nest->trie, prefix, &cover))
		nest->sink.clear(nest->arg, prefix, &cover, outer);
	else
		nest->sink.clear(nest->arg, prefix, NULL, CLASS_NONE);
	if (reaches_in) {
		r = rejoin_inside(nest, prefix, outer, false);
		assert(r == 0); /* it has been rehearsed */
	}
	return 0;
}

/* One claim of several on `prefix`, the one at `link`, goes. */
static int release(struct nest *nest, const struct prefix *prefix,
		   const struct trie_spot *spot, uint32_t *link)
{
	uint16_t was = class_at(nest, *spot->value);
	uint32_t id = *link;
	int r;

	*link = claims_at(&nest->claims, id)->next;
	r = settle(nest, prefix, spot, was, true);
	if (r < 0)
		*link = id;
	return r;
}

int nest_withdraw(struct nest *nest, uint8_t set_id,
		  const struct prefix *prefix)
{
	struct trie_spot spot;
	uint32_t *link;
	uint32_t id;
	int r;

	assert(nest);
	assert(prefix);

	id = claims_find(&nest->claims, trie_get(nest->trie, prefix), set_id);
	if (!id)
		return -ENOENT;
	r = trie_place(nest->trie, prefix, &spot);
	assert(r == 0); /* it is there, so nothing is allocated */
	link = claims_link(&nest->claims, spot.value, set_id);
	if (link == spot.value && !claims_at(&nest->claims, id)->next)
		r = retire(nest, prefix, &spot, id);
	else
		r = release(nest, prefix, &spot, link);
	if (r < 0)
		return r;
	claims_drop(&nest->claims, id);
	return 0;
}

uint32_t nest_find(const struct nest *nest, uint8_t set_id,
		   const struct prefix *prefix)
{
	return claims_find(&nest->claims, trie_get(nest->trie, prefix), set_id);
}

uint16_t nest_class(const struct nest *nest, const struct prefix *prefix)
{
	struct prefix cover;
	uint32_t head;

	head = trie_get(nest->trie, prefix);
	if (!head)
		head = trie_cover(nest->trie, prefix, &cover);
	return class_at(nest, head);
}
