// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A node is stored (value not 0) or forks (value 0, and then it has both
 * children). A child's prefix lies inside its parent's, and the bit after the
 * parent's last says which child it is.
 */
#include "rules/trie.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "rules/pool.h"

struct node {
	uint64_t hi; /* the address, host order, to compare it in two steps */
	uint64_t lo;
	uint32_t kids[2];
	uint32_t value;
	uint8_t bits;
	uint8_t pad[3];
};

_Static_assert(sizeof(struct node) == 32, "the promise of trie.h");

struct trie {
	struct pool nodes;
	uint32_t root;
	size_t count;
};

struct key {
	uint64_t hi;
	uint64_t lo;
	uint8_t bits;
};

/* Nodes still to be visited. A path has at most 129 nodes, and each leaves at
 * most one sibling behind. */
struct agenda {
	uint32_t ids[130];
	unsigned int count;
};

static struct key key_of(const struct prefix *prefix)
{
	uint64_t halves[2];

	memcpy(halves, prefix->addr, sizeof(halves));
	return (struct key){
		.hi = be64toh(halves[0]),
		.lo = be64toh(halves[1]),
		.bits = prefix->bits,
	};
}

static struct prefix prefix_of(const struct node *node)
{
	uint64_t halves[2] = {htobe64(node->hi), htobe64(node->lo)};
	struct prefix prefix = {.bits = node->bits};

	memcpy(prefix.addr, halves, sizeof(halves));
	return prefix;
}

static inline struct node *node_at(const struct trie *trie, uint32_t id)
{
	return pool_at(&trie->nodes, id, sizeof(struct node));
}

static inline unsigned int bit_at(uint64_t hi, uint64_t lo, unsigned int index)
{
	uint64_t half = index < 64 ? hi : lo;

	return (unsigned int)(half >> (63 - index % 64) & 1);
}

static inline unsigned int key_turn(const struct key *key,
				    const struct node *node)
{
	return bit_at(key->hi, key->lo, node->bits);
}

/* How many leading bits of the two addresses are alike, lengths aside. */
static inline unsigned int alike_bits(const struct node *node,
				      const struct key *key)
{
	if (node->hi != key->hi)
		return (unsigned int)__builtin_clzll(node->hi ^ key->hi);
	if (node->lo != key->lo)
		return 64 + (unsigned int)__builtin_clzll(node->lo ^ key->lo);
	return 128;
}

static inline bool node_covers(const struct node *node, const struct key *key)
{
	return node->bits <= key->bits && alike_bits(node, key) >= node->bits;
}

static inline bool node_inside(const struct node *node, const struct key *key)
{
	return node->bits >= key->bits && alike_bits(node, key) >= key->bits;
}

int trie_new(struct trie **ret_trie)
{
	struct trie *trie;

	assert(ret_trie);

	trie = calloc(1, sizeof(*trie));
	if (!trie)
		return -ENOMEM;
	pool_init(&trie->nodes, sizeof(struct node));
	*ret_trie = trie;
	return 0;
}

void trie_free(struct trie *trie)
{
	if (!trie)
		return;

	pool_done(&trie->nodes);
	free(trie);
}

static int node_new(struct trie *trie, const struct key *key, unsigned int bits,
		    uint32_t *ret_id)
{
	uint64_t hi_mask = bits < 64 ? ~(~0ull >> bits) : ~0ull;
	uint64_t lo_mask = bits <= 64	? 0
			   : bits < 128 ? ~(~0ull >> (bits - 64))
					: ~0ull;
	struct node *node;
	int r;

	r = pool_take(&trie->nodes, ret_id);
	if (r < 0)
		return r;
	node = node_at(trie, *ret_id);
	node->hi = key->hi & hi_mask;
	node->lo = key->lo & lo_mask;
	node->bits = (uint8_t)bits;
	return 0;
}

/*
 * Hang a new node for `key` at `link`, above, beside (under a new fork), or
 * instead of nothing, according to what hangs there now.
 */
