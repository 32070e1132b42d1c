/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ruleset.h - chains and sets as other firewalls have them, before they are
 * made one list of rules.
 *
 * What reads nftables or iptables makes sentences, one of each line; unroll.h
 * walks the chains and makes policy of them. A sentence that was not
 * understood stays in its chain with the reason, because where it stands
 * decides what it would have changed.
 *
 * Owns		everything reachable from it but text, which is the input's
 * Threads	none: a value
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/foreign/report.h"
#include "rules/policy.h"
#include "rules/rule.h"

#define FOREIGN_NAME_MAX   128 /* of chains, tables and sets; with the NUL */
#define FOREIGN_TEXT_MAX   (16u << 20) /* bytes of one ruleset */
#define FOREIGN_CHAINS_MAX 4096
#define FOREIGN_SETS_MAX   4096

/* A piece of the input, for the report. */
struct excerpt {
	const char *text;
	size_t len;
	uint32_t line;
};

enum outcome {
	OUTCOME_NONE, /* goes on */
	OUTCOME_ACCEPT,
	OUTCOME_DROP,
	OUTCOME_RETURN,
	OUTCOME_JUMP, /* to target, and comes back */
	OUTCOME_GOTO, /* to target, and what follows is its caller's */
};

/* Bits of sentence.remarks: translated, and yet a little different. */
enum remark {
	REMARK_REJECT = 1,
	REMARK_LOG = 2,
	REMARK_PORTS = 4,
	REMARK_INLINE_SET = 8,
	REMARK_NEXT_HEADER = 16,
	REMARK_HOUR = 32,
	REMARK_UNTRACKED = 64,
	REMARK_INDEX = 128,
	REMARK_COUNT = 8,
};

/* One line of a chain. */
struct sentence {
	struct rule match; /* its conditions, but for the interfaces */
	struct match_names in, out; /* interfaces */
	struct limit limit;
	char comment[RULE_COMMENT_MAX];
	char target[FOREIGN_NAME_MAX];
	uint8_t outcome; /* enum outcome */
	bool is_limited; /* by limit */
	bool is_above; /* the outcome is of what is above the limit */
	bool is_counting;
	uint8_t remarks; /* REMARK_* */
	bool is_noted; /* the report has it */
	bool is_emitted;
	const char *why; /* not translated, NULL if it is */
	size_t first_token, end_token; /* for who reads it */
	struct excerpt excerpt;
};

enum hook {
	HOOK_NONE,
	HOOK_INGRESS,
	HOOK_PREROUTING,
	HOOK_INPUT,
	HOOK_FORWARD,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_EGRESS,
};

struct foreign_chain {
	char table[FOREIGN_NAME_MAX]; /* with its family: "inet filter" */
	char name[FOREIGN_NAME_MAX];
	uint8_t family; /* of the table: 4, 6 or 0 */
	uint8_t hook; /* enum hook */
	int32_t priority;
	bool is_drop; /* what its end does, of one with a hook */
	bool is_visited;
	bool is_on_way; /* jumped to, and not left yet */
	char device[RULE_NAME_MAX]; /* "" for all */
	const char *why; /* none of it is translated, NULL if it may be */
	struct sentence *sentences;
	size_t sentence_count;
	struct excerpt excerpt;
};

struct foreign_set {
	char table[FOREIGN_NAME_MAX];
	char name[FOREIGN_NAME_MAX];
	char base[FOREIGN_NAME_MAX]; /* shared by both families' halves */
	char policy_name[SET_NAME_MAX]; /* "" until it is in the policy */
	uint8_t family; /* 4 or 6; 0: not of addresses */
	bool is_dynamic;
	bool is_meter; /* holds the state of a limit and no members */
	bool is_map; /* or anything else that rules cannot take values from */
	size_t first_token, end_token; /* its elements, for who reads it */
	struct prefix *members;
	size_t member_count;
	struct excerpt excerpt;
};

struct ruleset {
	struct foreign_chain *chains;
	size_t chain_count;
	struct foreign_set *sets;
	size_t set_count;
};

void ruleset_done(struct ruleset *ruleset);

/* A sentence at the end of a chain, zeroed but for the family; NULL without
 * memory. Valid until the next is added. */
struct sentence *ruleset_add_sentence(struct foreign_chain *chain);

/* The chain of that name, added if there is none; valid until the next is
 * added. -E2BIG: too many, or a name too long. */
int ruleset_chain(struct ruleset *ruleset, const char *table, const char *name,
		  struct foreign_chain **ret_chain);
int ruleset_set(struct ruleset *ruleset, const char *table, const char *name,
		struct foreign_set **ret_set);

/* NULL if there is none. */
struct foreign_chain *ruleset_find_chain(const struct ruleset *ruleset,
					 const char *table, const char *name);
struct foreign_set *ruleset_find_set(const struct ruleset *ruleset,
				     const char *table, const char *name);

/* Note that it is not translated; returns -EOPNOTSUPP for the caller to. */
int sentence_refuse(struct sentence *sentence, const char *why);

/* Join, and say in the sentence why if that fails: -EOPNOTSUPP then, or
 * -ENOMEM. These free what is in `more`. */
int sentence_ask_ranges(struct sentence *sentence, enum rule_range kind,
			struct match_ranges *more);
int sentence_ask_address(struct sentence *sentence, bool is_source,
			 struct match_address *more);
int sentence_ask_names(struct sentence *sentence, bool is_in,
		       struct match_names *more);
int sentence_ask(struct sentence *sentence, struct rule *more);

/* A single range, and a single prefix: the common cases. */
int sentence_ask_range(struct sentence *sentence, enum rule_range kind,
		       uint32_t first, uint32_t last);

/* Put the remarks in the report. */
void sentence_tell_remarks(const struct sentence *sentence,
			   struct foreign_report *report);
