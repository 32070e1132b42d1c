// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/nft_reader.h"
#include "rules/foreign/nft_values.h"

#define BURST_DEFAULT 5 /* packets, the kernel's nft_limit */

static const char why_limit[] = "a limit that is not read";

/* "packets", "bytes", "kbytes", "mbytes"; 0 if it is none. */
static uint64_t take_unit(struct nft_reader *reader, bool *ret_is_bytes)
{
	*ret_is_bytes = true;
	if (nft_take(reader, "bytes"))
		return 1;
	if (nft_take(reader, "kbytes"))
		return 1024;
	if (nft_take(reader, "mbytes"))
		return 1u << 20;
	*ret_is_bytes = false;
	return nft_take(reader, "packets") ? 1 : 0;
}

static uint32_t seconds_of(const char *text, size_t len)
{
	static const struct {
		const char *name;
		uint32_t seconds;
	} spans[] = {
		{"second", 1},
		{"minute", 60},
		{"hour", 3600},
		{"day", 86400},
	};

	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		if (strlen(spans[i].name) == len &&
		    memcmp(spans[i].name, text, len) == 0)
			return spans[i].seconds;
	}
	return 0;
}

/* What is written with white space or without: "10 mbytes / second". */
static void take_rate_text(struct nft_reader *reader, char text[64])
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < 4; i++) {
		if (!nft_copy(nft_next(reader), text + used, 64 - used))
			return;
		used += strlen(text + used);
		if (strchr(text, '/') && text[used - 1] != '/')
			return;
	}
}

static int read_rate(struct nft_reader *reader, struct limit *limit)
{
	static const struct {
		const char *name;
		uint32_t factor;
	} units[] = {
		{"", 1},	  {"packets", 1},      {"bytes", 1},
		{"kbytes", 1024}, {"mbytes", 1 << 20},
	};
	char text[64];
	size_t digits, len;
	const char *slash;

	take_rate_text(reader, text);
	digits = strspn(text, "0123456789");
	slash = strchr(text, '/');
	if (!slash ||
	    number_read(text, digits, RULE_RATE_MAX, &limit->rate) < 0)
		return -EINVAL;
	len = (size_t)(slash - text) - digits;
	limit->seconds = seconds_of(slash + 1, strlen(slash + 1));
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strlen(units[i].name) != len ||
		    memcmp(units[i].name, text + digits, len) != 0)
			continue;
		limit->rate *= units[i].factor;
		limit->unit = i < 2 ? LIMIT_PACKETS : LIMIT_BYTES;
		return limit->seconds == 0 || limit->rate == 0 ? -EINVAL : 0;
	}
	return -EINVAL;
}

static int read_burst(struct nft_reader *reader, struct limit *limit)
{
	const struct nft_token *word;
	bool is_bytes;
	uint64_t unit;

	limit->burst = limit->unit == LIMIT_BYTES ? 0 : BURST_DEFAULT;
	if (nft_take(reader, "burst")) {
		word = nft_next(reader);
		if (number_read(word->text, word->len, UINT32_MAX,
				&limit->burst) < 0)
			return -EINVAL;
		unit = take_unit(reader, &is_bytes);
		if (unit != 0 && is_bytes != (limit->unit == LIMIT_BYTES))
			return -EINVAL;
		limit->burst *= unit + (unit == 0);
		if (limit->burst == 0 && limit->unit == LIMIT_PACKETS)
			limit->burst = BURST_DEFAULT;
	}
	/* a bucket of bytes holds one span's worth and the burst */
	if (limit->unit == LIMIT_BYTES)
		limit->burst += limit->rate;
	return 0;
}

int nft_limit_read(struct nft_reader *reader, struct sentence *sentence)
{
	struct limit *limit = &sentence->limit;

	if (sentence->is_limited || !nft_take(reader, "rate"))
		return sentence_refuse(sentence, why_limit);
	sentence->is_limited = true;
	sentence->is_above = nft_take(reader, "over");
	if (!sentence->is_above)
		(void)nft_take(reader, "until");
	limit->per = LIMIT_PER_RULE;
	if (read_rate(reader, limit) < 0 || read_burst(reader, limit) < 0 ||
	    limit->rate > RULE_RATE_MAX)
		return sentence_refuse(sentence, why_limit);
	return 0;
}

