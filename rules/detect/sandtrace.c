// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/sandtrace.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/detect/event.h"
#include "rules/detect/keys.h"
#include "rules/detect/view.h"
#include "rules/text.h"

#define KIND(name) (1u << EVENT_##name)
#define LINE_BYTES 1024
#define SPAWN	   "process_spawn AND process_name IN names"

struct reader {
	struct detect_rule **rules;
	size_t count;
	struct detect_rule *rule; /* under way; in `rules` */
	struct detect_note *note;
};

#define refuse(reader, why, ...)         \
	((reader)->note->reason = (why), \
	 document_note_write(&(reader)->note->at, __VA_ARGS__), -ENOTSUP)
#define broken(reader, ...)                      \
	((reader)->note->reason = DETECT_BROKEN, \
	 document_note_write(&(reader)->note->at, __VA_ARGS__), -EINVAL)

static const struct {
	const char *name;
	uint32_t kinds;
} accesses[] = {
	{"read", KIND(OPEN)},	  {"write", KIND(WRITE)},
	{"create", KIND(CREATE)}, {"delete", KIND(UNLINK)},
	{"chmod", KIND(CHMOD)},
};

#define KINDS_FILE \
	(KIND(OPEN) | KIND(WRITE) | KIND(CREATE) | KIND(UNLINK) | KIND(CHMOD))

static int read_line(struct reader *reader, const struct node *mapping,
		     const char *key, const char **ret_text)
{
	const struct node *value = keys_value(mapping, key);

	if (!value || value->kind != NODE_SCALAR ||
	    !text_is_line(value->text, LINE_BYTES))
		return broken(reader, value ? value->mark : mapping->mark,
			      "\"%s\" is a line of text", key);
	*ret_text = arena_copy(&reader->rule->arena, value->text,
			       strlen(value->text));
	return *ret_text ? 0 : -ENOMEM;
}

static int read_severity(struct reader *reader, const struct node *node)
{
	const struct node *value = keys_value(node, "severity");
	const char *text =
		value && value->kind == NODE_SCALAR ? value->text : "";

	if (strcmp(text, "info") == 0)
		text = detect_level_name(DETECT_INFORMATIONAL);
	if (detect_level_from_text(text, &reader->rule->level) == 0)
		return 0;
	return broken(reader, value ? value->mark : node->mark,
		      "a severity is info, low, medium, high or critical");
}

/* `head` and `tail` as one text that is compared with wildcards. */
static int add_test(struct reader *reader, struct detect_node *parent,
		    const char *field, const char *head, const char *tail)
{
	size_t len = strlen(head) + strlen(tail);
	struct detect_node *test =
		detect_node_new(&reader->rule->arena, parent, DETECT_TEST);
	char *text = arena_cut(&reader->rule->arena, len + 1);

	if (!test || !text)
		return -ENOMEM;
	(void)snprintf(text, len + 1, "%s%s", head, tail);
	for (char *at = text; *at; at++) {
		if (*at == '*')
			*at = WILD_ANY;
		else if (*at == '?')
			*at = WILD_ONE;
	}
	test->field = detect_field_name(DETECT_NATIVE, field);
	test->match = DETECT_WILD;
	test->is_cased = true;
	test->text = text;
	test->len = (uint32_t)len;
	return 0;
}

static int add_path(struct reader *reader, struct detect_node *either,
		    const struct node *value)
{
	int r;

	if (strpbrk(value->text, "[{"))
		return refuse(reader, DETECT_NO_VALUE, value->mark,
			      "only * and ? are wildcards of a path");
	if (strncmp(value->text, "~/", 2) != 0)
		return add_test(reader, either, "filename", value->text, "");
	r = add_test(reader, either, "filename", "/root", value->text + 1);
	return r < 0 ? r
		     : add_test(reader, either, "filename", "/home/*",
				value->text + 1);
}

static int add_process(struct reader *reader, struct detect_node *either,
		       const struct node *value)
{
	if (strpbrk(value->text, "*?/"))
		return refuse(reader, DETECT_NO_VALUE, value->mark,
			      "a process is a name without wildcards");
	return add_test(reader, either, "image", "*/", value->text);
}

typedef int add_fn(struct reader *reader, struct detect_node *either,
		   const struct node *value);

/* One of the list, as a part of `parent`; nothing if there is no list. */
static int read_list(struct reader *reader, const struct node *list, add_fn *fn,
		     struct detect_node *parent)
{
	struct detect_node *either;
	int r = 0;

	if (!list || (list->kind == NODE_LIST && list->count == 0))
		return 0;
	if (list->kind != NODE_LIST)
		return broken(reader, list->mark, "a list of texts");
	either = detect_node_new(&reader->rule->arena, parent, DETECT_OR);
	if (!either)
		return -ENOMEM;
	for (const struct node *value = list->first; r >= 0 && value;
	     value = value->next) {
		if (value->kind != NODE_SCALAR || value->text[0] == '\0')
			return broken(reader, value->mark, "a list of texts");
		r = fn(reader, either, value);
	}
	return r;
}

static int add_access(struct reader *reader, struct detect_node *either,
		      const struct node *value)
{
	(void)either;
	for (size_t i = 0; i < ARRAY_LEN(accesses); i++) {
		if (strcmp(accesses[i].name, value->text) == 0) {
			reader->rule->kinds |= accesses[i].kinds;
			return 0;
		}
	}
	return broken(reader, value->mark,
		      "an access is read, write, create, delete or chmod");
}

static bool has_items(const struct node *list)
{
	return list && list->count > 0;
}

