// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * limits - how right limits are: what passes in ten seconds of more than is
 * allowed, and what a source below its rate loses while another floods.
 *
 *	limits/RATE/percent	how far off what passed is from the rate times
 *				the time, and the burst
 *	limits/isolation/lost	packets of 100,000 sources, each below its rate,
 *				that were dropped as above it; one more source
 *				sends nine of ten packets
 *	limits/flood/percent	how far off what passed of that source is
 *
 * The clock of the packet path is the kernel's, so seconds are real ones. The
 * rates run one packet after the other in the kernel's test run; sources flow
 * through a veth, and what is lost there is not counted as dropped.
 *
 * A burst of RATE is a tenth of a second: what is not sent while others have
 * the processor does not count against the limit as long as it is less. At ten
 * a second one packet is a percent of the whole, and five with --quick.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include "perf/support/plain.h"

#include "live.skel.h"

#include "perf/support/gateway.h"
#include "perf/support/report.h"
#include "perf/support/stand.h"
#include "perf/support/testrun.h"
#include "perf/support/wire.h"
#include "rules/compile.h"
#include "rules/document.h"

#define ROUNDS	     3
#define RUN_S	     10
#define RUN_QUICK_S  2
#define REPEAT	     8192 /* packets between two looks at the clock */
#define TURN_FRAMES  (1u << 20) /* of live.bpf.c's addresses: one a second */
#define SOURCE_COUNT 100000
#define SOURCE_BASE  0x0b000000u /* 11.0.0.0 */
#define FLOOD_SOURCE 0x0a000001u /* 10.0.0.1 */
#define FLOOD_RATE   2 /* a second, of each source */
#define GOAL_PERCENT 2
#define GOAL_NONE    0.5 /* packets; a target of 0 is none at all */

static const uint32_t rates[] = {10, 1000, 1000000};
#define RATE_COUNT ARRAY_LEN(rates)

/* Rules of the second document. */
enum flood_rule {
	RULE_ARRIVED, /* of all sources but the flood's */
	RULE_LIMITED,
	RULE_FLOODED,
	RULE_PASSED, /* of all other sources */
	RULE_TOTAL,
};

static const char flood_document[] =
	"version: 1\n"
	"defaults: {in: drop}\n"
	"rules:\n"
	"  - {id: arrived, action: count, in: any, source: {not: 10.0.0.1}}\n"
	"  - {id: limited, action: limit, in: any,\n"
	"     limit: {rate: 2/s, burst: 2, per: source}}\n"
	"  - {id: flooded, action: pass, in: any, source: 10.0.0.1}\n"
	"  - {id: passed, action: pass, in: any}\n";

/* What judges now. */
struct filter {
	struct policy policy;
	struct compiled *compiled;
	struct program *program;
	uint16_t counters[RULE_TOTAL];
};

struct bench {
	struct report *report;
	struct stand stand;
	struct live *skel;
	struct wire wire;
	double run_s;
	struct sample errors[RATE_COUNT];
	struct sample lost, flood;
	uint64_t frames, arrived; /* of the sources below their rate */
};

static void filter_close(struct filter *filter)
{
	program_free(TAKE(filter->program));
	compiled_free(TAKE(filter->compiled));
	policy_done(&filter->policy);
}

/* `filter` is borrowed by its program, and must stay where it is. */
static int filter_open(const struct bench *bench, const char *text,
		       struct filter *filter)
{
	struct document_note where = {0};
	char note[MAPS_NOTE_MAX] = "";
	int r = document_read(text, strlen(text), &filter->policy, &where);

	if (r < 0) {
		(void)fprintf(stderr, "%u: %s\n", where.line, where.text);
		policy_init(&filter->policy);
		return r;
	}
	for (unsigned int i = 0; i < RULE_TOTAL; i++)
		filter->counters[i] = (uint16_t)i;
	r = compile(&filter->policy, &filter->compiled, note);
	if (r == 0)
		r = program_load(bench->stand.maps,
				 &(struct program_config){
					 .policy = &filter->policy,
					 .compiled = filter->compiled,
					 .counters = filter->counters,
				 },
				 &filter->program, note);
	if (r < 0) {
		(void)fprintf(stderr, "%s: %s\n", strerror(-r), note);
		filter_close(filter);
	}
	return r;
}

