/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set.h - a named collection of prefixes, and what is done to its members.
 *
 * A set is a plain value. Its `id` is its slot (1..SET_ID_MAX), given once and
 * not changed while the set lives; classes and stored members refer to it.
 *
 * An address that is in several sets gets what the strongest says: allow over
 * drop over shadow over none; between sets of one action the lower id is counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SET_ID_MAX	     255 /* ids are 1..255; 0 is no set */
#define SET_NAME_MAX	     32 /* bytes with the NUL */
#define SET_CAPACITY_MAX     16000000u /* members one set may be allowed to hold */
#define SET_CAPACITY_DEFAULT 2000000u

enum set_action {
	SET_ALLOW, /* strongest first */
	SET_DROP,
	SET_SHADOW, /* counted as would-have-been-dropped, and passed */
	SET_NONE, /* nothing by itself: for rules to refer to */
	SET_ACTION_COUNT,
};

enum set_kind {
	SET_STATIC, /* members stay until somebody takes them out */
	SET_DYNAMIC, /* members come and go with a time to live */
	SET_GEO, /* members are what a database lists, see rules/geo.h */
	SET_KIND_COUNT,
};

/* The sets that are always there, with these ids; they cannot be dropped. */
enum set_builtin {
	SET_ID_MANAGEMENT = 1, /* "management": allow, and guarded */
	SET_ID_ALLOW = 2, /* "allow" */
	SET_ID_BLOCK = 3, /* "block": drop */
	SET_ID_FIRST_FREE = 4,
};

struct set {
	uint8_t id;
	uint8_t action; /* enum set_action */
	uint8_t kind; /* enum set_kind */
	uint32_t capacity; /* members; full means refused */
	char name[SET_NAME_MAX];
};

extern const struct set set_builtins[3];

/* May it not hold what is protected? Those that drop, or would. */
static inline bool set_is_guarded(const struct set *set)
{
	return set->action == SET_DROP || set->action == SET_SHADOW;
}

/* Are its members those that a policy gives it, no more and no less? */
static inline bool set_is_policys(const struct set *set)
{
	return set->kind != SET_DYNAMIC;
}

/* "allow", "drop", "shadow"; "static", "dynamic". */
const char *set_action_name(enum set_action action);
const char *set_kind_name(enum set_kind kind);
int set_action_from_text(const char *text, enum set_action *ret_action);
int set_kind_from_text(const char *text, enum set_kind *ret_kind);

/* May a user give it: lower-case letters, digits, '-'; starts with a letter;
 * 1..31 bytes? */
bool set_name_is_valid(const char *name);

/* That, or one of rules/geo.h: may a user mean a set by it? */
bool set_name_is_known(const char *name);

/*
 * A name as the store keeps it: a known one, or one with '.' and a number
 * without leading zeros behind it ("office.12"), which is a version of a set
 * that a policy declares; 0 is what one was before, and going. Users can neither type nor take such a name.
 */
bool set_name_is_storable(const char *name);
