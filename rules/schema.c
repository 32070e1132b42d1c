// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/schema.h"

#include "rules/base.h"
#include "rules/document.h"
#include "rules/policy.h"

static const char *const essential_names[] = {"neighbour", "dhcp"};
static const char *essential_word(unsigned int index)
{
	return essential_names[index];
}

static const char *verdict_word(unsigned int index)
{
	return verdict_name((enum verdict)index);
}

static const char *set_action_word(unsigned int index)
{
	return set_action_name((enum set_action)index);
}

static const char *set_kind_word(unsigned int index)
{
	return set_kind_name((enum set_kind)index);
}

static const char *unit_word(unsigned int index)
{
	return limit_unit_name((enum limit_unit)index);
}

static const char *per_word(unsigned int index)
{
	return limit_per_name((enum limit_per)index);
}

static const struct schema_words essential_words = {essential_word,
						    ARRAY_LEN(essential_names)};
static const struct schema_words verdict_words = {verdict_word, VERDICT_COUNT};
static const struct schema_words set_action_words = {set_action_word,
						     SET_ACTION_COUNT};
/* One of kind geo is not declared. */
static const struct schema_words set_kind_words = {set_kind_word, SET_GEO};
static const struct schema_words unit_words = {unit_word, LIMIT_UNIT_COUNT};
static const struct schema_words per_words = {per_word, LIMIT_PER_COUNT};

#define AT(type, field) offsetof(type, field)

static const struct schema_key set_keys[] = {
	{.name = "action",
	 .type = SCHEMA_WORD,
	 .words = &set_action_words,
	 .fallback = "none",
	 .offset = AT(struct policy_set, set.action),
	 .help = "What being a member means by itself, ahead of all rules.\n"
		 "A set of action none is only there for rules to refer to."},
	{.name = "kind",
	 .type = SCHEMA_WORD,
	 .words = &set_kind_words,
	 .fallback = "static",
	 .offset = AT(struct policy_set, set.kind),
	 .help = "Members of a dynamic set come and go with a time to live.\n"
		 "It takes neither members nor files from the document."},
	{.name = "capacity",
	 .type = SCHEMA_NUMBER,
	 .min = 1,
	 .max = SET_CAPACITY_MAX,
	 .fallback = "2000000",
	 .offset = AT(struct policy_set, set.capacity),
	 .help = "How many members it may have.\nA full set refuses more."},
	{.name = "members",
	 .type = SCHEMA_PREFIXES,
	 .fallback = "[]",
	 .max = DOCUMENT_PREFIXES_MAX,
	 .offset = AT(struct policy_set, members),
	 .count_offset = AT(struct policy_set, member_count),
	 .help = "Its members.\nA range becomes the fewest networks."},
	{.name = "files",
	 .type = SCHEMA_FILES,
	 .fallback = "[]",
	 .offset = AT(struct policy_set, files),
	 .count_offset = AT(struct policy_set, file_count),
	 .help = "Plain lists with more members, an entry a line.\n"
		 "They are read when the policy is applied, and not again "
		 "before the next time.\n"
		 "A file that is not there, or has a line that is no entry, "
		 "refuses the whole document; set import counts such lines "
		 "and goes on."},
};

const struct schema_mapping schema_set = {
	.noun = "set",
	.title = "Sets",
	.help = "Names of sets are lower-case letters, digits and \"-\", start "
		"with a letter and have at most 31 bytes.\n"
		"The sets management, allow and block are always there and "
		"cannot be declared.",
	.keys = set_keys,
	.key_count = ARRAY_LEN(set_keys),
};

static const struct schema_key limit_keys[] = {
	{.name = "rate",
	 .type = SCHEMA_RATE,
	 .is_required = true,
	 .offset = AT(struct limit, rate),
	 .help = "What is not dropped.\n"
		 "Bytes make the unit bytes."},
	{.name = "burst",
	 .type = SCHEMA_BURST,
	 .offset = AT(struct limit, burst),
	 .help = "How much may come at once.\n"
		 "Without it, what the rate names: of 10/minute, 10."},
	{.name = "per",
	 .type = SCHEMA_WORD,
	 .words = &per_words,
	 .fallback = "source",
	 .offset = AT(struct limit, per),
	 .help = "Who has a rate of its own: each source, each network of "
		 "sources (/24 or /64), each destination, or the rule."},
	{.name = "unit",
	 .type = SCHEMA_WORD,
	 .words = &unit_words,
	 .fallback = "packets",
	 .offset = AT(struct limit, unit),
	 .help = "What is counted.\n"
		 "Flows are packets of the state new."},
};

