// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/iptables_rule.h"
#include "rules/foreign/nft_values.h"
#include "rules/foreign/unroll.h"
#include "rules/foreign/words.h"

static const char why_value[] = "a value that is not read";

static struct nft_token word_of(const char *text)
{
	return (struct nft_token){text, (uint32_t)strlen(text), 0, NFT_WORD};
}

/* Cut off what stands before the next comma; false when nothing is left. */
static bool next_item(const char **list, struct nft_token *ret_item)
{
	size_t len = strcspn(*list, ",");

	if (**list == '\0')
		return false;
	*ret_item = (struct nft_token){*list, (uint32_t)len, 0, NFT_WORD};
	*list += len + ((*list)[len] == ',');
	return true;
}

static int ask_prefixes(struct iptables_rule *rule, bool is_source)
{
	struct match_address match = {.is_negated = rule->is_negated};
	const char *list = line_take(rule->line);
	struct nft_token item;
	int r = *list == '\0' ? -EINVAL : 0;

	while (r >= 0 && next_item(&list, &item))
		r = nft_prefixes_add(&match, rule->family, &item, &item);
	if (r >= 0)
		return sentence_ask_address(rule->sentence, is_source, &match);
	free(match.prefixes);
	return r == -EINVAL ? sentence_refuse(rule->sentence, why_value) : r;
}

static int ask_interface(struct iptables_rule *rule, bool is_in)
{
	struct match_names match = {.is_negated = rule->is_negated};
	const char *name = line_take(rule->line);
	size_t len = strlen(name);

	/* '+' at the end is any name that begins so; '*' is a plain character
	 * here, and none in our names */
	if (len == 0 || name[len - 1] == '+' || name[len - 1] == '*' ||
	    !policy_interface_is_valid(name))
		return sentence_refuse(rule->sentence, why_value);
	match.names = calloc(1, RULE_NAME_MAX);
	if (!match.names)
		return -ENOMEM;
	match.count = 1;
	memcpy(match.names[0], name, len);
	return sentence_ask_names(rule->sentence, is_in, &match);
}

static int ask_protocol(struct iptables_rule *rule)
{
	const char *name = line_take(rule->line);
	struct match_ranges match = {.is_negated = rule->is_negated};
	uint32_t protocol;

	if (strcmp(name, "all") == 0 || strcmp(name, "0") == 0)
		return rule->is_negated
			       ? sentence_refuse(rule->sentence, why_value)
			       : 0;
	if (word_read(WORD_PROTOCOL, name, strlen(name), UINT8_MAX, &protocol) <
	    0)
		return sentence_refuse(rule->sentence, why_value);
	match.ranges = malloc(sizeof(*match.ranges));
	if (!match.ranges)
		return -ENOMEM;
	match.ranges[0] =
		(struct range){(uint16_t)protocol, (uint16_t)protocol};
	match.count = 1;
	return sentence_ask_ranges(rule->sentence, RANGE_PROTOCOL, &match);
}

static int add_range(struct match_ranges *match, uint32_t first, uint32_t last)
{
	struct range *ranges =
		array_room(match->ranges, match->count, sizeof(*ranges));

	if (!ranges)
		return -ENOMEM;
	match->ranges = ranges;
	ranges[match->count++] =
		(struct range){(uint16_t)first, (uint16_t)last};
	return 0;
}

/* "22", "1024:65535", ":1023", "1024:". */
static int add_span(struct match_ranges *match, const struct nft_token *item)
{
	const char *colon = memchr(item->text, ':', item->len);
	size_t len = colon ? (size_t)(colon - item->text) : item->len;
	size_t rest = colon ? item->len - len - 1 : 0;
	uint32_t first = 0, last = UINT16_MAX;

	if (item->len == 0 ||
	    ((len > 0 || !colon) && word_read(WORD_SERVICE, item->text, len,
					      UINT16_MAX, &first) < 0) ||
	    (rest > 0 &&
	     word_read(WORD_SERVICE, colon + 1, rest, UINT16_MAX, &last) < 0))
		return -EINVAL;
	if (!colon)
		last = first;
	return first > last ? -EINVAL : add_range(match, first, last);
}

