// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/nft_values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"

#define NESTING_MAX 8

static const char why_several[] = "a map, or several values at once";

enum nft_operator nft_operator_read(struct nft_reader *reader)
{
	static const struct {
		const char *text;
		enum nft_operator operator;
	} operators[] = {
		{"==", NFT_EQUAL},	   {"eq", NFT_EQUAL},
		{"!=", NFT_UNEQUAL},	   {"ne", NFT_UNEQUAL},
		{"<", NFT_LESS},	   {"lt", NFT_LESS},
		{"<=", NFT_LESS_EQUAL},	   {"le", NFT_LESS_EQUAL},
		{">", NFT_GREATER},	   {"gt", NFT_GREATER},
		{">=", NFT_GREATER_EQUAL}, {"ge", NFT_GREATER_EQUAL},
	};

	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		if (nft_take(reader, operators[i].text))
			return operators[i].operator;
	}
	return NFT_EQUAL;
}

/* What a set says of an element beside its value. */
static void skip_extras(struct nft_reader *reader)
{
	for (;;) {
		if (nft_take(reader, "timeout") ||
		    nft_take(reader, "expires") ||
		    nft_take(reader, "comment")) {
			(void)nft_next(reader);
		} else if (nft_take(reader, "counter")) {
			while (nft_take(reader, "packets") ||
			       nft_take(reader, "bytes"))
				(void)nft_next(reader);
		} else {
			return;
		}
	}
}

static int refuse_value(struct sentence *sentence, int r)
{
	return r == -EINVAL
		       ? sentence_refuse(sentence, "a value that is not read")
		       : r;
}

/* One element: a word, or a range written with white space. */
static int read_value(struct nft_reader *reader, struct sentence *sentence,
		      nft_value_fn *fn, void *arg)
{
	const struct nft_token *first = nft_next(reader);
	const struct nft_token *last = first;
	int r;

	if (nft_token_is(first, "."))
		return sentence_refuse(sentence, why_several);
	if (first->kind != NFT_WORD && first->kind != NFT_STRING)
		return sentence_refuse(sentence, "a value that is not read");
	if (nft_take(reader, "-"))
		last = nft_next(reader);
	r = fn(arg, first, last);
	if (r < 0)
		return refuse_value(sentence, r);
	if (nft_token_is(nft_peek(reader), ":") ||
	    nft_token_is(nft_peek(reader), "."))
		return sentence_refuse(sentence, why_several);
	return 0;
}

static int read_element(struct nft_reader *reader, struct sentence *sentence,
			nft_value_fn *fn, void *arg)
{
	int r = read_value(reader, sentence, fn, arg);

	if (r >= 0)
		skip_extras(reader);
	return r;
}

/* In braces, from behind the opening one; braces of defines may be inside. */
static int read_braces(struct nft_reader *reader, struct sentence *sentence,
		       nft_value_fn *fn, void *arg)
{
	size_t depth = 1;
	int r = 0;

	while (depth > 0 && r >= 0) {
		nft_skip_ends(reader);
		if (nft_is_done(reader) || depth > NESTING_MAX)
			return sentence_refuse(sentence, "a set without end");
		if (nft_take(reader, "{"))
			depth++;
		else if (nft_take(reader, "}"))
			depth--;
		else if (!nft_take(reader, ","))
			r = read_element(reader, sentence, fn, arg);
	}
	return r;
}

/* The elements of a named set stand in for its name. */
static int read_named(struct nft_reader *reader, struct sentence *sentence,
		      nft_value_fn *fn, void *arg)
{
	const struct nft_token *word = nft_next(reader);
	size_t at = reader->at, end = reader->end;
	const struct foreign_set *set = NULL;
	char name[FOREIGN_NAME_MAX];
	int r;

	if (nft_copy(word, name, sizeof(name)))
		set = ruleset_find_set(reader->ruleset, reader->table,
				       name + 1);
	if (!set || set->is_map || set->is_dynamic || set->family != 0 ||
	    set->first_token == set->end_token)
		return sentence_refuse(sentence,
				       "a set whose elements are not known");
	reader->at = set->first_token;
	reader->end = set->end_token;
	r = read_braces(reader, sentence, fn, arg);
	reader->at = at;
	reader->end = end;
	sentence->remarks |= REMARK_INLINE_SET;
	return r;
}

int nft_values_read(struct nft_reader *reader, struct sentence *sentence,
		    nft_value_fn *fn, void *arg)
{
	const struct nft_token *token = nft_peek(reader);
	int r;

	if (nft_take(reader, "{"))
		return read_braces(reader, sentence, fn, arg);
	if (token->kind == NFT_WORD && token->text[0] == '@')
		return read_named(reader, sentence, fn, arg);
	do {
		r = read_value(reader, sentence, fn, arg);
	} while (r >= 0 && (nft_take(reader, ",") || nft_take(reader, "|")));
	return r;
}

void nft_split(const struct nft_token *token, struct nft_token *ret_first,
	       struct nft_token *ret_last)
{
	const char *dash = memchr(token->text, '-', token->len);

	*ret_first = *ret_last = *token;
	if (!dash)
		return;
	ret_first->len = (uint32_t)(dash - token->text);
	ret_last->text = dash + 1;
	ret_last->len = token->len - ret_first->len - 1;
}

