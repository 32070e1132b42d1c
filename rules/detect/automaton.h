/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * automaton.h - many literals looked for in one pass (Aho and Corasick).
 *
 * Each byte costs one look-up: the table knows from each state where each
 * class of bytes leads. Capital and small letters are one class, so texts need
 * not be made small first. States at which no literal ends come first, by their
 * depth, so that those where most bytes end up lie together.
 *
 * Owns		the tables
 * Errors	-E2BIG above AUTOMATON_STATES_MAX, -ENOMEM
 * Threads	built, it is constant; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"

#define AUTOMATON_STATES_MAX 65535u

struct automaton {
	uint8_t class_of[256];
	uint32_t class_count, state_count, literal_count;
	uint32_t row_bits; /* a row has 1 << row_bits cells */
	uint32_t first_hit; /* the first state at which a literal ends */
	uint16_t *next; /* the state that follows, of state and class */
	uint32_t *literal; /* of a state: what ends here, from 1; 0: nothing */
	uint16_t *link; /* the shorter state where a literal ends; 0: none */
};

struct automaton_builder;

int automaton_builder_new(struct automaton_builder **ret_builder);
void automaton_builder_free(struct automaton_builder *builder);
DEFINE_CLEANUP(struct automaton_builder *, automaton_builder_free)

/* A text of one byte or more, in small letters. The same text has one number;
 * numbers count from 1. */
int automaton_add(struct automaton_builder *builder, const char *text,
		  size_t len, uint32_t *ret_literal);

int automaton_build(const struct automaton_builder *builder,
		    struct automaton *ret_automaton);
void automaton_done(struct automaton *automaton);

/* From a state (0 is the start) over a byte. */
static inline uint32_t automaton_step(const struct automaton *automaton,
				      uint32_t state, uint8_t byte)
{
	return automaton->next[(state << automaton->row_bits) +
			       automaton->class_of[byte]];
}
