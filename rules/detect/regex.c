// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree becomes steps (Thompson's way), and the sets of steps that can be
 * reached become states. A state knows where each class of bytes leads.
 */
#include "rules/detect/regex.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/detect/regex_parse.h"

#define STEPS_MAX  4096
#define STEP_WORDS (STEPS_MAX / 64)
#define WORK_MAX   8000000 /* steps looked at */
#define ACCEPT	   UINT16_MAX /* no state: there is a match */

struct regex {
	uint8_t class_of[256];
	uint32_t class_count, state_count;
	const uint16_t *next; /* of state and class */
	const bool *is_end; /* is the end of the text a match here? */
};

enum step_kind {
	STEP_SET,
	STEP_SPLIT,
	STEP_BEGIN,
	STEP_END,
	STEP_MATCH
};

struct step {
	enum step_kind kind;
	uint32_t to, or_to; /* of a split */
	const struct byte_set *set;
};

struct step_set {
	uint64_t words[STEP_WORDS];
};

struct compiler {
	struct step steps[STEPS_MAX];
	uint32_t step_count;
	uint8_t class_of[256];
	uint8_t sample[256]; /* a byte of each class */
	uint32_t class_count;
	struct step_set sets[REGEX_STATES_MAX];
	uint16_t next[REGEX_STATES_MAX][256];
	bool is_end[REGEX_STATES_MAX];
	uint32_t state_count;
	uint32_t stack[STEPS_MAX];
	struct step_set seen;
	uint64_t work;
};

static int add_step(struct compiler *compiler, enum step_kind kind,
		    uint32_t *ret_index)
{
	if (compiler->step_count == STEPS_MAX)
		return -E2BIG;
	*ret_index = compiler->step_count;
	compiler->steps[compiler->step_count++] = (struct step){.kind = kind};
	return 0;
}

static int write_node(struct compiler *compiler, const struct regex_node *node);

/* A split whose first way goes on behind it. */
static int write_split(struct compiler *compiler, uint32_t *ret_index)
{
	int r = add_step(compiler, STEP_SPLIT, ret_index);

	if (r >= 0)
		compiler->steps[*ret_index].to = *ret_index + 1;
	return r;
}

static int write_either(struct compiler *compiler,
			const struct regex_node *node)
{
	uint32_t jumps = 0; /* list of those that go to the end, by or_to */
	int r = 0;

	for (const struct regex_node *part = node->first; r >= 0 && part;
	     part = part->next) {
		uint32_t split, jump;

		if (!part->next) {
			r = write_node(compiler, part);
			break;
		}
		r = write_split(compiler, &split);
		if (r >= 0)
			r = write_node(compiler, part);
		if (r >= 0)
			r = add_step(compiler, STEP_SPLIT, &jump);
		if (r < 0)
			break;
		compiler->steps[jump].to = jumps;
		jumps = jump;
		compiler->steps[split].or_to = compiler->step_count;
	}
	while (r >= 0 && jumps) {
		uint32_t before = compiler->steps[jumps].to;

		compiler->steps[jumps].to = compiler->step_count;
		compiler->steps[jumps].or_to = compiler->step_count;
		jumps = before;
	}
	return r;
}

static int write_forever(struct compiler *compiler,
			 const struct regex_node *part)
{
	uint32_t split, jump;
	int r = write_split(compiler, &split);

	if (r >= 0)
		r = write_node(compiler, part);
	if (r >= 0)
		r = add_step(compiler, STEP_SPLIT, &jump);
	if (r < 0)
		return r;
	compiler->steps[jump].to = split;
	compiler->steps[jump].or_to = split;
	compiler->steps[split].or_to = compiler->step_count;
	return 0;
}

static int write_repeat(struct compiler *compiler,
			const struct regex_node *node)
{
	uint32_t splits = UINT32_MAX;
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < node->min; i++)
		r = write_node(compiler, node->first);
	if (r >= 0 && node->max == REGEX_FOREVER)
		return write_forever(compiler, node->first);
	for (uint32_t i = node->min; r >= 0 && i < node->max; i++) {
		uint32_t split;

		r = write_split(compiler, &split);
		if (r < 0)
			break;
		compiler->steps[split].or_to = splits;
		splits = split;
		r = write_node(compiler, node->first);
	}
	while (r >= 0 && splits != UINT32_MAX) {
		uint32_t before = compiler->steps[splits].or_to;

		compiler->steps[splits].or_to = compiler->step_count;
		splits = before;
	}
	return r;
}

