// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * feeds - all block lists at once, each a feed of its own, from their versions
 * sent to fwd until the table that judges drops what they list; and what
 * happens to packets and to verdicts while all of them are replaced.
 *
 *	feeds/full/seconds	from before the first request is sent, all of
 *				them at once, until a packet from the last
 *				address of each list is dropped. Nothing is in
 *				the store but the definitions
 *	feeds/delta/seconds	then the same with one line of a hundred changed
 *	.../parse_seconds ...	of that what fwd says its steps took, all feeds
 *				together: they overlap
 *	feeds/mib		daemon and maps, after the first
 *	feeds/wrong		packets judged wrongly while every second line
 *				of all lists is replaced, again and again: from
 *				a source that all versions list and passed, or
 *				that none does and dropped
 *	feeds/verdict_...	blocks meanwhile, as in update.c
 *	feeds/nft/seconds, feeds/ipset/seconds
 *				the IPv4 of the same lists, merged and sorted
 *				for them
 *
 * Each round has a fresh daemon with an empty store. A packet lost before the
 * gate looks like one that was dropped; the driver's count says how many there
 * were.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "perf/feeds.h"

#include "feeds.skel.h"

#include "perf/support/blocks.h"
#include "perf/support/flood.h"
#include "perf/support/intake.h"
#include "perf/support/peer.h"
#include "perf/support/report.h"
#include "perf/support/shell.h"

#define SEED		  20240304
#define ROUNDS		  7
#define ROUNDS_QUICK	  2
#define BUSY_ROUNDS	  5
#define BUSY_QUICK	  1
#define NFT_ROUNDS	  3 /* it takes long */
#define FRAMES_AT_ONCE	  4096
#define BLOCK_CONNECTIONS 16 /* beside those of the feeds */
#define BLOCK_ADDRESSES	  256 /* a request */
#define BLOCK_REQUESTS	  400
#define REQUESTS_QUICK	  60
#define REST_US		  500000
#define RESOLVER_COUNT	  170
#define RESOLVER_FIRST	  0x08080000u
#define NFT_TIMES	  5
#define GOAL_FULL_S	  1.5
#define GOAL_DELTA_S	  0.15
#define GOAL_NONE	  0.5 /* packets; a target of 0 is none at all */
#define GOAL_P99_US	  20
#define GOAL_MAX_US	  1000
#define GOAL_MIB	  256

/* What the import of all versions takes, and what fwd says of it. */
enum part {
	PART_ALL,
	PART_CPU, /* of fwd, all threads */
	PART_PARSE,
	PART_MERGE,
	PART_DIFF,
	PART_COMMIT,
	PART_APPLY,
	PART_COUNT,
};

static const struct {
	const char *name;
	const char *key; /* in an answer, microseconds */
} parts[] = {
	[PART_ALL] = {"seconds", NULL},
	[PART_CPU] = {"cpu_seconds", NULL},
	[PART_PARSE] = {"parse_seconds", "parse_us"},
	[PART_MERGE] = {"merge_seconds", "merge_us"},
	[PART_DIFF] = {"diff_seconds", "diff_us"},
	[PART_COMMIT] = {"commit_seconds", "commit_us"},
	[PART_APPLY] = {"apply_seconds", "apply_us"},
};
_Static_assert(ARRAY_LEN(parts) == PART_COUNT, "");

struct imports {
	const char *name;
	double goal_s;
	struct sample samples[PART_COUNT];
};

enum figure {
	FIGURE_MIB,
	FIGURE_PEAK,
	FIGURE_WRONG,
	FIGURE_REPLACE,
	FIGURE_P99,
	FIGURE_MAX,
	FIGURE_NFT,
	FIGURE_NFT_TIMES,
	FIGURE_IPSET,
	FIGURE_COUNT,
};

