// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/automaton.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define TWIGS_FIRST 1024

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

	if (!builder)
		return -ENOMEM;
	builder->twigs = calloc(TWIGS_FIRST, sizeof(*builder->twigs));
	if (!builder->twigs) {
		free(builder);
		return -ENOMEM;
	}
	builder->room = TWIGS_FIRST;
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
	if (builder->room > AUTOMATON_STATES_MAX)
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

/* States in the order of their depth, while they have no final numbers. */
struct layout {
	uint32_t *twigs; /* of each state */
	uint32_t *fail; /* where a text fails: a shorter state */
	uint32_t *number; /* at last */
};

static void layout_done(struct layout *layout)
{
	free(layout->twigs);
	free(layout->fail);
	free(layout->number);
}

static int alloc_layout(struct layout *layout, size_t count)
{
	layout->twigs = calloc(count, sizeof(*layout->twigs));
	layout->fail = calloc(count, sizeof(*layout->fail));
	layout->number = calloc(count, sizeof(*layout->number));
	return layout->twigs && layout->fail && layout->number ? 0 : -ENOMEM;
}

/* Where a text fails is a shorter state, so its row is complete before. */
static void fill_rows(const struct automaton_builder *builder,
		      struct automaton *automaton, struct layout *layout)
{
	uint32_t known = 1;

	for (uint32_t state = 0; state < known; state++) {
		uint32_t shorter = layout->fail[state];
		const struct twig *twig = &builder->twigs[layout->twigs[state]];
		uint16_t *row = automaton->next +
				((size_t)state << automaton->row_bits);

		if (state > 0)
			memcpy(row,
			       automaton->next +
				       ((size_t)shorter << automaton->row_bits),
			       sizeof(*row) << automaton->row_bits);
		automaton->literal[state] = twig->literal;
		automaton->link[state] = automaton->literal[shorter]
						 ? (uint16_t)shorter
						 : automaton->link[shorter];
		for (uint32_t child = twig->first; child;
		     child = builder->twigs[child].next) {
			uint8_t class =
				automaton->class_of[builder->twigs[child].byte];

			layout->fail[known] = state > 0 ? row[class] : 0;
			layout->twigs[known] = child;
			row[class] = (uint16_t)known++;
		}
	}
}

/* Number the states where nothing ends first. */
static void number_states(struct automaton *automaton, struct layout *layout)
{
	uint32_t next = 0;

	for (int turn = 0; turn < 2; turn++) {
		if (turn == 1)
			automaton->first_hit = next;
		for (uint32_t i = 0; i < automaton->state_count; i++) {
			bool is_hit =
				automaton->literal[i] || automaton->link[i];

			if (is_hit == (turn == 1))
				layout->number[i] = next++;
		}
	}
}

static int alloc_tables(struct automaton *automaton)
{
	uint32_t count = automaton->state_count;

	automaton->next = calloc((size_t)count << automaton->row_bits,
				 sizeof(*automaton->next));
	automaton->literal = calloc(count, sizeof(*automaton->literal));
	automaton->link = calloc(count, sizeof(*automaton->link));
	return automaton->next && automaton->literal && automaton->link
		       ? 0
		       : -ENOMEM;
}

/* The tables by the final numbers. */
static int renumber(struct automaton *automaton, const struct layout *layout)
{
	struct automaton before = *automaton;
	uint32_t row = 1u << automaton->row_bits;
	int r;

	r = alloc_tables(automaton);
	for (uint32_t i = 0; r >= 0 && i < before.state_count; i++) {
		size_t to = layout->number[i];

		for (uint32_t class = 0; class < row; class ++)
			automaton->next[to * row + class] =
				(uint16_t)layout->number
					[before.next[(size_t)i * row + class]];
		automaton->literal[to] = before.literal[i];
		automaton->link[to] =
			before.link[i]
				? (uint16_t)layout->number[before.link[i]]
				: 0;
	}
	automaton_done(&before);
	return r;
}

static int fill(const struct automaton_builder *builder,
		struct automaton *automaton)
{
	struct layout layout = {NULL};
	int r = alloc_layout(&layout, automaton->state_count);

	if (r >= 0)
		r = alloc_tables(automaton);
	if (r >= 0) {
		fill_rows(builder, automaton, &layout);
		number_states(automaton, &layout);
		r = renumber(automaton, &layout);
	}
	layout_done(&layout);
	return r;
}

int automaton_build(const struct automaton_builder *builder,
		    struct automaton *ret_automaton)
{
	struct automaton automaton = {
		.state_count = builder->count,
		.literal_count = builder->literal_count,
	};
	int r;

	if (builder->count > AUTOMATON_STATES_MAX)
		return -E2BIG;
	find_classes(builder, &automaton);
	while (1u << automaton.row_bits < automaton.class_count)
		automaton.row_bits++;
	r = fill(builder, &automaton);
	if (r < 0) {
		automaton_done(&automaton);
		return r;
	}
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
