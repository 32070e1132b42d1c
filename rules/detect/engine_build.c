// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/detect/engine_term.h"
#include "rules/detect/fold.h"

#define ROOM_FIRST 64

void *engine_array_add(struct engine_array *array, size_t item_bytes)
{
	char *item;

	if (array->count == array->room) {
		uint32_t room = array->room ? array->room * 2 : ROOM_FIRST;
		void *items = realloc(array->items, room * item_bytes);

		if (!items)
			return NULL;
		array->items = items;
		array->room = room;
	}
	item = (char *)array->items + array->count++ * item_bytes;
	memset(item, 0, item_bytes);
	return item;
}

static int add_variant(struct engine_builder *builder, uint32_t rule)
{
	struct detect_engine *engine = builder->engine;
	struct engine_variant *variant;
	struct term *term;
	uint32_t entry;
	int r = term_of_rule(builder, engine->rules[rule], &term);

	if (r >= 0)
		r = term_write_program(builder, term, &entry);
	if (r < 0)
		return r;
	variant = engine_array_add(&engine->variants, sizeof(*variant));
	if (!variant)
		return -ENOMEM;
	*variant = (struct engine_variant){
		.rule = rule,
		.kinds = builder->view->kinds & engine->rules[rule]->kinds,
		.entry = entry,
	};
	return term_announce(builder, term, engine->variants.count - 1);
}

static int add_rule(struct engine_builder *builder, uint32_t rule)
{
	const struct detect_rule *of = builder->engine->rules[rule];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < detect_view_count; i++) {
		builder->view = &detect_views[i];
		if (builder->view->category == of->category &&
		    (builder->view->kinds & of->kinds) &&
		    detect_fold(of->condition, builder->view) != DETECT_FALSE)
			r = add_variant(builder, rule);
	}
	arena_done(&builder->arena);
	return r;
}

static int use_order(const void *a, const void *b)
{
	const struct engine_use *one = a, *other = b;

	return one->window < other->window ? -1 : one->window > other->window;
}

static int finish_automaton(struct engine_builder *builder,
			    enum engine_automaton which)
{
	struct detect_engine *engine = builder->engine;
	struct engine_array *uses = &engine->uses[which];
	const struct engine_use *use;
	uint32_t *starts;
	int r = automaton_build(builder->automata[which],
				&engine->automata[which]);

	if (r < 0)
		return r;
	starts = calloc(engine->automata[which].literal_count + 2,
			sizeof(*starts));
	if (!starts)
		return -ENOMEM;
	engine->use_starts[which] = starts;
	if (uses->count > 0)
		qsort(uses->items, uses->count, sizeof(*use), use_order);
	use = uses->items;
	for (uint32_t i = 0; i < uses->count; i++)
		starts[use[i].window + 1]++;
	for (uint32_t i = 1; i < engine->automata[which].literal_count + 2; i++)
		starts[i] += starts[i - 1];
	return 0;
}

/* Starts are ends, while they count down to what they will be. */
static int finish_triggers(struct engine_builder *builder)
{
	struct engine_index *index = &builder->engine->triggers;
	const struct engine_pair *pairs = builder->pairs.items;
	uint32_t bits = builder->engine->bit_count;

	index->starts = calloc(bits + 1, sizeof(*index->starts));
	index->items = calloc(builder->pairs.count + 1, sizeof(*index->items));
	if (!index->starts || !index->items)
		return -ENOMEM;
	for (uint32_t i = 0; i < builder->pairs.count; i++)
		index->starts[pairs[i].bit]++;
	for (uint32_t i = 1; i <= bits; i++)
		index->starts[i] += index->starts[i - 1];
	for (uint32_t i = 0; i < builder->pairs.count; i++)
		index->items[--index->starts[pairs[i].bit]] = pairs[i].variant;
	return 0;
}

static int build(struct engine_builder *builder)
{
	int r = 0;

	for (int which = 0; r >= 0 && which < ENGINE_AUTOMATON_COUNT; which++)
		r = automaton_builder_new(&builder->automata[which]);
	for (size_t i = 0; r >= 0 && i < builder->engine->rule_count; i++)
		r = add_rule(builder, (uint32_t)i);
	for (int which = 0; r >= 0 && which < ENGINE_AUTOMATON_COUNT; which++)
		r = finish_automaton(builder, which);
	return r < 0 ? r : finish_triggers(builder);
}

int detect_new(const struct detect_rule *const *rules, size_t count,
	       struct detect_engine **ret_engine)
{
	CLEANUP(detect_freep)
	struct detect_engine *engine = calloc(1, sizeof(*engine));
	struct engine_builder builder = {.engine = engine};
	int r;

	assert(rules || count == 0);
	assert(ret_engine);

	if (!engine)
		return -ENOMEM;
	engine->rules = rules;
	engine->rule_count = count;
	r = build(&builder);
	for (int which = 0; which < ENGINE_AUTOMATON_COUNT; which++)
		automaton_builder_free(builder.automata[which]);
	arena_done(&builder.arena);
	free(builder.pairs.items);
	if (r >= 0)
		*ret_engine = TAKE(engine);
	return r;
}

void detect_free(struct detect_engine *engine)
{
	if (!engine)
		return;
	for (int which = 0; which < ENGINE_AUTOMATON_COUNT; which++) {
		automaton_done(&engine->automata[which]);
		free(engine->uses[which].items);
		free(engine->use_starts[which]);
	}
	free(engine->variants.items);
	free(engine->steps.items);
	free(engine->always.items);
	free(engine->triggers.starts);
	free(engine->triggers.items);
	free(engine);
}

struct detect_size detect_size(const struct detect_engine *engine)
{
	struct detect_size size = {
		.rule_count = engine->rule_count,
		.variant_count = engine->variants.count,
		.bytes =
			engine->variants.count * sizeof(struct engine_variant) +
			engine->steps.count * sizeof(struct engine_step),
	};

	for (int which = 0; which < ENGINE_AUTOMATON_COUNT; which++) {
		const struct automaton *automaton = &engine->automata[which];

		size.literal_count += automaton->literal_count;
		size.state_count += automaton->state_count;
		size.bytes +=
			((size_t)automaton->state_count
			 << automaton->row_bits) *
				sizeof(*automaton->next) +
			engine->uses[which].count * sizeof(struct engine_use);
	}
	return size;
}
