/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule.h - a detection rule as it was read: what it says, and its condition.
 *
 * A condition is a tree of tests. A test names a field as the rule's language
 * does; what that is of an event is said by the views of the rule's category
 * (rules/detect/view.h). Parts of a tree may be shared (DETECT_SAME), so it is
 * as long as what was written.
 *
 * Owns		a rule owns all its texts and nodes
 * Threads	constant once it was read; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/arena.h"
#include "rules/detect/growth.h"
#include "rules/detect/regex.h"
#include "rules/prefix.h"

/* Which events a rule is about, as Sigma's log sources have it. */
enum detect_category {
	DETECT_PROCESS, /* process_creation */
	DETECT_FILE, /* file_event */
	DETECT_FILE_DELETE,
	DETECT_NETWORK, /* network_connection */
	DETECT_AUDIT, /* records of auditd */
	DETECT_LOG, /* lines of a log */
	DETECT_NATIVE, /* a policy's own words */
	DETECT_CATEGORY_COUNT,
};

enum detect_level {
	DETECT_INFORMATIONAL,
	DETECT_LOW,
	DETECT_MEDIUM,
	DETECT_HIGH,
	DETECT_CRITICAL,
	DETECT_LEVEL_COUNT,
};

/* What is to be done about an event that meets a rule. */
enum detect_action {
	DETECT_TELL, /* say so; other rules say for themselves */
	/* Of the rules of one list only the first that is met is told. */
	DETECT_IGNORE, /* nothing, not even to count it */
	DETECT_ALLOW, /* nothing */
	DETECT_LOG_IT,
	DETECT_ALERT,
	DETECT_BLOCK,
	DETECT_ACTION_COUNT,
};

/* What a block does, each a bit of the rule's `steps`; in this order. */
enum detect_step {
	DETECT_STEP_TABLE = 1, /* the peer's packets are dropped */
	DETECT_STEP_REFUSE = 2, /* connections to the peer are refused */
	DETECT_STEP_CUT = 4, /* connections with the peer are closed */
	DETECT_STEP_END = 8, /* the process is ended */
	DETECT_STEP_QUARANTINE = 16, /* its control group may not connect */
};

#define DETECT_STEP_COUNT 5
#define DETECT_STEPS_DEFAULT \
	(DETECT_STEP_TABLE | DETECT_STEP_REFUSE | DETECT_STEP_CUT)
#define DETECT_TTL_DEFAULT_S 3600

enum detect_op {
	DETECT_AND, /* all its parts; true without any */
	DETECT_OR, /* one of its parts; false without any */
	DETECT_NOT, /* of its part */
	DETECT_SAME, /* as another node */
	DETECT_TEST, /* of a field */
};

/* How a field's text is compared. Letters' case is told apart only by regular
 * expressions and by tests that are `is_cased`. */
enum detect_match {
	DETECT_EQUALS,
	DETECT_STARTS,
	DETECT_ENDS,
	DETECT_CONTAINS,
	DETECT_WILD, /* with WILD_ANY and WILD_ONE in the text */
	DETECT_PRESENT, /* the field has a text */
	DETECT_REGEX,
	DETECT_CIDR,
	DETECT_MATCH_COUNT,
};

#define WILD_ANY '\xff' /* any bytes, or none; UTF-8 has no such byte */
#define WILD_ONE '\xfe' /* one byte */

/* Of ASCII letters the small one; any other byte as it is. */
static inline char detect_lower(char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return (char)(byte + ('a' - 'A'));
	return byte;
}

struct detect_node {
	enum detect_op op;
	enum detect_match match;
	bool is_cased;
	struct detect_node *first, *last; /* parts; DETECT_SAME: the other */
	struct detect_node *next; /* beside it */
	/* Of a test. The field is a text of view.h; "" is the whole record. */
	const char *field;
	const char *text; /* in lower case unless `is_cased` */
	uint32_t len;
	const struct regex *regex;
	struct prefix prefix;
};

/* Which of its matches are told; rules/detect/alarm.h says how. */
struct detect_limits {
	uint64_t window_ns, cooldown_ns, renotify_ns; /* renotify 0: never */
	uint32_t threshold; /* matches, 1 or more */
};

#define DETECT_SECOND_NS 1000000000ull
#define DETECT_LIMITS_DEFAULT                            \
	((struct detect_limits){                         \
		.window_ns = 300 * DETECT_SECOND_NS,     \
		.cooldown_ns = 300 * DETECT_SECOND_NS,   \
		.renotify_ns = 21600 * DETECT_SECOND_NS, \
		.threshold = 1,                          \
	})

#define DETECT_CHAIN_STEPS_MAX 8

/* Met when others were, by a tree or a user: rules/detect/chain.h says how. */
struct detect_chain {
	const struct detect_rule *const *steps; /* of the same list */
	uint32_t count;
	bool is_ordered, is_by_user;
	uint64_t within_ns;
};

/* Who meets the rule is marked with a name; rules/detect/taint.h says how. */
struct detect_taint {
	const char *name; /* NULL: nobody is */
	bool is_of_tree; /* all of its tree; else what it begins from then on */
	uint64_t span_ns;
};

struct detect_rule {
	struct arena arena;
	const char *id; /* "" if it has none */
	const char *title, *author;
	const char *const *tags;
	size_t tag_count;
	const char *remark; /* why a part of it is never met here, or NULL */
	enum detect_level level;
	enum detect_action action;
	bool is_observed; /* a block only says what it would do */
	uint32_t steps; /* of a block: enum detect_step; of others 0 */
	uint64_t ttl_s; /* of a block: how long it lasts; of others 0 */
	struct detect_growth growth; /* of a block's ttl */
	uint32_t list; /* of rules of which the first is told; 0: of none */
	enum detect_category category;
	uint32_t kinds; /* of events: 1 << enum event_kind */
	struct detect_node *condition;
	const struct detect_chain *chain; /* its condition is never met */
	struct detect_taint taint;
	uint32_t weight, score; /* points; score 0: it asks for none */
	bool has_weight, is_step; /* a step is of chains, and never told */
	struct detect_limits limits;
	const char *const *group_by; /* fields; NULL: it does not say */
	size_t group_count;
};

void detect_rule_free(struct detect_rule *rule);
DEFINE_CLEANUP(struct detect_rule *, detect_rule_free)

const char *detect_level_name(enum detect_level level);
/* -EINVAL: no level is called so. */
int detect_level_from_text(const char *text, enum detect_level *ret_level);
const char *detect_category_name(enum detect_category category);
const char *detect_action_name(enum detect_action action);
/* Of the step 1 << `number`. */
const char *detect_step_name(unsigned int number);

/* A node of this kind in `parent`; NULL: in none. NULL without memory. */
struct detect_node *detect_node_new(struct arena *arena,
				    struct detect_node *parent,
				    enum detect_op op);

/* Does a text meet a test that is not about an address? An empty text is what
 * is not known, and meets none but an empty one. */
bool detect_text_meets(const struct detect_node *test, const char *text,
		       size_t len);

/* The same for the address of a peer; bits 0: there is none. */
bool detect_address_meets(const struct detect_node *test,
			  const struct prefix *address);
