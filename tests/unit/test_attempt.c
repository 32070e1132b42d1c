// SPDX-License-Identifier: GPL-2.0-or-later
/* Who tried to execute something, as /proc has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/enforce/attempt.h"

static void a_name_may_have_brackets_in_it(void **state)
{
	struct attempt attempt;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "a) (b) S 1 c"), 0);
	attempt_read((uint32_t)getpid(), &attempt);
	assert_string_equal(attempt.name, "a) (b) S 1 c");
	assert_int_equal(attempt.parent, getppid());
	assert_int_equal(attempt.uid, geteuid());
}

static void who_is_gone_is_nobody(void **state)
{
	struct attempt attempt;

	(void)state;
	attempt_read(UINT32_MAX, &attempt);
	assert_string_equal(attempt.name, "");
	assert_int_equal(attempt.parent, 0);
	assert_int_equal(attempt.uid, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_may_have_brackets_in_it),
		cmocka_unit_test(who_is_gone_is_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