static int write_node(struct compiler *compiler, const struct regex_node *node)
{
	uint32_t index;
	int r = 0;

	if (compiler->work++ > WORK_MAX)
		return -E2BIG;
	switch (node->kind) {
	case REGEX_SET:
		r = add_step(compiler, STEP_SET, &index);
		if (r >= 0)
			compiler->steps[index].set = &node->set;
		return r;
	case REGEX_CHAIN:
		for (const struct regex_node *part = node->first;
		     r >= 0 && part; part = part->next)
			r = write_node(compiler, part);
		return r;
	case REGEX_EITHER:
		return write_either(compiler, node);
	case REGEX_REPEAT:
		return write_repeat(compiler, node);
	case REGEX_BEGIN:
		return add_step(compiler, STEP_BEGIN, &index);
	case REGEX_END:
		return add_step(compiler, STEP_END, &index);
	}
	return -EINVAL;
}

/* Bytes that no set tells apart are one class. */
static void find_classes(struct compiler *compiler)
{
	compiler->class_count = 1;
	for (uint32_t i = 0; i < compiler->step_count; i++) {
		const struct byte_set *set = compiler->steps[i].set;
		uint16_t other[256]; /* the part of a class that is in it */

		if (!set || (i > 0 && set == compiler->steps[i - 1].set))
			continue;
		memset(other, 0xff, sizeof(other));
		for (unsigned int byte = 0; byte < 256; byte++) {
			uint8_t class = compiler->class_of[byte];
			unsigned int sample = compiler->sample[class];

			if (byte_set_has(set, byte) ==
			    byte_set_has(set, sample))
				continue;
			if (other[class] == UINT16_MAX) {
				other[class] = (uint16_t)compiler->class_count;
				compiler->sample[compiler->class_count++] =
					(uint8_t)byte;
			}
			compiler->class_of[byte] = (uint8_t)other[class];
		}
	}
}

static bool set_has(const struct step_set *set, uint32_t index)
{
	return set->words[index / 64] >> index % 64 & 1;
}

/* Add what can be reached from a step without a byte. */
static void reach(struct compiler *compiler, uint32_t from, bool is_begin,
		  bool is_end)
{
	struct step_set *seen = &compiler->seen;
	uint32_t depth = 0;

	if (set_has(seen, from))
		return;
	compiler->stack[depth++] = from;
	seen->words[from / 64] |= 1ull << from % 64;
	while (depth > 0) {
		uint32_t at = compiler->stack[--depth];
		const struct step *step = &compiler->steps[at];
		uint32_t to[2] = {step->to, step->or_to};
		unsigned int count = step->kind == STEP_SPLIT ? 2 : 0;

		compiler->work++;
		if ((step->kind == STEP_BEGIN && is_begin) ||
		    (step->kind == STEP_END && is_end)) {
			to[0] = at + 1;
			count = 1;
		}
		for (unsigned int i = 0; i < count; i++) {
			if (set_has(seen, to[i]))
				continue;
			seen->words[to[i] / 64] |= 1ull << to[i] % 64;
			compiler->stack[depth++] = to[i];
		}
	}
}

/* Whether it ends in a match, at once or where the text ends. */
static bool has_match(const struct compiler *compiler)
{
	return set_has(&compiler->seen, compiler->step_count - 1);
}

static bool ends_in_match(struct compiler *compiler,
			  const struct step_set *state, bool is_begin)
{
	memset(&compiler->seen, 0, sizeof(compiler->seen));
	for (uint32_t i = 0; i < compiler->step_count; i++) {
		if (set_has(state, i) && compiler->steps[i].kind == STEP_END)
			reach(compiler, i, is_begin, true);
	}
	return has_match(compiler);
}

/* The state of the steps just seen, found or new. */
static int state_of_seen(struct compiler *compiler, bool is_begin,
			 uint16_t *ret_state)
{
	size_t words = (compiler->step_count + 63) / 64;
	struct step_set set = compiler->seen;

	if (has_match(compiler)) {
		*ret_state = ACCEPT;
		return 0;
	}
	compiler->work += compiler->state_count;
	if (compiler->work > WORK_MAX)
		return -E2BIG;
	/* The first state is where a text begins, and is never come back to. */
	for (uint32_t i = 1; i < compiler->state_count; i++) {
		if (memcmp(&compiler->sets[i], &set, words * 8) == 0) {
			*ret_state = (uint16_t)i;
			return 0;
		}
	}
	if (compiler->state_count == REGEX_STATES_MAX)
		return -E2BIG;
	*ret_state = (uint16_t)compiler->state_count;
	compiler->sets[compiler->state_count] = set;
	compiler->is_end[compiler->state_count++] =
		ends_in_match(compiler, &set, is_begin);
	return 0;
}

