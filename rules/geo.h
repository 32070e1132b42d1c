/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * geo.h - sets whose members are what a database says of the world: the
 * networks of a country, "geo:CN", or of an autonomous system, "asn:64496".
 *
 * Nobody declares such a set: a policy has it because a rule names it. A
 * country is a code of ISO 3166-1, or XK, which databases have for Kosovo; EU
 * and AP are left out, for what is registered to these is not where one would
 * look for it.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"
#include "rules/set.h"

#define GEO_COUNTRY_KEYS 676 /* 26 * 26: keys of countries are below */
#define GEO_NOBODY	 0 /* as a key: "AA", or AS 0; no place has it */

enum geo_kind {
	GEO_COUNTRY,
	GEO_ASN,
	GEO_KIND_COUNT,
};

/* What a set is of. */
struct geo_place {
	uint8_t kind; /* enum geo_kind */
	uint32_t key; /* two letters as a number; or that of a system */
};

/* What a database says: this network is of that country or system. */
typedef int geo_fn(void *arg, uint32_t key, const struct prefix *prefix);

/* "country", "asn": keys of the document. */
const char *geo_kind_name(enum geo_kind kind);

/* Does it begin like the name of such a set? */
bool geo_is_meant(const char *text);

/* Read a name. -ENOENT: it does not begin like one; -EINVAL: there is no such
 * country; -ERANGE: there is no such number, or it is not written as one. */
int geo_from_name(const char *name, struct geo_place *ret_place);

static inline bool geo_name_is_valid(const char *name)
{
	struct geo_place place;

	return geo_from_name(name, &place) == 0;
}

/* The key of two letters, of either case, whether or not they are a country's;
 * -EINVAL for anything else. */
int geo_key_of_letters(const char *text, size_t len, uint32_t *ret_key);

/* Is it that of a country? */
bool geo_key_is_country(uint32_t key);

/* "CN"; returns `buf`. */
const char *geo_letters_of_key(uint32_t key, char buf[3]);
