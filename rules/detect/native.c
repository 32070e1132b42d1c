// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/native.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/detect/event_name.h"
#include "rules/detect/keys.h"
#include "rules/detect/native_reader.h"
#include "rules/detect/view.h"
#include "rules/text.h"

#define KIND(name) (1u << EVENT_##name)
#define NAME_BYTES 256

/* The three that Sysguard knows. */
#define KINDS_OPENAT  (KIND(OPEN) | KIND(WRITE) | KIND(CREATE))
#define KINDS_CONNECT (KIND(CONNECT) | KIND(SEND))
#define KINDS_ANY     (KIND(EXEC) | KINDS_OPENAT | KINDS_CONNECT)

static const struct {
	const char *name;
	uint32_t kinds;
} event_words[] = {
	{"any", KINDS_ANY},
	{"execve", KIND(EXEC)},
	{"openat", KINDS_OPENAT},
	{"connect", KINDS_CONNECT},
};

/* The lists of `ignore`, and the fields they are of. */
static const struct {
	const char *name, *field;
} ignored[] = {
	{"uids", "uid"},
	{"ports", "port"},
};

static int new_rule(struct native_reader *reader, struct mark mark,
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
	rule->kinds = KINDS_ANY;
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

static int add_event(struct native_reader *reader, const struct node *value)
{
	const char *text = value->kind == NODE_SCALAR ? value->text : "";

	for (size_t i = 0; i < ARRAY_LEN(event_words); i++) {
		if (strcmp(event_words[i].name, text) == 0) {
			reader->rule->kinds |= event_words[i].kinds;
			return 0;
		}
	}
	for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		if (strcmp(event_kind_name(kind), text) == 0) {
			reader->rule->kinds |= 1u << kind;
			return 0;
		}
	}
	return native_break(
		reader, value->mark,
		"an event is any, execve, openat, connect, or a kind "
		"like create or listen; \"%.60s\" is none",
		text);
}

/* One, or a list of them. */
static int read_event(struct native_reader *reader, const struct node *value)
{
	int r = 0;

	reader->rule->kinds = 0;
	if (value->kind != NODE_LIST)
		return add_event(reader, value);
	if (value->count == 0)
		return native_break(reader, value->mark,
				    "a rule is about one event or more");
	for (value = value->first; r >= 0 && value; value = value->next)
		r = add_event(reader, value);
	return r;
}

/* A text, maybe with wildcards; letters' case counts. */
static int set_glob(struct native_reader *reader, struct detect_node *test,
		    const char *text)
{
	size_t len = strlen(text);
	char *pattern = arena_copy(&reader->rule->arena, text, len);
	bool has_wild = false;

	if (!pattern)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '*')
			pattern[i] = WILD_ANY;
		else if (text[i] == '?')
			pattern[i] = WILD_ONE;
		has_wild = has_wild || pattern[i] != text[i];
	}
	test->text = pattern;
	test->len = (uint32_t)len;
	test->is_cased = true;
	test->match = has_wild ? DETECT_WILD : DETECT_EQUALS;
	return 0;
}

/* By a name, or by any. */
static int set_taint(struct native_reader *reader, struct detect_node *test,
		     const char *name)
{
	char padded[NAME_BYTES + 2];
	int len = snprintf(padded, sizeof(padded), " %.*s ", NAME_BYTES - 1,
			   name);

	test->match =
		strcmp(name, "true") == 0 ? DETECT_PRESENT : DETECT_CONTAINS;
	test->is_cased = true;
	test->text = arena_copy(&reader->rule->arena, padded, (size_t)len);
	test->len = (uint32_t)len;
	return test->text ? 0 : -ENOMEM;
}

