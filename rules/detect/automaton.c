// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/automaton.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Of the tree of all literals. Node 0 is the root. */
struct twig {
	uint32_t first, next; /* child, and the one beside it; 0: none */
	uint32_t literal;
	uint8_t byte;
};

struct automaton_builder {
	struct twig *twigs;
	uint32_t count, room;
	uint32_t literal_count;
};

int automaton_builder_new(struct automaton_builder **ret_builder)
{
	struct automaton_builder *builder = calloc(1, sizeof(*builder));

	if (builder)
		builder->twigs = calloc(1024, sizeof(*builder->twigs));
	if (!builder || !builder->twigs) {
		free(builder);
		return -ENOMEM;
	}
	builder->room = 1024;
	builder->count = 1;
	*ret_builder = builder;
	return 0;
}

void automaton_builder_free(struct automaton_builder *builder)
{
	if (!builder)
		return;
	free(builder->twigs);
	free(builder);
}

static int grow(struct automaton_builder *builder)
{
	uint32_t room = builder->room * 2;
	struct twig *twigs;

	if (builder->count < builder->room)
		return 0;
	if (room > AUTOMATON_CELLS_MAX)
		return -E2BIG;
	twigs = realloc(builder->twigs, room * sizeof(*twigs));
	if (!twigs)
		return -ENOMEM;
	builder->twigs = twigs;
	builder->room = room;
	return 0;
}

static int descend(struct automaton_builder *builder, uint8_t byte,
		   uint32_t *at)
{
	uint32_t child = builder->twigs[*at].first;
	int r;

	while (child && builder->twigs[child].byte != byte)
		child = builder->twigs[child].next;
	if (!child) {
		r = grow(builder);
		if (r < 0)
			return r;
		child = builder->count++;
		builder->twigs[child] = (struct twig){
			.next = builder->twigs[*at].first,
			.byte = byte,
		};
		builder->twigs[*at].first = child;
	}
	*at = child;
	return 0;
}

int automaton_add(struct automaton_builder *builder, const char *text,
		  size_t len, uint32_t *ret_literal)
{
	uint32_t at = 0;

	assert(len > 0);

	for (size_t i = 0; i < len; i++) {
		int r = descend(builder, (uint8_t)text[i], &at);

		if (r < 0)
			return r;
	}
	if (!builder->twigs[at].literal)
		builder->twigs[at].literal = ++builder->literal_count;
	*ret_literal = builder->twigs[at].literal;
	return 0;
}

/* Class 0 is of all bytes that are in no literal. */
static void find_classes(const struct automaton_builder *builder,
			 struct automaton *automaton)
{
	automaton->class_count = 1;
	for (uint32_t i = 1; i < builder->count; i++) {
		uint8_t byte = builder->twigs[i].byte;

		if (automaton->class_of[byte])
			continue;
		automaton->class_of[byte] = (uint8_t)automaton->class_count++;
	}
	for (unsigned int byte = 'A'; byte <= 'Z'; byte++)
		automaton->class_of[byte] = automaton->class_of[byte | 0x20];
}

/* States in the order of their depth: `order` has the twig of each. Where a
 * text fails is a shorter state, so its row is complete before. */
static void fill_rows(const struct automaton_builder *builder,
		      struct automaton *automaton, uint32_t *order,
		      uint32_t *fail)
{
	uint32_t classes = automaton->class_count;
	uint32_t known = 1;

	for (uint32_t state = 0; state < known; state++) {
		const struct twig *twig = &builder->twigs[order[state]];
		uint32_t *row = automaton->next + (size_t)state * classes;
		const uint32_t *fail_row =
			automaton->next + (size_t)fail[state] * classes;
		uint32_t shorter = fail[state];

		if (state > 0)
			memcpy(row, fail_row, classes * sizeof(*row));
		automaton->literal[state] = twig->literal;
		automaton->link[state] = automaton->literal[shorter]
						 ? shorter
						 : automaton->link[shorter];
		for (uint32_t child = twig->first; child;
		     child = builder->twigs[child].next) {
			uint8_t class = automaton->class_of
						[builder->twigs[child].byte];

			fail[known] = state > 0 ? row[class] : 0;
			order[known] = child;
			row[class] = known++;
		}
	}
}

/* Cells say at which cell the row begins that follows. */
static void finish_cells(struct automaton *automaton)
{
	size_t cells = (size_t)automaton->state_count * automaton->class_count;

	for (size_t i = 0; i < cells; i++) {
		uint32_t state = automaton->next[i];

		automaton->next[i] = state * automaton->class_count;
		if (automaton->literal[state] || automaton->link[state])
			automaton->next[i] |= AUTOMATON_HIT;
	}
}

int automaton_build(const struct automaton_builder *builder,
		    struct automaton *ret_automaton)
{
	struct automaton automaton = {
		.state_count = builder->count,
		.literal_count = builder->literal_count,
	};
	CLEANUP(freep) uint32_t *order = NULL;
	CLEANUP(freep) uint32_t *fail = NULL;

	find_classes(builder, &automaton);
	if ((uint64_t)automaton.state_count * automaton.class_count >
	    AUTOMATON_CELLS_MAX)
		return -E2BIG;
	order = calloc(automaton.state_count, sizeof(*order));
	fail = calloc(automaton.state_count, sizeof(*fail));
	automaton.next = calloc((size_t)automaton.state_count *
					automaton.class_count,
				sizeof(*automaton.next));
	automaton.literal =
		calloc(automaton.state_count, sizeof(*automaton.literal));
	automaton.link = calloc(automaton.state_count, sizeof(*automaton.link));
	if (!order || !fail || !automaton.next || !automaton.literal ||
	    !automaton.link) {
		automaton_done(&automaton);
		return -ENOMEM;
	}
	fill_rows(builder, &automaton, order, fail);
	finish_cells(&automaton);
	*ret_automaton = automaton;
	return 0;
}

void automaton_done(struct automaton *automaton)
{
	free(automaton->next);
	free(automaton->literal);
	free(automaton->link);
	*automaton = (struct automaton){.next = NULL};
}
