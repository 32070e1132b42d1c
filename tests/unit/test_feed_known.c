// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses that no feed may block: where they are read from. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "daemon/feed_known.h"
#include "rules/base.h"

#define PATH_BYTES 256

static char root[] = "/tmp/feed_known.XXXXXX";

/* With the directories it is in. */
static void put_file(const char *name, const char *text)
{
	char path[PATH_BYTES];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *at = strchr(path + strlen(root) + 1, '/'); at;
	     at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(path, 0700) < 0)
			assert_int_equal(errno, EEXIST);
		*at = '/';
	}
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	(void)state;
	memcpy(strrchr(root, '.'), ".XXXXXX", sizeof(".XXXXXX"));
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[PATH_BYTES];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command); /* NOLINT(*-env33-c) */
}

static bool has(const struct prefix_list *list, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	for (size_t i = 0; i < list->count; i++)
		if (prefix_cmp(&list->list[i], &prefix) == 0)
			return true;
	return false;
}

static void servers_are_read_from_every_file(void **state)
{
	CLEANUP(prefix_list_done) struct prefix_list list = {0};

	(void)state;
	put_file("/etc/resolv.conf", "search a\nnameserver 192.0.2.1\n");
	put_file("/etc/chrony/chrony.conf", "server 192.0.2.2 iburst\n");
	put_file("/etc/chrony/conf.d/a.conf", "peer 192.0.2.3\n");
	put_file("/etc/chrony/conf.d/a.bak", "server 192.0.2.9\n");
	put_file("/etc/chrony/sources.d/b.sources", "server 2001:db8::4\n");
	put_file("/etc/systemd/timesyncd.conf.d/c.conf",
		 "[Time]\nNTP=192.0.2.5 ntp.example 192.0.2.6\n");
	assert_int_equal(feed_known_servers(root, &list), 0);
	assert_int_equal(list.count, 6);
	assert_true(has(&list, "192.0.2.1") && has(&list, "192.0.2.2"));
	assert_true(has(&list, "192.0.2.3") && has(&list, "2001:db8::4"));
	assert_true(has(&list, "192.0.2.5") && has(&list, "192.0.2.6"));
}

static void a_machine_without_such_files_knows_none(void **state)
{
	CLEANUP(prefix_list_done) struct prefix_list list = {0};

	(void)state;
	assert_int_equal(feed_known_servers(root, &list), 0);
	assert_int_equal(list.count, 0);
}

static int read_resolvers(const char *name, size_t *ret_count)
{
	CLEANUP(prefix_list_done) struct prefix_list list = {0};
	char path[PATH_BYTES];
	int r;

	(void)snprintf(path, sizeof(path), "%s%s", root, name);
	r = feed_known_resolvers(path, &list);
	*ret_count = list.count;
	return r;
}

static void a_list_of_resolvers_that_cannot_be_read_says_so(void **state)
{
	size_t count;

	(void)state;
	assert_int_equal(read_resolvers("/absent", &count), -ENOENT);
	assert_int_equal(read_resolvers("", &count), -EIO);
	put_file("/empty", "# nothing\n");
	assert_int_equal(read_resolvers("/empty", &count), -ENODATA);
	put_file("/good", "9.9.9.9\n2620:fe::fe\n");
	assert_int_equal(read_resolvers("/good", &count), 0);
	assert_int_equal(count, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(servers_are_read_from_every_file),
		TEST(a_machine_without_such_files_knows_none),
		TEST(a_list_of_resolvers_that_cannot_be_read_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
