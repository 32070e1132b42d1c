// SPDX-License-Identifier: GPL-2.0-or-later
/* All literals at once, against a search for one after the other. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/automaton.h"

#define LITERALS   24
#define LETTERS	   5 /* of a literal, at most */
#define TEXT_BYTES 60
#define ROUNDS	   300

struct literal {
	char text[LETTERS];
	size_t len;
	uint32_t number;
};

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (uint32_t)(*random >> 32) % below;
}

static void build(const struct literal *literals, size_t count,
		  struct literal *numbered, struct automaton *ret_automaton)
{
	struct automaton_builder *builder = NULL;

	assert_int_equal(automaton_builder_new(&builder), 0);
	for (size_t i = 0; i < count; i++) {
		numbered[i] = literals[i];
		assert_int_equal(automaton_add(builder, literals[i].text,
					       literals[i].len,
					       &numbered[i].number),
				 0);
	}
	assert_int_equal(automaton_build(builder, ret_automaton), 0);
	automaton_builder_free(builder);
}

static bool ends_here(const struct literal *literal, const char *text,
		      size_t end)
{
	return end >= literal->len &&
	       strncasecmp(text + end - literal->len, literal->text,
			   literal->len) == 0;
}

static bool is_hit(const struct automaton *automaton, uint32_t state,
		   uint32_t number)
{
	if (state < automaton->first_hit)
		return false;
	for (; state; state = automaton->link[state]) {
		if (automaton->literal[state] == number)
			return true;
	}
	return false;
}

static void every_literal_is_found_where_it_ends(void **state)
{
	uint64_t random = 88172645463325252u;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct literal literals[LITERALS], numbered[LITERALS];
		struct automaton automaton;
		uint32_t at = 0;
		char text[TEXT_BYTES];

		for (size_t i = 0; i < LITERALS; i++) {
			literals[i].len = 1 + draw(&random, LETTERS);
			for (size_t k = 0; k < LETTERS; k++)
				literals[i].text[k] = "abc"[draw(&random, 3)];
		}
		build(literals, 1 + draw(&random, LITERALS), numbered,
		      &automaton);
		for (size_t i = 0; i < TEXT_BYTES; i++) {
			text[i] = "abcAz"[draw(&random, 5)];
			at = automaton_step(&automaton, at, (uint8_t)text[i]);
			for (size_t k = 0; k < automaton.literal_count; k++)
				assert_int_equal(
					is_hit(&automaton, at,
					       numbered[k].number),
					ends_here(&numbered[k], text, i + 1));
		}
		automaton_done(&automaton);
	}
}

static void the_same_text_has_one_number(void **state)
{
	static const struct literal literals[] = {
		{.text = "ab", .len = 2},
		{.text = "b", .len = 1},
		{.text = "ab", .len = 2},
	};
	struct literal numbered[ARRAY_LEN(literals)];
	struct automaton automaton;

	(void)state;
	build(literals, ARRAY_LEN(literals), numbered, &automaton);
	assert_int_equal(automaton.literal_count, 2);
	assert_int_equal(numbered[0].number, numbered[2].number);
	assert_int_not_equal(numbered[0].number, numbered[1].number);
	automaton_done(&automaton);
}

static void too_many_states_are_refused(void **state)
{
	struct automaton_builder *builder = NULL;
	struct automaton automaton;
	char text[256];
	uint32_t literal;
	int r = 0;

	(void)state;
	assert_int_equal(automaton_builder_new(&builder), 0);
	memset(text, 'x', sizeof(text));
	for (int i = 0; r >= 0 && i < 600; i++) {
		text[0] = (char)(1 + i % 60);
		text[1] = (char)(1 + i / 60);
		r = automaton_add(builder, text, sizeof(text), &literal);
	}
	if (r >= 0)
		r = automaton_build(builder, &automaton);
	assert_int_equal(r, -E2BIG);
	automaton_builder_free(builder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_literal_is_found_where_it_ends),
		cmocka_unit_test(the_same_text_has_one_number),
		cmocka_unit_test(too_many_states_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
