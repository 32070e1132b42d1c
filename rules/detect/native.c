// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/native.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/detect/keys.h"
#include "rules/detect/native_reader.h"
#include "rules/text.h"

#define NAME_BYTES 256

int native_new_rule(struct native_reader *reader, struct mark mark,
		    const char *name)
{
	struct detect_rule *rule;

	if (reader->count == reader->room)
		return native_refuse(reader, DETECT_TOO_LARGE, -E2BIG, mark,
				     "more than %d rules", NATIVE_RULES_MAX);
	rule = calloc(1, sizeof(*rule));
	if (!rule)
		return -ENOMEM;
	reader->rules[reader->count++] = rule;
	reader->rule = rule;
	rule->category = DETECT_NATIVE;
	rule->list = 1;
	rule->kinds = NATIVE_KINDS_ANY;
	rule->level = DETECT_MEDIUM;
	rule->limits = DETECT_LIMITS_DEFAULT;
	rule->limits.cooldown_ns = reader->cooldown_ns;
	rule->id = rule->author = "";
	rule->title = arena_copy(&rule->arena, name, strlen(name));
	rule->condition = detect_node_new(&rule->arena, NULL, DETECT_AND);
	return rule->title && rule->condition ? 0 : -ENOMEM;
}

static int read_action(struct native_reader *reader, const struct node *value,
		       enum detect_action *ret_action)
{
	for (int action = DETECT_ALLOW; action < DETECT_ACTION_COUNT;
	     action++) {
		if (value->kind == NODE_SCALAR &&
		    strcmp(detect_action_name(action), value->text) == 0) {
			*ret_action = (enum detect_action)action;
			return 0;
		}
	}
	return native_break(reader, value->mark,
			    "an action is allow, log, alert or block");
}

static void set_action(struct detect_rule *rule, enum detect_action action)
{
	rule->action = action;
	if (action == DETECT_BLOCK) {
		rule->steps = DETECT_STEPS_DEFAULT;
		rule->ttl_s = DETECT_TTL_DEFAULT_S;
	}
}

/* What is met by what other rules have met, "chain" or "score", has a condition
 * that no event meets, and nothing of an event's. */
static int read_no_event(struct native_reader *reader, const struct node *node,
			 const char *what)
{
	static const char *const keys[] = {"event", "match", "unless", "taint"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (keys_value(node, keys[i]))
			return native_break(
				reader, node->mark,
				"a rule with a %s is met by what other rules "
				"have met, and has no \"%s\"",
				what, keys[i]);
	}
	reader->rule->condition->op = DETECT_OR;
	return 0;
}

static int read_when(struct native_reader *reader, const struct node *node)
{
	static const struct detect_chain unread;
	const struct node *chain = keys_value(node, "chain");
	const struct node *score = keys_value(node, "score");
	const struct node *taint = keys_value(node, "taint");
	int r;

	if (chain && score)
		return native_break(reader, node->mark,
				    "a rule has a chain or a score, not both");
	if (chain) {
		reader->rule->chain = &unread;
		return read_no_event(reader, node, "chain");
	}
	if (score && keys_value(node, "weight"))
		return native_break(reader, node->mark,
				    "a rule about a score adds nothing to it, "
				    "and has no \"weight\"");
	if (score) {
		r = read_no_event(reader, node, "score");
		return r < 0 ? r : native_read_score(reader, score);
	}
	r = native_read_condition(reader, node);
	return r >= 0 && taint ? native_read_taint(reader, taint) : r;
}

static int read_rule(struct native_reader *reader, const struct node *node)
{
	static const char *const keys[] = {
		"name",	    "event",	 "action", "match",	"unless",
		"group_by", "threshold", "window", "cooldown",	"renotify",
		"id",	    "level",	 "tags",   "observe",	"ttl",
		"steps",    "chain",	 "taint",  "ttl_grows", "score",
		"weight",   NULL,
	};
	const struct node *name, *action;
	enum detect_action does = DETECT_ALLOW;
	int r = keys_check(reader->note, node, "a rule", keys);

	if (r < 0)
		return r;
	name = keys_value(node, "name");
	action = keys_value(node, "action");
	if (!name)
		return native_break(reader, node->mark,
				    "a rule needs the key \"name\"");
	if (name->kind != NODE_SCALAR || !text_is_line(name->text, NAME_BYTES))
		return native_break(reader, name->mark,
				    "a name is a line of text, below %d bytes",
				    NAME_BYTES);
	r = native_new_rule(reader, name->mark, name->text);
	if (r >= 0 && action)
		r = read_action(reader, action, &does);
	if (r < 0)
		return r;
	set_action(reader->rule, does);
	r = read_when(reader, node);
	if (r >= 0)
		r = native_read_about(reader, node);
	return r < 0 ? r : native_read_limits(reader, node);
}

