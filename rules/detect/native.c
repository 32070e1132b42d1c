// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/native.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/detect/event_name.h"
#include "rules/detect/keys.h"
#include "rules/detect/view.h"
#include "rules/duration.h"
#include "rules/text.h"

#define KIND(name)    (1u << EVENT_##name)
#define NAME_BYTES    256
#define THRESHOLD_MAX 1000000

/* The three that Sysguard knows. */
#define KINDS_OPENAT  (KIND(OPEN) | KIND(WRITE) | KIND(CREATE))
#define KINDS_CONNECT (KIND(CONNECT) | KIND(SEND))
#define KINDS_ANY     (KIND(EXEC) | KINDS_OPENAT | KINDS_CONNECT)

struct reader {
	struct detect_rule **rules;
	size_t count, room;
	uint32_t value_count;
	struct detect_rule *rule; /* under way; in `rules` */
	uint64_t cooldown_ns; /* of rules that do not say */
	struct detect_note *note;
};

#define refuse(reader, why, code, ...)   \
	((reader)->note->reason = (why), \
	 document_note_write(&(reader)->note->at, __VA_ARGS__), (code))
#define broken(reader, ...) refuse(reader, DETECT_BROKEN, -EINVAL, __VA_ARGS__)

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

static int new_rule(struct reader *reader, struct mark mark, const char *name)
{
	struct detect_rule *rule;

	if (reader->count == reader->room)
		return refuse(reader, DETECT_TOO_LARGE, -E2BIG, mark,
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

static int read_action(struct reader *reader, const struct node *value,
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
	return broken(reader, value->mark,
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

static int read_event(struct reader *reader, const struct node *value)
{
	const char *text = value->kind == NODE_SCALAR ? value->text : "";

	for (size_t i = 0; i < ARRAY_LEN(event_words); i++) {
		if (strcmp(event_words[i].name, text) == 0) {
			reader->rule->kinds = event_words[i].kinds;
			return 0;
		}
	}
	for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		if (strcmp(event_kind_name(kind), text) == 0) {
			reader->rule->kinds = 1u << kind;
			return 0;
		}
	}
	return broken(reader, value->mark,
		      "an event is any, execve, openat, connect, or a kind "
		      "like create or listen; \"%.60s\" is none",
		      text);
}

/* A text, maybe with wildcards; letters' case counts. */
static int set_glob(struct reader *reader, struct detect_node *test,
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

static int set_number(struct reader *reader, struct detect_node *test,
		      const struct node *value, uint64_t max)
{
	char *end = NULL;
	uint64_t number;
	char text[24];

	errno = 0;
	number = strtoull(value->text, &end, 10);
	if (value->text[0] < '0' || value->text[0] > '9' || errno != 0 ||
	    *end != '\0' || number > max)
		return broken(reader, value->mark, "%s is a number up to %llu",
			      test->field, (unsigned long long)max);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	test->match = DETECT_EQUALS;
	test->text = arena_copy(&reader->rule->arena, text, strlen(text));
	test->len = (uint32_t)strlen(text);
	return test->text ? 0 : -ENOMEM;
}

/* A network, an address, or a text with wildcards. */
static int set_address(struct reader *reader, struct detect_node *test,
		       const struct node *value)
{
	if (strpbrk(value->text, "*?"))
		return set_glob(reader, test, value->text);
	if (prefix_from_text(value->text, strlen(value->text), &test->prefix) <
	    0)
		return broken(reader, value->mark,
			      "\"%.60s\" is no address and no network",
			      value->text);
	test->match = DETECT_CIDR;
	return 0;
}

static int read_value(struct reader *reader, const char *field,
		      const struct node *value, struct detect_node *either)
{
	struct detect_node *test;

	if (value->kind != NODE_SCALAR || value->text[0] == '\0')
		return broken(reader, value->mark,
			      "a value is a text or a number");
	if (reader->value_count++ == NATIVE_VALUES_MAX)
		return refuse(reader, DETECT_TOO_LARGE, -E2BIG, value->mark,
			      "more than %d values", NATIVE_VALUES_MAX);
	test = detect_node_new(&reader->rule->arena, either, DETECT_TEST);
	if (!test)
		return -ENOMEM;
	test->field = field;
	if (strcmp(field, "uid") == 0)
		return set_number(reader, test, value, UINT32_MAX);
	if (strcmp(field, "port") == 0)
		return set_number(reader, test, value, UINT16_MAX);
	if (strcmp(field, "addr") == 0)
		return set_address(reader, test, value);
	return set_glob(reader, test, value->text);
}

/* One value, or one of a list. */
static int read_field(struct reader *reader, const struct node *name,
		      const char *key, struct detect_node *parent)
{
	const struct node *value = name->next;
	const char *field = detect_field_name(DETECT_NATIVE, key);
	struct detect_node *either;
	int r = 0;

	if (!field)
		return refuse(reader, DETECT_NO_FIELD, -ENOTSUP, name->mark,
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

static int read_match(struct reader *reader, const struct node *match)
{
	int r = keys_check(reader->note, match, "a match", NULL);

	for (const struct node *name = match->first; r >= 0 && name;
	     name = name->next->next)
		r = read_field(reader, name, name->text,
			       reader->rule->condition);
	return r;
}

static int read_span(struct reader *reader, const struct node *value,
		     uint64_t *ret_ns)
{
	uint64_t span_s;

	if (value->kind != NODE_SCALAR ||
	    duration_from_text(value->text, &span_s) < 0)
		return broken(reader, value->mark,
			      "a span is a number and a unit, like 10s or 5m");
	*ret_ns = span_s * DETECT_SECOND_NS;
	return 0;
}

static int read_threshold(struct reader *reader, const struct node *value,
			  uint32_t *ret_threshold)
{
	const char *text = value->kind == NODE_SCALAR ? value->text : "";
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '1' || *text > '9' || *end != '\0' ||
	    number > THRESHOLD_MAX)
		return broken(reader, value->mark,
			      "a threshold is a number from 1 to %d",
			      THRESHOLD_MAX);
	*ret_threshold = (uint32_t)number;
	return 0;
}

static int read_group(struct reader *reader, const struct node *value)
{
	struct detect_rule *rule = reader->rule;
	const char **fields;

	if (value->kind != NODE_LIST)
		return broken(reader, value->mark,
			      "group_by is a list of fields");
	fields = arena_cut(&rule->arena, (value->count + 1) * sizeof(*fields));
	if (!fields)
		return -ENOMEM;
	for (const struct node *name = value->first; name; name = name->next) {
		const char *text = name->kind == NODE_SCALAR ? name->text : "";
		const char *field = detect_field_name(DETECT_NATIVE, text);

		if (!field)
			return refuse(
				reader, DETECT_NO_FIELD, -ENOTSUP, name->mark,
				"no sensor fills the field \"%.60s\"", text);
		fields[rule->group_count++] = field;
	}
	rule->group_by = fields;
	return 0;
}

/* When its matches are told. */
static int read_limits(struct reader *reader, const struct node *node)
{
	struct detect_limits *limits = &reader->rule->limits;
	const struct {
		const char *key;
		uint64_t *span_ns;
	} spans[] = {
		{"window", &limits->window_ns},
		{"cooldown", &limits->cooldown_ns},
		{"renotify", &limits->renotify_ns},
	};
	const struct node *group = keys_value(node, "group_by");
	const struct node *threshold = keys_value(node, "threshold");
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(spans); i++) {
		const struct node *value = keys_value(node, spans[i].key);

		if (value)
			r = read_span(reader, value, spans[i].span_ns);
	}
	if (r >= 0 && threshold)
		r = read_threshold(reader, threshold, &limits->threshold);
	return r >= 0 && group ? read_group(reader, group) : r;
}

static int read_rule(struct reader *reader, const struct node *node)
{
	static const char *const keys[] = {
		"name",	     "event",  "action",   "match",    "group_by",
		"threshold", "window", "cooldown", "renotify", NULL,
	};
	const struct node *name, *event, *action, *match;
	enum detect_action does = DETECT_ALLOW;
	int r = keys_check(reader->note, node, "a rule", keys);

	if (r < 0)
		return r;
	name = keys_value(node, "name");
	event = keys_value(node, "event");
	action = keys_value(node, "action");
	match = keys_value(node, "match");
	if (!name || !event)
		return broken(reader, node->mark, "a rule needs the key \"%s\"",
			      name ? "event" : "name");
	if (name->kind != NODE_SCALAR || !text_is_line(name->text, NAME_BYTES))
		return broken(reader, name->mark,
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
	return r < 0 ? r : read_limits(reader, node);
}

static int read_ignore(struct reader *reader, const struct node *ignore)
{
	struct detect_node *either;
	int r = keys_check(reader->note, ignore, "ignore", NULL);

	if (r < 0 || ignore->count == 0)
		return r;
	r = new_rule(reader, ignore->mark, "ignored");
	if (r < 0)
		return r;
	reader->rule->action = DETECT_IGNORE;
	reader->rule->kinds = UINT32_MAX;
	either = detect_node_new(&reader->rule->arena, reader->rule->condition,
				 DETECT_OR);
	if (!either)
		return -ENOMEM;
	for (const struct node *name = ignore->first; r >= 0 && name;
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

static int read_rules(struct reader *reader, const struct node *rules)
{
	int r = 0;

	if (rules->kind != NODE_LIST)
		return broken(reader, rules->mark, "rules are a list");
	for (const struct node *node = rules->first; r >= 0 && node;
	     node = node->next)
		r = read_rule(reader, node);
	return r;
}

static int read_list(struct reader *reader, const struct node *root)
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
		return broken(reader, root->mark, "the version is 1");
	if (dedup)
		r = read_span(reader, dedup, &reader->cooldown_ns);
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
	struct reader reader = {
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
