/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * document_compare.h - which keys of firewall.yml say something else in two
 * policies: those that document_print() would write otherwise.
 *
 * So a key that is added to the schema is compared, too, without a word here,
 * and what means the same (an order that has none, a default that is written)
 * is the same.
 *
 * Errors	-ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>

#include "rules/policy.h"
#include "rules/schema.h"

#define DOCUMENT_KEYS_MAX 256 /* bytes with the NUL */

/* A mapping of a policy: one of its rules, sets, limits, or a group in it. */
struct document_part {
	const struct policy *policy;
	const void *object;
};

/* The names of keys that differ, in order, "source, protocol"; "" when all are
 * the same. What finds no room is left out. Lists of prefixes, which may be
 * long, are not looked at. */
int document_compare(const struct schema_mapping *mapping,
		     const struct document_part *before,
		     const struct document_part *after,
		     char ret_keys[DOCUMENT_KEYS_MAX]);
