// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules of a list that remember: chains of others, and taints. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/detect/keys.h"
#include "rules/detect/native_reader.h"
#include "rules/detect/taint.h"

#define WITHIN_NS (60 * DETECT_SECOND_NS) /* where it does not say */
#define SPAN_NS	  (600 * DETECT_SECOND_NS)

static const char *scalar(const struct node *node)
{
	return node->kind == NODE_SCALAR ? node->text : "";
}

/* A word of two; where there is no key, the first. */
static int read_choice(struct native_reader *reader, const struct node *node,
		       const char *key, const char *const words[2],
		       bool *ret_is_second)
{
	const struct node *value = keys_value(node, key);

	*ret_is_second = value && strcmp(scalar(value), words[1]) == 0;
	if (!value || *ret_is_second || strcmp(scalar(value), words[0]) == 0)
		return 0;
	return native_break(reader, value->mark, "%s is %s or %s", key,
			    words[0], words[1]);
}

static bool is_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

	return len > 0 && len < TAINT_NAME_BYTES && text[len] == '\0' &&
	       strcmp(text, "true") != 0;
}

bool native_has_taint(const struct native_reader *reader, const char *name)
{
	const struct node *rule =
		reader->rules_node ? reader->rules_node->first : NULL;

	for (; rule; rule = rule->next) {
		const struct node *taint = rule->kind == NODE_MAPPING
						   ? keys_value(rule, "taint")
						   : NULL;
		const struct node *value = taint && taint->kind == NODE_MAPPING
						   ? keys_value(taint, "name")
						   : NULL;

		if (value && strcmp(scalar(value), name) == 0)
			return true;
	}
	return false;
}

int native_read_taint(struct native_reader *reader, const struct node *node)
{
	static const char *const keys[] = {"name", "for", "of", NULL};
	static const char *const whose[] = {"process", "tree"};
	struct detect_taint *taint = &reader->rule->taint;
	const struct node *name, *span;
	int r = keys_check(reader->note, node, "a taint", keys);

	if (r < 0)
		return r;
	name = keys_value(node, "name");
	span = keys_value(node, "for");
	if (!name || !is_name(scalar(name)))
		return native_break(reader, name ? name->mark : node->mark,
				    "a taint has a name of small letters and "
				    "digits, below %d bytes, and not \"true\"",
				    TAINT_NAME_BYTES);
	taint->span_ns = SPAN_NS;
	r = read_choice(reader, node, "of", whose, &taint->is_of_tree);
	if (r >= 0 && span)
		r = native_read_span(reader, span, &taint->span_ns);
	if (r < 0)
		return r;
	taint->name = arena_copy(&reader->rule->arena, name->text,
				 strlen(name->text));
	return taint->name ? 0 : -ENOMEM;
}

/* The rule of this name, of those that were read before the steps. */
static int find_step(struct native_reader *reader, const struct node *name,
		     size_t count, const struct detect_rule **ret_step)
{
	const struct detect_rule *step = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct detect_rule *rule = reader->rules[i];

		if (strcmp(rule->title, name->text) != 0 || rule->chain)
			continue;
		if (step)
			return native_break(reader, name->mark,
					    "two rules have the name \"%.60s\"",
					    name->text);
		step = rule;
	}
	if (!step)
		return native_break(reader, name->mark,
				    "no rule of one event has the name "
				    "\"%.60s\"",
				    name->text);
	*ret_step = step;
	return 0;
}

/* One that stands in the chain itself. It is of no list: whatever decides about
 * the event, the step was done. */
static int read_step(struct native_reader *reader, const struct node *node,
		     const struct detect_rule **ret_step)
{
	static const char *const keys[] = {"event", "match", "unless", NULL};
	int r = keys_check(reader->note, node, "a step", keys);

	if (r >= 0)
		r = native_new_rule(reader, node->mark, "step of a chain");
	if (r < 0)
		return r;
	reader->rule->list = 0;
	reader->rule->is_step = true;
	reader->rule->action = DETECT_ALLOW;
	*ret_step = reader->rule;
	r = native_read_condition(reader, node);
	return r >= 0 && reader->ignore
		       ? native_read_unless(reader, reader->ignore)
		       : r;
}

static bool has_step(const struct detect_rule *const *steps, uint32_t count,
		     const struct detect_rule *step)
{
	for (uint32_t i = 0; i < count; i++) {
		if (steps[i] == step)
			return true;
	}
	return false;
}

static int read_steps(struct native_reader *reader, const struct node *list,
		      size_t named, struct detect_chain *chain,
		      const struct detect_rule **steps)
{
	int r = 0;

	for (const struct node *node = list->first; r >= 0 && node;
	     node = node->next) {
		const struct detect_rule *step = NULL;

		r = node->kind == NODE_SCALAR
			    ? find_step(reader, node, named, &step)
			    : read_step(reader, node, &step);
		if (r >= 0 && !chain->is_ordered &&
		    has_step(steps, chain->count, step))
			r = native_break(reader, node->mark,
					 "a step stands twice, and no order "
					 "tells one from the other");
		if (r >= 0)
			steps[chain->count++] = step;
	}
	return r;
}

/* What its last event may be. */
static uint32_t kinds_of(const struct detect_chain *chain)
{
	uint32_t kinds = 0;

	if (chain->is_ordered)
		return chain->steps[chain->count - 1]->kinds;
	for (uint32_t i = 0; i < chain->count; i++)
		kinds |= chain->steps[i]->kinds;
	return kinds;
}

static int read_traits(struct native_reader *reader, const struct node *node,
		       struct detect_chain *chain)
{
	static const char *const orders[] = {"false", "true"};
	static const char *const whose[] = {"tree", "user"};
	const struct node *within = keys_value(node, "within");
	int r = read_choice(reader, node, "ordered", orders,
			    &chain->is_ordered);

	chain->within_ns = WITHIN_NS;
	if (r >= 0)
		r = read_choice(reader, node, "of", whose, &chain->is_by_user);
	return r >= 0 && within
		       ? native_read_span(reader, within, &chain->within_ns)
		       : r;
}

int native_read_chain(struct native_reader *reader, struct detect_rule *rule,
		      const struct node *node, size_t named)
{
	static const char *const keys[] = {"steps", "ordered", "within", "of",
					   NULL};
	const struct node *list;
	const struct detect_rule **steps;
	struct detect_chain *chain;
	int r = keys_check(reader->note, node, "a chain", keys);

	if (r < 0)
		return r;
	list = keys_value(node, "steps");
	if (!list || list->kind != NODE_LIST || list->count < 2 ||
	    list->count > DETECT_CHAIN_STEPS_MAX)
		return native_break(reader, list ? list->mark : node->mark,
				    "steps of a chain are a list of 2 to %d",
				    DETECT_CHAIN_STEPS_MAX);
	chain = arena_cut(&rule->arena, sizeof(*chain));
	steps = arena_cut(&rule->arena,
			  list->count * sizeof(struct detect_rule *));
	if (!chain || !steps)
		return -ENOMEM;
	chain->steps = steps;
	r = read_traits(reader, node, chain);
	if (r >= 0)
		r = read_steps(reader, list, named, chain, steps);
	if (r < 0)
		return r;
	rule->chain = chain;
	rule->kinds = kinds_of(chain);
	return 0;
}
