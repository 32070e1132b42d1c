// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/watched.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "perf/support/auditd.h"
#include "perf/support/gateway.h"
#include "perf/support/shell.h"
#include "perf/support/watching.h"
#include "perf/support/work.h"
#include "rules/base.h"

#define ROUNDS	     15
#define ROUNDS_QUICK 2
#define SETTLE_US    300000 /* until who watches has seen all */
#define ROW_NAME_MAX 64
#define GOAL_PERCENT 3
#define GOAL_MIB     64

enum side {
	SIDE_NOBODY,
	SIDE_FWD,
	SIDE_AUDITD,
	SIDE_COUNT
};

static const char *const side_names[] = {"nobody", "fwd", "auditd"};
static const char *const side_prefixes[] = {"", "", "auditd/"};

_Static_assert(ARRAY_LEN(side_names) == SIDE_COUNT, "");
_Static_assert(ARRAY_LEN(side_prefixes) == SIDE_COUNT, "");

struct watched {
	struct gateway gateway;
	struct auditd auditd;
	bool has_auditd;
	char why_not[96]; /* auditd is not measured */
	struct sample work_s[SIDE_COUNT][WORK_COUNT];
	struct sample daemon_s[SIDE_COUNT][WORK_COUNT];
	struct sample mib, own_mib;
	uint64_t lost[SIDE_COUNT], rules;
};

static void watched_close(struct watched *watched)
{
	auditd_close(&watched->auditd);
	(void)wire_home(&watched->gateway.wire);
	gateway_close(&watched->gateway);
}

static int watched_open(bool has_auditd, struct watched *watched)
{
	int r = wire_enter();

	if (r == 0)
		r = gateway_open(&watched->gateway);
	if (r == 0)
		r = watching_write(&watched->gateway);
	if (r == 0)
		r = wire_far(&watched->gateway.wire); /* where fwd is */
	if (r == 0)
		r = shell_run("ip link set lo up");
	if (r < 0)
		return r;
	if (!has_auditd) {
		(void)snprintf(watched->why_not, sizeof(watched->why_not),
			       "--auditd was not given");
		return 0;
	}
	r = auditd_open(watched->gateway.dir, &watched->auditd);
	watched->has_auditd = r == 0;
	if (r < 0)
		(void)snprintf(watched->why_not, sizeof(watched->why_not), "%s",
			       r == -EBUSY    ? "this kernel audits already"
			       : r == -ENOENT ? "auditd is not installed"
					      : strerror(-r));
	return 0;
}

/* Sides begin and end. */

static int begin_side(struct watched *watched, enum side side)
{
	double ignored;
	int r;

	if (side == SIDE_AUDITD)
		return auditd_start(&watched->auditd);
	if (side != SIDE_FWD)
		return 0;
	r = gateway_start(&watched->gateway, &ignored);
	return r < 0 ? r : wire_far(&watched->gateway.wire);
}

static double daemon_cpu_s(const struct watched *watched, enum side side)
{
	switch (side) {
	case SIDE_FWD:
		return gateway_cpu_s(&watched->gateway);
	case SIDE_AUDITD:
		return auditd_cpu_s(&watched->auditd);
	default:
		return 0;
	}
}

static int end_fwd(struct watched *watched)
{
	const struct gateway *gateway = &watched->gateway;
	struct watching watching;
	double mib, own_mib;
	int r = watching_read(gateway, &watching);

	if (r < 0)
		return r;
	watched->lost[SIDE_FWD] += watching.lost;
	watched->rules = watching.rules;
	r = gateway_resident(gateway, &mib, &own_mib);
	if (r < 0)
		return r;
	sample_add(&watched->mib, mib);
	sample_add(&watched->own_mib, own_mib);
	return gateway_forget(&watched->gateway);
}

static int end_side(struct watched *watched, enum side side)
{
	switch (side) {
	case SIDE_FWD:
		return end_fwd(watched);
	case SIDE_AUDITD:
		return auditd_stop(&watched->auditd);
	default:
		return 0;
	}
}

/* Rounds. */

static int run_work(struct watched *watched, enum side side, enum work work)
{
	double start_s = daemon_cpu_s(watched, side), took_s;
	int r = work_run(work, watched->gateway.dir, &took_s);

	if (r < 0)
		return r;
	(void)usleep(SETTLE_US);
	sample_add(&watched->work_s[side][work], took_s);
	sample_add(&watched->daemon_s[side][work],
		   daemon_cpu_s(watched, side) - start_s);
	return 0;
}

