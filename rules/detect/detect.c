// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/detect.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/detect/engine.h"

struct matching {
	const struct detect_engine *engine;
	const struct event *event;
	struct detect_scratch *scratch;
};

static size_t words_of(size_t bits)
{
	return (bits + 63) / 64;
}

static bool has(const uint64_t *set, uint32_t index)
{
	return set[index / 64] >> index % 64 & 1;
}

/* Put it in; was it not there before? */
static bool put(uint64_t *set, uint32_t index)
{
	uint64_t bit = 1ull << index % 64;
	bool is_new = !(set[index / 64] & bit);

	set[index / 64] |= bit;
	return is_new;
}

static int fill_scratch(const struct detect_engine *engine,
			struct detect_scratch *scratch)
{
	scratch->bits = calloc(words_of(engine->bit_count) + 1, 8);
	scratch->variants = calloc(words_of(engine->variants.count) + 1, 8);
	scratch->rules = calloc(words_of(engine->rule_count) + 1, 8);
	scratch->candidates = calloc(engine->variants.count + 1,
				     sizeof(*scratch->candidates));
	return scratch->bits && scratch->variants && scratch->rules &&
			       scratch->candidates
		       ? 0
		       : -ENOMEM;
}

int detect_scratch_new(const struct detect_engine *engine,
		       struct detect_scratch **ret_scratch)
{
	struct detect_scratch *scratch = calloc(1, sizeof(*scratch));
	int r = scratch ? fill_scratch(engine, scratch) : -ENOMEM;

	assert(ret_scratch);

	if (r < 0)
		detect_scratch_free(scratch);
	else
		*ret_scratch = scratch;
	return r;
}

void detect_scratch_free(struct detect_scratch *scratch)
{
	if (!scratch)
		return;
	free(scratch->bits);
	free(scratch->variants);
	free(scratch->rules);
	free(scratch->candidates);
	free(scratch);
}

static const struct event_text *text_of(struct matching *matching,
					unsigned int source)
{
	struct detect_scratch *scratch = matching->scratch;

	if (!(scratch->known >> source & 1)) {
		scratch->texts[source] = detect_source_text(
			matching->event, source, scratch->numbers[source]);
		scratch->known |= 1ull << source;
	}
	return &scratch->texts[source];
}

static void propose(struct matching *matching, uint32_t variant)
{
	const struct engine_variant *variants =
		matching->engine->variants.items;
	struct detect_scratch *scratch = matching->scratch;

	if ((variants[variant].kinds >> matching->event->kind & 1) &&
	    put(scratch->variants, variant))
		scratch->candidates[scratch->candidate_count++] = variant;
}

static void set_bit(struct matching *matching, uint32_t bit)
{
	const struct engine_index *triggers = &matching->engine->triggers;

	if (!put(matching->scratch->bits, bit))
		return;
	for (uint32_t i = triggers->starts[bit]; i < triggers->starts[bit + 1];
	     i++)
		propose(matching, triggers->items[i]);
}

/* Is the whole literal there, whose window ends at `end`? */
static bool is_whole(const struct engine_use *use,
		     const struct event_text *text, size_t end)
{
	const char *at;

	end += use->after;
	if (end > text->len || end < use->len)
		return false;
	if (use->is_at_end && end != text->len)
		return false;
	if (use->is_at_start && end != use->len)
		return false;
	if (!use->text)
		return true;
	at = text->bytes + end - use->len;
	for (uint32_t i = 0; i < use->len; i++) {
		if (use->text[i] != detect_lower(at[i]))
			return false;
	}
	return true;
}

static void note_window(struct matching *matching, unsigned int source,
			uint32_t window, size_t end)
{
	const struct detect_engine *engine = matching->engine;
	const struct event_text *text = text_of(matching, source);
	enum engine_automaton which = engine_automaton_of(source);
	const struct engine_use *uses = engine->uses[which].items;
	const uint32_t *starts = engine->use_starts[which];

	for (uint32_t i = starts[window]; i < starts[window + 1]; i++) {
		const struct engine_use *use = &uses[i];

		if (use->source == source &&
		    (use->kinds >> matching->event->kind & 1) &&
		    is_whole(use, text, end))
			set_bit(matching, use->bit);
	}
}

