/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_bench.h - a version of a feed on the way to rules/feed_guard.h.
 *
 * A test changes what it is about; the feed is of class reputation with the
 * limits that a definition has by default.
 */
#pragma once

#include "rules/feed_guard.h"

#define FEED_BENCH_ROOM 5000

/* Prefixes in order and each once. */
struct feed_list {
	struct prefix prefixes[FEED_BENCH_ROOM];
	size_t count;
};

struct feed_bench {
	struct feed feed;
	struct feed_list entries, before, protected, resolvers;
	struct feed_reading reading;
	uint32_t before_entries;
	bool can_end;
	struct feed_memory memory;
	uint8_t marks[FEED_BENCH_ROOM];
	struct feed_judgement judgement;
};

/* cmocka's setup and teardown; *state is the struct feed_bench. */
int feed_bench_setup(void **state);
int feed_bench_teardown(void **state);

/* Add what stands in `text`, between blanks. */
void feed_bench_put(struct feed_list *list, const char *text);

/* `count` single addresses from 20.0.0.0 on, and nothing else. */
void feed_bench_fill(struct feed_list *list, uint32_t count);

const struct feed_judgement *feed_bench_judge(struct feed_bench *bench);

/* Judge it: accepted and nothing to say; or held for this guard alone, with
 * `part` in the sentence. */
void assert_feed_accepted(struct feed_bench *bench);
void assert_feed_held(struct feed_bench *bench, enum feed_guard guard,
		      const char *part);
