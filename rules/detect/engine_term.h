/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_term.h - a rule's condition in one view, while an engine is built.
 *
 * What is certain in the view has gone; literals have become bits.
 *
 * Errors	-E2BIG, -ENOMEM
 */
#pragma once

#include "rules/detect/engine.h"

enum term_kind {
	TERM_AND,
	TERM_OR,
	TERM_NOT,
	TERM_BIT,
	TERM_TEST,
	TERM_TRUE, /* only as the whole */
};

struct term {
	enum term_kind kind;
	struct term *first, *last, *next;
	uint32_t bit;
	uint64_t cost; /* of a bit: how often it may come, in no unit */
	const struct detect_node *test;
	const struct detect_field *field;
};

struct engine_builder {
	struct detect_engine *engine;
	struct automaton_builder *automata[ENGINE_AUTOMATON_COUNT];
	struct arena arena; /* of terms */
	struct engine_array pairs; /* struct engine_pair */
	const struct detect_view *view;
};

/* A bit that announces a variant. */
struct engine_pair {
	uint32_t bit, variant;
};

/* engine_term.c: the condition in the builder's view, which is not certainly
 * false there. */
int term_of_rule(struct engine_builder *builder, const struct detect_rule *rule,
		 struct term **ret_term);

/* engine_program.c: write its steps; where they begin. */
int term_write_program(struct engine_builder *builder, const struct term *term,
		       uint32_t *ret_entry);

/* Have the variant announced by bits one of which it cannot do without, such
 * as come rarely; or looked at always, if there are none. */
int term_announce(struct engine_builder *builder, const struct term *term,
		  uint32_t variant);
