// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/enforce/digest_list.h"

#define A "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define B "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static struct digest_list list;
static size_t line;

static int read_list(const char *text)
{
	digest_list_done(&list);
	line = 0;
	return digest_list_read(text, strlen(text), &list, &line);
}

static void what_sha256sum_prints_is_a_list(void **state)
{
	(void)state;
	assert_int_equal(read_list(A "  /usr/bin/miner\n" B " *xmrig\n"
				     "\\" A "  odd\\nname\n"),
			 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.digests[0].bytes[1], 0x11);
	assert_int_equal(list.digests[1].bytes[31], 0xff);
	assert_memory_equal(&list.digests[0], &list.digests[2],
			    sizeof(struct file_digest));
}

static void comments_and_empty_lines_say_nothing(void **state)
{
	(void)state;
	assert_int_equal(read_list("# miners\n\n  \t\r\n " A "\t# one\r\n" B),
			 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(read_list(""), 0);
	assert_int_equal(list.count, 0);
}

static void a_broken_line_is_named(void **state)
{
	static const char *const broken[] = {
		A "\n" A "0\n",	       "\nmd5 of it\n",	      A "\n" A ",\n",
		"# x\n0123456789abcd", A "\nSHA256 (x) = " A,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		assert_int_equal(read_list(broken[i]), -EINVAL);
		assert_int_equal(line, 2);
		assert_int_equal(list.count, 0);
	}
}

static int teardown(void **state)
{
	(void)state;
	digest_list_done(&list);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_sha256sum_prints_is_a_list),
		cmocka_unit_test(comments_and_empty_lines_say_nothing),
		cmocka_unit_test(a_broken_line_is_named),
	};

	return cmocka_run_group_tests_name("digest_list", tests, NULL,
					   teardown);
}
