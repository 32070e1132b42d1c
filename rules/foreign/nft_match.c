// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/nft_reader.h"
#include "rules/foreign/nft_values.h"

#define PROTOCOL_TCP  6
#define PROTOCOL_UDP  17
#define PROTOCOL_SCTP 132

static const char why_no_match[] = "a condition that is not read";

static int ask_family(struct sentence *sentence, uint8_t family)
{
	struct rule rule = {.family = family};

	return sentence_ask(sentence, &rule);
}

struct addresses {
	struct match_address match;
	uint8_t family;
};

static int add_address(void *arg, const struct nft_token *first,
		       const struct nft_token *last)
{
	struct addresses *addresses = arg;

	return nft_prefixes_add(&addresses->match, addresses->family, first,
				last);
}

/* "@name" of a set that is in the policy. */
static int add_set(struct nft_reader *reader, struct sentence *sentence,
		   struct addresses *addresses)
{
	const struct nft_token *word = nft_next(reader);
	const struct foreign_set *set = NULL;
	char name[FOREIGN_NAME_MAX];

	if (nft_copy(word, name, sizeof(name)))
		set = ruleset_find_set(reader->ruleset, reader->table,
				       name + 1);
	if (!set || set->policy_name[0] == '\0' ||
	    set->family != addresses->family)
		return sentence_refuse(sentence,
				       "a set that is not in the policy");
	addresses->match.sets = array_copy(set->policy_name, 1, SET_NAME_MAX);
	if (!addresses->match.sets)
		return -ENOMEM;
	addresses->match.set_count = 1;
	return 0;
}

static int ask_address(struct nft_reader *reader, struct sentence *sentence,
		       uint8_t family, bool is_source)
{
	enum nft_operator operator= nft_operator_read(reader);
	struct addresses addresses = {
		.family = family,
		.match.is_negated = operator== NFT_UNEQUAL,
	};
	const struct nft_token *token = nft_peek(reader);
	int r;

	if (operator> NFT_UNEQUAL || nft_token_is(token, "&"))
		return sentence_refuse(sentence, why_no_match);
	r = ask_family(sentence, family);
	if (r >= 0 && token->kind == NFT_WORD && token->text[0] == '@')
		r = add_set(reader, sentence, &addresses);
	else if (r >= 0)
		r = nft_values_read(reader, sentence, add_address, &addresses);
	if (r >= 0 && addresses.match.prefix_count == 0 &&
	    addresses.match.set_count == 0)
		r = sentence_refuse(sentence, "an empty set");
	if (r < 0) {
		free(addresses.match.prefixes);
		free(addresses.match.sets);
		return r;
	}
	return sentence_ask_address(sentence, is_source, &addresses.match);
}

/* "frag-off & 0x1fff != 0": all fragments but the first. */
static int ask_fragment(struct nft_reader *reader, struct sentence *sentence)
{
	struct rule rule = {.frags = 1u << FRAG_LATER};
	uint32_t zero = 1;
	const struct nft_token *token;
	enum nft_operator operator;

	if (!nft_take(reader, "&") ||
	    !(nft_take(reader, "0x1fff") || nft_take(reader, "8191")))
		return sentence_refuse(sentence, why_no_match);
	operator= nft_operator_read(reader);
	token = nft_next(reader);
	if (word_read(WORD_NUMBER, token->text, token->len, 0, &zero) < 0 ||
	    operator!= NFT_UNEQUAL)
		return sentence_refuse(sentence, why_no_match);
	return sentence_ask(sentence, &rule);
}

static int read_ip(struct nft_reader *reader, struct sentence *sentence)
{
	int r = ask_family(sentence, 4);

	if (r < 0)
		return r;
	if (nft_take(reader, "saddr"))
		return ask_address(reader, sentence, 4, true);
	if (nft_take(reader, "daddr"))
		return ask_address(reader, sentence, 4, false);
	if (nft_take(reader, "protocol"))
		return nft_number_ask(reader, sentence, RANGE_PROTOCOL,
				      WORD_PROTOCOL, UINT8_MAX);
	if (nft_take(reader, "frag-off"))
		return ask_fragment(reader, sentence);
	return sentence_refuse(sentence, why_no_match);
}

