// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/sigma_reader.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "rules/detect/fold.h"
#include "rules/detect/keys.h"
#include "rules/detect/language.h"
#include "rules/text.h"

static const struct {
	const char *name;
	enum detect_category category;
} categories[] = {
	{"process_creation", DETECT_PROCESS},
	{"file_event", DETECT_FILE},
	{"file_delete", DETECT_FILE_DELETE},
	{"network_connection", DETECT_NETWORK},
};

/* Who writes the lines of a service, where that is not its name. "": any. */
static const struct {
	const char *service, *writer;
} writers[] = {
	{"auth", ""},		{"syslog", ""},		 {"cron", "cron"},
	{"cron", "crond"},	{"cron", "crontab"},	 {"clamav", "clamd"},
	{"clamav", "clamscan"}, {"clamav", "freshclam"}, {"guacamole", "guacd"},
};

int sigma_add(struct sigma_reader *reader, struct detect_node *parent,
	      enum detect_op op, struct mark mark,
	      struct detect_node **ret_node)
{
	struct detect_node *node;

	if (reader->node_count >= SIGMA_NODES_MAX)
		return sigma_refuse_size(reader, mark,
					 "more than %d values and words",
					 SIGMA_NODES_MAX);
	node = detect_node_new(&reader->rule->arena, parent, op);
	if (!node)
		return -ENOMEM;
	reader->node_count++;
	*ret_node = node;
	return 0;
}

static int need_value(struct sigma_reader *reader, const struct node *mapping,
		      const char *key, const struct node **ret_value)
{
	*ret_value = keys_value(mapping, key);
	if (!*ret_value)
		return sigma_break(reader, mapping->mark,
				   "the key \"%s\" is missing", key);
	return 0;
}

/* A line to be shown; "" if it is not there. */
static int read_line(struct sigma_reader *reader, const struct node *value,
		     const char **ret_text)
{
	*ret_text = "";
	if (!value)
		return 0;
	if (value->kind != NODE_SCALAR ||
	    !text_is_line(value->text, SIGMA_LINE_MAX))
		return sigma_break(reader, value->mark,
				   "a line of text, below %d bytes",
				   SIGMA_LINE_MAX);
	*ret_text = arena_copy(&reader->rule->arena, value->text,
			       strlen(value->text));
	return *ret_text ? 0 : -ENOMEM;
}

static int read_level(struct sigma_reader *reader, const struct node *value)
{
	reader->rule->level = DETECT_MEDIUM;
	if (!value)
		return 0;
	if (value->kind == NODE_SCALAR &&
	    detect_level_from_text(value->text, &reader->rule->level) == 0)
		return 0;
	return sigma_break(reader, value->mark,
			   "a level is informational, low, medium, high or "
			   "critical");
}

static int read_tags(struct sigma_reader *reader, const struct node *value)
{
	const char **tags;
	size_t count = 0;
	int r = 0;

	if (!value)
		return 0;
	if (value->kind != NODE_LIST)
		return sigma_break(reader, value->mark, "tags are a list");
	tags = arena_cut(&reader->rule->arena, value->count * sizeof(*tags));
	if (!tags)
		return -ENOMEM;
	for (const struct node *tag = value->first; r >= 0 && tag;
	     tag = tag->next)
		r = read_line(reader, tag, &tags[count++]);
	reader->rule->tags = tags;
	reader->rule->tag_count = count;
	return r;
}

static int read_about(struct sigma_reader *reader, const struct node *root)
{
	struct detect_rule *rule = reader->rule;
	const struct node *title;
	int r = need_value(reader, root, "title", &title);

	if (r >= 0)
		r = read_line(reader, title, &rule->title);
	if (r >= 0)
		r = read_line(reader, keys_value(root, "id"), &rule->id);
	if (r >= 0)
		r = read_line(reader, keys_value(root, "author"),
			      &rule->author);
	if (r >= 0)
		r = read_level(reader, keys_value(root, "level"));
	return r < 0 ? r : read_tags(reader, keys_value(root, "tags"));
}

static int add_writer(struct sigma_reader *reader, struct detect_node *parent,
		      struct mark mark, const char *name)
{
	struct detect_node *test;
	int r = sigma_add(reader, parent, DETECT_TEST, mark, &test);

	if (r < 0)
		return r;
	test->field = detect_field_name(DETECT_LOG, "(service)");
	test->match = DETECT_EQUALS;
	test->text = arena_copy(&reader->rule->arena, name, strlen(name));
	test->len = (uint32_t)strlen(name);
	return test->text ? 0 : -ENOMEM;
}