static const struct row rows[] = {
	[FIGURE_MIB] = {.name = "feeds/mib",
			.unit = "MiB",
			.at_most = GOAL_MIB},
	[FIGURE_PEAK] = {.name = "feeds/mib/peak", .unit = "MiB"},
	[FIGURE_WRONG] = {.name = "feeds/wrong",
			  .unit = "packets",
			  .at_most = GOAL_NONE},
	[FIGURE_REPLACE] = {.name = "feeds/replace/seconds", .unit = "s"},
	[FIGURE_P99] = {.name = "feeds/verdict_p99_us",
			.unit = "us",
			.at_most = GOAL_P99_US},
	[FIGURE_MAX] = {.name = "feeds/verdict_max_us",
			.unit = "us",
			.at_most = GOAL_MAX_US},
	[FIGURE_NFT] = {.name = "feeds/nft/seconds", .unit = "s"},
	[FIGURE_NFT_TIMES] = {.name = "feeds/full/nft",
			      .unit = "times",
			      .at_least = NFT_TIMES},
	[FIGURE_IPSET] = {.name = "feeds/ipset/seconds", .unit = "s"},
};
_Static_assert(ARRAY_LEN(rows) == FIGURE_COUNT, "");

struct bench {
	struct report *report;
	struct gateway gateway;
	struct feedset set;
	struct feeds *skel;
	struct imports full, delta;
	struct sample samples[FIGURE_COUNT];
	struct flood flood;
	atomic_bool is_over; /* no more replacements */
	int replace_r;
	uint64_t lost, frames; /* in all rounds */
	unsigned int replacements;
};

static void note(struct bench *bench, enum figure figure, double value)
{
	sample_add(&bench->samples[figure], value);
}

static int measure_import(struct bench *bench, enum feedset_version version,
			  struct imports *imports)
{
	CLEANUP(intake_done) struct intake intake = {0};
	double start_s = gateway_clock_s();
	double start_cpu_s = gateway_cpu_s(&bench->gateway);
	int r = intake_send(&bench->gateway, &bench->set, version, &intake);

	if (r == 0)
		r = intake_check(&bench->gateway, &bench->set, version);
	if (r < 0)
		return r;
	sample_add(&imports->samples[PART_ALL], gateway_clock_s() - start_s);
	sample_add(&imports->samples[PART_CPU],
		   gateway_cpu_s(&bench->gateway) - start_cpu_s);
	for (int part = PART_PARSE; part < PART_COUNT; part++)
		sample_add(&imports->samples[part],
			   intake_sum(&intake, parts[part].key) / 1e6);
	return 0;
}

/* Peers. */

static int measure_peer(struct bench *bench, int (*load)(const struct list *),
			const char *clear, enum figure figure)
{
	const struct wire *wire = &bench->gateway.wire;
	double start_s;
	int r = wire_far(wire);

	start_s = gateway_clock_s();
	if (r == 0)
		r = load(&bench->set.union4);
	if (r == 0)
		note(bench, figure, gateway_clock_s() - start_s);
	if (r == 0)
		r = shell_run("%s", clear);
	(void)wire_home(wire);
	return r;
}

static int measure_peers(struct bench *bench, int round)
{
	const struct sample *ours = &bench->full.samples[PART_ALL];
	const struct sample *nft = &bench->samples[FIGURE_NFT];
	int r = 0;

	if (shell_has("ipset"))
		r = measure_peer(bench, peer_ipset,
				 "iptables -t raw -F PREROUTING && "
				 "ipset destroy listed",
				 FIGURE_IPSET);
	if (r < 0 || bench->report->quick || round >= NFT_ROUNDS ||
	    !shell_has("nft"))
		return r;
	r = measure_peer(bench, peer_nft, "nft delete table netdev fw",
			 FIGURE_NFT);
	if (r == 0)
		note(bench, FIGURE_NFT_TIMES,
		     nft->values[nft->count - 1] /
			     ours->values[ours->count - 1]);
	return r;
}

static int run_round(struct bench *bench, int round)
{
	double took_s, mib, peak_mib;
	int r = gateway_start(&bench->gateway, &took_s);

	if (r == 0)
		r = intake_define(&bench->gateway, &bench->set);
	if (r == 0)
		r = measure_import(bench, FEEDSET_FIRST, &bench->full);
	(void)usleep(REST_US); /* what it needs no more is given back */
	if (r == 0)
		r = gateway_memory(&bench->gateway, &mib, &peak_mib);
	if (r < 0)
		return r;
	note(bench, FIGURE_MIB, mib);
	note(bench, FIGURE_PEAK, peak_mib);
	r = measure_import(bench, FEEDSET_DELTA, &bench->delta);
	if (r == 0)
		r = gateway_forget(&bench->gateway);
	return r < 0 ? r : measure_peers(bench, round);
}

