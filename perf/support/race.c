// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/race.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "perf/support/testrun.h"

struct track *race_add(struct race *race, const char *format, ...)
{
	struct track *track = &race->tracks[race->count++];
	va_list args;

	assert(race->count <= RACE_TRACK_MAX);

	*track = (struct track){0};
	va_start(args, format);
	(void)vsnprintf(track->name, sizeof(track->name), format, args);
	va_end(args);
	return track;
}

/* Both programs over the course, one behind the other. */
static int track_run(struct track *track, bool counts)
{
	const struct course *course = track->course;
	uint64_t expect = course->listed ? track->repeat : 0;
	struct testrun empty, run;
	uint64_t hits;
	int r;

	memcpy(course->place, course->addresses, course->bytes);
	r = testrun_do(track->empty_fd, track->repeat, &empty);
	if (r < 0)
		return r;
	hits = track->hits(track->hits_arg);
	r = testrun_do(track->program_fd, track->repeat, &run);
	if (r < 0)
		return r;

	hits = track->hits(track->hits_arg) - hits;
	if (hits != expect) {
		(void)fprintf(stderr, "%s: %llu hits of %llu expected\n",
			      track->name, (unsigned long long)hits,
			      (unsigned long long)expect);
		return -EBADMSG;
	}
	if (counts)
		sample_add(&track->sample, run.ns - empty.ns);
	return 0;
}

int race_run(struct race *race, int rounds)
{
	for (int round = 0; round <= rounds; round++) {
		for (int i = 0; i < race->count; i++) {
			int r = track_run(&race->tracks[i], round > 0);

			if (r < 0) {
				(void)fprintf(stderr, "%s: %s\n",
					      race->tracks[i].name,
					      strerror(-r));
				return r;
			}
		}
	}
	return 0;
}

static void track_report(const struct track *track, struct report *report)
{
	const struct track *baseline = track->baseline;
	struct sample ratios = {0};
	struct row row = {
		.name = track->name,
		.unit = "ns",
		.sample = &track->sample,
		.at_most = track->at_most,
	};

	if (baseline) {
		for (int i = 0; i < track->sample.count; i++)
			sample_add(&ratios, track->sample.values[i] /
						    baseline->sample.values[i]);
		row.baseline = baseline->name;
		row.ratios = &ratios;
		row.at_most_ratio = track->at_most_ratio;
	}
	report_row(report, &row);
}

void race_report(const struct race *race, struct report *report)
{
	for (int i = 0; i < race->count; i++)
		track_report(&race->tracks[i], report);
}
