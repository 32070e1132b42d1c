// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/nftables.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/nft_reader.h"
#include "rules/foreign/unroll.h"

static const char why_unknown[] = "not a statement that is read";
static const char why_long[] = "too long a name, or too many of them";

struct table_name {
	char text[FOREIGN_NAME_MAX]; /* "inet filter" */
	uint8_t family;
	bool is_ours; /* of a family that is read */
};

/* "[FAMILY] NAME" */
static bool read_table_name(struct nft_reader *reader,
			    struct table_name *ret_table)
{
	static const struct {
		const char *name;
		uint8_t family;
		bool is_ours;
	} families[] = {
		{"ip", 4, true},     {"ip6", 6, true},	   {"inet", 0, true},
		{"netdev", 0, true}, {"bridge", 0, false}, {"arp", 0, false},
	};
	const char *family = "ip";
	char name[FOREIGN_NAME_MAX - 8];

	*ret_table = (struct table_name){.family = 4, .is_ours = true};
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		if (!nft_take(reader, families[i].name))
			continue;
		family = families[i].name;
		ret_table->family = families[i].family;
		ret_table->is_ours = families[i].is_ours;
		break;
	}
	if (nft_peek(reader)->kind != NFT_WORD ||
	    !nft_copy(nft_next(reader), name, sizeof(name)))
		return false;
	(void)snprintf(ret_table->text, sizeof(ret_table->text), "%s %s",
		       family, name);
	return true;
}

static bool read_name(struct nft_reader *reader, char name[FOREIGN_NAME_MAX])
{
	const struct nft_token *token = nft_peek(reader);

	if (token->kind != NFT_WORD && token->kind != NFT_STRING)
		return false;
	return nft_copy(nft_next(reader), name, FOREIGN_NAME_MAX);
}

static void leave_out(struct nft_reader *reader, size_t first, const char *why)
{
	nft_note(reader, first, NOTE_LEFT_OUT, why);
	reader->at = first;
	nft_skip_statement(reader);
	/* a stray brace is no statement, and would be met again */
	reader->at += reader->at == first;
}

static uint8_t hook_of(const struct nft_token *word)
{
	static const char *const names[] = {
		[HOOK_NONE] = "",
		[HOOK_INGRESS] = "ingress",
		[HOOK_PREROUTING] = "prerouting",
		[HOOK_INPUT] = "input",
		[HOOK_FORWARD] = "forward",
		[HOOK_OUTPUT] = "output",
		[HOOK_POSTROUTING] = "postrouting",
		[HOOK_EGRESS] = "egress",
	};

	for (size_t i = HOOK_INGRESS; i < ARRAY_LEN(names); i++) {
		if (nft_token_is(word, names[i]))
			return (uint8_t)i;
	}
	return HOOK_NONE;
}

/* "filter", "-150", "filter - 5" */
static int32_t read_priority(struct nft_reader *reader)
{
	static const struct {
		const char *name;
		int32_t priority;
	} names[] = {
		{"raw", -300}, {"mangle", -150}, {"dstnat", -100},
		{"filter", 0}, {"security", 50}, {"srcnat", 100},
	};
	const struct nft_token *token = nft_next(reader);
	int32_t priority = 0;
	char text[16];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (nft_token_is(token, names[i].name))
			priority = names[i].priority;
	}
	if (nft_copy(token, text, sizeof(text)) && priority == 0)
		priority = (int32_t)strtol(text, NULL, 10);
	while (nft_peek(reader)->kind != NFT_END && !nft_is_done(reader)) {
		bool is_minus = nft_token_is(nft_peek(reader), "-");

		token = nft_next(reader);
		if (is_minus)
			token = nft_next(reader);
		if (nft_copy(token, text, sizeof(text)))
			priority +=
				(int32_t)((is_minus ? -1 : 1) *
					  (strtol(text, NULL, 10) % 1000000));
	}
	return priority;
}

static void read_device(struct nft_reader *reader, struct foreign_chain *chain,
			bool is_list)
{
	(void)nft_take(reader, "=");
	if (is_list && !nft_take(reader, "{")) {
		chain->why = "devices that are not named";
		return;
	}
	if (!nft_copy_interface(nft_next(reader), chain->device))
		chain->why = "a name that no interface can have here";
	if (!is_list || nft_take(reader, "}"))
		return;
	chain->why = "a chain of several devices";
	nft_skip_statement(reader);
	(void)nft_take(reader, "}");
}

