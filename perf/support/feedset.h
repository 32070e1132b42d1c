/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feedset.h - block lists that people publish, as feeds, each in versions.
 *
 * The lists are those of $PORTCULLIS_DATA/feeds; without them some are made
 * up, as many, as long, and with entries of the same kinds. A version is a
 * file, and has a definition beside it, whose guards let every version in.
 *
 *	first	as it was published
 *	delta	one line of a hundred names another network instead
 *	other	every second one does
 *
 * Owns		the names, and what the first and the other versions list
 * Errors	negative errno
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "perf/support/list.h"
#include "rules/set.h"
#include "rules/trie.h"

#define FEEDSET_MAX	 40
#define FEEDSET_PATH_MAX 300

enum feedset_version {
	FEEDSET_FIRST,
	FEEDSET_DELTA,
	FEEDSET_OTHER,
	FEEDSET_VERSIONS,
};

struct feedset_feed {
	char name[SET_NAME_MAX];
	char definition[FEEDSET_PATH_MAX];
	char versions[FEEDSET_VERSIONS][FEEDSET_PATH_MAX];
	uint32_t entries; /* of the first version */
	/* the last of each version that is an address, or is in its network:
	 * none that may not be listed */
	uint32_t last4[FEEDSET_VERSIONS]; /* 0: it has no IPv4 */
};

struct feedset {
	struct feedset_feed feeds[FEEDSET_MAX];
	size_t count;
	size_t entries; /* of all first versions */
	bool is_real;
	struct list union4; /* IPv4 of all first versions, each once */
	struct trie *trie; /* of the first and the other versions */
};

/* All files go into `dir`. */
int feedset_make(const char *dir, struct feedset *ret_set);
void feedset_done(struct feedset *set);

/* `count` IPv4 addresses, in turn one that the first and the other versions
 * list, and one that neither does. */
void feedset_draw(const struct feedset *set, struct dice *dice, size_t count,
		  uint32_t *ret_addresses);