static int ask_spans(struct iptables_rule *rule, enum rule_range kind)
{
	struct match_ranges match = {.is_negated = rule->is_negated};
	const char *list = line_take(rule->line);
	struct nft_token item;
	int r = *list == '\0' ? -EINVAL : 0;

	while (r >= 0 && next_item(&list, &item))
		r = add_span(&match, &item);
	if (r >= 0)
		return sentence_ask_ranges(rule->sentence, kind, &match);
	free(match.ranges);
	return r == -EINVAL ? sentence_refuse(rule->sentence, why_value) : r;
}

/* "8", "3/4", "echo-request", "any". */
static int ask_icmp(struct iptables_rule *rule, bool is_v6)
{
	const char *text = line_take(rule->line);
	size_t len = strcspn(text, "/");
	struct match_ranges match = {.is_negated = rule->is_negated};
	uint32_t type = 0, first = 0, last = UINT8_MAX;
	bool is_any = strcmp(text, "any") == 0 ||
		      (!is_v6 && strcmp(text, "255") == 0);
	int r;

	if (!is_any && word_read(is_v6 ? WORD_ICMPV6_TYPE : WORD_ICMP_TYPE,
				 text, len, UINT8_MAX, &type) < 0)
		return sentence_refuse(rule->sentence, why_value);
	if (text[len] == '/') {
		if (word_read(WORD_NUMBER, text + len + 1,
			      strlen(text + len + 1), UINT8_MAX, &first) < 0)
			return sentence_refuse(rule->sentence, why_value);
		last = first;
	}
	r = is_any ? add_range(&match, 0, UINT16_MAX)
		   : add_range(&match, type << 8 | first, type << 8 | last);
	return r < 0 ? r
		     : sentence_ask_ranges(rule->sentence,
					   is_v6 ? RANGE_ICMPV6 : RANGE_ICMP,
					   &match);
}

static int read_flag_names(const char *list, uint8_t *ret_bits)
{
	struct nft_token item;
	uint32_t bits = 0, bit;

	while (next_item(&list, &item)) {
		if (word_read(WORD_TCP_FLAG, item.text, item.len, UINT8_MAX,
			      &bit) < 0)
			return -EINVAL;
		bits |= bit;
	}
	*ret_bits = (uint8_t)bits;
	return 0;
}

/* Of `mask`, `value`; negated, one of the flags is otherwise. */
static int ask_flags(struct iptables_rule *rule, uint8_t mask, uint8_t value)
{
	struct rule more = {0};

	if ((value & ~mask) != 0 || (mask == 0 && rule->is_negated))
		return sentence_refuse(rule->sentence, "can never be met");
	more.flags.flags = calloc(8, sizeof(struct flags));
	if (!more.flags.flags)
		return -ENOMEM;
	if (!rule->is_negated)
		more.flags.flags[more.flags.count++] =
			(struct flags){mask, value};
	for (unsigned int bit = 1; bit <= 128 && rule->is_negated; bit <<= 1) {
		if (mask & bit)
			more.flags.flags[more.flags.count++] = (struct flags){
				(uint8_t)bit, (uint8_t)(~value & bit)};
	}
	return sentence_ask(rule->sentence, &more);
}

static int read_flags(struct iptables_rule *rule)
{
	uint8_t mask, value;

	if (read_flag_names(line_take(rule->line), &mask) < 0 ||
	    read_flag_names(line_take(rule->line), &value) < 0)
		return sentence_refuse(rule->sentence, why_value);
	return ask_flags(rule, mask, value);
}

static int ask_states(struct iptables_rule *rule)
{
	const uint8_t all = (1u << FLOW_STATE_COUNT) - 1;
	static const char *const names[] = {
		[FLOW_NEW] = "NEW",
		[FLOW_ESTABLISHED] = "ESTABLISHED",
		[FLOW_RELATED] = "RELATED",
		[FLOW_INVALID] = "INVALID",
		[FLOW_STATE_COUNT] = "UNTRACKED",
	};
	const char *list = line_take(rule->line);
	struct rule more = {0};
	struct nft_token item;
	unsigned int states = 0;

	while (next_item(&list, &item)) {
		size_t i = 0;

		while (i < ARRAY_LEN(names) && !nft_token_is(&item, names[i]))
			i++;
		if (i == ARRAY_LEN(names))
			return sentence_refuse(rule->sentence, why_value);
		states |= 1u << i;
	}
	if (rule->is_negated)
		states = ~states;
	else if (states & ~(unsigned int)all)
		rule->sentence->remarks |= REMARK_UNTRACKED;
	more.states = (uint8_t)(states & all);
	if (more.states == 0)
		return sentence_refuse(rule->sentence, "can never be met");
	return sentence_ask(rule->sentence, &more);
}