static int read_ignore(struct native_reader *reader, const struct node *ignore)
{
	int r = keys_check(reader->note, ignore, "ignore", NULL);

	if (r < 0 || ignore->count == 0)
		return r;
	r = native_new_rule(reader, ignore->mark, "ignored");
	if (r < 0)
		return r;
	reader->ignore = ignore;
	reader->rule->action = DETECT_IGNORE;
	reader->rule->kinds = UINT32_MAX;
	return native_read_either(reader, ignore, reader->rule->condition);
}

static int read_rules(struct native_reader *reader, const struct node *rules)
{
	int r = 0;

	if (rules->kind != NODE_LIST)
		return native_break(reader, rules->mark, "rules are a list");
	for (const struct node *node = rules->first; r >= 0 && node;
	     node = node->next)
		r = read_rule(reader, node);
	return r;
}

static int read_default(struct native_reader *reader, const struct node *action)
{
	enum detect_action does = DETECT_ALLOW;
	int r = read_action(reader, action, &does);

	if (r < 0 || does == DETECT_ALLOW)
		return r;
	r = native_new_rule(reader, action->mark, "default");
	if (r >= 0)
		set_action(reader->rule, does);
	return r;
}

/* Behind all others, so that what has a list's number stands together. */
static int read_chains(struct native_reader *reader, const struct node *rules,
		       size_t named)
{
	size_t at = reader->ignore ? 1 : 0;
	int r = 0;

	for (const struct node *node = rules->first; r >= 0 && node;
	     node = node->next, at++) {
		const struct node *chain = keys_value(node, "chain");

		if (chain)
			r = native_read_chain(reader, reader->rules[at], chain,
					      named);
	}
	return r;
}

static int read_list(struct native_reader *reader, const struct node *root)
{
	static const char *const keys[] = {
		"version", "default_action", "dedup", "ignore", "rules", NULL,
	};
	const struct node *version, *action, *dedup, *ignore, *rules;
	size_t named;
	int r = keys_check(reader->note, root, "a list of rules", keys);

	if (r < 0)
		return r;
	version = keys_value(root, "version");
	action = keys_value(root, "default_action");
	dedup = keys_value(root, "dedup");
	ignore = keys_value(root, "ignore");
	rules = keys_value(root, "rules");
	reader->rules_node = rules;
	if (!version || version->kind != NODE_SCALAR ||
	    strcmp(version->text, "1") != 0)
		return native_break(reader, root->mark, "the version is 1");
	if (dedup)
		r = native_read_span(reader, dedup, &reader->cooldown_ns);
	if (r >= 0 && ignore)
		r = read_ignore(reader, ignore);
	if (r >= 0 && rules)
		r = read_rules(reader, rules);
	named = reader->count;
	if (r >= 0 && action)
		r = read_default(reader, action);
	return r >= 0 && rules ? read_chains(reader, rules, named) : r;
}

bool native_is_list(const struct node *root)
{
	return root->kind == NODE_MAPPING && keys_value(root, "version") &&
	       !keys_value(root, "detection");
}

int native_read(const struct node *root, struct detect_rule ***ret_rules,
		size_t *ret_count, struct detect_note *ret_note)
{
	struct native_reader reader = {
		.note = ret_note,
		.cooldown_ns = DETECT_LIMITS_DEFAULT.cooldown_ns,
		.room = NATIVE_RULES_MAX + 2,
	};
	int r;

	assert(root);
	assert(ret_rules);
	assert(ret_note);

	reader.rules = calloc(reader.room, sizeof(struct detect_rule *));
	if (!reader.rules)
		return -ENOMEM;
	r = read_list(&reader, root);
	if (r >= 0) {
		*ret_rules = reader.rules;
		*ret_count = reader.count;
		return 0;
	}
	for (size_t i = 0; i < reader.count; i++)
		detect_rule_free(reader.rules[i]);
	free(reader.rules);
	return r;
}
