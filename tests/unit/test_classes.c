// SPDX-License-Identifier: GPL-2.0-or-later
/* The promises of daemon/merge/classes.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/merge/classes.h"

enum {
	ALLOW = 10,
	DROP,
	DROP_TOO,
	SHADOW
};

struct bench {
	struct set sets[SET_ID_MAX + 1];
	struct classes *classes;
};

static int setup(void **state)
{
	static struct bench bench;

	memset(&bench, 0, sizeof(bench));
	bench.sets[ALLOW] = (struct set){.id = ALLOW, .action = SET_ALLOW};
	bench.sets[DROP] = (struct set){.id = DROP, .action = SET_DROP};
	bench.sets[DROP_TOO] = (struct set){.id = DROP_TOO, .action = SET_DROP};
	bench.sets[SHADOW] = (struct set){.id = SHADOW, .action = SET_SHADOW};
	*state = &bench;
	return classes_new(bench.sets, &bench.classes);
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	classes_free(bench->classes);
	return 0;
}

static struct set_mask mask_of(uint8_t set_id)
{
	struct set_mask mask = {0};

	set_mask_add(&mask, set_id);
	return mask;
}

static uint16_t join(struct bench *bench, uint16_t outer, uint8_t set_id)
{
	struct set_mask own = mask_of(set_id);
	uint16_t class_id = 0;
	bool is_new;

	assert_int_equal(
		classes_join(bench->classes, outer, &own, &class_id, &is_new),
		0);
	return class_id;
}

static void the_first_drop_class_gets_the_short_path(void **state)
{
	assert_int_not_equal(join(*state, CLASS_NONE, ALLOW), CLASS_DIRECT);
	assert_int_equal(join(*state, CLASS_NONE, DROP), CLASS_DIRECT);
	assert_int_not_equal(join(*state, CLASS_NONE, DROP_TOO), CLASS_DIRECT);
}

static void a_combination_has_one_number_whatever_the_order(void **state)
{
	uint16_t allow = join(*state, CLASS_NONE, ALLOW);
	uint16_t drop = join(*state, CLASS_NONE, DROP);

	assert_int_equal(join(*state, allow, DROP), join(*state, drop, ALLOW));
}

static void adding_what_is_there_stays_in_the_class(void **state)
{
	uint16_t drop = join(*state, CLASS_NONE, DROP);

	assert_int_equal(join(*state, drop, DROP), drop);
}

static void a_class_is_new_once(void **state)
{
	struct bench *bench = *state;
	struct set_mask own = mask_of(SHADOW);
	uint16_t class_id;
	bool is_new = false;

	assert_int_equal(
		classes_join(bench->classes, 0, &own, &class_id, &is_new), 0);
	assert_true(is_new);
	assert_int_equal(
		classes_join(bench->classes, 0, &own, &class_id, &is_new), 0);
	assert_false(is_new);
}

static void allow_wins_over_drop_over_shadow(void **state)
{
	struct bench *bench = *state;
	uint16_t class_id = join(bench, CLASS_NONE, SHADOW);

	class_id = join(bench, class_id, DROP);
	assert_int_equal(classes_info(bench->classes, class_id).set_id, DROP);
	class_id = join(bench, class_id, ALLOW);
	assert_int_equal(classes_info(bench->classes, class_id).set_id, ALLOW);
}

static void of_two_sets_alike_the_lower_id_counts(void **state)
{
	struct bench *bench = *state;
	uint16_t class_id = join(bench, join(bench, 0, DROP_TOO), DROP);

	assert_int_equal(classes_info(bench->classes, class_id).set_id, DROP);
}

static void a_class_means_what_its_sets_do_now(void **state)
{
	struct bench *bench = *state;
	uint16_t class_id = join(bench, CLASS_NONE, DROP);

	bench->sets[DROP].action = SET_SHADOW;
	assert_int_equal(classes_info(bench->classes, class_id).action,
			 SET_SHADOW);
}

static void a_seeded_number_is_found_again(void **state)
{
	struct bench *bench = *state;
	struct set_mask mask = mask_of(SHADOW);

	assert_int_equal(classes_seed(bench->classes, 700, &mask), 0);
	assert_int_equal(join(bench, CLASS_NONE, SHADOW), 700);
	assert_int_equal(classes_last(bench->classes), 700);
}

static void a_seed_twice_is_refused(void **state)
{
	struct bench *bench = *state;
	struct set_mask mask = mask_of(SHADOW);
	struct set_mask other = mask_of(DROP);

	assert_int_equal(classes_seed(bench->classes, 2, &mask), 0);
	assert_int_equal(classes_seed(bench->classes, 3, &mask), -EEXIST);
	assert_int_equal(classes_seed(bench->classes, 2, &other), -EEXIST);
	assert_int_equal(join(bench, CLASS_NONE, ALLOW), 3);
}

/* Seed every number but the short path's with combinations of sets 100 up. */
static void fill(struct bench *bench)
{
	for (uint32_t id = 2; id <= CLASS_MAX; id++) {
		struct set_mask mask = {0};

		for (uint8_t bit = 0; bit < 16; bit++)
			if (id >> bit & 1)
				set_mask_add(&mask, (uint8_t)(100 + bit));
		assert_int_equal(
			classes_seed(bench->classes, (uint16_t)id, &mask), 0);
	}
}

static void without_a_number_left_a_new_class_is_refused(void **state)
{
	struct bench *bench = *state;
	struct set_mask own = mask_of(ALLOW);
	uint16_t class_id = 77;
	bool is_new;

	fill(bench);
	assert_int_equal(
		classes_join(bench->classes, 0, &own, &class_id, &is_new),
		-E2BIG);
	assert_int_equal(class_id, 77);
	assert_int_equal(join(bench, CLASS_NONE, DROP), CLASS_DIRECT);
}

static void the_highest_set_id_has_its_bit(void **state)
{
	struct bench *bench = *state;
	uint16_t class_id = join(bench, CLASS_NONE, SET_ID_MAX);
	struct class_info info = classes_info(bench->classes, class_id);

	assert_true(set_mask_has(&info.sets, SET_ID_MAX));
	set_mask_del(&info.sets, SET_ID_MAX);
	assert_false(set_mask_has(&info.sets, SET_ID_MAX));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_drop_class_gets_the_short_path),
		TEST(a_combination_has_one_number_whatever_the_order),
		TEST(adding_what_is_there_stays_in_the_class),
		TEST(a_class_is_new_once),
		TEST(allow_wins_over_drop_over_shadow),
		TEST(of_two_sets_alike_the_lower_id_counts),
		TEST(a_class_means_what_its_sets_do_now),
		TEST(a_seeded_number_is_found_again),
		TEST(a_seed_twice_is_refused),
		TEST(without_a_number_left_a_new_class_is_refused),
		TEST(the_highest_set_id_has_its_bit),
	};

	return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}