static int find_next(struct compiler *compiler, uint32_t state, uint32_t class)
{
	const struct step_set *set = &compiler->sets[state];
	unsigned int byte = compiler->sample[class];

	memset(&compiler->seen, 0, sizeof(compiler->seen));
	for (uint32_t word = 0; word <= compiler->step_count / 64; word++) {
		uint64_t left = set->words[word];

		for (; left; left &= left - 1) {
			uint32_t i =
				word * 64 + (uint32_t)__builtin_ctzll(left);
			const struct step *step = &compiler->steps[i];

			compiler->work++;
			if (step->kind == STEP_SET &&
			    byte_set_has(step->set, byte))
				reach(compiler, i + 1, false, false);
		}
	}
	reach(compiler, 0, false, false);
	return state_of_seen(compiler, false, &compiler->next[state][class]);
}

static int find_states(struct compiler *compiler, uint16_t *ret_start)
{
	int r;

	reach(compiler, 0, true, false);
	r = state_of_seen(compiler, true, ret_start);
	for (uint32_t state = 0; r >= 0 && state < compiler->state_count;
	     state++) {
		for (uint32_t class = 0;
		     r >= 0 && class < compiler->class_count; class ++)
			r = find_next(compiler, state, class);
	}
	return r;
}

static int keep(const struct compiler *compiler, struct arena *arena,
		const struct regex **ret_regex)
{
	uint32_t classes = compiler->class_count;
	struct regex *regex = arena_cut(arena, sizeof(*regex));
	uint16_t *next = arena_cut(arena, sizeof(*next) * classes *
						  compiler->state_count);
	bool *is_end = arena_cut(arena, compiler->state_count);

	if (!regex || !next || !is_end)
		return -ENOMEM;
	for (uint32_t state = 0; state < compiler->state_count; state++)
		memcpy(next + (size_t)state * classes, compiler->next[state],
		       classes * sizeof(*next));
	memcpy(is_end, compiler->is_end, compiler->state_count);
	memcpy(regex->class_of, compiler->class_of, sizeof(regex->class_of));
	regex->class_count = classes;
	regex->state_count = compiler->state_count;
	regex->next = next;
	regex->is_end = is_end;
	*ret_regex = regex;
	return 0;
}

static int build(struct compiler *compiler, const struct regex_node *node)
{
	uint32_t index;
	uint16_t start;
	int r = write_node(compiler, node);

	if (r >= 0)
		r = add_step(compiler, STEP_MATCH, &index);
	if (r < 0)
		return r;
	find_classes(compiler);
	compiler->work = 0;
	return find_states(compiler, &start);
}

static int compile(struct arena *arena, const struct regex_node *node,
		   const struct regex **ret_regex)
{
	struct compiler *compiler = calloc(1, sizeof(*compiler));
	int r = compiler ? build(compiler, node) : -ENOMEM;

	if (r >= 0)
		r = keep(compiler, arena, ret_regex);
	free(compiler);
	return r;
}

int regex_compile(struct arena *arena, const char *pattern, size_t len,
		  bool is_caseless, const struct regex **ret_regex,
		  struct regex_problem *ret_problem)
{
	struct arena tree = {NULL};
	const struct regex_node *node;
	int r;

	assert(arena);
	assert(ret_problem);

	r = regex_parse(&tree, pattern, len, is_caseless, &node, ret_problem);
	if (r >= 0) {
		r = compile(arena, node, ret_regex);
		if (r == -E2BIG)
			*ret_problem = (struct regex_problem){
				.reason = "it would need too many states",
			};
	}
	arena_done(&tree);
	return r;
}

bool regex_search(const struct regex *regex, const char *text, size_t len)
{
	const uint8_t *bytes = (const uint8_t *)text;
	uint32_t state = 0;

	if (regex->state_count == 0)
		return true; /* even of an empty text */
	for (size_t i = 0; i < len; i++) {
		state = regex->next[state * regex->class_count +
				    regex->class_of[bytes[i]]];
		if (state == ACCEPT)
			return true;
	}
	return regex->is_end[state];
}