/* "NAME src" */
static int ask_set(struct iptables_rule *rule)
{
	struct match_address match = {.is_negated = rule->is_negated};
	const char *name = line_take(rule->line);
	const char *field = line_take(rule->line);
	bool is_source = strcmp(field, "src") == 0;
	char ours[SET_NAME_MAX];
	int r;

	if (!is_source && strcmp(field, "dst") != 0)
		return sentence_refuse(rule->sentence,
				       "a set of more than one address");
	r = unroll_find_set(rule->policy, name, ours);
	if (r > 0)
		foreign_report_add(rule->report, NOTE_DIFFERS,
				   rule->sentence->excerpt.line,
				   rule->sentence->excerpt.text,
				   rule->sentence->excerpt.len,
				   "the set is not here: declared empty");
	if (r == -ENOSPC)
		return sentence_refuse(rule->sentence,
				       "a policy has no room for as many sets");
	if (r < 0)
		return r;
	match.sets = array_copy(ours, 1, SET_NAME_MAX);
	if (!match.sets)
		return -ENOMEM;
	match.set_count = 1;
	return sentence_ask_address(rule->sentence, is_source, &match);
}

static int ask_mac(struct iptables_rule *rule)
{
	struct rule more = {.macs.is_negated = rule->is_negated};
	struct nft_token word = word_of(line_take(rule->line));
	int r = nft_mac_add(&more.macs, &word);

	if (r == -EINVAL)
		return sentence_refuse(rule->sentence, why_value);
	return r < 0 ? r : sentence_ask(rule->sentence, &more);
}

static int ask_fragment(struct iptables_rule *rule)
{
	struct rule more = {.frags = 1u << FRAG_LATER};

	if (rule->is_negated)
		more.frags = 1u << FRAG_NONE | 1u << FRAG_FIRST;
	return sentence_ask(rule->sentence, &more);
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int read_ports(struct iptables_rule *rule, const char *word)
{
	if (is_one_of(word, "--sport", "--source-port") ||
	    is_one_of(word, "--sports", "--source-ports"))
		return ask_spans(rule, RANGE_SOURCE_PORT);
	if (is_one_of(word, "--dport", "--destination-port") ||
	    is_one_of(word, "--dports", "--destination-ports"))
		return ask_spans(rule, RANGE_DESTINATION_PORT);
	return strcmp(word, "--length") == 0 ? ask_spans(rule, RANGE_LENGTH)
					     : -ENOENT;
}

int iptables_match_read(struct iptables_rule *rule, const char *word)
{
	if (is_one_of(word, "-s", "--source") || strcmp(word, "--src") == 0)
		return ask_prefixes(rule, true);
	if (is_one_of(word, "-d", "--destination") ||
	    strcmp(word, "--dst") == 0)
		return ask_prefixes(rule, false);
	if (strcmp(word, "--src-range") == 0)
		return ask_prefixes(rule, true);
	if (strcmp(word, "--dst-range") == 0)
		return ask_prefixes(rule, false);
	if (is_one_of(word, "-i", "--in-interface"))
		return ask_interface(rule, true);
	if (is_one_of(word, "-o", "--out-interface"))
		return ask_interface(rule, false);
	if (is_one_of(word, "-p", "--protocol"))
		return ask_protocol(rule);
	if (strcmp(word, "--icmp-type") == 0)
		return ask_icmp(rule, false);
	if (strcmp(word, "--icmpv6-type") == 0)
		return ask_icmp(rule, true);
	if (strcmp(word, "--tcp-flags") == 0)
		return read_flags(rule);
	if (strcmp(word, "--syn") == 0)
		return ask_flags(rule, 0x17, 0x02);
	if (is_one_of(word, "--state", "--ctstate"))
		return ask_states(rule);
	if (strcmp(word, "--match-set") == 0)
		return ask_set(rule);
	if (strcmp(word, "--mac-source") == 0)
		return ask_mac(rule);
	if (is_one_of(word, "-f", "--fragment"))
		return ask_fragment(rule);
	return read_ports(rule, word);
}
