/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.h - the tables of detect.h; only the files of the matcher include it.
 *
 * Threads	as detect.h
 */
#pragma once

#include <stdbool.h>

#include "rules/detect/automaton.h"
#include "rules/detect/detect.h"
#include "rules/detect/view.h"

#define ENGINE_YES UINT32_MAX /* where a program ends */
#define ENGINE_NO  (UINT32_MAX - 1)

#define ENGINE_WINDOW 8

enum engine_automaton {
	ENGINE_LINES, /* command lines and lines of logs */
	ENGINE_WORDS, /* all other texts */
	ENGINE_AUTOMATON_COUNT,
};

/*
 * What it means that a literal is found. The automaton looks for ENGINE_WINDOW
 * bytes of it at most, so that its tables stay in the cache; the others are
 * compared where those are found.
 */
struct engine_use {
	const char *text; /* the whole literal; NULL: the window is all of it */
	uint32_t len; /* of the literal */
	uint32_t after; /* bytes of it behind the window */
	uint32_t window; /* its number in the automaton */
	uint32_t bit;
	uint32_t kinds; /* of events, 1 << enum event_kind */
	uint8_t source; /* enum detect_source */
	bool is_at_start, is_at_end; /* of the text, and only there */
};

/* Numbers sorted by what they belong to: those of `i` are items[starts[i]] up
 * to items[starts[i + 1]]. */
struct engine_index {
	uint32_t *starts, *items;
};

/* One question of a condition, and where to go on. */
struct engine_step {
	const struct detect_node *test; /* NULL: is the bit set? */
	const struct detect_field *field;
	uint32_t bit;
	uint32_t yes, no;
};

/* A rule in one view. */
struct engine_variant {
	uint32_t rule;
	uint32_t kinds;
	uint32_t entry;
};

struct engine_array {
	void *items;
	uint32_t count, room;
};

struct detect_engine {
	const struct detect_rule *const *rules;
	size_t rule_count;
	struct engine_array variants; /* struct engine_variant */
	struct engine_array steps; /* struct engine_step */
	struct automaton automata[ENGINE_AUTOMATON_COUNT];
	struct engine_array uses[ENGINE_AUTOMATON_COUNT]; /* by window */
	uint32_t *use_starts[ENGINE_AUTOMATON_COUNT];
	uint32_t bit_count;
	struct engine_index triggers; /* variants by bit */
	struct engine_array always; /* variants that no bit announces */
	uint64_t sources[EVENT_KIND_COUNT]; /* to look for literals in */
};

struct detect_scratch {
	uint64_t *bits, *variants, *rules; /* sets */
	uint32_t *candidates;
	uint32_t candidate_count;
	uint64_t known; /* sources whose text is there already */
	struct event_text texts[SOURCE_COUNT];
	char numbers[SOURCE_COUNT][DETECT_NUMBER_MAX];
};

static inline enum engine_automaton engine_automaton_of(unsigned int source)
{
	return source == SOURCE_WORD + EVENT_COMMAND_LINE ||
			       source == SOURCE_WORD +
						 EVENT_PARENT_COMMAND_LINE ||
			       source == SOURCE_WORD + EVENT_LINE
		       ? ENGINE_LINES
		       : ENGINE_WORDS;
}

/* engine_build.c: room for one more, zeroed; NULL without memory. */
void *engine_array_add(struct engine_array *array, size_t item_bytes);
