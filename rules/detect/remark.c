// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/remark.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules/detect/event.h"
#include "rules/detect/fold.h"
#include "rules/detect/names.h"
#include "rules/detect/plan.h"
#include "rules/detect/watched.h"

#define REMARK_BYTES 256
#define REMARK_MAX   128 /* bytes of one, before another */

__attribute__((format(printf, 2, 3))) static int
write_remark(struct detect_rule *rule, const char *format, ...)
{
	char text[REMARK_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	rule->remark = arena_copy(&rule->arena, text, strlen(text));
	return rule->remark ? 0 : -ENOMEM;
}

static bool is_own_condition(const struct detect_rule *rule)
{
	return !rule->chain && rule->score == 0;
}

static int remark_never(struct detect_rule *rule)
{
	if (!is_own_condition(rule) ||
	    detect_can_be_met(rule->condition, rule->category, rule->kinds))
		return 0;
	rule->remark = rule->condition->first
			       ? "no event ever meets it: those that it is "
				 "about do not have all the fields of its match"
			       : "no event ever meets it: rules are not asked "
				 "about such events";
	return 0;
}

/* Of a block of which no step can be done anywhere. */
static int remark_no_steps(struct detect_rule *rule)
{
	static const struct plan_kernel whole;
	struct plan_answer answer = {.why = NULL};

	for (unsigned int step = 0; step < DETECT_STEP_COUNT; step++) {
		if (!(rule->steps >> step & 1))
			continue;
		answer = plan_step(rule, step, &whole);
		if (answer.state != PLAN_NEVER)
			return 0;
	}
	return answer.why ? write_remark(rule,
					 "its block does nothing but tell: %s",
					 answer.why)
			  : 0;
}

static int remark_all_blocked(struct detect_rule *rule)
{
	if (rule->action == DETECT_BLOCK && is_own_condition(rule) &&
	    !rule->condition->first)
		rule->remark = "it blocks for every event that it is about: it "
			       "has no match";
	return 0;
}

static int remark_long_block(struct detect_rule *rule)
{
	const char *key = NULL;

	if (rule->ttl_s > DETECT_TTL_MAX_S)
		key = "ttl";
	else if (rule->growth.until_s > DETECT_TTL_MAX_S)
		key = "until";
	if (!key)
		return 0;
	return write_remark(rule,
			    "a block ends after %u days, whatever %s says",
			    DETECT_TTL_MAX_S / 86400, key);
}

/* A test of a path, which counts for the rule to be met, that nothing watched
 * could meet; or NULL. */
static const struct detect_node *unwatched_in(const struct detect_node *node)
{
	const struct detect_node *found = NULL;

	if (node->op == DETECT_TEST)
		return strcmp(node->field, "filename") == 0 &&
				       !watched_could_meet(node)
			       ? node
			       : NULL;
	if (node->op == DETECT_NOT)
		return NULL;
	for (const struct detect_node *part = node->first; part && !found;
	     part = part->next)
		found = unwatched_in(part);
	return found;
}

/* The file that a program is of is told, whether it is watched or not. */
static int remark_reads(struct detect_rule *rule)
{
	const bool is_read = (rule->kinds >> EVENT_OPEN & 1) &&
			     !(rule->kinds >> EVENT_EXEC & 1);
	const struct detect_node *test = is_read && rule->action > DETECT_ALLOW
						 ? unwatched_in(rule->condition)
						 : NULL;
	char path[REMARK_BYTES / 2];
	size_t len = 0;

	if (!test)
		return 0;
	for (; len < test->len && len < sizeof(path) - 1; len++) {
		path[len] = test->text[len];
		if (path[len] == WILD_ANY)
			path[len] = '*';
		else if (path[len] == WILD_ONE)
			path[len] = '?';
	}
	path[len] = '\0';
	return write_remark(rule,
			    "reads of %s are not told: only those of watched "
			    "paths are, to which sensor_paths of fwd.yml adds",
			    path);
}

static int remark_rule(struct detect_rule *rule)
{
	static int (*const parts[])(struct detect_rule *) = {
		remark_never,	   remark_no_steps, remark_all_blocked,
		remark_long_block, remark_reads,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(parts) && !rule->remark; i++)
		r = parts[i](rule);
	return r;
}

/* Behind what is remarked already, where there is memory for both. */
static void remark_names(struct detect_rule *rule)
{
	char both[REMARK_MAX + sizeof("; " NAMES_REMARK)];
	const char *remark = NULL;

	if (rule->remark) {
		(void)snprintf(both, sizeof(both), "%.*s%s", REMARK_MAX,
			       rule->remark, "; " NAMES_REMARK);
		remark = arena_copy(&rule->arena, both, strlen(both));
	}
	rule->remark = remark ? remark : NAMES_REMARK;
}

int remark_rules(struct detect_rule *const *rules, size_t count, uint32_t kinds)
{
	int r = 0;

	assert(rules || count == 0);

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct detect_rule *rule = rules[i];

		if (rule->category == DETECT_NATIVE &&
		    (rule->kinds & kinds) == 0)
			rule->remark = "it is about lines of a log, and none "
				       "is read";
		if (names_are_trusted(rule))
			remark_names(rule);
		if (rule->category == DETECT_NATIVE)
			r = remark_rule(rule);
	}
	return r;
}

static int by_title(const void *a, const void *b)
{
	const struct detect_rule *const *left = a;
	const struct detect_rule *const *right = b;
	int order = strcmp((*left)->title, (*right)->title);

	return order ? order
		     : ((*left)->list > (*right)->list) -
			       ((*left)->list < (*right)->list);
}

/* Every list may have one of its own for what it ignores, and by default. */
static bool has_own_name(const struct detect_rule *rule)
{
	return rule->list > 0 && rule->action > DETECT_ALLOW &&
	       strcmp(rule->title, "default") != 0;
}

void remark_same_names(struct detect_rule **rules, size_t count)
{
	size_t named = 0;

	for (size_t i = 0; i < count; i++)
		if (has_own_name(rules[i]))
			rules[named++] = rules[i];
	if (named > 1)
		qsort(rules, named, sizeof(struct detect_rule *), by_title);
	for (size_t i = 1; i < named; i++) {
		if (strcmp(rules[i]->title, rules[i - 1]->title) == 0 &&
		    !rules[i]->remark)
			rules[i]->remark = "another rule has the same name";
	}
}
