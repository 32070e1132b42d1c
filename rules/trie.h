/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trie.h - a path-compressed binary trie (Patricia) over prefixes.
 *
 * Each stored prefix has one 32-bit value, not 0. Nodes are numbers into a
 * pool (rules/pool.h), so a million prefixes cost two million nodes of 32
 * bytes, no allocation of their own, and no pause when it grows.
 *
 * Walks stop at the first answer other than 0 and return it.
 *
 * Errors	-ENOMEM; a failed call has changed nothing
 * Threads	none; one owner
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/pool.h"
#include "rules/prefix.h"

struct trie;

int trie_new(struct trie **ret_trie);
void trie_free(struct trie *trie);
DEFINE_CLEANUP(struct trie *, trie_free)

/* The value slot of exactly `prefix`, made with value 0 if it is not there;
 * it must be given a value before the next call. Valid until then. */
int trie_put(struct trie *trie, const struct prefix *prefix,
	     uint32_t **ret_value);

/* A place in the tree, and what one descent to it tells. */
struct trie_spot {
	uint32_t *value; /* as from trie_put() */
	uint32_t cover; /* value of the longest prefix around it, or 0 */
	bool has_inside; /* are there stored prefixes inside? */
};

/* trie_put() that tells more; `value` is valid until the trie changes. */
int trie_place(struct trie *trie, const struct prefix *prefix,
	       struct trie_spot *ret_spot);

/* The value of exactly `prefix`, or 0. */
uint32_t trie_get(const struct trie *trie, const struct prefix *prefix);

/* Take `prefix` out; no-op when it is not there. */
void trie_del(struct trie *trie, const struct prefix *prefix);

/* The longest stored prefix around `prefix`, itself excluded: its value, and
 * the prefix in *ret_cover; 0 and *ret_cover untouched when there is none. */
uint32_t trie_cover(const struct trie *trie, const struct prefix *prefix,
		    struct prefix *ret_cover);

typedef int trie_fn(void *arg, const struct prefix *prefix, uint32_t value);

/* Stored prefixes that cover `prefix`, itself included, shortest first. */
int trie_each_covering(const struct trie *trie, const struct prefix *prefix,
		       trie_fn *fn, void *arg);

/* Stored prefixes inside `prefix`, itself excluded, in order (an outer one
 * before its inner ones). `fn` must not change the trie. */
int trie_each_inside(const struct trie *trie, const struct prefix *prefix,
		     trie_fn *fn, void *arg);

/* In order, those after `after` (NULL: from the start); as above. */
int trie_each_after(const struct trie *trie, const struct prefix *after,
		    trie_fn *fn, void *arg);

/* For so many prefixes more; see pool_prepare(). */
void trie_prepare(struct trie *trie, size_t prefixes,
		  const struct pool_touch *touch);

size_t trie_count(const struct trie *trie);
size_t trie_bytes(const struct trie *trie);
