// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/schema.h"

#include <assert.h>

#include "rules/base.h"
#include "rules/rule.h"

#define AT(type, field) offsetof(type, field)

static const char *const day_names[] = {"mon", "tue", "wed", "thu",
					"fri", "sat", "sun"};

static const char *action_word(unsigned int index)
{
	return rule_action_name((enum rule_action)index);
}

static const char *state_word(unsigned int index)
{
	return flow_state_name((enum flow_state)index);
}

static const char *frag_word(unsigned int index)
{
	return frag_kind_name((enum frag_kind)index);
}

const char *schema_day_name(unsigned int index)
{
	assert(index < ARRAY_LEN(day_names));

	return day_names[index];
}

static const struct schema_words action_words = {action_word,
						 RULE_ACTION_COUNT};
static const struct schema_words state_words = {state_word, FLOW_STATE_COUNT};
static const struct schema_words frag_words = {frag_word, FRAG_KIND_COUNT};

static const struct schema_key window_keys[] = {
	{.name = "days",
	 .type = SCHEMA_DAYS,
	 .fallback = "mon-sun",
	 .offset = AT(struct window, days),
	 .help = "The days on which it starts."},
	{.name = "from",
	 .type = SCHEMA_MINUTE,
	 .max = 1439,
	 .fallback = "00:00",
	 .offset = AT(struct window, from_min),
	 .help = "The first minute, in the local time of the machine."},
	{.name = "to",
	 .type = SCHEMA_MINUTE,
	 .max = 1440,
	 .fallback = "24:00",
	 .offset = AT(struct window, to_min),
	 .help = "The first minute after it.\n"
		 "An end that is not after the start is one of the next day."},
};

const struct schema_mapping schema_window = {
	.noun = "time",
	.title = "Times",
	.keys = window_keys,
	.key_count = ARRAY_LEN(window_keys),
};

#define RANGES(key, kind, range, text)                                 \
	{                                                              \
		.name = key, .type = kind, .is_negatable = true,       \
		.offset = AT(struct rule, ranges[range]), .help = text \
	}

static const struct schema_key rule_keys[] = {
	{.name = "id",
	 .type = SCHEMA_ID,
	 .is_required = true,
	 .offset = AT(struct rule, id),
	 .help = "What the rule is called, unlike all others.\n"
		 "Its counters are kept by this name when the policy changes."},
	{.name = "comment",
	 .type = SCHEMA_COMMENT,
	 .offset = AT(struct rule, comment),
	 .help = "What it is for.\nKept with the rule."},
	{.name = "action",
	 .type = SCHEMA_WORD,
	 .words = &action_words,
	 .is_required = true,
	 .offset = AT(struct rule, action),
	 .help = "Pass, drop and syncookie end the way through the rules.\n"
		 "Limit drops what is above the rate and count only counts; "
		 "what they do not drop tries the next rule.\n"
		 "Syncookie is for services of this machine: it answers a SYN "
		 "with a SYN cookie, passes the ACK that brings the cookie "
		 "back and what belongs to a connection, and drops the rest.\n"
		 "Such a rule asks for protocol tcp and no other, is for what "
		 "comes in, and needs net.ipv4.tcp_syncookies=2."},
	{.name = "shadow",
	 .type = SCHEMA_FLAG,
	 .fallback = "false",
	 .offset = AT(struct rule, is_shadow),
	 .help = "Count what it would have done, and do nothing."},
	{.name = "limit",
	 .type = SCHEMA_LIMIT,
	 .mapping = &schema_limit,
	 .offset = AT(struct rule, limit),
	 .help = "The rate of a rule whose action is limit; of no other."},
	{.name = "in",
	 .type = SCHEMA_IN,
	 .is_negatable = true,
	 .help = "Judge what comes in, from these zones.\n"
		 "A rule without in and out is one with in: any.\n"
		 "Both can be given only as any."},
	{.name = "out",
	 .type = SCHEMA_OUT,
	 .is_negatable = true,
	 .help = "Judge what goes out, to these zones."},
	{.name = "interface",
	 .type = SCHEMA_INTERFACES,
	 .is_negatable = true,
	 .offset = AT(struct rule, interfaces),
	 .help = "The interface it comes in or goes out by."},
	{.name = "family",
	 .type = SCHEMA_FAMILY,
	 .offset = AT(struct rule, family),
	 .help = "Only IPv4, or only IPv6."},
	{.name = "source",
	 .type = SCHEMA_ADDRESSES,
	 .is_negatable = true,
	 .offset = AT(struct rule, source),
	 .help = "Where it comes from."},
	{.name = "destination",
	 .type = SCHEMA_ADDRESSES,
	 .is_negatable = true,
	 .offset = AT(struct rule, destination),
	 .help = "Where it goes to."},
	RANGES("protocol", SCHEMA_PROTOCOLS, RANGE_PROTOCOL,
	       "The protocol above IP, behind all extension headers."),
	RANGES("source_port", SCHEMA_PORTS, RANGE_SOURCE_PORT,
	       "The port of the source, of TCP, UDP or SCTP."),
	RANGES("destination_port", SCHEMA_PORTS, RANGE_DESTINATION_PORT,
	       "The port of the destination, of TCP, UDP or SCTP."),
	{.name = "tcp_flags",
	 .type = SCHEMA_TCP_FLAGS,
	 .offset = AT(struct rule, flags),
	 .help = "The flags of a TCP header.\n"
		 "Those that are not named may be anything.\n"
		 "In YAML a value that starts with \"!\" needs quotes."},
	RANGES("icmp", SCHEMA_ICMP, RANGE_ICMP,
	       "The type of an ICMP message over IPv4; met by nothing else."),
	RANGES("icmpv6", SCHEMA_ICMPV6, RANGE_ICMPV6,
	       "The type of an ICMPv6 message over IPv6; met by nothing else."),
	RANGES("length", SCHEMA_LENGTHS, RANGE_LENGTH,
	       "Bytes from the IP header to the end of the frame."),
	RANGES("vlan", SCHEMA_VLANS, RANGE_VLAN,
	       "The outer VLAN tag; 0 is a priority tag, none is no tag."),
	{.name = "fragment",
	 .type = SCHEMA_WORDS,
	 .words = &frag_words,
	 .min = 1,
	 .offset = AT(struct rule, frags),
	 .help = "Whole packets, first fragments, later fragments."},
	{.name = "state",
	 .type = SCHEMA_WORDS,
	 .words = &state_words,
	 .min = 1,
	 .offset = AT(struct rule, states),
	 .help = "What the packet is to the connections that are known."},
	{.name = "source_mac",
	 .type = SCHEMA_MACS,
	 .is_negatable = true,
	 .offset = AT(struct rule, macs),
	 .help = "The source of the Ethernet frame."},
	{.name = "time",
	 .type = SCHEMA_WINDOWS,
	 .mapping = &schema_window,
	 .help = "When the rule is there; in one of these spans."},
};

const struct schema_mapping schema_rule = {
	.noun = "rule",
	.title = "Rules",
	.help = "What a rule does not mention it does not ask for.\n"
		"All that it mentions has to be met.\n"
		"A condition on something that a packet does not have, like "
		"the port of a later fragment, is not met, negated or not.",
	.keys = rule_keys,
	.key_count = ARRAY_LEN(rule_keys),
};