/* "type TYPE hook HOOK [device NAME] priority NUMBER" */
static void read_hook(struct nft_reader *reader, struct foreign_chain *chain)
{
	if (!nft_take(reader, "filter")) {
		(void)nft_next(reader);
		chain->why = "a chain of another type than filter";
	}
	while (nft_peek(reader)->kind != NFT_END && !nft_is_done(reader)) {
		if (nft_take(reader, "hook"))
			chain->hook = hook_of(nft_next(reader));
		else if (nft_take(reader, "priority"))
			chain->priority = read_priority(reader);
		else if (nft_take(reader, "device"))
			read_device(reader, chain, false);
		else if (nft_take(reader, "devices"))
			read_device(reader, chain, true);
		else
			(void)nft_next(reader);
	}
	if (chain->hook == HOOK_NONE && !chain->why)
		chain->why = "a chain at no hook that is known";
}

static int keep_sentence(struct nft_reader *reader, struct foreign_chain *chain,
			 size_t first)
{
	struct sentence *sentence = ruleset_add_sentence(chain);

	if (!sentence)
		return -ENOMEM;
	nft_skip_statement(reader);
	sentence->first_token = first;
	sentence->end_token = reader->at;
	sentence->excerpt = nft_excerpt(reader, first);
	return 0;
}

/* One statement of a chain's block. */
static int read_in_chain(struct nft_reader *reader, struct foreign_chain *chain)
{
	size_t first = reader->at;

	if (nft_take(reader, "type")) {
		read_hook(reader, chain);
	} else if (nft_take(reader, "policy")) {
		chain->is_drop = nft_take(reader, "drop");
		nft_skip_statement(reader);
	} else if (nft_take(reader, "comment")) {
		nft_skip_statement(reader);
	} else if (nft_take(reader, "flags")) {
		leave_out(reader, first, "flags of a chain");
	} else {
		return keep_sentence(reader, chain, first);
	}
	return 0;
}

/* Up to the brace that closes what was opened before. */
static bool at_block_end(struct nft_reader *reader)
{
	nft_skip_ends(reader);
	return nft_is_done(reader) || nft_take(reader, "}");
}

static int read_chain(struct nft_reader *reader, const struct table_name *table,
		      size_t first)
{
	struct foreign_chain *chain;
	char name[FOREIGN_NAME_MAX];
	int r = -E2BIG;

	if (read_name(reader, name))
		r = ruleset_chain(reader->ruleset, table->text, name, &chain);
	if (r == -E2BIG) {
		leave_out(reader, first, why_long);
		return 0;
	}
	if (r < 0)
		return r;
	if (!chain->excerpt.text)
		chain->excerpt = nft_excerpt(reader, first);
	chain->family = table->family;
	if (!table->is_ours)
		chain->why = "a table of a family that is not IP's";
	if (!nft_take(reader, "{"))
		return 0;
	while (!at_block_end(reader) && r >= 0) {
		size_t before = reader->at;

		r = read_in_chain(reader, chain);
		if (reader->at == before)
			reader->at++;
	}
	return r;
}

/* The name without ".v4" or ".v6", as our export writes both halves. */
static void find_base(struct foreign_set *set)
{
	size_t len = strlen(set->name);
	const char *ending = set->family == 4 ? ".v4" : ".v6";

	if (set->family != 0 && len > 3 &&
	    strcmp(set->name + len - 3, ending) == 0)
		set->base[len - 3] = '\0';
}

static void read_type(struct nft_reader *reader, struct foreign_set *set)
{
	size_t first = reader->at;

	if (nft_take(reader, "ipv4_addr") || nft_take(reader, "ip"))
		set->family = 4;
	else if (nft_take(reader, "ipv6_addr") || nft_take(reader, "ip6"))
		set->family = 6;
	if (set->family != 0 &&
	    (nft_take(reader, "saddr") || nft_take(reader, "daddr")))
		first = reader->at;
	if (nft_peek(reader)->kind != NFT_END &&
	    (set->family != 0 || first != reader->at))
		set->family = 0;
	nft_skip_statement(reader);
}

static void read_set_flags(struct nft_reader *reader, struct foreign_set *set)
{
	while (nft_peek(reader)->kind != NFT_END && !nft_is_done(reader)) {
		const struct nft_token *token = nft_next(reader);

		if (nft_token_is(token, "timeout") ||
		    nft_token_is(token, "dynamic"))
			set->is_dynamic = true;
	}
}

