/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft_writer.h - one rule of a policy as rules of nftables.
 *
 * Shared by the files that write its parts; who wants a policy written
 * includes nft_print.h.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rules/foreign/report.h"
#include "rules/policy.h"

struct nft_writer {
	FILE *out;
	const struct policy *policy;
	struct foreign_report *report;
	uint8_t direction;
};

/* A rule for one family, and of its addresses for one alternative each. */
struct nft_variant {
	uint8_t family; /* 4, 6 or 0 */
	size_t source, destination; /* which alternative */
};

/* "geo.CN" for geo:CN: names there have no colon, and those that a user gives
 * here no dot. Returns `buf`. */
static inline const char *nft_set_name(const char *name, char buf[SET_NAME_MAX])
{
	size_t len = strnlen(name, SET_NAME_MAX - 1);

	for (size_t i = 0; i < len; i++)
		buf[i] = (char)(name[i] == ':' ? '.' : name[i]);
	buf[len] = '\0';
	return buf;
}

/* How many rules nftables needs for one address condition in a family: none
 * when it cannot be met, one without a condition too. */
size_t nft_alternatives(const struct match_address *match, uint8_t family);

/* The conditions, each with a blank behind it. */
void nft_write_conditions(const struct nft_writer *writer,
			  const struct rule *rule,
			  const struct nft_variant *variant);

/* Why no rule of nftables has the conditions, NULL if one has. */
const char *nft_why_not(const struct nft_writer *writer,
			const struct rule *rule);

/* All rules for `rule` in the writer's direction. */
void nft_write_rule(const struct nft_writer *writer, const struct rule *rule);

/* Sets of what limits keep for each address. */
void nft_write_meters(const struct nft_writer *writer);

/* "{ a, b-c }", or without braces when there is one. */
void nft_write_ranges(FILE *out, const struct range *ranges, size_t count);
void nft_write_prefixes(FILE *out, const struct prefix *prefixes, size_t count,
			uint8_t family);