static int set_number(struct native_reader *reader, struct detect_node *test,
		      const struct node *value, uint64_t max)
{
	char *end = NULL;
	uint64_t number;
	char text[24];

	errno = 0;
	number = strtoull(value->text, &end, 10);
	if (value->text[0] < '0' || value->text[0] > '9' || errno != 0 ||
	    *end != '\0' || number > max)
		return native_break(reader, value->mark,
				    "%s is a number up to %llu", test->field,
				    (unsigned long long)max);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	test->match = DETECT_EQUALS;
	test->text = arena_copy(&reader->rule->arena, text, strlen(text));
	test->len = (uint32_t)strlen(text);
	return test->text ? 0 : -ENOMEM;
}

/* A network, an address, or a text with wildcards. */
static int set_address(struct native_reader *reader, struct detect_node *test,
		       const struct node *value)
{
	if (strpbrk(value->text, "*?"))
		return set_glob(reader, test, value->text);
	if (prefix_from_text(value->text, strlen(value->text), &test->prefix) <
	    0)
		return native_break(reader, value->mark,
				    "\"%.60s\" is no address and no network",
				    value->text);
	test->match = DETECT_CIDR;
	return 0;
}

static int read_value(struct native_reader *reader, const char *field,
		      const struct node *value, struct detect_node *either)
{
	struct detect_node *test;

	if (value->kind != NODE_SCALAR || value->text[0] == '\0')
		return native_break(reader, value->mark,
				    "a value is a text or a number");
	if (reader->value_count++ == NATIVE_VALUES_MAX)
		return native_refuse(reader, DETECT_TOO_LARGE, -E2BIG,
				     value->mark, "more than %d values",
				     NATIVE_VALUES_MAX);
	test = detect_node_new(&reader->rule->arena, either, DETECT_TEST);
	if (!test)
		return -ENOMEM;
	test->field = field;
	if (strcmp(field, "uid") == 0)
		return set_number(reader, test, value, UINT32_MAX);
	if (strcmp(field, "port") == 0)
		return set_number(reader, test, value, UINT16_MAX);
	if (strcmp(field, "flags") == 0)
		return set_number(reader, test, value, UINT64_MAX);
	if (strcmp(field, "tainted") == 0)
		return set_taint(reader, test, value->text);
	if (strcmp(field, "addr") == 0)
		return set_address(reader, test, value);
	return set_glob(reader, test, value->text);
}

/* One value, or one of a list. */
static int read_field(struct native_reader *reader, const struct node *name,
		      const char *key, struct detect_node *parent)
{
	const struct node *value = name->next;
	const char *field = detect_field_name(DETECT_NATIVE, key);
	struct detect_node *either;
	int r = 0;

	if (!field)
		return native_refuse(
			reader, DETECT_NO_FIELD, -ENOTSUP, name->mark,
			"no sensor fills the field \"%.60s\"", key);
	either = detect_node_new(&reader->rule->arena, parent, DETECT_OR);
	if (!either)
		return -ENOMEM;
	if (value->kind != NODE_LIST)
		return read_value(reader, field, value, either);
	for (value = value->first; r >= 0 && value; value = value->next)
		r = read_value(reader, field, value, either);
	return r;
}

static int read_match(struct native_reader *reader, const struct node *match)
{
	int r = keys_check(reader->note, match, "a match", NULL);

	for (const struct node *name = match->first; r >= 0 && name;
	     name = name->next->next)
		r = read_field(reader, name, name->text,
			       reader->rule->condition);
	return r;
}

/* One of its fields is enough. */
static int read_either(struct native_reader *reader, const struct node *fields,
		       struct detect_node *parent)
{
	struct detect_node *either =
		detect_node_new(&reader->rule->arena, parent, DETECT_OR);
	int r = 0;

	if (!either)
		return -ENOMEM;
	for (const struct node *name = fields->first; r >= 0 && name;
	     name = name->next->next) {
		const char *field = name->text;

		for (size_t i = 0; i < ARRAY_LEN(ignored); i++) {
			if (strcmp(ignored[i].name, field) == 0)
				field = ignored[i].field;
		}
		r = read_field(reader, name, field, either);
	}
	return r;
}