static int graft(struct trie *trie, uint32_t *link, const struct key *key,
		 uint32_t *ret_id)
{
	struct node *there = *link ? node_at(trie, *link) : NULL;
	unsigned int alike = there ? alike_bits(there, key) : 128;
	uint32_t fork = 0;
	uint32_t id;
	int r;

	r = node_new(trie, key, key->bits, &id);
	if (r < 0)
		return r;
	if (there && alike >= key->bits) {
		unsigned int turn = bit_at(there->hi, there->lo, key->bits);

		node_at(trie, id)->kids[turn] = *link;
	} else if (there) {
		unsigned int turn = bit_at(key->hi, key->lo, alike);

		r = node_new(trie, key, alike, &fork);
		if (r < 0) {
			pool_give(&trie->nodes, id);
			return r;
		}
		node_at(trie, fork)->kids[turn] = id;
		node_at(trie, fork)->kids[!turn] = *link;
	}
	*link = fork ? fork : id;
	*ret_id = id;
	return 0;
}

int trie_place(struct trie *trie, const struct prefix *prefix,
	       struct trie_spot *ret_spot)
{
	struct trie_spot spot = {0};
	struct key key;
	uint32_t *link;
	uint32_t id;
	int r;

	assert(trie);
	assert(prefix);
	assert(ret_spot);

	key = key_of(prefix);
	link = &trie->root;
	for (id = *link; id; id = *link) {
		struct node *node = node_at(trie, id);

		if (!node_covers(node, &key))
			id = 0;
		if (!id || node->bits == key.bits)
			break;
		if (node->value)
			spot.cover = node->value;
		link = &node->kids[key_turn(&key, node)];
	}
	if (!id) {
		r = graft(trie, link, &key, &id);
		if (r < 0)
			return r;
	}
	spot.value = &node_at(trie, id)->value;
	spot.has_inside =
		node_at(trie, id)->kids[0] || node_at(trie, id)->kids[1];
	trie->count += !*spot.value;
	*ret_spot = spot;
	return 0;
}

int trie_put(struct trie *trie, const struct prefix *prefix,
	     uint32_t **ret_value)
{
	struct trie_spot spot;
	int r;

	r = trie_place(trie, prefix, &spot);
	if (r < 0)
		return r;
	*ret_value = spot.value;
	return 0;
}

uint32_t trie_get(const struct trie *trie, const struct prefix *prefix)
{
	struct key key;
	uint32_t id;

	assert(trie);
	assert(prefix);

	key = key_of(prefix);
	id = trie->root;
	while (id) {
		const struct node *node = node_at(trie, id);

		if (!node_covers(node, &key))
			return 0;
		if (node->bits == key.bits)
			return node->value;
		id = node->kids[key_turn(&key, node)];
	}
	return 0;
}

/* Let the only child of `*link`, if any, take its place. */
static void unlink_node(struct trie *trie, uint32_t *link)
{
	uint32_t id = *link;
	const struct node *node = node_at(trie, id);

	*link = node->kids[0] ? node->kids[0] : node->kids[1];
	pool_give(&trie->nodes, id);
}

void trie_del(struct trie *trie, const struct prefix *prefix)
{
	uint32_t *above = NULL; /* the link to the parent */
	struct node *node;
	struct key key;
	uint32_t *link;

	assert(trie);
	assert(prefix);

	key = key_of(prefix);
	link = &trie->root;
	for (;;) {
		if (!*link)
			return;
		node = node_at(trie, *link);
		if (!node_covers(node, &key))
			return;
		if (node->bits == key.bits)
			break;
		above = link;
		link = &node->kids[key_turn(&key, node)];
	}
	if (!node->value)
		return;
	node->value = 0;
	trie->count--;
	if (node->kids[0] && node->kids[1])
		return;
	unlink_node(trie, link);
	/* A fork with one child left is no fork. */
	if (!*link && above && !node_at(trie, *above)->value)
		unlink_node(trie, above);
}

uint32_t trie_cover(const struct trie *trie, const struct prefix *prefix,
		    struct prefix *ret_cover)
{
	const struct node *cover = NULL;
	struct key key;
	uint32_t id;

	assert(trie);
	assert(prefix);
	assert(ret_cover);

	key = key_of(prefix);
	id = trie->root;
	while (id) {
		const struct node *node = node_at(trie, id);

		if (node->bits == key.bits || !node_covers(node, &key))
			break;
		if (node->value)
			cover = node;
		id = node->kids[key_turn(&key, node)];
	}
	if (!cover)
		return 0;
	*ret_cover = prefix_of(cover);
	return cover->value;
}

