// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of daemon/packet/attach.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/packet/attach.h"

static void names_of_modes_and_shares_are_read_back(void **state)
{
	enum attach_mode mode;
	enum attach_share share;

	(void)state;
	for (int i = 0; i < ATTACH_MODE_COUNT; i++) {
		assert_int_equal(
			attach_mode_from_text(
				attach_mode_name((enum attach_mode)i), &mode),
			0);
		assert_int_equal(mode, i);
	}
	for (int i = 0; i < ATTACH_SHARE_COUNT; i++) {
		assert_int_equal(
			attach_share_from_text(
				attach_share_name((enum attach_share)i),
				&share),
			0);
		assert_int_equal(share, i);
	}
	assert_int_equal(attach_mode_from_text("driver", &mode), -EINVAL);
	assert_int_equal(attach_share_from_text("", &share), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_modes_and_shares_are_read_back),
	};

	return cmocka_run_group_tests_name("attach_names", tests, NULL, NULL);
}