/* The lines of a service: a test of who wrote them. */
static int read_service(struct sigma_reader *reader, const struct node *service,
			struct detect_node *condition)
{
	struct detect_node *either;
	bool is_any = false;
	int r;

	if (service->kind != NODE_SCALAR ||
	    !text_is_line(service->text, SIGMA_LINE_MAX))
		return sigma_break(reader, service->mark,
				   "a service is a word");
	for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
		if (strcmp(writers[i].service, service->text) == 0 &&
		    writers[i].writer[0] == '\0')
			is_any = true;
	}
	if (is_any)
		return 0;
	r = sigma_add(reader, condition, DETECT_OR, service->mark, &either);
	if (r >= 0)
		r = add_writer(reader, either, service->mark, service->text);
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(writers); i++) {
		if (strcmp(writers[i].service, service->text) == 0)
			r = add_writer(reader, either, service->mark,
				       writers[i].writer);
	}
	return r;
}

static int read_category(struct sigma_reader *reader,
			 const struct node *category,
			 const struct node *service)
{
	if (service)
		return sigma_refuse(reader, DETECT_NO_LOG_SOURCE, service->mark,
				    "a category of one service");
	for (size_t i = 0; i < ARRAY_LEN(categories); i++) {
		if (category->kind == NODE_SCALAR &&
		    strcmp(categories[i].name, category->text) == 0) {
			reader->rule->category = categories[i].category;
			return 0;
		}
	}
	return sigma_refuse(reader, DETECT_NO_LOG_SOURCE, category->mark,
			    "no sensor has events of the category \"%.60s\"",
			    category->kind == NODE_SCALAR ? category->text
							  : "");
}

static int read_log_source(struct sigma_reader *reader, const struct node *root)
{
	const struct node *source, *product, *service, *category;
	int r = need_value(reader, root, "logsource", &source);

	if (r >= 0)
		r = keys_check(reader->note, source, "logsource", NULL);
	if (r < 0)
		return r;
	for (const struct node *name = source->first; name;
	     name = name->next->next) {
		if (strcmp(name->text, "product") != 0 &&
		    strcmp(name->text, "service") != 0 &&
		    strcmp(name->text, "category") != 0 &&
		    strcmp(name->text, "definition") != 0)
			return sigma_refuse(reader, DETECT_NO_LOG_SOURCE,
					    name->mark,
					    "\"%.60s\" is no part of a log "
					    "source",
					    name->text);
	}
	product = keys_value(source, "product");
	if (!product || product->kind != NODE_SCALAR ||
	    strcmp(product->text, "linux") != 0)
		return sigma_refuse(reader, DETECT_NO_LOG_SOURCE, source->mark,
				    "only events of the product linux are "
				    "seen here");
	service = keys_value(source, "service");
	category = keys_value(source, "category");
	if (category)
		return read_category(reader, category, service);
	if (service && service->kind == NODE_SCALAR &&
	    strcmp(service->text, "auditd") == 0) {
		reader->rule->category = DETECT_AUDIT;
		return 0;
	}
	reader->rule->category = DETECT_LOG;
	return service ? read_service(reader, service, reader->rule->condition)
		       : 0;
}

static int read_mapping(struct sigma_reader *reader, const struct node *mapping,
			struct detect_node *parent)
{
	int r = keys_check(reader->note, mapping, "a selection", NULL);

	if (r >= 0 && mapping->count == 0)
		return sigma_break(reader, mapping->mark,
				   "a selection of nothing");
	if (r >= 0)
		r = sigma_add(reader, parent, DETECT_AND, mapping->mark,
			      &parent);
	for (const struct node *name = mapping->first; r >= 0 && name;
	     name = name->next->next)
		r = sigma_read_item(reader, name, name->next, parent);
	return r;
}

/* A mapping: all of it; a list: one of its mappings and keywords. */
static int read_selection(struct sigma_reader *reader, const struct node *value,
			  struct detect_node *parent)
{
	int r = 0;

	if (value->kind == NODE_MAPPING)
		return read_mapping(reader, value, parent);
	if (value->kind == NODE_SCALAR)
		return sigma_read_item(reader, NULL, value, parent);
	if (value->count == 0)
		return sigma_break(reader, value->mark,
				   "a selection of nothing");
	for (const struct node *part = value->first; r >= 0 && part;
	     part = part->next)
		r = part->kind == NODE_MAPPING
			    ? read_mapping(reader, part, parent)
			    : sigma_read_item(reader, NULL, part, parent);
	return r;
}

