// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/ruleset.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"

static void sentence_done(struct sentence *sentence)
{
	rule_done(&sentence->match);
	free(sentence->in.names);
	free(sentence->out.names);
}

void ruleset_done(struct ruleset *ruleset)
{
	assert(ruleset);

	for (size_t i = 0; i < ruleset->chain_count; i++) {
		struct foreign_chain *chain = &ruleset->chains[i];

		for (size_t k = 0; k < chain->sentence_count; k++)
			sentence_done(&chain->sentences[k]);
		free(chain->sentences);
	}
	for (size_t i = 0; i < ruleset->set_count; i++)
		free(ruleset->sets[i].members);
	free(ruleset->chains);
	free(ruleset->sets);
	*ruleset = (struct ruleset){0};
}

struct sentence *ruleset_add_sentence(struct foreign_chain *chain)
{
	struct sentence *sentences = array_room(
		chain->sentences, chain->sentence_count, sizeof(*sentences));
	struct sentence *sentence;

	if (!sentences)
		return NULL;
	chain->sentences = sentences;
	sentence = &sentences[chain->sentence_count++];
	*sentence = (struct sentence){.match.family = chain->family};
	return sentence;
}

struct foreign_chain *ruleset_find_chain(const struct ruleset *ruleset,
					 const char *table, const char *name)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (strcmp(ruleset->chains[i].name, name) == 0 &&
		    strcmp(ruleset->chains[i].table, table) == 0)
			return &ruleset->chains[i];
	}
	return NULL;
}

struct foreign_set *ruleset_find_set(const struct ruleset *ruleset,
				     const char *table, const char *name)
{
	for (size_t i = 0; i < ruleset->set_count; i++) {
		if (strcmp(ruleset->sets[i].name, name) == 0 &&
		    strcmp(ruleset->sets[i].table, table) == 0)
			return &ruleset->sets[i];
	}
	return NULL;
}

static bool name_fits(const char *name)
{
	return strlen(name) < FOREIGN_NAME_MAX;
}

int ruleset_chain(struct ruleset *ruleset, const char *table, const char *name,
		  struct foreign_chain **ret_chain)
{
	struct foreign_chain *chain = ruleset_find_chain(ruleset, table, name);
	struct foreign_chain *chains;

	if (chain) {
		*ret_chain = chain;
		return 0;
	}
	if (ruleset->chain_count == FOREIGN_CHAINS_MAX || !name_fits(table) ||
	    !name_fits(name))
		return -E2BIG;
	chains = array_room(ruleset->chains, ruleset->chain_count,
			    sizeof(*chains));
	if (!chains)
		return -ENOMEM;
	ruleset->chains = chains;
	chain = &chains[ruleset->chain_count++];
	*chain = (struct foreign_chain){0};
	memcpy(chain->table, table, strlen(table));
	memcpy(chain->name, name, strlen(name));
	*ret_chain = chain;
	return 0;
}

int ruleset_set(struct ruleset *ruleset, const char *table, const char *name,
		struct foreign_set **ret_set)
{
	struct foreign_set *set = ruleset_find_set(ruleset, table, name);
	struct foreign_set *sets;

	if (set) {
		*ret_set = set;
		return 0;
	}
	if (ruleset->set_count == FOREIGN_SETS_MAX || !name_fits(table) ||
	    !name_fits(name))
		return -E2BIG;
	sets = array_room(ruleset->sets, ruleset->set_count, sizeof(*sets));
	if (!sets)
		return -ENOMEM;
	ruleset->sets = sets;
	set = &sets[ruleset->set_count++];
	*set = (struct foreign_set){0};
	memcpy(set->table, table, strlen(table));
	memcpy(set->name, name, strlen(name));
	memcpy(set->base, name, strlen(name));
	*ret_set = set;
	return 0;
}

int sentence_refuse(struct sentence *sentence, const char *why)
{
	if (!sentence->why)
		sentence->why = why;
	return -EOPNOTSUPP;
}

/* What a join answered, as an answer about the sentence. */
static int judge(struct sentence *sentence, int r)
{
	if (r >= 0 || r == -ENOMEM)
		return r;
	if (r == -ENODATA)
		return sentence_refuse(sentence, "can never be met");
	if (r == -E2BIG)
		return sentence_refuse(sentence, "too long a list");
	return sentence_refuse(sentence,
			       "asks twice for what one rule asks once");
}

int sentence_ask_ranges(struct sentence *sentence, enum rule_range kind,
			struct match_ranges *more)
{
	int r = condition_ranges(&sentence->match.ranges[kind], kind, more);

	free(more->ranges);
	*more = (struct match_ranges){0};
	return judge(sentence, r);
}

int sentence_ask_address(struct sentence *sentence, bool is_source,
			 struct match_address *more)
{
	struct match_address *into = is_source ? &sentence->match.source
					       : &sentence->match.destination;
	int r = condition_address(into, more);

	free(more->prefixes);
	free(more->sets);
	*more = (struct match_address){0};
	return judge(sentence, r);
}

int sentence_ask_names(struct sentence *sentence, bool is_in,
		       struct match_names *more)
{
	int r = condition_names(is_in ? &sentence->in : &sentence->out, more);

	free(more->names);
	*more = (struct match_names){0};
	return judge(sentence, r);
}

int sentence_ask(struct sentence *sentence, struct rule *more)
{
	int r = condition_join(&sentence->match, more);

	rule_done(more);
	return judge(sentence, r);
}

int sentence_ask_range(struct sentence *sentence, enum rule_range kind,
		       uint32_t first, uint32_t last)
{
	struct range range = {(uint16_t)first, (uint16_t)last};
	struct match_ranges one = {
		.ranges = array_copy(&range, 1, sizeof(range)),
		.count = 1,
	};

	if (!one.ranges)
		return -ENOMEM;
	return sentence_ask_ranges(sentence, kind, &one);
}

void sentence_tell_remarks(const struct sentence *sentence,
			   struct foreign_report *report)
{
	static const char *const texts[] = {
		"reject: dropped, and not answered",
		"log: not logged",
		"ports: of TCP, UDP and SCTP, and of nothing else",
		"the elements of the set are written into the rule",
		"next header: behind extension headers as well",
		"hours: up to the minute, and without the last second",
		"untracked: no packet is",
		"iif, oif: by name, not by number",
	};
	_Static_assert(ARRAY_LEN(texts) == REMARK_COUNT, "");

	for (size_t i = 0; i < REMARK_COUNT; i++) {
		if (sentence->remarks >> i & 1)
			foreign_report_add(report, NOTE_DIFFERS,
					   sentence->excerpt.line,
					   sentence->excerpt.text,
					   sentence->excerpt.len, texts[i]);
	}
}
