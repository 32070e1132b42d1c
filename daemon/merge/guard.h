/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard.h - what no block may cover: the protected set.
 *
 * Loopback, link-local and the unspecified address; the machine's own
 * addresses and its next hops (collected from the kernel, replaced as a whole
 * when they change); and the members of the set `management`. A prefix that
 * shares an address with any of them is refused by name, and 0.0.0.0/0 and
 * ::/0 always are.
 *
 * Threads	none: event loop only; guard_copy() gives the worker its own
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/prefix.h"

#define GUARD_NAME_MAX 64 /* bytes with the NUL */

enum guard_source {
	GUARD_FIXED, /* loopback and the like */
	GUARD_OWN, /* addresses of this machine */
	GUARD_NEXT_HOP,
	GUARD_MANAGEMENT,
	GUARD_SOURCE_COUNT,
};

struct guard_entry {
	struct prefix prefix;
	enum guard_source source;
	char name[GUARD_NAME_MAX]; /* "address of eth1", "next hop on wan0" */
};

struct guard;

/* The fixed entries are in it from the start. */
int guard_new(struct guard **ret_guard);
void guard_free(struct guard *guard);
DEFINE_CLEANUP(struct guard *, guard_free)

/* An independent copy, for a job on the worker. */
int guard_copy(const struct guard *guard, struct guard **ret_copy);

/* Replace everything of one source by these `count` entries (copied). */
int guard_replace(struct guard *guard, enum guard_source source,
		  const struct guard_entry *entries, size_t count);
int guard_add(struct guard *guard, const struct guard_entry *entry);
void guard_del(struct guard *guard, enum guard_source source,
	       const struct prefix *prefix);

/* Another number after each change; replacing by the same is none. */
uint64_t guard_version(const struct guard *guard);

/* The entry that a block of `prefix` would cover or lie in, or NULL. For one
 * that has every IPv4 address in it an entry named "every address". O(log n). */
const struct guard_entry *guard_find(const struct guard *guard,
				     const struct prefix *prefix);

/* Why `entry` keeps `prefix` from being blocked, as in "10.0.0.0/8 would cover
 * 10.0.0.1, which is protected (address of wan0)"; gives `text`. */
#define GUARD_TEXT_MAX 256 /* bytes with the NUL */
const char *guard_explain(const struct prefix *prefix,
			  const struct guard_entry *entry,
			  char text[GUARD_TEXT_MAX]);

/* Entries in order of source and prefix; index < guard_count(). */
size_t guard_count(const struct guard *guard);
const struct guard_entry *guard_entry(const struct guard *guard, size_t index);
