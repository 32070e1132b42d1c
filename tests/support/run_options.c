// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/run_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_USAGE 2

static bool read_option(const char *name, uint64_t value,
			struct run_options *options)
{
	if (strcmp(name, "--seconds") == 0)
		options->seconds = value;
	else if (strcmp(name, "--policies") == 0)
		options->policies = value;
	else if (strcmp(name, "--packets") == 0)
		options->packets = value;
	else if (strcmp(name, "--seed") == 0)
		options->seed = value;
	else
		return false;
	return true;
}

void run_options_read(int argc, char **argv, struct run_options *options)
{
	bool is_good = argc % 2 == 1;

	for (int i = 1; i + 1 < argc && is_good; i += 2)
		is_good = read_option(argv[i], strtoull(argv[i + 1], NULL, 10),
				      options);
	if (is_good)
		return;
	(void)fprintf(stderr, "expected --seconds, --policies, --packets or "
			      "--seed, each with a number\n");
	exit(STATUS_USAGE);
}

bool run_is_over(const struct run_options *options, uint64_t done, time_t start)
{
	if (options->seconds)
		return (uint64_t)(time(NULL) - start) >= options->seconds;
	return done >= options->policies;
}