static int read_in_set(struct nft_reader *reader, struct foreign_set *set)
{
	if (nft_take(reader, "type") || nft_take(reader, "typeof")) {
		read_type(reader, set);
	} else if (nft_take(reader, "flags")) {
		read_set_flags(reader, set);
	} else if (nft_take(reader, "timeout")) {
		set->is_dynamic = true;
		nft_skip_statement(reader);
	} else if (nft_take(reader, "elements")) {
		(void)nft_take(reader, "=");
		if (nft_take(reader, "{"))
			return nft_elements_read(reader, set);
		nft_skip_statement(reader);
	} else {
		/* size, policy, auto-merge, gc-interval, counter, comment:
		 * nothing that decides about a packet */
		nft_skip_statement(reader);
	}
	return 0;
}

static int read_set(struct nft_reader *reader, const struct table_name *table,
		    size_t first, bool is_map)
{
	struct foreign_set *set;
	char name[FOREIGN_NAME_MAX];
	int r = -E2BIG;

	if (read_name(reader, name))
		r = ruleset_set(reader->ruleset, table->text, name, &set);
	if (r == -E2BIG) {
		leave_out(reader, first, why_long);
		return 0;
	}
	if (r < 0)
		return r;
	set->excerpt = nft_excerpt(reader, first);
	set->is_map = is_map;
	if (is_map || !table->is_ours) {
		set->is_map = true;
		leave_out(reader, first, "maps are not translated");
		return 0;
	}
	if (!nft_take(reader, "{"))
		return 0;
	while (!at_block_end(reader) && r >= 0) {
		size_t before = reader->at;

		r = read_in_set(reader, set);
		if (reader->at == before)
			reader->at++;
	}
	find_base(set);
	return r;
}

/* One statement of a table's block; `first` is the word that says what. */
static int read_in_table(struct nft_reader *reader,
			 const struct table_name *table)
{
	size_t first = reader->at;

	if (nft_take(reader, "chain"))
		return read_chain(reader, table, first);
	if (nft_take(reader, "set"))
		return read_set(reader, table, first, false);
	if (nft_take(reader, "map"))
		return read_set(reader, table, first, true);
	if (nft_take(reader, "comment")) {
		nft_skip_statement(reader);
		return 0;
	}
	leave_out(reader, first, why_unknown);
	return 0;
}

static int read_table(struct nft_reader *reader, size_t first)
{
	struct table_name table;
	int r = 0;

	if (!read_table_name(reader, &table)) {
		leave_out(reader, first, why_long);
		return 0;
	}
	if (!nft_take(reader, "{"))
		return 0;
	while (!at_block_end(reader) && r >= 0)
		r = read_in_table(reader, &table);
	return r;
}

/* "rule [FAMILY] TABLE CHAIN STATEMENT", from behind "rule". */
static int read_rule(struct nft_reader *reader, size_t first)
{
	struct table_name table;
	struct foreign_chain *chain = NULL;
	char name[FOREIGN_NAME_MAX];

	if (read_table_name(reader, &table) && read_name(reader, name))
		chain = ruleset_find_chain(reader->ruleset, table.text, name);
	if (!chain || nft_token_is(nft_peek(reader), "position") ||
	    nft_token_is(nft_peek(reader), "index") ||
	    nft_token_is(nft_peek(reader), "handle")) {
		leave_out(reader, first, "a rule of no chain that was read");
		return 0;
	}
	return keep_sentence(reader, chain, reader->at);
}

static int read_element(struct nft_reader *reader, size_t first)
{
	struct table_name table;
	struct foreign_set *set = NULL;
	char name[FOREIGN_NAME_MAX];

	if (read_table_name(reader, &table) && read_name(reader, name))
		set = ruleset_find_set(reader->ruleset, table.text, name);
	(void)nft_take(reader, "=");
	if (set && set->family != 0 && nft_take(reader, "{"))
		return nft_elements_read(reader, set);
	if (set)
		set->is_map = true; /* some of its elements are not known */
	leave_out(reader, first, "elements of no set of addresses");
	return 0;
}

