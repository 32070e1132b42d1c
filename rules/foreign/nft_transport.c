// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/nft_reader.h"
#include "rules/foreign/nft_values.h"

#define PROTOCOL_TCP 6

static const char why_no_match[] = "a condition that is not read";

/* "fin|syn", "(fin | syn)", "0x3", with commas too: the bits of all. */
static int read_bits(struct nft_reader *reader, struct sentence *sentence,
		     uint8_t *ret_bits)
{
	bool is_closed = nft_take(reader, "(");
	uint32_t bits = 0, bit;

	do {
		const struct nft_token *token = nft_next(reader);

		if (word_read(WORD_TCP_FLAG, token->text, token->len, UINT8_MAX,
			      &bit) < 0)
			return sentence_refuse(sentence, "no flags of TCP");
		bits |= bit;
	} while (nft_take(reader, "|") || nft_take(reader, ","));
	if (is_closed && !nft_take(reader, ")"))
		return sentence_refuse(sentence, "no flags of TCP");
	*ret_bits = (uint8_t)bits;
	return 0;
}

static void add_flags(struct match_flags *match, uint8_t mask, uint8_t value)
{
	match->flags[match->count++] = (struct flags){mask, value};
}

/* Of the flags in `mask`, not exactly those in `value`: one of them differs. */
static void add_others(struct match_flags *match, uint8_t mask, uint8_t value)
{
	for (unsigned int bit = 1; bit <= 128; bit <<= 1) {
		if (mask & bit)
			add_flags(match, (uint8_t)bit, (uint8_t)(~value & bit));
	}
}

/* "{ syn, syn | ack }": each is all of the flags there are. */
static int read_flag_set(struct nft_reader *reader, struct sentence *sentence,
			 bool is_negated, struct match_flags *match)
{
	bool has[256] = {false};

	while (!nft_take(reader, "}")) {
		uint32_t bits = 0, bit;

		do {
			const struct nft_token *token = nft_next(reader);

			if (word_read(WORD_TCP_FLAG, token->text, token->len,
				      UINT8_MAX, &bit) < 0)
				return sentence_refuse(sentence,
						       "no flags of TCP");
			bits |= bit;
		} while (nft_take(reader, "|"));
		has[bits] = true;
		(void)nft_take(reader, ",");
		nft_skip_ends(reader);
	}
	for (unsigned int i = 0; i < ARRAY_LEN(has); i++) {
		if (has[i] != is_negated)
			add_flags(match, 0xff, (uint8_t)i);
	}
	return 0;
}

/* What stands behind "tcp flags", into an array with room for all values. */
static int read_flags(struct nft_reader *reader, struct sentence *sentence,
		      struct match_flags *match)
{
	bool is_masked = nft_take(reader, "&");
	uint8_t mask = 0xff, value = 0;
	bool is_said = nft_token_is(nft_peek(reader), "==");
	enum nft_operator operator= NFT_EQUAL;
	int r;

	if (is_masked) {
		r = read_bits(reader, sentence, &mask);
		if (r < 0)
			return r;
	}
	operator= nft_operator_read(reader);
	if (operator> NFT_UNEQUAL)
		return sentence_refuse(sentence, why_no_match);
	if (!is_masked && nft_take(reader, "{"))
		return read_flag_set(reader, sentence, operator== NFT_UNEQUAL,
				     match);
	r = read_bits(reader, sentence, &value);
	if (r < 0)
		return r;
	if (!is_masked && nft_take(reader, "/")) {
		is_masked = true;
		r = read_bits(reader, sentence, &mask);
		if (r < 0)
			return r;
	}
	if ((value & ~mask) != 0)
		return sentence_refuse(sentence, "can never be met");
	if (operator== NFT_UNEQUAL)
		add_others(match, mask, value);
	else if (is_masked || is_said)
		add_flags(match, mask, value);
	else
		for (unsigned int bit = 1; bit <= 128; bit <<= 1)
			if (value & bit)
				add_flags(match, (uint8_t)bit, (uint8_t)bit);
	return 0;
}

static int ask_flags(struct nft_reader *reader, struct sentence *sentence)
{
	struct rule rule = {0};
	int r;

	rule.flags.flags = array_copy((struct flags[256]){{0, 0}}, 256,
				      sizeof(struct flags));
	if (!rule.flags.flags)
		return -ENOMEM;
	r = read_flags(reader, sentence, &rule.flags);
	if (r >= 0 && rule.flags.count == 0)
		r = sentence_refuse(sentence, "can never be met");
	if (r < 0) {
		rule_done(&rule);
		return r;
	}
	return sentence_ask(sentence, &rule);
}

int nft_transport_read(struct nft_reader *reader, struct sentence *sentence,
		       uint8_t protocol)
{
	int r = 0;

	if (protocol != 0)
		r = sentence_ask_range(sentence, RANGE_PROTOCOL, protocol,
				       protocol);
	else
		sentence->remarks |= REMARK_PORTS;
	if (r < 0)
		return r;
	if (nft_take(reader, "sport"))
		return nft_number_ask(reader, sentence, RANGE_SOURCE_PORT,
				      WORD_SERVICE, UINT16_MAX);
	if (nft_take(reader, "dport"))
		return nft_number_ask(reader, sentence, RANGE_DESTINATION_PORT,
				      WORD_SERVICE, UINT16_MAX);
	if (protocol == PROTOCOL_TCP && nft_take(reader, "flags"))
		return ask_flags(reader, sentence);
	return sentence_refuse(sentence, why_no_match);
}

/* Ranges of types, or of codes, as ranges of both in one number. */
static int widen_icmp(const struct match_ranges *from, bool is_type,
		      struct match_ranges *ret_both)
{
	size_t times = is_type ? 1 : 256;
	struct match_ranges both = {.is_negated = from->is_negated};

	if (from->count > 256)
		return -EOPNOTSUPP;
	both.ranges = malloc(2 * from->count * times * sizeof(*both.ranges));
	if (!both.ranges)
		return -ENOMEM;
	for (size_t i = 0; i < from->count * times; i++) {
		struct range range = from->ranges[i / times];
		uint16_t type = (uint16_t)((i % times) << 8);

		both.ranges[both.count++] =
			is_type ? (struct range){(uint16_t)(range.first << 8),
						 (uint16_t)(range.last << 8 |
							    0xff)}
				: (struct range){type | range.first,
						 type | range.last};
	}
	*ret_both = both;
	return 0;
}

int nft_icmp_read(struct nft_reader *reader, struct sentence *sentence,
		  bool is_v6)
{
	bool is_type = nft_take(reader, "type");
	enum word_kind kind = is_type ? WORD_ICMP_TYPE : WORD_ICMP_CODE;
	struct match_ranges ranges, both;
	int r;

	if (!is_type && !nft_take(reader, "code"))
		return sentence_refuse(sentence, why_no_match);
	if (is_v6)
		kind = is_type ? WORD_ICMPV6_TYPE : WORD_ICMPV6_CODE;
	r = nft_ranges_read(reader, sentence, kind, UINT8_MAX, &ranges);
	if (r < 0)
		return r;
	r = widen_icmp(&ranges, is_type, &both);
	free(ranges.ranges);
	if (r == -EOPNOTSUPP)
		return sentence_refuse(sentence, "too long a list");
	return r < 0 ? r
		     : sentence_ask_ranges(sentence,
					   is_v6 ? RANGE_ICMPV6 : RANGE_ICMP,
					   &both);
}
