// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random policies printed and read back: nothing is lost, nothing is added,
 * and what is printed of what was read is the same text.
 *
 * PORTCULLIS_SEED=N repeats a run; the seed of a failed one is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rules/document.h"
#include "tests/support/policies.h"

#define ROUNDS 2000

static uint64_t seed;

static char *print(const struct policy *policy, uint64_t state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int r;

	assert_non_null(out);
	r = document_print(policy, out);
	assert_int_equal(fclose(out), 0);
	if (r < 0)
		fail_msg("PORTCULLIS_SEED=%llu: print says %d\n%s",
			 (unsigned long long)state, r, text);
	return text;
}

static void a_printed_policy_reads_back_the_same(void **state)
{
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct policy policy, back;
		struct document_note note;
		uint64_t before = random;
		char *text, *again;
		int r;

		random_policy(&random, &policy);
		text = print(&policy, before);
		r = document_read(text, strlen(text), &back, &note);
		if (r < 0)
			fail_msg("PORTCULLIS_SEED=%llu: %u:%u: %s\n%s",
				 (unsigned long long)before, note.line,
				 note.column, note.text, text);
		again = print(&back, before);
		if (strcmp(text, again) != 0)
			fail_msg("PORTCULLIS_SEED=%llu: printed\n%s\nthen\n%s",
				 (unsigned long long)before, text, again);
		assert_same_policy(&policy, &back);
		free(text);
		free(again);
		policy_done(&policy);
		policy_done(&back);
	}
}

/* A bit of a document is turned, or a piece of it taken out: it is read or
 * refused, and what was read can be printed. */
static void a_damaged_document_is_refused_or_printable(void **state)
{
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct policy policy, back;
		struct document_note note;
		uint64_t before = random;
		char *text;
		size_t len, at;

		random_policy(&random, &policy);
		text = print(&policy, before);
		len = strlen(text);
		at = (size_t)(random % len);
		if (round % 2 == 0)
			text[at] = (char)(text[at] ^ 1 << (random >> 32) % 7);
		else
			memmove(text + at, text + at + 1, len - at);
		len -= (size_t)round % 2;
		if (document_read(text, len, &back, &note) == 0) {
			char *again = print(&back, before);

			free(again);
			policy_done(&back);
		}
		free(text);
		policy_done(&policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_printed_policy_reads_back_the_same),
		cmocka_unit_test(a_damaged_document_is_refused_or_printable),
	};
	const char *given = getenv("PORTCULLIS_SEED");

	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
