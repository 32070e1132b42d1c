/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_options.h - how long a property is tried.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct run_options {
	uint64_t seconds; /* 0: a number of policies */
	uint64_t policies;
	uint64_t packets; /* under each of them */
	uint64_t seed; /* of the first */
};

/* --seconds, --policies, --packets, --seed, each with a number; what is not
 * given stays. Anything else ends the program with status 2. */
void run_options_read(int argc, char **argv, struct run_options *options);

bool run_is_over(const struct run_options *options, uint64_t done,
		 time_t start);