struct numbers {
	enum word_kind kind;
	uint32_t max;
	struct match_ranges ranges;
};

static int add_range(struct match_ranges *match, uint32_t first, uint32_t last)
{
	struct range *ranges;

	if (match->count == CONDITION_ITEMS_MAX || first > last)
		return -EINVAL;
	ranges = array_room(match->ranges, match->count, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	match->ranges = ranges;
	ranges[match->count++] =
		(struct range){(uint16_t)first, (uint16_t)last};
	return 0;
}

static int add_number(void *arg, const struct nft_token *first,
		      const struct nft_token *last)
{
	struct numbers *numbers = arg;
	struct nft_token a = *first, b = *last;
	uint32_t from, to;

	/* names have dashes too, so the whole word is tried first */
	if (first == last && word_read(numbers->kind, first->text, first->len,
				       numbers->max, &from) < 0)
		nft_split(first, &a, &b);
	/* the end of all lengths; ours is 65535, which is all beyond too */
	if (nft_token_is(&b, "4294967295") && numbers->max == UINT16_MAX)
		b = (struct nft_token){"65535", 5, 0, NFT_WORD};
	if (word_read(numbers->kind, a.text, a.len, numbers->max, &from) < 0 ||
	    word_read(numbers->kind, b.text, b.len, numbers->max, &to) < 0)
		return -EINVAL;
	return add_range(&numbers->ranges, from, to);
}

/* "< 10" as a range. */
static int compare(struct numbers *numbers, enum nft_operator operator)
{
	struct range *range = numbers->ranges.ranges;
	uint32_t first = 0, last = numbers->max;

	if (numbers->ranges.count != 1 || range->first != range->last)
		return -EINVAL;
	if (operator== NFT_LESS || operator== NFT_LESS_EQUAL)
		last = range->first;
	else
		first = range->first;
	if ((operator== NFT_LESS && last-- == 0) ||
	    (operator== NFT_GREATER && first++ == numbers->max))
		return -EINVAL;
	*range = (struct range){(uint16_t)first, (uint16_t)last};
	return 0;
}

int nft_ranges_read(struct nft_reader *reader, struct sentence *sentence,
		    enum word_kind kind, uint32_t max,
		    struct match_ranges *ret_ranges)
{
	struct numbers numbers = {.kind = kind, .max = max};
	enum nft_operator operator= nft_operator_read(reader);
	int r;

	r = nft_values_read(reader, sentence, add_number, &numbers);
	if (r >= 0 && numbers.ranges.count == 0)
		r = sentence_refuse(sentence, "an empty set");
	if (r >= 0 && operator> NFT_UNEQUAL)
		r = refuse_value(sentence, compare(&numbers, operator));
	if (r < 0) {
		free(numbers.ranges.ranges);
		return r;
	}
	*ret_ranges = numbers.ranges;
	ret_ranges->is_negated = operator== NFT_UNEQUAL;
	return 0;
}

int nft_number_ask(struct nft_reader *reader, struct sentence *sentence,
		   enum rule_range range, enum word_kind kind, uint32_t max)
{
	struct match_ranges ranges;
	int r = nft_ranges_read(reader, sentence, kind, max, &ranges);

	return r < 0 ? r : sentence_ask_ranges(sentence, range, &ranges);
}

struct prefixes {
	struct match_address *match;
	uint8_t family;
};

static int add_prefix(void *arg, const struct prefix *prefix)
{
	struct prefixes *to = arg;
	struct match_address *match = to->match;
	struct prefix *prefixes;

	if (prefix_is_v4(prefix) != (to->family == 4))
		return -EINVAL;
	if (match->prefix_count == CONDITION_ITEMS_MAX)
		return -EINVAL;
	prefixes = array_room(match->prefixes, match->prefix_count,
			      sizeof(*prefixes));
	if (!prefixes)
		return -ENOMEM;
	match->prefixes = prefixes;
	prefixes[match->prefix_count++] = *prefix;
	return 0;
}

int nft_prefixes_add(struct match_address *match, uint8_t family,
		     const struct nft_token *first,
		     const struct nft_token *last)
{
	struct prefixes to = {match, family};
	struct nft_token a = *first, b = *last;
	struct prefix from, until;

	if (first == last)
		nft_split(first, &a, &b);
	if (a.len == 0 || b.len == 0 ||
	    prefix_from_text(a.text, a.len, &from) < 0 ||
	    prefix_from_text(b.text, b.len, &until) < 0)
		return -EINVAL;
	if (a.text == b.text)
		return add_prefix(&to, &from);
	return prefix_each_in_range(&from, &until, add_prefix, &to);
}

int nft_mac_add(struct match_macs *match, const struct nft_token *word)
{
	struct mac mac = {{0}};
	struct mac *macs;

	if (word->len != 17 || match->count == CONDITION_ITEMS_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < 17; i++) {
		int digit = hex_digit(word->text[i]);

		if (i % 3 == 2 ? word->text[i] != ':' : digit < 0)
			return -EINVAL;
		if (i % 3 != 2)
			mac.addr[i / 3] =
				(uint8_t)(mac.addr[i / 3] << 4 | digit);
	}
	macs = array_room(match->macs, match->count, sizeof(*macs));
	if (!macs)
		return -ENOMEM;
	match->macs = macs;
	macs[match->count++] = mac;
	return 0;
}