static int run_side(struct watched *watched, enum side side)
{
	int r = begin_side(watched, side);

	(void)usleep(SETTLE_US);
	for (int work = 0; work < WORK_COUNT && r == 0; work++)
		r = run_work(watched, side, (enum work)work);
	return r < 0 ? r : end_side(watched, side);
}

/* Each round begins with another side. */
static int run_rounds(struct watched *watched, int rounds)
{
	uint64_t before = 0, after = 0;
	int r = watched->has_auditd ? auditd_lost(&before) : 0;

	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < SIDE_COUNT && r == 0; i++) {
			enum side side = (enum side)((i + round) % SIDE_COUNT);

			if (side != SIDE_AUDITD || watched->has_auditd)
				r = run_side(watched, side);
		}
	}
	if (r == 0 && watched->has_auditd)
		r = auditd_lost(&after);
	watched->lost[SIDE_AUDITD] = after - before;
	return r;
}

/* Rows. */

static void print_percent(struct report *report, const char *name,
			  const struct sample *part, const struct sample *whole,
			  double offset, double at_most)
{
	struct sample percents = {.count = 0};
	double value =
		(sample_median(part) / sample_median(whole) - offset) * 100;

	for (int i = 0; i < part->count && i < whole->count; i++)
		sample_add(&percents,
			   (part->values[i] / whole->values[i] - offset) * 100);
	report_row(report, &(struct row){.name = name,
					 .unit = "%",
					 .sample = &percents,
					 .value = &value,
					 .at_most = at_most});
}

static void print_work(struct report *report, const struct watched *watched,
		       enum side side, enum work work)
{
	const struct sample *alone = &watched->work_s[SIDE_NOBODY][work];
	char name[ROW_NAME_MAX];

	(void)snprintf(name, sizeof(name), "overhead/%s%s/percent",
		       side_prefixes[side], work_names[work]);
	print_percent(report, name, &watched->work_s[side][work], alone, 1,
		      side == SIDE_FWD ? GOAL_PERCENT : 0);
	(void)snprintf(name, sizeof(name), "overhead/%s%s/daemon/percent",
		       side_prefixes[side], work_names[work]);
	print_percent(report, name, &watched->daemon_s[side][work], alone, 0,
		      0);
}

static void print_times(struct report *report, const struct watched *watched,
			enum side side)
{
	char name[ROW_NAME_MAX];

	for (int work = 0; work < WORK_COUNT; work++) {
		(void)snprintf(name, sizeof(name), "overhead/%s/%s",
			       work_names[work], side_names[side]);
		report_row(
			report,
			&(struct row){.name = name,
				      .unit = "s",
				      .sample = &watched->work_s[side][work]});
	}
}

static void print_all(struct report *report, const struct watched *watched)
{
	report_note(
		report,
		"forkexec: 750 times /bin/true; build: 6 of the project's sources compiled "
		"and all copied; connect: 10,000 over loopback, each to "
		"another address; times of the processors. fwd: sensor, "
		"%" PRIu64 " detection rules, alerts to a file; it lost "
		"%" PRIu64 " events",
		watched->rules, watched->lost[SIDE_FWD]);
	if (watched->has_auditd)
		report_note(report,
			    "auditd: as Debian's package configures it, "
			    "execve, connect, and open and openat for writing; "
			    "its part includes kauditd's; lost %" PRIu64
			    " records",
			    watched->lost[SIDE_AUDITD]);
	for (int side = 0; side < SIDE_COUNT; side++) {
		if (side == SIDE_AUDITD && !watched->has_auditd) {
			report_skip(report, "overhead/auditd",
				    watched->why_not);
			continue;
		}
		print_times(report, watched, (enum side)side);
		for (int work = 0; side && work < WORK_COUNT; work++)
			print_work(report, watched, (enum side)side,
				   (enum work)work);
	}
	report_note(report, "mib: resident of fwd, of which own is all but "
			    "the mapped tables of packets, which are there "
			    "without a sensor, too");
	report_row(report, &(struct row){.name = "overhead/mib",
					 .unit = "MiB",
					 .sample = &watched->mib,
					 .at_most = GOAL_MIB});
	report_row(report, &(struct row){.name = "overhead/own/mib",
					 .unit = "MiB",
					 .sample = &watched->own_mib});
}

int watched_measure(struct report *report, bool has_auditd)
{
	CLEANUP(watched_close)
	struct watched watched = {.gateway.wire = WIRE_NONE,
				  .auditd = AUDITD_NONE};
	int r = watched_open(has_auditd, &watched);

	if (r == 0)
		r = run_rounds(&watched, report->quick ? ROUNDS_QUICK : ROUNDS);
	if (r == 0)
		print_all(report, &watched);
	return r;
}
