/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule.h - one ordered line of policy: what it matches and what it does.
 *
 * What a rule does not mention it does not ask for. A condition on something
 * a packet does not have (the port of a later fragment, the flags of UDP) is
 * not met, negated or not. Conditions of one rule are met together.
 *
 * Owns		everything reachable from it; rule_done() frees it
 * Threads	none: a value
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"
#include "rules/set.h"

#define RULE_NAME_MAX	 32 /* of zones, interfaces, limits; with the NUL */
#define RULE_ID_MAX	 48
#define RULE_COMMENT_MAX 256
#define RULE_RATE_MAX	 10000000000ull /* units a second */

/* What decides a packet's way through the rules, beside its addresses. */
enum rule_range {
	RANGE_PROTOCOL, /* 0..255 */
	RANGE_SOURCE_PORT, /* of TCP, UDP and SCTP */
	RANGE_DESTINATION_PORT,
	RANGE_ICMP, /* type << 8 | code, of ICMP in IPv4 */
	RANGE_ICMPV6, /* the same, of ICMPv6 in IPv6. A rule that has both is
			 met by either, one that has one only by that */
	RANGE_LENGTH, /* bytes from the IP header to the end of the frame; what
			 is longer counts as 65535 */
	RANGE_VLAN, /* number of the outer tag; RANGE_VLAN_NONE without one */
	RANGE_COUNT,
};

#define RANGE_VLAN_NONE 4096

struct range {
	uint16_t first, last; /* both are in it */
};

/* Met by a value in one of the ranges, or negated, in none of them. With
 * count 0 it asks for nothing. */
struct match_ranges {
	struct range *ranges;
	size_t count;
	bool is_negated;
};

/* Met by an address in one of the prefixes or of the sets; or in none. */
struct match_address {
	struct prefix *prefixes;
	size_t prefix_count;
	char (*sets)[SET_NAME_MAX];
	size_t set_count;
	bool is_negated;
};

/* Met by the gate's interface; names as in zones. */
struct match_names {
	char (*names)[RULE_NAME_MAX];
	size_t count;
	bool is_negated;
};

struct mac {
	uint8_t addr[6];
};

struct match_macs {
	struct mac *macs;
	size_t count;
	bool is_negated;
};

/* Of the flags in `mask`, exactly those in `value` are set. */
struct flags {
	uint8_t mask, value; /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE
				64, CWR 128 */
};

/* Met by one of them. */
struct match_flags {
	struct flags *flags;
	size_t count;
};

/* Local time of the machine. From `from_min` on, up to and without `to_min`;
 * an end that is not after the start is one of the next day. */
struct window {
	uint8_t days; /* bit 0 is Monday; of the start. 0x7f: all */
	uint16_t from_min, to_min; /* minutes of the day, 0..1440 */
};

enum flow_state {
	FLOW_NEW,
	FLOW_ESTABLISHED,
	FLOW_RELATED,
	FLOW_INVALID,
	FLOW_STATE_COUNT,
};

enum frag_kind {
	FRAG_NONE,
	FRAG_FIRST,
	FRAG_LATER,
	FRAG_KIND_COUNT,
};

/* Bits of rule.directions. */
#define DIRECTION_IN  1 /* judged where it comes in, XDP */
#define DIRECTION_OUT 2 /* judged where it goes out, tc egress */

enum rule_action {
	RULE_PASS,
	RULE_DROP,
	RULE_LIMIT, /* drops, and counts, what is above the rate */
	RULE_COUNT, /* only counts */
	RULE_SYNCOOKIE, /* answers the SYN in place of the service */
	RULE_ACTION_COUNT,
};

enum limit_unit {
	LIMIT_PACKETS,
	LIMIT_BYTES,
	LIMIT_FLOWS, /* packets of state new */
	LIMIT_UNIT_COUNT,
};

enum limit_per {
	LIMIT_PER_SOURCE,
	LIMIT_PER_SOURCE_NET, /* /24, /64 */
	LIMIT_PER_DESTINATION,
	LIMIT_PER_RULE,
	LIMIT_PER_COUNT,
};

/* So many units in so many seconds, and `burst` of them at once. */
struct limit {
	char name[RULE_NAME_MAX]; /* "" when written in the rule itself */
	uint64_t rate; /* units in `seconds`, from 1 */
	uint32_t seconds; /* 1, 60, 3600 or 86400 */
	uint64_t burst; /* units, from 1 */
	uint8_t unit; /* enum limit_unit */
	uint8_t per; /* enum limit_per */
	uint32_t line;
};

struct rule {
	char id[RULE_ID_MAX]; /* unlike all others; never "" */
	char comment[RULE_COMMENT_MAX]; /* valid UTF-8 */
	uint32_t line; /* where it is in the document, 0 if in none */

	uint8_t action; /* enum rule_action */
	bool is_shadow; /* counted as would-have, never enforced */
	uint16_t limit; /* index into policy.limits; only of RULE_LIMIT */

	uint8_t directions; /* DIRECTION_*, at least one */
	uint8_t family; /* 4, 6, or 0 for both */
	uint8_t frags; /* bit N: enum frag_kind N; 0 asks for nothing */
	uint8_t states; /* bit N: enum flow_state N; 0 asks for nothing */
	struct match_names zones;
	struct match_names interfaces;
	struct match_address source, destination;
	struct match_ranges ranges[RANGE_COUNT];
	struct match_flags flags;
	struct match_macs macs; /* of the frame's source */
	struct window *windows; /* in one of them; none: always */
	size_t window_count;
};

/* Frees what it owns and zeroes it. */
void rule_done(struct rule *rule);

/* Is it in one of its windows? `day` 0 is Monday; it has windows. */
bool rule_is_awake(const struct rule *rule, unsigned int day,
		   unsigned int minute);

/* "pass", "drop", "limit", ...; "new", "established", ... */
const char *rule_action_name(enum rule_action action);
const char *flow_state_name(enum flow_state state);
const char *frag_kind_name(enum frag_kind kind);
const char *limit_unit_name(enum limit_unit unit);
const char *limit_per_name(enum limit_per per);
