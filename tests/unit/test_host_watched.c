// SPDX-License-Identifier: GPL-2.0-or-later
/* Which paths are watched for reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/host_watched.h"
#include "rules/base.h"
#include "xdp/sensor.h"

static struct host_watched made_of(const char *text)
{
	char path[] = "/tmp/passwd-XXXXXX";
	CLEANUP(closep) int fd = mkstemp(path);
	struct host_watched watched;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(host_watched_make(path, "none", &watched), 0);
	assert_int_equal(unlink(path), 0);
	return watched;
}

static bool has(const struct host_watched *watched, const char *path)
{
	for (size_t i = 0; i < watched->count; i++)
		if (strcmp(watched->paths[i], path) == 0)
			return true;
	return false;
}

static void people_and_root_have_homes_that_are_watched(void **state)
{
	CLEANUP(host_watched_done)
	struct host_watched watched =
		made_of("root:x:0:0::/absent/root:/bin/sh\n"
			"daemon:x:2:2::/absent/daemon:/bin/sh\n"
			"ann:x:1000:1000::/absent/ann:/bin/sh\n"
			"nobody:x:65534:65534::/absent/nobody:/bin/sh\n"
			"top:x:1001:1001::/:/bin/sh\n"
			"odd:x:1002:1002::relative:/bin/sh\n");

	(void)state;
	assert_true(has(&watched, "/etc/shadow"));
	assert_true(has(&watched, "/absent/root/.ssh/"));
	assert_true(has(&watched, "/absent/ann/.ssh/"));
	assert_true(has(&watched, "/absent/ann/.docker/config.json"));
	assert_false(has(&watched, "/absent/daemon/.ssh/"));
	assert_false(has(&watched, "/absent/nobody/.ssh/"));
	assert_false(has(&watched, "//.ssh/"));
	for (size_t i = 0; i < watched.count; i++)
		assert_int_equal(watched.paths[i][0], '/');
}

static void a_home_is_watched_where_it_really_is(void **state)
{
	CLEANUP(host_watched_done)
	struct host_watched watched =
		made_of("ann:x:1000:1000::/proc/self/root/tmp:/bin/sh\n");

	(void)state;
	assert_true(has(&watched, "/tmp/.ssh/"));
}

static void no_file_is_no_users(void **state)
{
	CLEANUP(host_watched_done) struct host_watched watched = {0};

	(void)state;
	assert_int_equal(host_watched_make("/absent", "none", &watched), 0);
	assert_true(has(&watched, "/etc/shadow"));
}

static void what_the_site_names_is_watched_too(void **state)
{
	CLEANUP(host_watched_done) struct host_watched watched = {0};

	(void)state;
	assert_int_equal(
		host_watched_make("/absent", "/srv/keys/,/srv/token", &watched),
		0);
	assert_true(has(&watched, "/etc/ssl/private/"));
	assert_true(has(&watched, "/srv/keys/"));
	assert_true(has(&watched, "/srv/token"));
}

static void what_the_kernel_side_does_not_take_is_left_out(void **state)
{
	static char line[400];
	CLEANUP(host_watched_done) struct host_watched watched = {0};

	(void)state;
	(void)snprintf(line, sizeof(line), "ann:x:1000:1000::/%0190d:/bin/sh\n",
		       0);
	watched = made_of(line);
	for (size_t i = 0; i < watched.count; i++)
		assert_true(strlen(watched.paths[i]) < FW_WATCHED_BYTES);
	assert_true(has(&watched, "/etc/shadow"));
}

static void there_are_no_more_homes_than_there_is_room_for(void **state)
{
	CLEANUP(host_watched_done) struct host_watched watched = {0};
	CLEANUP(freep) char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	for (int i = 0; i < 2 * HOST_HOMES_MAX; i++)
		(void)fprintf(out, "u%d:x:%d:1::/absent/%d:/bin/sh\n", i,
			      1000 + i, i);
	assert_int_equal(fclose(out), 0);
	watched = made_of(text);
	assert_true(has(&watched, "/absent/255/.ssh/"));
	assert_false(has(&watched, "/absent/256/.ssh/"));
	assert_true(watched.count < 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_and_root_have_homes_that_are_watched),
		cmocka_unit_test(a_home_is_watched_where_it_really_is),
		cmocka_unit_test(no_file_is_no_users),
		cmocka_unit_test(what_the_site_names_is_watched_too),
		cmocka_unit_test(
			what_the_kernel_side_does_not_take_is_left_out),
		cmocka_unit_test(
			there_are_no_more_homes_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("host_watched", tests, NULL, NULL);
}