/* While packets flow. */

/* Every second line becomes another, and what it was, in turn. */
static void *replace_all(void *arg)
{
	struct bench *bench = arg;
	enum feedset_version next = FEEDSET_OTHER;

	do {
		CLEANUP(intake_done) struct intake intake = {0};
		double start_s = gateway_clock_s();

		bench->replace_r = intake_send(&bench->gateway, &bench->set,
					       next, &intake);
		note(bench, FIGURE_REPLACE, gateway_clock_s() - start_s);
		bench->replacements++;
		next = next == FEEDSET_OTHER ? FEEDSET_FIRST : FEEDSET_OTHER;
	} while (bench->replace_r == 0 && !atomic_load(&bench->is_over));
	return NULL;
}

static int replace_and_block(struct bench *bench)
{
	pthread_t thread;
	int r;

	atomic_store(&bench->is_over, false);
	r = -pthread_create(&thread, NULL, replace_all, bench);
	if (r < 0)
		return r;
	r = blocks_send(bench->gateway.socket, BLOCK_CONNECTIONS,
			bench->report->quick ? REQUESTS_QUICK : BLOCK_REQUESTS,
			BLOCK_ADDRESSES);
	atomic_store(&bench->is_over, true);
	(void)pthread_join(thread, NULL);
	return r < 0 ? r : bench->replace_r;
}

static int replace_under_packets(struct bench *bench)
{
	int r = flood_start(&bench->flood,
			    bpf_program__fd(bench->skel->progs.send),
			    FRAMES_AT_ONCE);

	if (r < 0)
		return r;
	r = replace_and_block(bench);
	flood_stop(&bench->flood);
	return r;
}

static int note_latency(struct bench *bench)
{
	const json_t *latency;
	json_t *status;
	int r = gateway_ask(&bench->gateway, REQ_STATUS, json_object(),
			    &status);

	if (r < 0)
		return r;
	latency = json_object_get(status, "latency");
	note(bench, FIGURE_P99,
	     json_number_value(json_object_get(latency, "p99_us")));
	note(bench, FIGURE_MAX,
	     json_number_value(json_object_get(latency, "max_us")));
	json_decref(status);
	return 0;
}

static void note_packets(struct bench *bench, uint64_t arrived)
{
	const __u64 *sent = bench->skel->bss->sent;
	const __u64 *passed = bench->skel->bss->passed;
	uint64_t frames = sent[FEEDS_LISTED] + sent[FEEDS_CLEAN];
	uint64_t lost = frames - arrived;
	uint64_t missing = sent[FEEDS_CLEAN] - passed[FEEDS_CLEAN];

	note(bench, FIGURE_WRONG,
	     (double)passed[FEEDS_LISTED] +
		     (missing > lost ? (double)(missing - lost) : 0));
	bench->frames += frames;
	bench->lost += lost;
}

static int run_busy_round(struct bench *bench)
{
	CLEANUP(intake_done) struct intake intake = {0};
	uint64_t before = 0, after = 0;
	double took_s;
	int r = gateway_start(&bench->gateway, &took_s);

	memset(bench->skel->bss->sent, 0, sizeof(bench->skel->bss->sent));
	memset(bench->skel->bss->passed, 0, sizeof(bench->skel->bss->passed));
	if (r == 0)
		r = intake_define(&bench->gateway, &bench->set);
	if (r == 0)
		r = intake_send(&bench->gateway, &bench->set, FEEDSET_FIRST,
				&intake);
	if (r == 0)
		r = gateway_arrived(&bench->gateway, &before);
	if (r == 0)
		r = replace_under_packets(bench);
	if (r == 0)
		r = gateway_arrived(&bench->gateway, &after);
	if (r == 0)
		r = note_latency(bench);
	if (r < 0)
		return r;
	note_packets(bench, after - before);
	return gateway_forget(&bench->gateway);
}

/* All of it. */

/* As many as are installed, for each version is held against them. */
static int write_resolvers(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	for (uint32_t i = 0; i < RESOLVER_COUNT; i++) {
		const struct prefix host = prefix_of_v4(RESOLVER_FIRST + i, 32);
		char text[PREFIX_TEXT_MAX];

		(void)fprintf(file, "%s\n", prefix_to_text(&host, text));
	}
	return fclose(file) == 0 ? 0 : -errno;
}

