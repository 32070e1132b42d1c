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

/* The window is the literal's end where that is the text's, or its start. */
static int add_use(struct engine_builder *builder, struct engine_use use)
{
	enum engine_automaton which = engine_automaton_of(use.source);
	uint32_t window = use.len < ENGINE_WINDOW ? use.len : ENGINE_WINDOW;
	uint32_t at = use.is_at_end && !use.is_at_start ? use.len - window : 0;
	struct engine_use *kept;
	int r = automaton_add(builder->automata[which], use.text + at, window,
			      &use.window);

	if (r < 0)
		return r;
	use.after = use.len - window - at;
	if (window == use.len)
		use.text = NULL;
	kept = engine_array_add(&builder->engine->uses[which], sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	*kept = use;
	for (unsigned int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		if (use.kinds >> kind & 1)
			builder->engine->sources[kind] |= 1ull << use.source;
	}
	return 0;
}

/* A literal for a bit that may have others. `text` is in small letters, and
 * the rule's if it is longer than a window. */
static int add_literal(struct engine_builder *builder, struct term *bit,
		       const struct detect_node *test, const char *text,
		       uint32_t len)
{
	const struct detect_field *field =
		detect_field_of(builder->view, test->field);
	struct engine_use use = {
		.text = text,
		.len = len,
		.bit = bit->bit,
		.kinds = builder->view->kinds,
		.is_at_start = test->match == DETECT_EQUALS ||
			       test->match == DETECT_STARTS,
		.is_at_end = test->match == DETECT_EQUALS ||
			     test->match == DETECT_ENDS,
	};
	int r = 0;

	for (size_t i = 0;
	     r >= 0 && i < DETECT_SOURCES_MAX && field->sources[i]; i++) {
		use.source = field->sources[i];
		r = add_use(builder, use);
	}
	bit->cost +=
		COST_OF_ONE / ((uint64_t)len * len *
			       (use.is_at_start || use.is_at_end ? 8 : 1)) +
		1;
	return r;
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

/* A literal that must be there where the test is met: a window's length is
 * enough, for the test is asked after it. */
static int add_need(struct engine_builder *builder, struct term *parent,
		    const struct detect_node *test)
{
	struct detect_node need = {.op = DETECT_TEST,
				   .match = DETECT_CONTAINS,
				   .field = test->field};
	char text[ENGINE_WINDOW];
	size_t at = 0, len;
	struct term *bit;

	if (test->match > DETECT_WILD)
		return 0;
	len = longest_piece(test, &at);
	if (len == 0)
		return 0;
	if (len > sizeof(text))
		len = sizeof(text);
	bit = new_bit(builder, parent);
	if (!bit)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		text[i] = detect_lower(test->text[at + i]);
	return add_literal(builder, bit, &need, text, (uint32_t)len);
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

int term_of_rule(struct engine_builder *builder, const struct detect_rule *rule,
		 struct term **ret_term)
{
	bool is_certain =
		detect_fold(rule->condition, builder->view) == DETECT_TRUE;
	struct term *whole =
		new_term(builder, NULL, is_certain ? TERM_TRUE : TERM_AND);
	int r = 0;

	if (!whole)
		return -ENOMEM;
	if (!is_certain)
		r = resolve(builder, whole, rule->condition);
	if (r >= 0)
		*ret_term = whole;
	return r;
}