/* "chain", "set" and so on at the top, where they name their table. */
static int read_object(struct nft_reader *reader, size_t first)
{
	size_t object = reader->at;
	struct table_name table;
	bool is_map;

	if (nft_take(reader, "table"))
		return read_table(reader, first);
	if (nft_take(reader, "rule"))
		return read_rule(reader, first);
	if (nft_take(reader, "element"))
		return read_element(reader, first);
	is_map = nft_token_is(nft_peek(reader), "map");
	if (nft_take(reader, "chain")) {
		if (read_table_name(reader, &table))
			return read_chain(reader, &table, first);
	} else if (nft_take(reader, "set") || nft_take(reader, "map")) {
		if (read_table_name(reader, &table))
			return read_set(reader, &table, first, is_map);
	}
	reader->at = object;
	leave_out(reader, first, why_unknown);
	return 0;
}

/* Deleting what the kernel had is how scripts begin; what they themselves
 * said before it is another matter. */
static void read_delete(struct nft_reader *reader, size_t first)
{
	if (reader->ruleset->chain_count == 0 &&
	    reader->ruleset->set_count == 0)
		nft_skip_statement(reader);
	else
		leave_out(reader, first, "takes back what stands before it");
}

static int read_command(struct nft_reader *reader)
{
	size_t first = reader->at;

	if (nft_take(reader, "define") || nft_take(reader, "redefine")) {
		nft_skip_statement(reader);
		return 0;
	}
	if (nft_take(reader, "flush") || nft_take(reader, "delete") ||
	    nft_take(reader, "destroy")) {
		read_delete(reader, first);
		return 0;
	}
	if (nft_take(reader, "add") || nft_take(reader, "create"))
		return read_object(reader, first);
	if (nft_token_is(nft_peek(reader), "table"))
		return read_object(reader, first);
	leave_out(reader, first, why_unknown);
	return 0;
}

/* Rules may name sets that stand after them, so they are read at the end. */
static int read_sentences(struct nft_reader *reader)
{
	for (size_t i = 0; i < reader->ruleset->chain_count; i++) {
		struct foreign_chain *chain = &reader->ruleset->chains[i];

		reader->table = chain->table;
		for (size_t k = 0; k < chain->sentence_count; k++) {
			struct sentence *sentence = &chain->sentences[k];
			int r;

			sentence->match.family = chain->family;
			reader->at = sentence->first_token;
			reader->end = sentence->end_token;
			r = nft_sentence_read(reader, sentence);
			if (r == -ENOMEM)
				return r;
		}
	}
	return 0;
}

/* A set that rules only count in is part of those rules. */
static void find_meters(struct nft_reader *reader)
{
	const struct nft_token *tokens = reader->all.tokens;
	char name[FOREIGN_NAME_MAX];

	for (size_t i = 1; i + 1 < reader->all.count; i++) {
		if (tokens[i].kind != NFT_WORD || tokens[i].text[0] != '@' ||
		    !nft_token_is(&tokens[i + 1], "{") ||
		    !(nft_token_is(&tokens[i - 1], "update") ||
		      nft_token_is(&tokens[i - 1], "add")) ||
		    !nft_copy(&tokens[i], name, sizeof(name)))
			continue;
		for (size_t k = 0; k < reader->ruleset->set_count; k++) {
			struct foreign_set *set = &reader->ruleset->sets[k];

			if (strcmp(set->name, name + 1) == 0)
				set->is_meter = true;
		}
	}
}

static int read_all(struct nft_reader *reader, struct policy *policy)
{
	int r = 0;

	for (nft_skip_ends(reader); !nft_is_done(reader) && r >= 0;
	     nft_skip_ends(reader))
		r = read_command(reader);
	if (r < 0)
		return r;
	find_meters(reader);
	r = unroll_sets(reader->ruleset, policy, reader->report);
	if (r >= 0)
		r = read_sentences(reader);
	return r < 0 ? r : unroll(reader->ruleset, policy, reader->report);
}

int nftables_read(const char *text, size_t len, struct policy *policy,
		  struct foreign_report *report)
{
	struct ruleset ruleset = {0};
	struct nft_reader reader = {
		.text_end = text + len,
		.ruleset = &ruleset,
		.report = report,
	};
	int r;

	assert(text || len == 0);
	assert(policy);
	assert(report);

	if (len > FOREIGN_TEXT_MAX)
		return -E2BIG;
	r = nft_tokens_read(text, len, &reader.all);
	if (r < 0)
		return r;
	reader.end = reader.all.count;
	r = read_all(&reader, policy);
	report->understood_count += ruleset.chain_count + ruleset.set_count;
	nft_tokens_done(&reader.all);
	ruleset_done(&ruleset);
	return r;
}
