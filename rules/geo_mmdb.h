/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * geo_mmdb.h - reader of MaxMind DB files: what they say of countries and of
 * autonomous systems.
 *
 * Of a record it takes country.iso_code, or autonomous_system_number; where
 * addresses are registered (registered_country) is another question, and so is
 * what is said of continents. Records without it are of nobody.
 *
 *	1. All of it is read in one walk over the tree, each node once, whatever
 *	   a file says. A tree that is none is refused.
 *	2. Nothing outside the given bytes is looked at, no pointer leads to
 *	   another, and nothing recurses: values may be nested as deep as they
 *	   like. A record of more than GEO_MMDB_VALUES_MAX values is refused.
 *	3. IPv4 is what stands at ::/96. The other places from which the tree
 *	   leads there (::ffff:0:0/96, 6to4, Teredo) are not given again.
 *	4. Networks come in the order of their addresses in the file, none in
 *	   another.
 *
 * docs/decisions/0009-own-reader-of-mmdb.md says why not libmaxminddb.
 *
 * Errors	-EBADMSG: damaged, or no such file; -ENODATA: it says nothing of
 *		the kind; -ENOMEM; or what the function answered
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/geo.h"

#define GEO_MMDB_TYPE_MAX   64 /* bytes with the NUL */
#define GEO_MMDB_VALUES_MAX 4096

struct geo_mmdb_report {
	char type[GEO_MMDB_TYPE_MAX]; /* "GeoLite2-Country"; printable ASCII */
	uint64_t built_s; /* wall clock, as the file has it; 0: it does not */
	uint32_t networks; /* given */
	const char *why; /* static text; NULL: it was read */
};

/* Give all that the file says of the kind. *ret_report is filled also when it
 * fails. */
int geo_mmdb_read(const void *bytes, size_t len, enum geo_kind kind, geo_fn *fn,
		  void *arg, struct geo_mmdb_report *ret_report);