static double percent_off(double found, double expected)
{
	return fabs(found / expected - 1) * 100;
}

static int count_rules(const struct bench *bench,
		       uint64_t ret_packets[RULE_TOTAL])
{
	struct fw_count counts[RULE_TOTAL];
	int r = maps_rule_counts(bench->stand.maps, counts, RULE_TOTAL);

	for (int i = 0; i < RULE_TOTAL && r == 0; i++)
		ret_packets[i] = counts[i].packets;
	return r;
}

/* Rates, of which there is more all the time. */

/* The packets sent in the time, and the time. */
static int run_for(double run_s, int program_fd, uint64_t *ret_sent,
		   double *ret_s)
{
	double start_s = gateway_clock_s(), took_s = 0;
	uint64_t sent = 0;

	while (took_s < run_s) {
		struct testrun run;
		int r = testrun_do(program_fd, REPEAT, &run);

		if (r < 0)
			return r;
		sent += REPEAT;
		took_s = gateway_clock_s() - start_s;
	}
	*ret_sent = sent;
	*ret_s = took_s;
	return 0;
}

static uint32_t burst_of(uint32_t rate)
{
	return rate / 10;
}

static int measure_rate(struct bench *bench, size_t index)
{
	const uint32_t rate = rates[index];
	CLEANUP(filter_close) struct filter filter = {0};
	uint64_t before[RULE_TOTAL], after[RULE_TOTAL], sent = 0;
	char text[256];
	double took_s = 0, passed;
	int r;

	(void)snprintf(text, sizeof(text),
		       "version: 1\n"
		       "rules:\n"
		       "  - {id: few, action: limit, in: any,\n"
		       "     limit: {rate: %u/s, burst: %u, per: rule}}\n",
		       rate, burst_of(rate));
	r = filter_open(bench, text, &filter);
	if (r == 0)
		r = count_rules(bench, before);
	if (r == 0)
		r = run_for(bench->run_s, program_gate(filter.program)->fd,
			    &sent, &took_s);
	if (r == 0)
		r = count_rules(bench, after);
	if (r < 0)
		return r;
	/* the rule counts what is above */
	passed = (double)(sent - (after[0] - before[0]));
	sample_add(&bench->errors[index],
		   percent_off(passed, rate * took_s + burst_of(rate)));
	if ((double)sent >= 1.2 * rate * took_s)
		return 0;
	(void)fprintf(stderr, "%u/s: only %.0f packets a second were sent\n",
		      rate, (double)sent / took_s);
	return -EBADMSG;
}

/* Many sources. */

/* One in ten packets is of another source, each once. */
static void fill_sources(struct bench *bench)
{
	uint32_t *addresses = bench->skel->bss->addresses4;
	uint32_t next = 0;

	for (uint32_t i = 0; i < TURN_FRAMES; i++)
		addresses[i] = i % 10 == 0 && next < SOURCE_COUNT
				       ? SOURCE_BASE + next++
				       : FLOOD_SOURCE;
}

/* So many turns, none sooner than a second after the one before. */
static int send_turns(const struct bench *bench, int turns, double *ret_s)
{
	int fd = bpf_program__fd(bench->skel->progs.generate);
	double start_s = gateway_clock_s();

	for (int i = 0; i < turns; i++) {
		double turn_s = gateway_clock_s(), took_s;
		int r = testrun_live(fd, TURN_FRAMES, &took_s);
		double left_s = 1 - (gateway_clock_s() - turn_s);

		if (r < 0)
			return r;
		if (left_s > 0 && i + 1 < turns)
			(void)usleep((useconds_t)(left_s * 1e6));
	}
	*ret_s = gateway_clock_s() - start_s;
	return 0;
}

static int attach(const struct bench *bench, int program_fd)
{
	return bpf_xdp_attach(bench->wire.far_ifindex, program_fd,
			      XDP_FLAGS_DRV_MODE, NULL);
}