static int visit(const struct node *node, trie_fn *fn, void *arg)
{
	struct prefix prefix;

	if (!node->value)
		return 0;
	prefix = prefix_of(node);
	return fn(arg, &prefix, node->value);
}

int trie_each_covering(const struct trie *trie, const struct prefix *prefix,
		       trie_fn *fn, void *arg)
{
	struct key key;
	uint32_t id;

	assert(trie);
	assert(prefix);
	assert(fn);

	key = key_of(prefix);
	id = trie->root;
	while (id) {
		const struct node *node = node_at(trie, id);
		int r;

		if (!node_covers(node, &key))
			return 0;
		r = visit(node, fn, arg);
		if (r)
			return r;
		if (node->bits == key.bits)
			return 0;
		id = node->kids[key_turn(&key, node)];
	}
	return 0;
}

static void agenda_add(struct agenda *agenda, uint32_t id)
{
	if (id)
		agenda->ids[agenda->count++] = id;
}

static void agenda_add_kids(struct agenda *agenda, const struct node *node)
{
	agenda_add(agenda, node->kids[1]);
	agenda_add(agenda, node->kids[0]);
}

/* Visit what is on the agenda and all below it, in order. */
static int agenda_run(const struct trie *trie, struct agenda *agenda,
		      trie_fn *fn, void *arg)
{
	while (agenda->count > 0) {
		uint32_t id = agenda->ids[--agenda->count];
		const struct node *node = node_at(trie, id);
		int r;

		agenda_add_kids(agenda, node);
		r = visit(node, fn, arg);
		if (r)
			return r;
	}
	return 0;
}

int trie_each_inside(const struct trie *trie, const struct prefix *prefix,
		     trie_fn *fn, void *arg)
{
	struct agenda agenda = {.count = 0};
	struct key key;
	uint32_t id;

	assert(trie);
	assert(prefix);
	assert(fn);

	key = key_of(prefix);
	id = trie->root;
	while (id && node_at(trie, id)->bits < key.bits) {
		const struct node *node = node_at(trie, id);

		if (!node_covers(node, &key))
			return 0;
		id = node->kids[key_turn(&key, node)];
	}
	if (!id || !node_inside(node_at(trie, id), &key))
		return 0;
	if (node_at(trie, id)->bits == key.bits)
		agenda_add_kids(&agenda, node_at(trie, id));
	else
		agenda_add(&agenda, id);
	return agenda_run(trie, &agenda, fn, arg);
}

/* Does all under `node`, which does not cover `key`, come after it? */
static bool node_after(const struct node *node, const struct key *key)
{
	if (node->hi != key->hi)
		return node->hi > key->hi;
	if (node->lo != key->lo)
		return node->lo > key->lo;
	return node->bits > key->bits;
}

int trie_each_after(const struct trie *trie, const struct prefix *after,
		    trie_fn *fn, void *arg)
{
	struct agenda agenda = {.count = 0};
	struct key key;
	uint32_t id;

	assert(trie);
	assert(fn);

	id = trie->root;
	if (!after) {
		agenda_add(&agenda, id);
		return agenda_run(trie, &agenda, fn, arg);
	}
	key = key_of(after);
	while (id) {
		const struct node *node = node_at(trie, id);

		if (!node_covers(node, &key)) {
			if (node_after(node, &key))
				agenda_add(&agenda, id);
			break;
		}
		if (node->bits == key.bits) {
			agenda_add_kids(&agenda, node);
			break;
		}
		id = node->kids[key_turn(&key, node)];
		if (key_turn(&key, node) == 0)
			agenda_add(&agenda, node->kids[1]);
	}
	return agenda_run(trie, &agenda, fn, arg);
}

void trie_prepare(struct trie *trie, size_t prefixes,
		  const struct pool_touch *touch)
{
	assert(trie);

	pool_prepare(&trie->nodes, 2 * prefixes, touch);
}

size_t trie_count(const struct trie *trie)
{
	assert(trie);

	return trie->count;
}

size_t trie_bytes(const struct trie *trie)
{
	assert(trie);

	return sizeof(*trie) + pool_bytes(&trie->nodes);
}
