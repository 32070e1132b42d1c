/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_bench.h - both gates on a bench under a policy that has one rule for
 * each state, so the rule that a packet meets tells its state.
 *
 * Every failure that is not the answer looked for fails the test.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/flows.h"
#include "daemon/packet/maps.h"
#include "daemon/packet/program.h"
#include "rules/policy.h"
#include "tests/support/segment.h"

#define STATE_RULES FLOW_STATE_COUNT

struct state_bench {
	struct maps *maps;
	struct policy policy;
	struct rule rules[STATE_RULES]; /* by enum flow_state */
	struct compiled *compiled;
	struct program *program;
};

/* Thresholds with times of a day each and no budget that matters. */
struct thresholds state_bench_thresholds(void);

/* Rules pass; those of the states in the mask `dropped` drop. Ends the process
 * with status 77, a skip, where programs may not be loaded. */
void state_bench_begin(struct state_bench *bench,
		       const struct thresholds *thresholds, uint8_t dropped);
void state_bench_end(struct state_bench *bench);

/* Another generation over the same maps. */
void state_bench_reload(struct state_bench *bench,
			const struct thresholds *thresholds, uint8_t dropped);

/* The state of a frame as the gate of a direction (FW_IN, FW_OUT) sees it;
 * FLOW_STATE_COUNT: it is not tracked. */
enum flow_state state_bench_frame(struct state_bench *bench, int gate,
				  const uint8_t *data, size_t len);

/* The same of a segment, on the way in. */
enum flow_state state_bench_see(struct state_bench *bench,
				const struct segment *segment);
enum flow_state state_bench_see_out(struct state_bench *bench,
				    const struct segment *segment);

/* So many times, unseen; ns that one took. */
uint32_t state_bench_repeat(struct state_bench *bench,
			    const struct segment *segment, int count);

/* All that is remembered was seen so much earlier. */
void state_bench_age(struct state_bench *bench, uint64_t seconds);

/* Flows that are answered, and that are not. */
struct state_bench_numbers {
	size_t open, opening;
	struct flow last; /* one of them */
};

struct state_bench_numbers state_bench_numbers(struct state_bench *bench);
struct fw_flow_counts state_bench_counts(struct state_bench *bench);