static int read_ip6(struct nft_reader *reader, struct sentence *sentence)
{
	int r = ask_family(sentence, 6);

	if (r < 0)
		return r;
	if (nft_take(reader, "saddr"))
		return ask_address(reader, sentence, 6, true);
	if (nft_take(reader, "daddr"))
		return ask_address(reader, sentence, 6, false);
	if (!nft_take(reader, "nexthdr"))
		return sentence_refuse(sentence, why_no_match);
	sentence->remarks |= REMARK_NEXT_HEADER;
	return nft_number_ask(reader, sentence, RANGE_PROTOCOL, WORD_PROTOCOL,
			      UINT8_MAX);
}

static int add_name(void *arg, const struct nft_token *first,
		    const struct nft_token *last)
{
	struct match_names *match = arg;
	char(*names)[RULE_NAME_MAX];
	char name[RULE_NAME_MAX];

	if (first != last || !nft_copy_interface(first, name) ||
	    match->count == CONDITION_ITEMS_MAX)
		return -EINVAL;
	names = array_room(match->names, match->count, RULE_NAME_MAX);
	if (!names)
		return -ENOMEM;
	match->names = names;
	memcpy(names[match->count++], name, RULE_NAME_MAX);
	return 0;
}

static int ask_interface(struct nft_reader *reader, struct sentence *sentence,
			 bool is_in, bool is_index)
{
	enum nft_operator operator= nft_operator_read(reader);
	struct match_names match = {.is_negated = operator== NFT_UNEQUAL };
	int r;

	if (operator> NFT_UNEQUAL)
		return sentence_refuse(sentence, why_no_match);
	r = nft_values_read(reader, sentence, add_name, &match);
	if (r >= 0 && match.count == 0)
		r = sentence_refuse(sentence, "an empty set");
	if (r < 0) {
		free(match.names);
		return r;
	}
	/* loopback has one name and one number for good */
	if (is_index && strcmp(match.names[0], "lo") != 0)
		sentence->remarks |= REMARK_INDEX;
	return sentence_ask_names(sentence, is_in, &match);
}

static int add_state(void *arg, const struct nft_token *first,
		     const struct nft_token *last)
{
	uint8_t *states = arg;

	if (first != last)
		return -EINVAL;
	for (unsigned int i = 0; i < FLOW_STATE_COUNT; i++) {
		if (nft_token_is(first, flow_state_name((enum flow_state)i))) {
			*states |= (uint8_t)(1u << i);
			return 0;
		}
	}
	if (!nft_token_is(first, "untracked"))
		return -EINVAL;
	*states |= 1u << FLOW_STATE_COUNT;
	return 0;
}

static int read_ct(struct nft_reader *reader, struct sentence *sentence)
{
	const uint8_t all = (1u << FLOW_STATE_COUNT) - 1;
	enum nft_operator operator;
	struct rule rule = {0};
	int r;

	if (!nft_take(reader, "state") || nft_token_is(nft_peek(reader), "&"))
		return sentence_refuse(sentence, why_no_match);
	operator= nft_take(reader, "!") ? NFT_UNEQUAL
					: nft_operator_read(reader);
	if (operator> NFT_UNEQUAL)
		return sentence_refuse(sentence, why_no_match);
	r = nft_values_read(reader, sentence, add_state, &rule.states);
	if (r < 0)
		return r;
	if (operator== NFT_UNEQUAL)
		rule.states = (uint8_t)~rule.states;
	else if (rule.states & ~all)
		sentence->remarks |= REMARK_UNTRACKED;
	rule.states &= all;
	if (rule.states == 0)
		return sentence_refuse(sentence, "can never be met");
	return sentence_ask(sentence, &rule);
}

static int add_mac(void *arg, const struct nft_token *first,
		   const struct nft_token *last)
{
	return first == last ? nft_mac_add(arg, first) : -EINVAL;
}

static int read_ether(struct nft_reader *reader, struct sentence *sentence)
{
	enum nft_operator operator;
	struct rule rule = {0};
	int r;

	if (nft_take(reader, "type")) {
		if (nft_take(reader, "ip"))
			return ask_family(sentence, 4);
		if (nft_take(reader, "ip6"))
			return ask_family(sentence, 6);
		return sentence_refuse(sentence, why_no_match);
	}
	if (!nft_take(reader, "saddr"))
		return sentence_refuse(sentence, why_no_match);
	operator= nft_operator_read(reader);
	if (operator> NFT_UNEQUAL)
		return sentence_refuse(sentence, why_no_match);
	rule.macs.is_negated = operator== NFT_UNEQUAL;
	r = nft_values_read(reader, sentence, add_mac, &rule.macs);
	if (r >= 0 && rule.macs.count == 0)
		r = sentence_refuse(sentence, "an empty set");
	if (r >= 0)
		return sentence_ask(sentence, &rule);
	rule_done(&rule);
	return r;
}