/* What meets one of these fields does not meet the rule. */
static int read_unless(struct native_reader *reader, const struct node *unless)
{
	struct detect_node *negated;
	int r = keys_check(reader->note, unless, "unless", NULL);

	if (r < 0)
		return r;
	negated = detect_node_new(&reader->rule->arena, reader->rule->condition,
				  DETECT_NOT);
	return negated ? read_either(reader, unless, negated) : -ENOMEM;
}

static int read_rule(struct native_reader *reader, const struct node *node)
{
	static const char *const keys[] = {
		"name",	    "event",	 "action", "match",    "unless",
		"group_by", "threshold", "window", "cooldown", "renotify",
		"id",	    "level",	 "tags",   "observe",  "ttl",
		"steps",    NULL,
	};
	const struct node *name, *event, *action, *match, *unless;
	enum detect_action does = DETECT_ALLOW;
	int r = keys_check(reader->note, node, "a rule", keys);

	if (r < 0)
		return r;
	name = keys_value(node, "name");
	event = keys_value(node, "event");
	action = keys_value(node, "action");
	match = keys_value(node, "match");
	unless = keys_value(node, "unless");
	if (!name || !event)
		return native_break(reader, node->mark,
				    "a rule needs the key \"%s\"",
				    name ? "event" : "name");
	if (name->kind != NODE_SCALAR || !text_is_line(name->text, NAME_BYTES))
		return native_break(reader, name->mark,
				    "a name is a line of text, below %d bytes",
				    NAME_BYTES);
	r = new_rule(reader, name->mark, name->text);
	if (r >= 0)
		r = read_event(reader, event);
	if (r >= 0 && action)
		r = read_action(reader, action, &does);
	if (r < 0)
		return r;
	set_action(reader->rule, does);
	if (match)
		r = read_match(reader, match);
	if (r >= 0 && unless)
		r = read_unless(reader, unless);
	if (r >= 0)
		r = native_read_about(reader, node);
	if (r >= 0)
		r = native_read_block(reader, node);
	return r < 0 ? r : native_read_limits(reader, node);
}

static int read_ignore(struct native_reader *reader, const struct node *ignore)
{
	int r = keys_check(reader->note, ignore, "ignore", NULL);

	if (r < 0 || ignore->count == 0)
		return r;
	r = new_rule(reader, ignore->mark, "ignored");
	if (r < 0)
		return r;
	reader->rule->action = DETECT_IGNORE;
	reader->rule->kinds = UINT32_MAX;
	return read_either(reader, ignore, reader->rule->condition);
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

static int read_list(struct native_reader *reader, const struct node *root)
{
	static const char *const keys[] = {
		"version", "default_action", "dedup", "ignore", "rules", NULL,
	};
	const struct node *version, *action, *dedup, *ignore, *rules;
	enum detect_action does = DETECT_ALLOW;
	int r = keys_check(reader->note, root, "a list of rules", keys);

	if (r < 0)
		return r;
	version = keys_value(root, "version");
	action = keys_value(root, "default_action");
	dedup = keys_value(root, "dedup");
	ignore = keys_value(root, "ignore");
	rules = keys_value(root, "rules");
	if (!version || version->kind != NODE_SCALAR ||
	    strcmp(version->text, "1") != 0)
		return native_break(reader, root->mark, "the version is 1");
	if (dedup)
		r = native_read_span(reader, dedup, &reader->cooldown_ns);
	if (r >= 0 && ignore)
		r = read_ignore(reader, ignore);
	if (r >= 0 && rules)
		r = read_rules(reader, rules);
	if (r >= 0 && action)
		r = read_action(reader, action, &does);
	if (r < 0 || does == DETECT_ALLOW)
		return r;
	r = new_rule(reader, action->mark, "default");
	if (r >= 0)
		set_action(reader->rule, does);
	return r;
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
