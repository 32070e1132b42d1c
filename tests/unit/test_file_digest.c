// SPDX-License-Identifier: GPL-2.0-or-later
/* daemon/enforce/file_digest.h: digests are right, and known for as long as
 * their file is the same. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/enforce/file_digest.h"

/* FIPS 180-4 has these two as examples. */
#define ABC	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define LONG_TEXT "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
#define LONG	  "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1"

static atomic_bool stop;

static int file_of(const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void check(const char *text, const char *hex)
{
	struct file_digest found, expected;
	char again[FILE_DIGEST_TEXT_MAX];
	int fd = file_of(text);

	assert_int_equal(file_digest_read(fd, 1000, &stop, &found), 0);
	assert_int_equal(file_digest_from_text(hex, &expected), 0);
	assert_int_equal(strcasecmp(file_digest_to_text(&expected, again), hex),
			 0);
	assert_memory_equal(&found, &expected, sizeof(found));
	(void)close(fd);
}

static void a_digest_is_that_of_the_standard(void **state)
{
	(void)state;
	check("abc", ABC);
	check(LONG_TEXT, LONG);
}

static void a_long_file_and_a_stop_end_the_reading(void **state)
{
	struct file_digest found;
	int fd = file_of("abcd");

	(void)state;
	assert_int_equal(file_digest_read(fd, 4, &stop, &found), 0);
	assert_int_equal(file_digest_read(fd, 3, &stop, &found), -EFBIG);
	atomic_store(&stop, true);
	assert_int_equal(file_digest_read(fd, 4, &stop, &found), -ECANCELED);
	atomic_store(&stop, false);
	(void)close(fd);
}

static void only_64_digits_are_a_digest(void **state)
{
	struct file_digest digest;
	char text[] = ABC;

	(void)state;
	assert_int_equal(file_digest_from_text(ABC "0", &digest), -EINVAL);
	assert_int_equal(file_digest_from_text("", &digest), -EINVAL);
	text[63] = 'g';
	assert_int_equal(file_digest_from_text(text, &digest), -EINVAL);
	text[63] = '\0';
	assert_int_equal(file_digest_from_text(text, &digest), -EINVAL);
}

static void a_directory_has_no_digest(void **state)
{
	struct file_state file;
	int pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(file_state_read(pair[0], &file), -EINVAL);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static const struct file_state old = {
	.dev = 1,
	.inode = 2,
	.bytes = 3,
	.mtime_ns = 4,
	.ctime_ns = 5,
};

static void a_file_that_differs_in_anything_is_not_known(void **state)
{
	struct digest_cache *cache;
	struct file_digest digest = {{7}}, found;
	struct file_state changed[5] = {old, old, old, old, old};

	(void)state;
	assert_int_equal(digest_cache_new(&cache), 0);
	digest_cache_put(cache, &old, &digest, 5 + FILE_SETTLED_NS);
	assert_true(digest_cache_find(cache, &old, &found));
	assert_memory_equal(&found, &digest, sizeof(found));
	changed[0].dev++;
	changed[1].inode++;
	changed[2].bytes++;
	changed[3].mtime_ns++;
	changed[4].ctime_ns++;
	for (size_t i = 0; i < ARRAY_LEN(changed); i++)
		assert_false(digest_cache_find(cache, &changed[i], &found));
	digest_cache_free(cache);
}

static void what_changed_just_now_is_not_remembered(void **state)
{
	struct digest_cache *cache;
	struct file_digest digest = {{7}}, found;

	(void)state;
	assert_int_equal(digest_cache_new(&cache), 0);
	digest_cache_put(cache, &old, &digest, 4 + FILE_SETTLED_NS);
	assert_false(digest_cache_find(cache, &old, &found));
	digest_cache_put(cache, &old, &digest, 0);
	assert_false(digest_cache_find(cache, &old, &found));
	digest_cache_free(cache);
}

/* More files than there is room for: the latest are there. */
static void the_latest_are_remembered(void **state)
{
	struct digest_cache *cache;
	struct file_digest digest = {{0}}, found;
	size_t kept = 0;

	(void)state;
	assert_int_equal(digest_cache_new(&cache), 0);
	for (uint64_t i = 1; i <= 100000; i++) {
		struct file_state file = {.inode = i};

		memcpy(digest.bytes, &i, sizeof(i));
		digest_cache_put(cache, &file, &digest, FILE_SETTLED_NS);
		assert_true(digest_cache_find(cache, &file, &found));
		assert_memory_equal(&found, &digest, sizeof(found));
	}
	for (uint64_t i = 1; i <= 100000; i++) {
		struct file_state file = {.inode = i};

		kept += digest_cache_find(cache, &file, &found);
	}
	assert_true(kept > 4000);
	digest_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_is_that_of_the_standard),
		cmocka_unit_test(a_long_file_and_a_stop_end_the_reading),
		cmocka_unit_test(only_64_digits_are_a_digest),
		cmocka_unit_test(a_directory_has_no_digest),
		cmocka_unit_test(a_file_that_differs_in_anything_is_not_known),
		cmocka_unit_test(what_changed_just_now_is_not_remembered),
		cmocka_unit_test(the_latest_are_remembered),
	};

	return cmocka_run_group_tests_name("file_digest", tests, NULL, NULL);
}
