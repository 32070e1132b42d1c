/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * race.h - programs run against each other in rounds, so that what else the
 * machine does meets all of them alike.
 *
 * A track is one row: a program, the empty one it is measured above, and the
 * course of addresses that both read. Its hits are counted and must be right.
 *
 * Errors	negative errno; -EBADMSG: wrong hits, said on standard error
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "perf/support/report.h"
#include "perf/support/sample.h"

#define RACE_NAME_MAX  64
#define RACE_TRACK_MAX 24

/* A million addresses to look up, and where the programs read them. */
struct course {
	const char *name;
	const void *addresses;
	void *place;
	size_t bytes;
	bool listed; /* all of them are, or none */
};

typedef uint64_t hits_fn(const void *arg);

struct track {
	char name[RACE_NAME_MAX];
	const struct course *course; /* borrowed */
	int program_fd;
	int empty_fd;
	uint32_t repeat;
	double at_most; /* target in ns; 0: none */
	const struct track *baseline; /* of the same race, or NULL */
	double at_most_ratio; /* target, times the baseline; 0: none */
	hits_fn *hits; /* how many there were so far */
	const void *hits_arg;
	struct sample sample;
};

struct race {
	struct track tracks[RACE_TRACK_MAX];
	int count;
};

/* The next free track, all zero but its name. */
struct track *race_add(struct race *race, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One round to warm up, then `rounds` that count. */
int race_run(struct race *race, int rounds);

void race_report(const struct race *race, struct report *report);
