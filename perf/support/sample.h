/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sample.h - the values that the rounds of one row gave, and their spread.
 */
#pragma once

#define SAMPLE_MAX 256

struct sample {
	double values[SAMPLE_MAX];
	int count;
};

/* Above SAMPLE_MAX values, the further ones are not kept. */
void sample_add(struct sample *sample, double value);

/* 0 of an empty sample. */
double sample_min(const struct sample *sample);
double sample_median(const struct sample *sample);
double sample_max(const struct sample *sample);
