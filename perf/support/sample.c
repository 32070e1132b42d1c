// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/sample.h"

#include <stdlib.h>

void sample_add(struct sample *sample, double value)
{
	if (sample->count < SAMPLE_MAX)
		sample->values[sample->count++] = value;
}

static int double_cmp(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

/* The sample sorted: its value at `part` of the way, 0 to 1. */
static double quantile(const struct sample *sample, double part)
{
	struct sample sorted = *sample;
	double at = part * (sample->count - 1);
	int below = (int)at;

	if (sample->count == 0)
		return 0;
	qsort(sorted.values, (size_t)sorted.count, sizeof(sorted.values[0]),
	      double_cmp);
	if (below + 1 >= sorted.count)
		return sorted.values[sorted.count - 1];
	return sorted.values[below] +
	       (at - below) * (sorted.values[below + 1] - sorted.values[below]);
}

double sample_min(const struct sample *sample)
{
	return quantile(sample, 0);
}

double sample_median(const struct sample *sample)
{
	return quantile(sample, 0.5);
}

double sample_max(const struct sample *sample)
{
	return quantile(sample, 1);
}
