// SPDX-License-Identifier: GPL-2.0-or-later
/* Why nothing is refused to who is in quarantine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/abandoned.h"
#include "daemon/daemon.h"

static void assert_why(const struct daemon *daemon, const char *words)
{
	const char *why = abandoned_why(daemon);

	assert_non_null(why);
	if (!strstr(why, words))
		fail_msg("expected \"%s\" in: %s", words, why);
}

static void the_first_of_what_is_missing_is_named(void **state)
{
	static struct daemon daemon;

	(void)state;
	assert_why(&daemon, "sensor: false");
	daemon.config.sensor = true;
	assert_why(&daemon, "detect_block: false");
	daemon.config.detect_block = true;
	daemon.config.detect_steps = ~(uint32_t)ENFORCE_QUARANTINE;
	assert_why(&daemon, "detect_steps");
	daemon.config.detect_steps = ENFORCE_QUARANTINE;
	daemon.acting.steps = ~(uint32_t)ENFORCE_QUARANTINE;
	assert_why(&daemon, "could not be had");
	daemon.acting.steps = ENFORCE_QUARANTINE;
	assert_null(abandoned_why(&daemon));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_what_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
