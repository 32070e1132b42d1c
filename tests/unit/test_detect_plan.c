// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a block can be done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rules/detect/event.h"
#include "rules/detect/plan.h"

#define KIND(name) (1u << EVENT_##name)

static const struct plan_kernel whole;

static enum plan_state state_of(uint32_t kinds, unsigned int step,
				const struct plan_kernel *kernel)
{
	const struct detect_rule rule = {
		.action = DETECT_BLOCK,
		.steps = (1u << DETECT_STEP_COUNT) - 1,
		.kinds = kinds,
	};

	return plan_step(&rule, step, kernel).state;
}

static void what_is_about_a_peer_needs_one(void **state)
{
	(void)state;
	for (unsigned int step = 0; step < 3; step++) {
		assert_int_equal(state_of(KIND(CONNECT), step, &whole),
				 PLAN_DONE);
		assert_int_equal(state_of(KIND(EXEC), step, &whole),
				 PLAN_NEVER);
		assert_int_equal(
			state_of(KIND(EXEC) | KIND(SEND), step, &whole),
			PLAN_PARTLY);
	}
}

static void a_line_of_a_log_may_name_a_peer(void **state)
{
	(void)state;
	for (unsigned int step = 0; step < 3; step++)
		assert_int_equal(state_of(KIND(LOG), step, &whole),
				 PLAN_PARTLY);
}

static void what_is_about_a_process_needs_one(void **state)
{
	(void)state;
	for (unsigned int step = 3; step < DETECT_STEP_COUNT; step++) {
		assert_int_equal(state_of(KIND(EXEC), step, &whole), PLAN_DONE);
		assert_int_equal(state_of(KIND(LOG), step, &whole), PLAN_NEVER);
		assert_int_equal(state_of(KIND(LOG) | KIND(OPEN), step, &whole),
				 PLAN_PARTLY);
	}
}

static void what_the_kernel_lacks_is_said(void **state)
{
	const struct plan_kernel no_groups = {.lacks_groups = true};
	const struct plan_kernel no_programs = {.lacks_group_programs = true};
	const struct plan_kernel no_destroy = {.lacks_destroy = true};
	const struct plan_kernel no_children = {.lacks_children = true};
	const struct {
		const struct plan_kernel *kernel;
		uint32_t lacking; /* steps */
	} cases[] = {
		{&whole, 0},
		{&no_groups, DETECT_STEP_REFUSE | DETECT_STEP_QUARANTINE},
		{&no_programs, DETECT_STEP_REFUSE | DETECT_STEP_QUARANTINE},
		{&no_destroy, DETECT_STEP_CUT},
		{&no_children, DETECT_STEP_QUARANTINE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (unsigned int step = 0; step < DETECT_STEP_COUNT; step++)
			assert_int_equal(
				state_of(KIND(CONNECT), step, cases[i].kernel),
				cases[i].lacking >> step & 1 ? PLAN_LACKING
							     : PLAN_DONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_about_a_peer_needs_one),
		cmocka_unit_test(a_line_of_a_log_may_name_a_peer),
		cmocka_unit_test(what_is_about_a_process_needs_one),
		cmocka_unit_test(what_the_kernel_lacks_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
