/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - a whole firewall as data: zones, sets, limits, ordered rules.
 *
 * A policy is what firewall.yml says and nothing more: what is made of it is
 * rules/compile.h, what it means for one packet rules/oracle.h. Rules are
 * tried in order. `pass`, `drop` and `syncookie` end it; `count`, a rule in
 * shadow, and a `limit` with no objection go on to the next rule. A packet that
 * no rule ended gets the default of its gate.
 *
 * Owns		everything reachable from it; policy_done() frees it
 * Threads	none: a value
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/geo.h"
#include "rules/prefix.h"
#include "rules/rule.h"
#include "rules/set.h"

#define POLICY_RULES_MAX  4096
#define POLICY_SETS_MAX	  200
#define POLICY_ZONES_MAX  64
#define POLICY_LIMITS_MAX 1024

/* An interface is in the first zone that has a name of it. */
struct zone {
	char name[RULE_NAME_MAX];
	char (*interfaces)[RULE_NAME_MAX];
	size_t interface_count;
	uint32_t line;
};

/* A set the policy declares, or has because a rule names it: those of kind geo
 * stand behind the others, by name. Members of a dynamic one are not the
 * policy's. */
struct policy_set {
	struct set set; /* its id is 0 */
	struct prefix *members; /* in order, each once */
	size_t member_count;
	char **files; /* absolute paths of plain lists, read when applied */
	size_t file_count;
	uint32_t line, column; /* of kind geo, where it is first named */
};

/* Where the members of sets of one geo_kind are listed: absolute paths of
 * databases, of lists and of folders of them, read when applied. */
struct policy_geo {
	char **files;
	size_t file_count;
};

enum verdict {
	VERDICT_PASS,
	VERDICT_DROP,
	VERDICT_COUNT,
};

/* Bits of policy.essentials: what passes ahead of the rules, because a link
 * without it is none. docs/policy.md says what exactly each is. */
#define ESSENTIAL_NEIGHBOUR 1 /* neighbour and multicast listener discovery */
#define ESSENTIAL_DHCP	    2 /* DHCP and DHCPv6 */
#define ESSENTIAL_ALL	    3

/* How much state there may be, and how long it is kept without a packet. */
struct thresholds {
	uint32_t flows; /* connections that were answered */
	uint32_t half_open; /* those that were not yet */
	uint32_t new_flows_per_second; /* learned; above, none are */
	uint32_t buckets; /* of limits that are kept per address */
	uint32_t tcp_established_s, tcp_opening_s, tcp_closing_s;
	uint32_t udp_s, udp_answered_s, icmp_s, other_s;
};

struct policy {
	struct zone *zones;
	size_t zone_count;
	struct policy_set *sets;
	size_t set_count;
	struct policy_geo geo[GEO_KIND_COUNT];
	struct limit *limits; /* named ones first, in order; then those that
				 stand in rules */
	size_t limit_count;
	struct rule *rules;
	size_t rule_count;
	struct prefix *management; /* added to the set of this name */
	size_t management_count;
	uint8_t default_in, default_out; /* enum verdict, of IP packets */
	uint8_t default_other; /* of what is not IP; ARP passes always */
	uint8_t essentials; /* ESSENTIAL_* */
	struct thresholds thresholds;
};

/* Nothing in it, passes everything: what holds before any is applied. */
void policy_init(struct policy *policy);

/* Frees what it owns and leaves it as by policy_init(). */
void policy_done(struct policy *policy);

/* Does a rule ask for the state of packets, or for anything that is known by
 * it? Only then connections are remembered. */
bool policy_asks_for_states(const struct policy *policy);

/* What the names of a policy are made of: letters, digits, '-', '_' and '.',
 * starting with a letter or digit, shorter than `max`. */
bool policy_name_is_valid(const char *name, size_t max);

/* What the kernel lets an interface be called, of plain ASCII; or the start of
 * such a name and a '*', which stands for all that begin so. */
bool policy_interface_is_valid(const char *name);

const char *verdict_name(enum verdict verdict);