/* The thread is at the far end for the program only. */
static int attach_far(const struct bench *bench, int program_fd)
{
	int r = wire_far(&bench->wire);

	if (r == 0)
		r = attach(bench, program_fd);
	(void)wire_home(&bench->wire);
	return r;
}

static int measure_sources(struct bench *bench)
{
	CLEANUP(filter_close) struct filter filter = {0};
	uint64_t before[RULE_TOTAL], after[RULE_TOTAL];
	int turns = (int)bench->run_s;
	double took_s = 0;
	int r = filter_open(bench, flood_document, &filter);

	if (r == 0)
		r = attach_far(bench, program_gate(filter.program)->fd);
	if (r == 0)
		r = count_rules(bench, before);
	if (r == 0)
		r = send_turns(bench, turns, &took_s);
	if (r == 0)
		r = count_rules(bench, after);
	if (r < 0)
		return r;
	(void)attach_far(bench, -1);
	for (int i = 0; i < RULE_TOTAL; i++)
		after[i] -= before[i];
	bench->frames += (uint64_t)turns * SOURCE_COUNT;
	bench->arrived += after[RULE_ARRIVED];
	sample_add(&bench->lost,
		   (double)(after[RULE_ARRIVED] - after[RULE_PASSED]));
	sample_add(&bench->flood,
		   percent_off((double)after[RULE_FLOODED],
			       FLOOD_RATE * took_s + FLOOD_RATE));
	return 0;
}

/* All of it. */

static int bench_open(struct bench *bench)
{
	const struct list none = {0};
	int r = stand_open(&none, &bench->stand);

	if (r == 0)
		r = wire_open(0, &bench->wire);
	if (r < 0)
		return r;
	bench->skel = live__open_and_load();
	if (!bench->skel)
		return -errno;
	bench->skel->bss->target = (uint32_t)bench->wire.ifindex;
	fill_sources(bench);
	return 0;
}

static void bench_close(struct bench *bench)
{
	live__destroy(bench->skel);
	wire_close(&bench->wire);
	stand_close(&bench->stand);
}

static void report_bench(const struct bench *bench)
{
	struct report *report = bench->report;

	for (size_t i = 0; i < RATE_COUNT; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "limits/%u/percent",
			       rates[i]);
		report_row(report, &(struct row){.name = name,
						 .unit = "percent",
						 .sample = &bench->errors[i],
						 .at_most = GOAL_PERCENT});
	}
	report_note(report,
		    "of %llu packets of %d sources %llu came to the limit",
		    (unsigned long long)bench->frames, SOURCE_COUNT,
		    (unsigned long long)bench->arrived);
	report_row(report, &(struct row){.name = "limits/isolation/lost",
					 .unit = "packets",
					 .sample = &bench->lost,
					 .at_most = GOAL_NONE});
	report_row(report, &(struct row){.name = "limits/flood/percent",
					 .unit = "percent",
					 .sample = &bench->flood});
}

static int measure(struct bench *bench)
{
	int rounds = bench->report->quick ? 1 : ROUNDS;
	int r = 0;

	bench->run_s = bench->report->quick ? RUN_QUICK_S : RUN_S;
	for (int i = 0; i < rounds && r == 0; i++) {
		for (size_t k = 0; k < RATE_COUNT && r == 0; k++)
			r = measure_rate(bench, k);
		if (r == 0)
			r = measure_sources(bench);
	}
	if (r == 0)
		report_bench(bench);
	return r;
}

int main(int argc, char **argv)
{
	static struct bench bench = {.wire = WIRE_NONE};
	static struct report report;
	int r = testrun_pin();

	report_begin(&report, argc, argv);
	bench.report = &report;
	if (r == 0)
		r = wire_enter();
	if (r == 0)
		r = bench_open(&bench);
	if (r == 0)
		r = measure(&bench);
	bench_close(&bench);
	if (r < 0) {
		(void)fprintf(stderr, "limits: %s\n", strerror(-r));
		return 1;
	}
	report_end(&report);
	return 0;
}