/* For the daemons that are started from now on. */
static int write_config(struct bench *bench, const char *more)
{
	struct gateway *gateway = &bench->gateway;
	char path[GATEWAY_PATH_MAX + 16];
	int r;

	(void)snprintf(path, sizeof(path), "%s/resolvers", gateway->dir);
	r = write_resolvers(path);
	return r < 0 ? r
		     : gateway_configure(gateway, "resolvers: %s\n%s", path,
					 more);
}

static int bench_open(struct bench *bench)
{
	struct dice dice = {.state = SEED};
	int r = gateway_open(&bench->gateway);

	if (r == 0)
		r = write_config(bench, "");
	if (r == 0)
		r = feedset_make(bench->gateway.dir, &bench->set);
	if (r < 0)
		return r;
	bench->skel = feeds__open_and_load();
	if (!bench->skel)
		return -errno;
	feedset_draw(&bench->set, &dice, FEEDS_SOURCES,
		     bench->skel->bss->sources);
	bench->skel->bss->target = (uint32_t)bench->gateway.wire.ifindex;
	return gateway_see(&bench->gateway,
			   bpf_program__fd(bench->skel->progs.see));
}

static void bench_close(struct bench *bench)
{
	feeds__destroy(bench->skel);
	feedset_done(&bench->set);
	gateway_close(&bench->gateway);
}

static void report_imports(const struct bench *bench,
			   const struct imports *imports)
{
	for (int part = 0; part < PART_COUNT; part++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "feeds/%s/%s", imports->name,
			       parts[part].name);
		report_row(bench->report,
			   &(struct row){.name = name,
					 .unit = "s",
					 .sample = &imports->samples[part],
					 .at_most = part == PART_ALL
							    ? imports->goal_s
							    : 0});
	}
}

/* Of the maxima only the largest is true for all rounds. */
static void report_all(struct bench *bench)
{
	struct report *report = bench->report;
	struct sample *max = &bench->samples[FIGURE_MAX];
	double worst_us = sample_max(max);

	max->count = 0;
	sample_add(max, worst_us);
	report_note(report,
		    "%zu feeds, %s, of %zu entries, %zu networks of IPv4 when "
		    "merged; %u times replaced under packets, of which %llu of "
		    "%llu were lost before the gate; the store is on %s",
		    bench->set.count,
		    bench->set.is_real ? "published" : "made up",
		    bench->set.entries, bench->set.union4.count,
		    bench->replacements, (unsigned long long)bench->lost,
		    (unsigned long long)bench->frames, bench->gateway.disk);
	report_imports(bench, &bench->full);
	report_imports(bench, &bench->delta);
	for (int i = 0; i < FIGURE_COUNT; i++) {
		struct row row = rows[i];

		row.sample = &bench->samples[i];
		if (row.sample->count > 0)
			report_row(report, &row);
		else
			report_skip(report, row.name,
				    report->quick
					    ? "it takes too long"
					    : "its command is not installed");
	}
}

static int measure(struct bench *bench)
{
	bool quick = bench->report->quick;
	int r = 0;

	for (int i = 0; i < (quick ? ROUNDS_QUICK : ROUNDS) && r == 0; i++)
		r = run_round(bench, i);
	/* for a while both versions are in it */
	if (r == 0)
		r = write_config(bench, "hosts4: 3000000\n");
	for (int i = 0; i < (quick ? BUSY_QUICK : BUSY_ROUNDS) && r == 0; i++)
		r = run_busy_round(bench);
	if (r == 0)
		report_all(bench);
	return r;
}

int main(int argc, char **argv)
{
	static struct bench bench = {
		.full = {.name = "full", .goal_s = GOAL_FULL_S},
		.delta = {.name = "delta", .goal_s = GOAL_DELTA_S},
	};
	static struct report report;
	int r;

	report_begin(&report, argc, argv);
	bench.report = &report;
	r = wire_enter();
	if (r == 0)
		r = bench_open(&bench);
	if (r == 0)
		r = measure(&bench);
	bench_close(&bench);
	if (r < 0) {
		(void)fprintf(stderr, "feeds: %s\n", strerror(-r));
		return 1;
	}
	report_end(&report);
	return 0;
}