/* What no sensor of this host sees. */
static int refuse_unseen(struct reader *reader, const struct node *detection)
{
	static const char *const unseen[] = {"content_patterns",
					     "file_patterns"};
	const struct node *condition = keys_value(detection, "condition");

	for (size_t i = 0; i < ARRAY_LEN(unseen); i++) {
		const struct node *list = keys_value(detection, unseen[i]);

		if (has_items(list))
			return refuse(reader, DETECT_NO_FIELD, list->mark,
				      "no sensor sees what %s are about",
				      unseen[i]);
	}
	if (condition && (condition->kind != NODE_SCALAR ||
			  strcmp(condition->text, SPAWN) != 0))
		return refuse(reader, DETECT_NO_CONDITION, condition->mark,
			      "of conditions only \"" SPAWN "\" is known");
	return 0;
}

static int read_kinds(struct reader *reader, const struct node *detection)
{
	bool is_spawn = keys_value(detection, "condition");
	/* what is accessed is a kind of event, and no part of the condition */
	struct detect_node *apart =
		detect_node_new(&reader->rule->arena, NULL, DETECT_OR);
	int r;

	if (!apart)
		return -ENOMEM;

	if (!has_items(keys_value(detection,
				  is_spawn ? "process_names" : "file_paths")))
		return refuse(reader, DETECT_NEVER, detection->mark,
			      "no event could ever meet it");
	reader->rule->kinds = 0;
	r = read_list(reader, keys_value(detection, "access_types"), add_access,
		      apart);
	if (is_spawn)
		reader->rule->kinds = KIND(EXEC);
	else if (reader->rule->kinds == 0)
		reader->rule->kinds = KINDS_FILE;
	return r;
}

static int read_detection(struct reader *reader, const struct node *detection)
{
	static const char *const keys[] = {
		"file_paths",	 "excluded_processes",
		"file_patterns", "content_patterns",
		"process_names", "condition",
		"access_types",	 NULL,
	};
	struct detect_node *all = reader->rule->condition, *none;
	const struct node *excluded;
	int r = keys_check(reader->note, detection, "a detection", keys);

	if (r >= 0)
		r = refuse_unseen(reader, detection);
	if (r >= 0)
		r = read_kinds(reader, detection);
	if (r >= 0)
		r = read_list(reader, keys_value(detection, "file_paths"),
			      add_path, all);
	if (r >= 0)
		r = read_list(reader, keys_value(detection, "process_names"),
			      add_process, all);
	excluded = r < 0 ? NULL : keys_value(detection, "excluded_processes");
	if (!has_items(excluded))
		return r;
	none = detect_node_new(&reader->rule->arena, all, DETECT_NOT);
	return none ? read_list(reader, excluded, add_process, none) : -ENOMEM;
}

static int new_rule(struct reader *reader)
{
	struct detect_rule *rule = calloc(1, sizeof(*rule));

	if (!rule)
		return -ENOMEM;
	reader->rules[reader->count++] = rule;
	reader->rule = rule;
	rule->author = "";
	rule->action = DETECT_ALERT;
	rule->category = DETECT_NATIVE;
	rule->limits = DETECT_LIMITS_DEFAULT;
	rule->condition = detect_node_new(&rule->arena, NULL, DETECT_AND);
	return rule->condition ? 0 : -ENOMEM;
}

static int read_rule(struct reader *reader, const struct node *node)
{
	static const char *const keys[] = {
		"id",	 "name", "severity", "description", "detection",
		"alert", "tags", "enabled",  NULL,
	};
	const struct node *enabled, *detection;
	int r = keys_check(reader->note, node, "a rule", keys);

	if (r < 0)
		return r;
	enabled = keys_value(node, "enabled");
	if (enabled && enabled->kind == NODE_SCALAR &&
	    strcmp(enabled->text, "false") == 0)
		return 0;
	if (reader->count == SANDTRACE_RULES_MAX) {
		reader->note->reason = DETECT_TOO_LARGE;
		return document_note_refuse_count(&reader->note->at, node->mark,
						  reader->count + 1,
						  SANDTRACE_RULES_MAX, "rules");
	}
	detection = keys_value(node, "detection");
	if (!detection)
		return broken(reader, node->mark,
			      "a rule needs the key \"detection\"");
	r = new_rule(reader);
	if (r >= 0)
		r = read_line(reader, node, "id", &reader->rule->id);
	if (r >= 0)
		r = read_line(reader, node, "name", &reader->rule->title);
	if (r >= 0)
		r = read_severity(reader, node);
	return r < 0 ? r : read_detection(reader, detection);
}

static int read_rules(struct reader *reader, const struct node *root)
{
	static const char *const keys[] = {"rules", NULL};
	const struct node *rules;
	int r = keys_check(reader->note, root, "a file of rules", keys);

	if (r < 0)
		return r;
	rules = keys_value(root, "rules");
	if (!rules || rules->kind != NODE_LIST)
		return broken(reader, root->mark, "rules are a list");
	for (const struct node *node = rules->first; r >= 0 && node;
	     node = node->next)
		r = read_rule(reader, node);
	return r;
}

bool sandtrace_is_file(const struct node *root)
{
	return root->kind == NODE_MAPPING && keys_value(root, "rules") &&
	       !keys_value(root, "version") && !keys_value(root, "detection");
}

int sandtrace_read(const struct node *root, struct detect_rule ***ret_rules,
		   size_t *ret_count, struct detect_note *ret_note)
{
	struct reader reader = {.note = ret_note};
	int r;

	assert(root);
	assert(ret_rules);
	assert(ret_note);

	reader.rules =
		calloc(SANDTRACE_RULES_MAX, sizeof(struct detect_rule *));
	if (!reader.rules)
		return -ENOMEM;
	r = read_rules(&reader, root);
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