static int read_vlan(struct nft_reader *reader, struct sentence *sentence)
{
	struct match_ranges ranges;
	int r;

	if (!nft_take(reader, "id"))
		return sentence_refuse(sentence, why_no_match);
	r = nft_ranges_read(reader, sentence, WORD_NUMBER, RANGE_VLAN_NONE - 1,
			    &ranges);
	if (r < 0)
		return r;
	r = sentence_ask_ranges(sentence, RANGE_VLAN, &ranges);
	/* a frame without a tag has no number, whichever is asked for */
	return r < 0 ? r
		     : sentence_ask_range(sentence, RANGE_VLAN, 0,
					  RANGE_VLAN_NONE - 1);
}

static int ask_ethertype(struct nft_reader *reader, struct sentence *sentence,
			 const char *v4, const char *v6)
{
	if (nft_operator_read(reader) != NFT_EQUAL)
		return sentence_refuse(sentence, why_no_match);
	if (nft_take(reader, v4))
		return ask_family(sentence, 4);
	if (nft_take(reader, v6))
		return ask_family(sentence, 6);
	return sentence_refuse(sentence, why_no_match);
}

static int read_meta(struct nft_reader *reader, struct sentence *sentence)
{
	if (nft_take(reader, "l4proto"))
		return nft_number_ask(reader, sentence, RANGE_PROTOCOL,
				      WORD_PROTOCOL, UINT8_MAX);
	if (nft_take(reader, "length"))
		return nft_number_ask(reader, sentence, RANGE_LENGTH,
				      WORD_NUMBER, UINT16_MAX);
	if (nft_take(reader, "nfproto"))
		return ask_ethertype(reader, sentence, "ipv4", "ipv6");
	if (nft_take(reader, "protocol"))
		return ask_ethertype(reader, sentence, "ip", "ip6");
	if (nft_take(reader, "iifname"))
		return ask_interface(reader, sentence, true, false);
	if (nft_take(reader, "oifname"))
		return ask_interface(reader, sentence, false, false);
	if (nft_take(reader, "iif"))
		return ask_interface(reader, sentence, true, true);
	if (nft_take(reader, "oif"))
		return ask_interface(reader, sentence, false, true);
	if (nft_take(reader, "hour"))
		return nft_hour_read(reader, sentence);
	if (nft_take(reader, "day"))
		return nft_day_read(reader, sentence);
	return sentence_refuse(sentence, why_no_match);
}

int nft_match_read(struct nft_reader *reader, struct sentence *sentence)
{
	const struct nft_token *token = nft_peek(reader);

	if (nft_take(reader, "ip"))
		return read_ip(reader, sentence);
	if (nft_take(reader, "ip6"))
		return read_ip6(reader, sentence);
	if (nft_take(reader, "tcp"))
		return nft_transport_read(reader, sentence, PROTOCOL_TCP);
	if (nft_take(reader, "udp"))
		return nft_transport_read(reader, sentence, PROTOCOL_UDP);
	if (nft_take(reader, "sctp"))
		return nft_transport_read(reader, sentence, PROTOCOL_SCTP);
	if (nft_take(reader, "th"))
		return nft_transport_read(reader, sentence, 0);
	if (nft_take(reader, "icmp"))
		return nft_icmp_read(reader, sentence, false);
	if (nft_take(reader, "icmpv6"))
		return nft_icmp_read(reader, sentence, true);
	if (nft_take(reader, "ct"))
		return read_ct(reader, sentence);
	if (nft_take(reader, "ether"))
		return read_ether(reader, sentence);
	if (nft_take(reader, "vlan"))
		return read_vlan(reader, sentence);
	if (nft_take(reader, "meta") || nft_token_is(token, "iif") ||
	    nft_token_is(token, "oif") || nft_token_is(token, "iifname") ||
	    nft_token_is(token, "oifname"))
		return read_meta(reader, sentence);
	return -ENOENT;
}