static int read_selections(struct sigma_reader *reader,
			   const struct node *detection)
{
	int r = keys_check(reader->note, detection, "detection", NULL);

	for (const struct node *name = detection->first; r >= 0 && name;
	     name = name->next->next) {
		struct sigma_selection *selection =
			&reader->selections[reader->selection_count];

		if (strcmp(name->text, "condition") == 0)
			continue;
		if (strcmp(name->text, "timeframe") == 0)
			return sigma_refuse(reader, DETECT_NO_CONDITION,
					    name->mark,
					    "a timeframe is not known here");
		if (reader->selection_count == SIGMA_SELECTIONS_MAX)
			return sigma_refuse_size(reader, name->mark,
						 "more than %d selections",
						 SIGMA_SELECTIONS_MAX);
		r = sigma_add(reader, NULL, DETECT_OR, name->mark,
			      &selection->node);
		if (r < 0)
			return r;
		selection->name = name->text;
		selection->node_count = reader->node_count;
		r = read_selection(reader, name->next, selection->node);
		selection->node_count =
			reader->node_count - selection->node_count;
		reader->selection_count++;
	}
	return r;
}

/* Is there an event that can meet it, of those there are? */
static int check_met(struct sigma_reader *reader, struct mark mark,
		     uint32_t kinds)
{
	struct detect_rule *rule = reader->rule;
	char remark[128];

	if (!detect_can_be_met(rule->condition, rule->category, kinds)) {
		if (detect_can_be_met(rule->condition, rule->category,
				      DETECT_KINDS_ALL))
			return sigma_refuse(reader, DETECT_NEEDS_LOG, mark,
					    "it is about lines of a log, and "
					    "no log is read");
		return sigma_refuse(reader, DETECT_NEVER, mark,
				    "no event could ever meet it");
	}
	for (size_t i = 0; i < reader->selection_count; i++) {
		if (detect_can_be_met(reader->selections[i].node,
				      rule->category, kinds))
			continue;
		(void)snprintf(remark, sizeof(remark),
			       "no sensor has what \"%.60s\" is about",
			       reader->selections[i].name);
		rule->remark = arena_copy(&rule->arena, remark, strlen(remark));
		return rule->remark ? 0 : -ENOMEM;
	}
	return 0;
}

static int read_root(struct sigma_reader *reader, const struct node *root,
		     uint32_t kinds)
{
	const struct node *detection, *condition;
	int r = keys_check(reader->note, root, "a rule", NULL);

	if (r >= 0 && keys_value(root, "correlation"))
		return sigma_refuse(reader, DETECT_NO_CONDITION, root->mark,
				    "correlation is not known here");
	if (r >= 0)
		r = sigma_add(reader, NULL, DETECT_AND, root->mark,
			      &reader->rule->condition);
	if (r >= 0)
		r = read_about(reader, root);
	if (r >= 0)
		r = read_log_source(reader, root);
	if (r >= 0)
		r = need_value(reader, root, "detection", &detection);
	if (r >= 0)
		r = read_selections(reader, detection);
	if (r >= 0)
		r = need_value(reader, detection, "condition", &condition);
	if (r >= 0)
		r = sigma_read_condition(reader, condition,
					 reader->rule->condition);
	return r < 0 ? r : check_met(reader, condition->mark, kinds);
}

int sigma_read_root(const struct node *root, uint32_t kinds,
		    struct detect_rule **ret_rule, struct detect_note *ret_note)
{
	struct detect_rule *rule = calloc(1, sizeof(*rule));
	struct sigma_reader reader = {.note = ret_note, .rule = rule};
	int r;

	assert(root);
	assert(ret_rule);
	assert(ret_note);

	if (!rule)
		return -ENOMEM;
	rule->kinds = UINT32_MAX;
	rule->limits = DETECT_LIMITS_DEFAULT;
	r = read_root(&reader, root, kinds);
	if (r < 0)
		detect_rule_free(rule);
	else
		*ret_rule = rule;
	return r;
}

int sigma_read(const char *text, size_t len, uint32_t kinds,
	       struct detect_rule **ret_rule, struct detect_note *ret_note)
{
	CLEANUP(tree_freep) struct tree *tree = NULL;
	int r = detect_tree_read(text, len, &tree, ret_note);

	return r < 0 ? r
		     : sigma_read_root(tree_root(tree), kinds, ret_rule,
				       ret_note);
}
