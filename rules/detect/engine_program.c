// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "rules/detect/engine_term.h"

#define COST_NEVER UINT64_MAX /* no bit is needed */

static bool has_test(const struct term *term)
{
	if (term->kind == TERM_TEST)
		return true;
	for (const struct term *part = term->first; part; part = part->next) {
		if (has_test(part))
			return true;
	}
	return false;
}

static int write_term(struct engine_builder *builder, const struct term *term,
		      uint32_t yes, uint32_t no, uint32_t *ret_entry);

/*
 * Steps are written from the last question to the first, so that each knows
 * where to go on: of "and" a part that is met leads to the next one. Parts that
 * have tests are asked after those that have none.
 */
static int write_parts(struct engine_builder *builder, const struct term *term,
		       uint32_t yes, uint32_t no, uint32_t *ret_entry)
{
	uint32_t entry = term->kind == TERM_AND ? yes : no;
	int r = 0;

	for (int turn = 0; turn < 2; turn++) {
		for (const struct term *part = term->first; r >= 0 && part;
		     part = part->next) {
			if (has_test(part) != (turn == 0))
				continue;
			if (term->kind == TERM_AND)
				r = write_term(builder, part, entry, no,
					       &entry);
			else
				r = write_term(builder, part, yes, entry,
					       &entry);
		}
	}
	*ret_entry = entry;
	return r;
}

static int write_term(struct engine_builder *builder, const struct term *term,
		      uint32_t yes, uint32_t no, uint32_t *ret_entry)
{
	struct engine_array *steps = &builder->engine->steps;
	struct engine_step *step;

	switch (term->kind) {
	case TERM_AND:
	case TERM_OR:
		return write_parts(builder, term, yes, no, ret_entry);
	case TERM_NOT:
		return write_term(builder, term->first, no, yes, ret_entry);
	case TERM_TRUE:
		*ret_entry = yes;
		return 0;
	default:
		step = engine_array_add(steps, sizeof(*step));
		if (!step)
			return -ENOMEM;
		*step = (struct engine_step){
			.test = term->test,
			.field = term->field,
			.bit = term->bit,
			.yes = yes,
			.no = no,
		};
		*ret_entry = steps->count - 1;
		return 0;
	}
}

int term_write_program(struct engine_builder *builder, const struct term *term,
		       uint32_t *ret_entry)
{
	return write_term(builder, term, ENGINE_YES, ENGINE_NO, ret_entry);
}

/* How often one of the bits comes without which the term is not met. */
static uint64_t cost_of(const struct term *term)
{
	uint64_t cost = term->kind == TERM_AND ? COST_NEVER : 0;

	if (term->kind == TERM_BIT)
		return term->cost;
	if (term->kind != TERM_AND && term->kind != TERM_OR)
		return COST_NEVER;
	for (const struct term *part = term->first; part; part = part->next) {
		uint64_t one = cost_of(part);

		if (term->kind == TERM_AND)
			cost = one < cost ? one : cost;
		else if (one == COST_NEVER)
			return COST_NEVER;
		else
			cost += one;
	}
	return cost;
}

static int announce(struct engine_builder *builder, const struct term *term,
		    uint32_t variant)
{
	const struct term *best = NULL;
	struct engine_pair *pair;
	int r = 0;

	if (term->kind == TERM_BIT) {
		pair = engine_array_add(&builder->pairs, sizeof(*pair));
		if (!pair)
			return -ENOMEM;
		*pair = (struct engine_pair){term->bit, variant};
		return 0;
	}
	for (const struct term *part = term->first; r >= 0 && part;
	     part = part->next) {
		if (term->kind == TERM_OR)
			r = announce(builder, part, variant);
		else if (!best || cost_of(part) < cost_of(best))
			best = part;
	}
	return r < 0 || !best ? r : announce(builder, best, variant);
}

int term_announce(struct engine_builder *builder, const struct term *term,
		  uint32_t variant)
{
	uint32_t *always;

	if (cost_of(term) != COST_NEVER)
		return announce(builder, term, variant);
	always = engine_array_add(&builder->engine->always, sizeof(*always));
	if (!always)
		return -ENOMEM;
	*always = variant;
	return 0;
}
