// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lost - events lost at 100,000 a second, through the kernel's sensor and its
 * rings into fwd, which asks all detection rules there are about each.
 *
 * They are real system calls (perf/support/calls.h), which two processes make
 * beside fwd, at 100,000 events a second or as many as the machine can:
 *
 *	host	a program is begun for each turn of other calls, which is what
 *		takes the time
 *	light	the same calls, a program for each SPAWN_RARELY turns
 *	cheap	of the calls those that take least, so that a processor is left
 *		for fwd: as near to the rings as real calls come
 *
 *	detect/lost_at_100k/LOAD/made		a second, calls that are events
 *	detect/lost_at_100k/LOAD/told		a second, that reached a ring
 *	detect/lost_at_100k/LOAD/suppressed	a second, the same a moment ago
 *	detect/lost_at_100k/LOAD/lost		of a round, for which there was
 *						no room, and
 *	detect/lost_at_100k/LOAD/silent		that nobody has counted: calls
 *						made, less what the kernel says
 *						of them
 *	detect/lost_at_100k/LOAD/asked/percent	of those told, events that rules
 *						were asked about
 *	detect/lost_at_100k/LOAD/daemon/percent	of a processor, that fwd took
 *	detect/lost_at_100k/LOAD/KIND/told ...	the same by kind
 *
 * The sensor watches the whole machine: measure when nothing else runs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "perf/support/calls.h"
#include "perf/support/report.h"
#include "perf/support/shell.h"
#include "perf/support/watching.h"
#include "rules/base.h"

#define ROUNDS	      7
#define ROUNDS_QUICK  1
#define SECONDS	      10
#define SECONDS_QUICK 4
#define SETTLE_US     1000000 /* until what waits in the rings is read */
#define PER_SECOND    100000u
#define ENOUGH	      0.99 /* of it: a turn may end behind the round */
#define SPAWN_RARELY  40
#define GOAL_LOST     0.5 /* none */
#define ROW_NAME_MAX  64
#define PREFIX	      "detect/lost_at_100k"

enum what {
	TOLD,
	SUPPRESSED,
	LOST,
	SILENT,
	ASKED,
	DAEMON,
	MADE,
	WHAT_COUNT
};

static const struct {
	const char *name;
	const char *unit;
} whats[] = {
	{"told", "/s"},	      {"suppressed", "/s"},   {"lost", "events"},
	{"silent", "events"}, {"asked/percent", "%"}, {"daemon/percent", "%"},
	{"made", "/s"},
};

_Static_assert(ARRAY_LEN(whats) == WHAT_COUNT, "");

struct side {
	const char *name;
	bool only_cheap;
	uint32_t spawn_every; /* turns */
	double at_least; /* told; 0: no target */
	struct sample all[WHAT_COUNT];
	struct sample kinds[CALLS_KIND_COUNT][WHAT_COUNT]; /* up to SILENT */
};

/* What is read before a round and after it. */
struct moment {
	struct sensed_count counts[CALLS_KIND_COUNT];
	struct watching watching;
	double cpu_s;
};

static void bench_close(struct gateway *gateway)
{
	if (gateway->dir[0])
		(void)shell_run("! mountpoint -q '%s/files' || umount "
				"'%s/files'",
				gateway->dir, gateway->dir);
	(void)wire_home(&gateway->wire);
	gateway_close(gateway);
}

/* Files of the load are in memory: a disk is not what is measured. */
static int bench_open(struct gateway *gateway)
{
	double ignored;
	int r = gateway_open(gateway);

	if (r == 0)
		r = watching_write(gateway);
	if (r == 0)
		r = gateway_start(gateway, &ignored);
	if (r == 0)
		r = wire_far(&gateway->wire);
	if (r == 0)
		r = shell_run("ip link set lo up && mkdir '%s/files' && "
			      "mount -t tmpfs tmpfs '%s/files'",
			      gateway->dir, gateway->dir);
	return r;
}

static int read_moment(const struct gateway *gateway, struct moment *moment)
{
	int r = watching_counts(gateway, calls_names, CALLS_KIND_COUNT,
				moment->counts);

	if (r == 0)
		r = watching_read(gateway, &moment->watching);
	moment->cpu_s = gateway_cpu_s(gateway);
	return r;
}

/* One kind, or the sum of all. */
struct sums {
	double what[ASKED];
};

static struct sums sums_of(const struct sensed_count *before,
			   const struct sensed_count *after, uint64_t made)
{
	uint64_t told = after->told - before->told;
	uint64_t suppressed = after->suppressed - before->suppressed;
	uint64_t lost = after->lost - before->lost;
	uint64_t known = told + suppressed + lost;

	return (struct sums){{
		[TOLD] = (double)told,
		[SUPPRESSED] = (double)suppressed,
		[LOST] = (double)lost,
		[SILENT] = made > known ? (double)(made - known) : 0,
	}};
}

static void add_sums(struct sample samples[WHAT_COUNT], const struct sums *sums,
		     double took_s)
{
	sample_add(&samples[TOLD], sums->what[TOLD] / took_s);
	sample_add(&samples[SUPPRESSED], sums->what[SUPPRESSED] / took_s);
	sample_add(&samples[LOST], sums->what[LOST]);
	sample_add(&samples[SILENT], sums->what[SILENT]);
}