const struct schema_mapping schema_limit = {
	.noun = "limit",
	.title = "Limits",
	.help = "A limit that has a name is shared by the rules that refer "
		"to it.",
	.keys = limit_keys,
	.key_count = ARRAY_LEN(limit_keys),
};

#define DEFAULT_KEY(key, field, text)                                      \
	{                                                                  \
		.name = key, .type = SCHEMA_WORD, .words = &verdict_words, \
		.fallback = "pass", .offset = AT(struct policy, field),    \
		.help = text                                               \
	}

static const struct schema_key default_keys[] = {
	DEFAULT_KEY("in", default_in, "IP packets that come in."),
	DEFAULT_KEY("out", default_out, "IP packets that go out."),
	DEFAULT_KEY("other", default_other,
		    "Frames that are neither IP nor ARP; ARP passes always."),
};

static const struct schema_mapping default_mapping = {
	.noun = "defaults",
	.title = "Defaults",
	.help = "What happens to a packet that no rule ended.",
	.keys = default_keys,
	.key_count = ARRAY_LEN(default_keys),
};

#define GEO_KEY(kind_name, kind, text)                                     \
	{                                                                  \
		.name = kind_name, .type = SCHEMA_FILES, .fallback = "[]", \
		.offset = AT(struct policy, geo[kind].files),              \
		.count_offset = AT(struct policy, geo[kind].file_count),   \
		.help = text                                               \
	}

static const struct schema_key geo_keys[] = {
	GEO_KEY("country", GEO_COUNTRY,
		"What lists the networks of countries: MaxMind DB files, whose "
		"names end in .mmdb, of which country.iso_code is taken; plain "
		"lists of one country each, whose names start with its code, "
		"like cn.cidr; and folders of such lists, also in folders ipv4 "
		"and ipv6 of these."),
	GEO_KEY("asn", GEO_ASN,
		"What lists the networks of autonomous systems: MaxMind DB "
		"files with autonomous_system_number, and tables of lines like "
		"192.0.2.0,192.0.2.255,64496 or 192.0.2.0/24,64496.\n"
		"A table may be compressed by gzip."),
};

static const struct schema_mapping geo_mapping = {
	.noun = "geo",
	.title = "Geo sets",
	.help = "Rules may name the networks of a country, geo:CN by its code "
		"in ISO 3166-1, and of an autonomous system, asn:64496, as "
		"they name sets.\n"
		"These are sets of kind geo, which nobody declares and which "
		"do nothing by themselves.\n"
		"Their members are what all files of the key list together, "
		"read when the policy is applied, and not again before the "
		"next time.\n"
		"A file that is not there or is damaged, and a country or "
		"system that none of them lists, refuses the whole document.",
	.keys = geo_keys,
	.key_count = ARRAY_LEN(geo_keys),
};

#define THRESHOLD_COUNT(field, least, most, value, text)                    \
	{                                                                   \
		.name = #field, .type = SCHEMA_NUMBER, .min = least,        \
		.max = most, .fallback = value,                             \
		.offset = AT(struct policy, thresholds.field), .help = text \
	}
