/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * poison.h - versions of feeds as somebody writes them who means harm, in
 * several formats: special networks and protected addresses, nested, twice,
 * everything, IPv4 as IPv6, what looks like an address and is none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/feed.h"
#include "rules/prefix.h"

#define POISON_LIST_MAX 512
#define POISON_TEXT_MAX 8192
#define POISON_GRACE_S	100

struct poison_list {
	struct prefix prefixes[POISON_LIST_MAX];
	size_t count;
};

struct poison_version {
	struct feed feed; /* that it is read by; nothing is held for its size */
	struct poison_list entries; /* of its text, that a set may have */
	char text[POISON_TEXT_MAX];
	size_t len;
	uint64_t until_s; /* the test's own */
};

/* Below `below`. */
uint64_t poison_draw(uint64_t *random, uint64_t below);

/* A network of a small world, so that lists meet. */
struct prefix poison_prefix(uint64_t *random);

void poison_add(struct poison_list *list, const struct prefix *prefix);

/* Is the address in one of them? */
bool poison_lists(const struct poison_list *list, const struct prefix *address);

/* Some of what was there before, and more. */
void poison_write(uint64_t *random, const struct poison_list *before,
		  bool is_broad, struct poison_version *ret_version);
