/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * regex_parse.h - a pattern as a tree; what regex.c shares with its parser.
 *
 * Errors	as regex_compile()
 */
#pragma once

#include "rules/detect/regex.h"

#define REGEX_REPEAT_MAX 1000
#define REGEX_FOREVER	 UINT32_MAX

enum regex_kind {
	REGEX_SET, /* one byte of it */
	REGEX_CHAIN, /* its parts, one after the other */
	REGEX_EITHER, /* one of its parts */
	REGEX_REPEAT, /* its part, min to max times */
	REGEX_BEGIN,
	REGEX_END,
};

struct byte_set {
	uint64_t words[4];
};

static inline bool byte_set_has(const struct byte_set *set, unsigned int byte)
{
	return set->words[byte / 64] >> byte % 64 & 1;
}

struct regex_node {
	enum regex_kind kind;
	struct regex_node *first, *last; /* parts */
	struct regex_node *next; /* beside it */
	uint32_t min, max;
	struct byte_set set;
};

int regex_parse(struct arena *arena, const char *pattern, size_t len,
		bool is_caseless, const struct regex_node **ret_node,
		struct regex_problem *ret_problem);
