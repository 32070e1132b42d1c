// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/feed_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int feed_bench_setup(void **state)
{
	struct feed_bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	feed_init(&bench->feed);
	*state = bench;
	return 0;
}

int feed_bench_teardown(void **state)
{
	free(*state);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

void feed_bench_put(struct feed_list *list, const char *text)
{
	for (; *text != '\0'; text += strspn(text, " ")) {
		size_t len = strcspn(text, " ");

		assert_true(list->count < FEED_BENCH_ROOM);
		assert_int_equal(
			prefix_from_text(text, len,
					 &list->prefixes[list->count++]),
			0);
		text += len;
	}
	qsort(list->prefixes, list->count, sizeof(*list->prefixes), compare);
}

void feed_bench_fill(struct feed_list *list, uint32_t count)
{
	assert_true(count <= FEED_BENCH_ROOM);
	for (uint32_t i = 0; i < count; i++)
		list->prefixes[i] = prefix_of_v4((20u << 24) + i, 32);
	list->count = count;
}

static struct feed_prefixes view(const struct feed_list *list)
{
	return (struct feed_prefixes){.prefixes = list->prefixes,
				      .count = list->count};
}

const struct feed_judgement *feed_bench_judge(struct feed_bench *bench)
{
	const struct feed_version version = {
		.feed = &bench->feed,
		.reading = bench->reading,
		.entries = view(&bench->entries),
		.before = view(&bench->before),
		.before_entries = bench->before_entries,
		.can_end = bench->can_end,
		.protected = view(&bench->protected),
		.resolvers = view(&bench->resolvers),
	};

	feed_judge(&version, &bench->memory, bench->marks, &bench->judgement);
	return &bench->judgement;
}

void assert_feed_accepted(struct feed_bench *bench)
{
	const struct feed_judgement *judgement = feed_bench_judge(bench);

	if (judgement->outcome != FEED_OUTCOME_ACCEPTED)
		fail_msg("%s: %s", feed_outcome_name(judgement->outcome),
			 judgement->findings[0].text);
	assert_false(judgement->is_forgiven);
	assert_int_equal(judgement->finding_count, 0);
}

void assert_feed_held(struct feed_bench *bench, enum feed_guard guard,
		      const char *part)
{
	const struct feed_judgement *judgement = feed_bench_judge(bench);

	assert_int_equal(judgement->outcome, FEED_OUTCOME_HELD);
	assert_int_equal(judgement->finding_count, 1);
	assert_string_equal(feed_guard_name(judgement->findings[0].guard),
			    feed_guard_name(guard));
	if (!strstr(judgement->findings[0].text, part))
		fail_msg("%s", judgement->findings[0].text);
}