/* Some of what rules are asked about is others', so it may be above 100. */
static void add_round(struct side *side, const struct moment *before,
		      const struct moment *after, const struct calls_made *made)
{
	struct sums all = {{0}};
	uint64_t calls = 0;

	for (int kind = 0; kind < CALLS_KIND_COUNT; kind++) {
		struct sums sums =
			sums_of(&before->counts[kind], &after->counts[kind],
				made->counts[kind]);

		calls += made->counts[kind];
		add_sums(side->kinds[kind], &sums, made->took_s);
		for (int i = 0; i < ASKED; i++)
			all.what[i] += sums.what[i];
	}
	add_sums(side->all, &all, made->took_s);
	if (all.what[TOLD] > 0)
		sample_add(&side->all[ASKED], (double)(after->watching.asked -
						       before->watching.asked) *
						      100 / all.what[TOLD]);
	sample_add(&side->all[MADE], (double)calls / made->took_s);
	sample_add(&side->all[DAEMON],
		   (after->cpu_s - before->cpu_s) * 100 / made->took_s);
}

static int run_round(const struct gateway *gateway, struct side *side,
		     uint32_t seconds)
{
	char dir[GATEWAY_PATH_MAX + 16];
	const struct calls_order order = {
		.dir = dir,
		.only_cheap = side->only_cheap,
		.spawn_every = side->spawn_every,
		.per_second = PER_SECOND,
		.seconds = seconds,
	};
	struct moment before, after;
	struct calls_made made;
	int r = read_moment(gateway, &before);

	(void)snprintf(dir, sizeof(dir), "%s/files", gateway->dir);
	if (r == 0)
		r = calls_run(&order, &made);
	(void)usleep(SETTLE_US);
	if (r == 0)
		r = read_moment(gateway, &after);
	if (r == 0)
		add_round(side, &before, &after, &made);
	return r;
}

static void print_what(struct report *report, const struct side *side,
		       const char *kind, enum what what,
		       const struct sample *sample)
{
	char name[ROW_NAME_MAX];

	(void)snprintf(name, sizeof(name), PREFIX "/%s%s%s/%s", side->name,
		       kind ? "/" : "", kind ? kind : "", whats[what].name);
	report_row(
		report,
		&(struct row){
			.name = name,
			.unit = whats[what].unit,
			.sample = sample,
			.at_least = what == TOLD && !kind ? side->at_least : 0,
			.at_most = (what == LOST || what == SILENT) && !kind
					   ? GOAL_LOST
					   : 0,
		});
}

/* Of a kind there are rows only where there is something to say. */
static void print_kind(struct report *report, const struct side *side, int kind)
{
	const struct sample *samples = side->kinds[kind];

	for (int what = 0; what < ASKED; what++)
		if (sample_max(&samples[what]) > 0 ||
		    (what == LOST && sample_max(&samples[TOLD]) > 0))
			print_what(report, side, calls_names[kind],
				   (enum what)what, &samples[what]);
}

static void print_side(struct report *report, const struct side *side)
{
	for (int what = 0; what < WHAT_COUNT; what++)
		print_what(report, side, NULL, (enum what)what,
			   &side->all[what]);
	for (int kind = 0; kind < CALLS_KIND_COUNT; kind++)
		print_kind(report, side, kind);
}

static int measure(struct report *report)
{
	struct side sides[] = {
		{.name = "host", .spawn_every = 1},
		{.name = "light", .spawn_every = SPAWN_RARELY},
		{.name = "cheap",
		 .only_cheap = true,
		 .spawn_every = SPAWN_RARELY,
		 .at_least = PER_SECOND * ENOUGH},
	};
	CLEANUP(bench_close) struct gateway gateway = {.wire = WIRE_NONE};
	uint32_t seconds = report->quick ? SECONDS_QUICK : SECONDS;
	int rounds = report->quick ? ROUNDS_QUICK : ROUNDS;
	struct watching watching = {0};
	int r = bench_open(&gateway);

	for (int i = 0; i < rounds && r == 0; i++)
		for (size_t j = 0; j < ARRAY_LEN(sides) && r == 0; j++)
			r = run_round(&gateway, &sides[j], seconds);
	if (r == 0)
		r = watching_read(&gateway, &watching);
	if (r < 0)
		return r;
	report_note(report,
		    "rounds of %" PRIu32 " s; fwd: sensor, %" PRIu64
		    " detection rules, alerts to a file; of all kinds, also "
		    "those of others on this machine, it lost %" PRIu64,
		    seconds, watching.rules, watching.lost);
	for (size_t j = 0; j < ARRAY_LEN(sides); j++)
		print_side(report, &sides[j]);
	return 0;
}

int main(int argc, char **argv)
{
	struct report report;
	int r;

	report_begin(&report, argc, argv);
	r = wire_enter();
	if (r == 0)
		r = measure(&report);
	if (r < 0)
		report_skip(&report, PREFIX, strerror(-r));
	report_end(&report);
	return 0;
}