/* "{ ip saddr [& MASK] limit rate ... }", the state of one address each. */
static int read_meter(struct nft_reader *reader, struct sentence *sentence)
{
	bool is_v4, is_source;
	uint8_t per;
	int r;

	if (!nft_take(reader, "{"))
		return sentence_refuse(sentence, why_limit);
	is_v4 = nft_take(reader, "ip");
	if (!is_v4 && !nft_take(reader, "ip6"))
		return sentence_refuse(sentence, why_limit);
	is_source = nft_take(reader, "saddr");
	if (!is_source && !nft_take(reader, "daddr"))
		return sentence_refuse(sentence, why_limit);
	per = is_source ? LIMIT_PER_SOURCE : LIMIT_PER_DESTINATION;
	if (nft_take(reader, "&")) {
		const struct nft_token *word = nft_next(reader);
		bool is_net =
			is_v4 ? nft_token_is(word, "255.255.255.0")
			      : nft_token_is(word, "ffff:ffff:ffff:ffff::");

		if (!is_source || !is_net)
			return sentence_refuse(sentence, why_limit);
		per = LIMIT_PER_SOURCE_NET;
	}
	if (nft_take(reader, "timeout"))
		(void)nft_next(reader);
	if (!nft_take(reader, "limit"))
		return sentence_refuse(sentence, why_limit);
	r = nft_limit_read(reader, sentence);
	if (r < 0)
		return r;
	sentence->limit.per = per;
	if (!nft_take(reader, "}"))
		return sentence_refuse(sentence, why_limit);
	return sentence_ask(sentence, &(struct rule){.family = is_v4 ? 4 : 6});
}

/* "update @name {", "meter name {" */
static int read_dynamic(struct nft_reader *reader, struct sentence *sentence)
{
	(void)nft_next(reader);
	(void)nft_next(reader);
	if (nft_take(reader, "size"))
		(void)nft_next(reader);
	return read_meter(reader, sentence);
}

static void read_log(struct nft_reader *reader, struct sentence *sentence)
{
	static const char *const options[] = {
		"prefix", "level", "group", "snaplen", "queue-threshold",
	};
	bool is_option = true;

	sentence->remarks |= REMARK_LOG;
	while (is_option) {
		is_option = false;
		for (size_t i = 0; i < ARRAY_LEN(options); i++) {
			if (!nft_take(reader, options[i]))
				continue;
			(void)nft_next(reader);
			is_option = true;
		}
		if (nft_take(reader, "flags")) {
			is_option = true;
			while (nft_take(reader, "all") ||
			       nft_take(reader, "tcp") ||
			       nft_take(reader, "ip") ||
			       nft_take(reader, "ether") ||
			       nft_take(reader, "skuid") ||
			       nft_take(reader, "sequence") ||
			       nft_take(reader, "options") ||
			       nft_take(reader, ","))
				;
		}
	}
}

static int read_counter(struct nft_reader *reader, struct sentence *sentence)
{
	if (nft_token_is(nft_peek(reader), "name"))
		return sentence_refuse(sentence, "a counter with a name");
	sentence->is_counting = true;
	while (nft_take(reader, "packets") || nft_take(reader, "bytes"))
		(void)nft_next(reader);
	return 0;
}

