/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft_values.h - the right-hand side of a condition: one value, a range, a
 * list, an anonymous set, or a named one.
 */
#pragma once

#include <stdbool.h>

#include "rules/foreign/nft_reader.h"
#include "rules/foreign/words.h"

enum nft_operator {
	NFT_EQUAL, /* said or not */
	NFT_UNEQUAL,
	NFT_LESS,
	NFT_LESS_EQUAL,
	NFT_GREATER,
	NFT_GREATER_EQUAL,
};

/* What a value is: `last` is `first` when it is not FIRST - LAST written with
 * white space. -EINVAL: not understood. */
typedef int nft_value_fn(void *arg, const struct nft_token *first,
			 const struct nft_token *last);

/* The operator that is next; equal if none is. */
enum nft_operator nft_operator_read(struct nft_reader *reader);

/* Give `fn` all values. A named set of other things than addresses gives its
 * elements. -EOPNOTSUPP, refused in the sentence; -ENOMEM. */
int nft_values_read(struct nft_reader *reader, struct sentence *sentence,
		    nft_value_fn *fn, void *arg);

/* All of a condition on numbers, from the operator on: the ranges, not
 * negated but where the operator is. Errors as above. */
int nft_ranges_read(struct nft_reader *reader, struct sentence *sentence,
		    enum word_kind kind, uint32_t max,
		    struct match_ranges *ret_ranges);

/* The same, asked by the sentence of one of its fields. */
int nft_number_ask(struct nft_reader *reader, struct sentence *sentence,
		   enum rule_range range, enum word_kind kind, uint32_t max);

/* "FIRST-LAST" or one word, as two words. */
void nft_split(const struct nft_token *token, struct nft_token *ret_first,
	       struct nft_token *ret_last);

/* An address, network or range of them, as prefixes behind those of `match`.
 * -EINVAL: none. */
int nft_prefixes_add(struct match_address *match, uint8_t family,
		     const struct nft_token *first,
		     const struct nft_token *last);

/* A card's address behind those of `match`; -EINVAL: none. */
int nft_mac_add(struct match_macs *match, const struct nft_token *word);
