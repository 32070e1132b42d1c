/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * geo_files.h - one source of geo sets: a database, a table, a list of one
 * country, or a folder of these lists.
 *
 * Which it is says its name. Networks of nobody who is wanted are passed over.
 *
 * Errors	negative errno, with reading->why
 * Threads	no state; the worker
 */
#pragma once

#include "daemon/judge.h"
#include "daemon/listed.h"
#include "rules/geo.h"
#include "rules/member.h"

#define GEO_SOURCES_MAX (REASON_MAX - 8) /* behind "policy: " */

struct geo_wanted {
	struct geo_place place;
	size_t at; /* of its set in the policy */
	uint32_t capacity;
	struct listed_array listed;
	char sources[GEO_SOURCES_MAX]; /* "GeoLite2-Country built 2026-11-03" */
};

struct geo_reading {
	struct geo_wanted *wanted; /* in order of kind and key */
	size_t count;
	bool is_listed[GEO_COUNTRY_KEYS]; /* by some file */
	char *why; /* JUDGE_NOTE_MAX */
};

/* geo_sets.c: NULL if nobody asks for it. */
struct geo_wanted *geo_wanted_find(const struct geo_reading *reading,
				   enum geo_kind kind, uint32_t key);

int geo_file_read(struct geo_reading *reading, enum geo_kind kind,
		  const char *path);
