// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/engine_term.h"

#include <errno.h>
#include <string.h>

#include "rules/detect/fold.h"

#define COST_OF_ONE 65536u /* of a literal of one byte, anywhere */

static struct term *new_term(struct engine_builder *builder,
			     struct term *parent, enum term_kind kind)
{
	struct term *term = arena_cut(&builder->arena, sizeof(*term));

	if (!term)
		return NULL;
	term->kind = kind;
	if (!parent)
		return term;
	if (parent->last)
		parent->last->next = term;
	else
		parent->first = term;
	parent->last = term;
	return term;
}

/* A bit and its literal, or one more literal for it. `text` is in small
 * letters. */
static int add_literal(struct engine_builder *builder, struct term *bit,
		       const struct detect_node *test, const char *text,
		       size_t len)
{
	const struct detect_field *field =
		detect_field_of(builder->view, test->field);
	struct detect_engine *engine = builder->engine;
	bool is_at_start = test->match == DETECT_EQUALS ||
			   test->match == DETECT_STARTS;
	bool is_at_end = test->match == DETECT_EQUALS ||
			 test->match == DETECT_ENDS;

	for (size_t i = 0; i < DETECT_SOURCES_MAX && field->sources[i]; i++) {
		unsigned int source = field->sources[i];
		enum engine_automaton which = engine_automaton_of(source);
		struct engine_use *use = engine_array_add(&engine->uses[which],
							  sizeof(*use));
		int r;

		if (!use)
			return -ENOMEM;
		r = automaton_add(builder->automata[which], text, len,
				  &use->literal);
		if (r < 0)
			return r;
		use->bit = bit->bit;
		use->len = (uint32_t)len;
		use->kinds = builder->view->kinds;
		use->source = (uint8_t)source;
		use->is_at_start = is_at_start;
		use->is_at_end = is_at_end;
		for (unsigned int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
			if (use->kinds >> kind & 1)
				engine->sources[kind] |= 1ull << source;
		}
	}
	bit->cost += COST_OF_ONE /
		     (len * len * (is_at_start || is_at_end ? 8 : 1)) + 1;
	return 0;
}

static struct term *new_bit(struct engine_builder *builder, struct term *parent)
{
	struct term *bit = new_term(builder, parent, TERM_BIT);

	if (bit)
		bit->bit = builder->engine->bit_count++;
	return bit;
}

static bool is_literal(const struct detect_node *node)
{
	return node->op == DETECT_TEST && !node->is_cased &&
	       node->match <= DETECT_CONTAINS;
}

/* The longest piece of a pattern without wildcards. */
static size_t longest_piece(const struct detect_node *test, size_t *ret_at)
{
	size_t best = 0, from = 0;

	for (size_t i = 0; i <= test->len; i++) {
		if (i < test->len && test->text[i] != WILD_ANY &&
		    test->text[i] != WILD_ONE)
			continue;
		if (i - from > best) {
			best = i - from;
			*ret_at = from;
		}
		from = i + 1;
	}
	return best;
}

/* A literal that must be there where the test is met. */
static int add_need(struct engine_builder *builder, struct term *parent,
		    const struct detect_node *test)
{
	struct detect_node need = {.op = DETECT_TEST,
				   .match = DETECT_CONTAINS,
				   .field = test->field};
	size_t at = 0, len;
	struct term *bit;
	char *text;

	if (test->match > DETECT_WILD)
		return 0;
	len = longest_piece(test, &at);
	if (len == 0)
		return 0;
	text = arena_copy(&builder->arena, test->text + at, len);
	bit = new_bit(builder, parent);
	if (!text || !bit)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] | 0x20);
	}
	return add_literal(builder, bit, &need, text, len);
}

static int resolve_test(struct engine_builder *builder, struct term *parent,
			const struct detect_node *node)
{
	struct term *term;
	int r;

	if (is_literal(node)) {
		term = new_bit(builder, parent);
		return term ? add_literal(builder, term, node, node->text,
					  node->len)
			    : -ENOMEM;
	}
	parent = new_term(builder, parent, TERM_AND);
	if (!parent)
		return -ENOMEM;
	r = add_need(builder, parent, node);
	if (r < 0)
		return r;
	term = new_term(builder, parent, TERM_TEST);
	if (!term)
		return -ENOMEM;
	term->test = node;
	term->field = detect_field_of(builder->view, node->field);
	return 0;
}

static int resolve(struct engine_builder *builder, struct term *parent,
		   const struct detect_node *node);

/* The literals of an "or" are one bit; the rest are parts of their own. */
static int resolve_parts(struct engine_builder *builder, struct term *parent,
			 const struct detect_node *node)
{
	struct term *bit = NULL;
	int r = 0;

	for (const struct detect_node *part = node->first; r >= 0 && part;
	     part = part->next) {
		if (detect_fold(part, builder->view) != DETECT_OPEN)
			continue;
		if (node->op != DETECT_OR || !is_literal(part)) {
			r = resolve(builder, parent, part);
			continue;
		}
		if (!bit)
			bit = new_bit(builder, parent);
		if (!bit)
			return -ENOMEM;
		r = add_literal(builder, bit, part, part->text, part->len);
	}
	return r;
}

/* A node whose truth is open in this view. */
static int resolve(struct engine_builder *builder, struct term *parent,
		   const struct detect_node *node)
{
	struct term *term;

	switch (node->op) {
	case DETECT_SAME:
		return resolve(builder, parent, node->first);
	case DETECT_TEST:
		return resolve_test(builder, parent, node);
	case DETECT_NOT:
		term = new_term(builder, parent, TERM_NOT);
		return term ? resolve(builder, term, node->first) : -ENOMEM;
	default:
		term = new_term(builder, parent,
				node->op == DETECT_AND ? TERM_AND : TERM_OR);
		return term ? resolve_parts(builder, term, node) : -ENOMEM;
	}
}

int term_of_rule(struct engine_builder *builder,
		 const struct detect_rule *rule, struct term **ret_term)
{
	bool is_certain = detect_fold(rule->condition, builder->view) ==
			  DETECT_TRUE;
	struct term *whole = new_term(builder, NULL,
				      is_certain ? TERM_TRUE : TERM_AND);
	int r = 0;

	if (!whole)
		return -ENOMEM;
	if (!is_certain)
		r = resolve(builder, whole, rule->condition);
	if (r >= 0)
		*ret_term = whole;
	return r;
}