static void look_for_literals(struct matching *matching, unsigned int source)
{
	const struct automaton *automaton =
		&matching->engine->automata[engine_automaton_of(source)];
	const struct event_text *text = text_of(matching, source);
	const uint8_t *bytes = (const uint8_t *)text->bytes;
	uint32_t state = 0;

	for (size_t i = 0; i < text->len; i++) {
		state = automaton_step(automaton, state, bytes[i]);
		if (state < automaton->first_hit)
			continue;
		for (uint32_t hit = state; hit; hit = automaton->link[hit]) {
			uint32_t window = automaton->literal[hit];

			if (window)
				note_window(matching, source, window, i + 1);
		}
	}
}

static bool is_met(struct matching *matching, const struct engine_step *step)
{
	const struct detect_field *field = step->field;

	if (!step->test)
		return has(matching->scratch->bits, step->bit);
	if (step->test->match == DETECT_CIDR)
		return detect_address_meets(step->test, &matching->event->peer);
	for (size_t i = 0; i < DETECT_SOURCES_MAX && field->sources[i]; i++) {
		const struct event_text *text =
			text_of(matching, field->sources[i]);

		if (detect_text_meets(step->test, text->bytes, text->len))
			return true;
	}
	return false;
}

static bool run(struct matching *matching, uint32_t at)
{
	const struct engine_step *steps = matching->engine->steps.items;

	while (at < ENGINE_NO)
		at = is_met(matching, &steps[at]) ? steps[at].yes
						  : steps[at].no;
	return at == ENGINE_YES;
}

static bool is_same_text(const struct event_text *a, const struct event_text *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

static void find_candidates(struct matching *matching)
{
	const struct detect_engine *engine = matching->engine;
	const struct event_text *words = matching->event->words;
	uint64_t sources = engine->sources[matching->event->kind];
	const uint32_t *always = engine->always.items;

	/* Every field that is of the path asked for is of the image as well. */
	if (is_same_text(&words[EVENT_IMAGE], &words[EVENT_IMAGE_ASKED]))
		sources &= ~(1ull << (SOURCE_WORD + EVENT_IMAGE_ASKED));
	for (; sources; sources &= sources - 1)
		look_for_literals(matching,
				  (unsigned int)__builtin_ctzll(sources));
	for (uint32_t i = 0; i < engine->always.count; i++)
		propose(matching, always[i]);
}

static void tell_rules(const struct matching *matching, detect_fn *fn,
		       void *arg)
{
	const struct detect_engine *engine = matching->engine;
	uint32_t list = 0; /* of the rule before */

	for (size_t word = 0; word < words_of(engine->rule_count); word++) {
		uint64_t left = matching->scratch->rules[word];

		for (; left; left &= left - 1) {
			size_t index =
				word * 64 + (size_t)__builtin_ctzll(left);
			const struct detect_rule *rule = engine->rules[index];

			if (rule->list == 0 || rule->list != list)
				fn(arg, rule, index);
			list = rule->list;
		}
	}
}

void detect_match(const struct detect_engine *engine, const struct event *event,
		  struct detect_scratch *scratch, detect_fn *fn, void *arg)
{
	const struct engine_variant *variants = engine->variants.items;
	struct matching matching = {engine, event, scratch};

	assert(event->kind < EVENT_KIND_COUNT);

	memset(scratch->bits, 0, words_of(engine->bit_count) * 8);
	memset(scratch->variants, 0, words_of(engine->variants.count) * 8);
	memset(scratch->rules, 0, words_of(engine->rule_count) * 8);
	scratch->candidate_count = 0;
	scratch->known = 0;
	find_candidates(&matching);
	for (uint32_t i = 0; i < scratch->candidate_count; i++) {
		const struct engine_variant *variant =
			&variants[scratch->candidates[i]];

		if (!has(scratch->rules, variant->rule) &&
		    run(&matching, variant->entry))
			(void)put(scratch->rules, variant->rule);
	}
	tell_rules(&matching, fn, arg);
}