static int read_comment(struct nft_reader *reader, struct sentence *sentence)
{
	const struct nft_token *token = nft_next(reader);

	if (!nft_copy(token, sentence->comment, sizeof(sentence->comment)))
		return sentence_refuse(sentence, "a comment that is too long");
	/* text of a policy is UTF-8 and of one line; this need not be */
	for (char *c = sentence->comment; *c != '\0'; c++) {
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	return 0;
}

static int set_outcome(struct sentence *sentence, enum outcome outcome)
{
	if (sentence->outcome != OUTCOME_NONE)
		return sentence_refuse(sentence, "two verdicts");
	sentence->outcome = (uint8_t)outcome;
	return 0;
}

/* "reject [with WHAT [type] CODE]" */
static int read_reject(struct nft_reader *reader, struct sentence *sentence)
{
	sentence->remarks |= REMARK_REJECT;
	if (nft_take(reader, "with")) {
		bool has_code = nft_take(reader, "icmp") ||
				nft_take(reader, "icmpv6") ||
				nft_take(reader, "icmpx");

		if (has_code)
			(void)nft_take(reader, "type");
		else
			(void)nft_take(reader, "tcp");
		(void)nft_next(reader);
	}
	return set_outcome(sentence, OUTCOME_DROP);
}

static int read_jump(struct nft_reader *reader, struct sentence *sentence,
		     enum outcome outcome)
{
	if (nft_peek(reader)->kind != NFT_WORD ||
	    !nft_copy(nft_next(reader), sentence->target,
		      sizeof(sentence->target)))
		return sentence_refuse(sentence, "jumps to no name");
	return set_outcome(sentence, outcome);
}

static int read_part(struct nft_reader *reader, struct sentence *sentence)
{
	int r;

	if (nft_take(reader, "accept"))
		return set_outcome(sentence, OUTCOME_ACCEPT);
	if (nft_take(reader, "drop"))
		return set_outcome(sentence, OUTCOME_DROP);
	if (nft_take(reader, "return"))
		return set_outcome(sentence, OUTCOME_RETURN);
	if (nft_take(reader, "continue"))
		return 0;
	if (nft_take(reader, "jump"))
		return read_jump(reader, sentence, OUTCOME_JUMP);
	if (nft_take(reader, "goto"))
		return read_jump(reader, sentence, OUTCOME_GOTO);
	if (nft_take(reader, "reject"))
		return read_reject(reader, sentence);
	if (nft_take(reader, "counter"))
		return read_counter(reader, sentence);
	if (nft_take(reader, "comment"))
		return read_comment(reader, sentence);
	if (nft_take(reader, "limit"))
		return nft_limit_read(reader, sentence);
	if (nft_token_is(nft_peek(reader), "update") ||
	    nft_token_is(nft_peek(reader), "add") ||
	    nft_token_is(nft_peek(reader), "meter"))
		return read_dynamic(reader, sentence);
	if (nft_take(reader, "log")) {
		read_log(reader, sentence);
		return 0;
	}
	/* a limit is asked after what stands before it only */
	if (sentence->is_limited)
		return sentence_refuse(sentence, "a condition behind a limit");
	r = nft_match_read(reader, sentence);
	return r == -ENOENT ? sentence_refuse(sentence,
					      "a statement that is not read")
			    : r;
}

/* Does the protocol asked for leave only such that have ports? */
static void check_ports(struct sentence *sentence)
{
	const struct rule rule = {
		.ranges[RANGE_PROTOCOL] =
			sentence->match.ranges[RANGE_PROTOCOL],
	};
	struct protocols all = condition_protocols(&rule);

	for (unsigned int p = 0; p <= UINT8_MAX; p++) {
		if (protocols_has(&all, p) && p != 6 && p != 17 && p != 132)
			return;
	}
	sentence->remarks &= (uint8_t)~REMARK_PORTS;
}

/* Of a rule that is not read to its end: whether it would have left its
 * chain, for then what stands behind it cannot be judged either. A map may
 * have the word as well. */
static void find_outcome(struct nft_reader *reader, struct sentence *sentence)
{
	reader->at = sentence->first_token;
	while (!nft_is_done(reader)) {
		const struct nft_token *token = nft_next(reader);

		if (nft_token_is(token, "return"))
			sentence->outcome = OUTCOME_RETURN;
		else if (nft_token_is(token, "goto"))
			sentence->outcome = OUTCOME_GOTO;
	}
}

int nft_sentence_read(struct nft_reader *reader, struct sentence *sentence)
{
	int r = 0;

	while (!nft_is_done(reader) && r >= 0)
		r = read_part(reader, sentence);
	if (r >= 0 && sentence->outcome == OUTCOME_NONE &&
	    (!sentence->is_counting || sentence->is_limited))
		r = sentence_refuse(sentence, "does nothing to a packet");
	if (r < 0) {
		find_outcome(reader, sentence);
		return r;
	}
	check_ports(sentence);
	sentence_tell_remarks(sentence, reader->report);
	return 0;
}

struct members {
	struct foreign_set *set;
	struct match_address found;
};

static int keep_members(struct nft_reader *reader, struct foreign_set *set,
			const struct match_address *found, size_t token)
{
	for (size_t i = 0; i < found->prefix_count; i++) {
		const struct prefix *prefix = &found->prefixes[i];
		struct prefix *members;

		if (prefix_len(prefix) == 0 || prefix_has_all_v4(prefix)) {
			nft_note(reader, token, NOTE_LEFT_OUT,
				 "every address in one member");
			continue;
		}
		members = array_room(set->members, set->member_count,
				     sizeof(*members));
		if (!members)
			return -ENOMEM;
		set->members = members;
		members[set->member_count++] = *prefix;
	}
	return 0;
}

/* One member, with what is said of it. */
static int read_member(struct nft_reader *reader, struct foreign_set *set)
{
	struct match_address found = {0};
	size_t at = reader->at;
	const struct nft_token *first = nft_next(reader);
	const struct nft_token *last = first;
	int r = -EINVAL;

	if (nft_take(reader, "-"))
		last = nft_next(reader);
	if (first->kind == NFT_WORD)
		r = nft_prefixes_add(&found, set->family, first, last);
	if (r >= 0)
		r = keep_members(reader, set, &found, at);
	else if (r == -EINVAL)
		nft_note(reader, at, NOTE_LEFT_OUT, "not an address");
	free(found.prefixes);
	/* timeout, expires, counter, comment: until the next member */
	while (!nft_is_done(reader) && !nft_token_is(nft_peek(reader), ",") &&
	       !nft_token_is(nft_peek(reader), "}"))
		(void)nft_next(reader);
	return r == -ENOMEM ? r : 0;
}

int nft_elements_read(struct nft_reader *reader, struct foreign_set *set)
{
	size_t depth = 1;
	int r = 0;

	set->first_token = reader->at;
	while (depth > 0 && !nft_is_done(reader) && r >= 0) {
		if (nft_take(reader, "{"))
			depth++;
		else if (nft_take(reader, "}"))
			depth--;
		else if (set->family == 0 || nft_peek(reader)->kind == NFT_END)
			(void)nft_next(reader);
		else if (!nft_take(reader, ","))
			r = read_member(reader, set);
	}
	set->end_token = reader->at;
	return r;
}