#define THRESHOLD_SPAN(key, value, text)                                      \
	{                                                                     \
		.name = #key, .type = SCHEMA_SPAN, .min = 1,                  \
		.max = 30 * 24 * 3600, .fallback = value,                     \
		.offset = AT(struct policy, thresholds.key##_s), .help = text \
	}

static const struct schema_key threshold_keys[] = {
	THRESHOLD_COUNT(flows, 1, 16777216, "262144",
			"Connections that were answered, at most."),
	THRESHOLD_COUNT(half_open, 1, 16777216, "65536",
			"Those that were not yet answered, at most."),
	THRESHOLD_COUNT(new_flows_per_second, 1, 10000000, "50000",
			"Connections learned in a second.\n"
			"Above it, none are."),
	THRESHOLD_COUNT(buckets, 1, 16777216, "262144",
			"Addresses and networks whose rate is kept, at most."),
	THRESHOLD_SPAN(tcp_established, "2h4m",
		       "How long a TCP connection is known without a packet."),
	THRESHOLD_SPAN(tcp_opening, "30s", "The same before it is answered."),
	THRESHOLD_SPAN(tcp_closing, "20s", "The same after its end."),
	THRESHOLD_SPAN(
		udp, "30s",
		"How long an exchange over UDP is known without a packet "
		"while only one side sent."),
	THRESHOLD_SPAN(udp_answered, "5m", "The same after both sent."),
	THRESHOLD_SPAN(icmp, "1m", "The same for ICMP and ICMPv6."),
	THRESHOLD_SPAN(other, "10m", "The same for all other protocols."),
};

static const struct schema_mapping threshold_mapping = {
	.noun = "thresholds",
	.title = "Thresholds",
	.help = "How much state there may be, and how long it is kept.",
	.keys = threshold_keys,
	.key_count = ARRAY_LEN(threshold_keys),
};

static const struct schema_key document_keys[] = {
	{.name = "version",
	 .type = SCHEMA_VERSION,
	 .is_required = true,
	 .help = "The version of this format."},
	{.name = "zones",
	 .type = SCHEMA_ZONES,
	 .fallback = "{}",
	 .help = "Names for interfaces, at most 64.\n"
		 "An interface belongs to the first zone that names it.\n"
		 "Names of zones and of limits are made like ids of rules, of "
		 "at most 31 bytes."},
	{.name = "management",
	 .type = SCHEMA_PREFIXES,
	 .fallback = "[]",
	 .max = DOCUMENT_RULE_PREFIXES_MAX,
	 .offset = AT(struct policy, management),
	 .count_offset = AT(struct policy, management_count),
	 .help = "From where the machine is managed.\n"
		 "These are added to the set management: they pass ahead of "
		 "everything, and no set can block them."},
	{.name = "sets",
	 .type = SCHEMA_SETS,
	 .mapping = &schema_set,
	 .fallback = "{}",
	 .help = "Named collections of networks, at most 200.\n"
		 "Rules may refer to sets that are not declared here."},
	{.name = "geo",
	 .type = SCHEMA_GROUP,
	 .mapping = &geo_mapping,
	 .help = "What lists the networks of countries and of autonomous "
		 "systems."},
	{.name = "limits",
	 .type = SCHEMA_LIMITS,
	 .mapping = &schema_limit,
	 .fallback = "{}",
	 .help = "Named rates, at most 1024 with those that stand in rules."},
	{.name = "defaults",
	 .type = SCHEMA_GROUP,
	 .mapping = &default_mapping,
	 .help = "What happens to a packet that no rule ended."},
	{.name = "essentials",
	 .type = SCHEMA_WORDS,
	 .words = &essential_words,
	 .fallback = "[neighbour, dhcp]",
	 .offset = AT(struct policy, essentials),
	 .help = "What passes because a link without it is none.\n"
		 "neighbour is neighbour discovery of IPv6, ahead of sets and "
		 "rules, and multicast listener discovery; dhcp is DHCP of "
		 "both families.\n"
		 "These last two pass where the default would drop them, and "
		 "not where a rule does."},
	{.name = "thresholds",
	 .type = SCHEMA_GROUP,
	 .mapping = &threshold_mapping,
	 .help = "How much state there may be, and how long it is kept."},
	{.name = "rules",
	 .type = SCHEMA_RULES,
	 .mapping = &schema_rule,
	 .fallback = "[]",
	 .help = "The rules in order, at most 4096.\n"
		 "They are tried one after the other until one passes or drops "
		 "the packet."},
};

const struct schema_mapping schema_document = {
	.noun = "document",
	.title = "Document",
	.keys = document_keys,
	.key_count = ARRAY_LEN(document_keys),
};

const struct schema_mapping *const schema_mappings[] = {
	&schema_document, &schema_set,	      &geo_mapping, &schema_limit,
	&default_mapping, &threshold_mapping, &schema_rule, &schema_window,
};
const size_t schema_mapping_count = ARRAY_LEN(schema_mappings);
