// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * update - a block in the daemon, from its request decoded to the address
 * stored in the table; idle, and while packets flow through the gate and a
 * list of a million is imported again and again; and the whole of `fwctl
 * block`, from before it is started to its end.
 *
 * The times are the daemon's own: it keeps a histogram (status.latency), in
 * which the first address of a request waits from the request's decoding on,
 * and each further one from the one before. Each round has a fresh daemon with
 * an empty store, so what its first blocks cost is in there too.
 *
 *	idle		one address a request, on many connections at once, so
 *			that one write to the disk serves many
 *	busy		many addresses a request: answers wait for the import,
 *			whose place on the daemon's one other thread they share,
 *			and a million single requests would take hours
 *	busy/single	one address a request, as many as there is time for
 *
 * Busy, frames and imports are ordinary tasks, the former on the last CPU.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "perf/support/plain.h"

#include "live.skel.h"

#include "perf/support/blocks.h"
#include "perf/support/flood.h"
#include "perf/support/gateway.h"
#include "perf/support/list.h"
#include "perf/support/report.h"
#include "perf/support/shell.h"
#include "perf/support/spin.h"

#define SEED	       20240302
#define LIST_COUNT     1000000
#define ROUNDS	       5
#define ROUNDS_QUICK   2
#define TRIPS	       250
#define START_TRIES    20000
#define START_STEP_US  1000
#define TRIPS_QUICK    200
#define FRAMES_AT_ONCE 65536
#define SPIN_NS	       3000 /* about a block */
#define SPIN_COUNT     1000000
#define GOAL_P99_US    20
#define GOAL_MAX_US    1000
#define GOAL_TRIP_US   2000

enum quantile {
	QUANTILE_P50,
	QUANTILE_P99,
	QUANTILE_P999,
	QUANTILE_MAX,
	QUANTILE_COUNT,
};

static const struct {
	const char *name;
	const char *key; /* in status.latency */
	double at_most;
} quantiles[] = {
	[QUANTILE_P50] = {"p50", "p50_us", 0},
	[QUANTILE_P99] = {"p99", "p99_us", GOAL_P99_US},
	[QUANTILE_P999] = {"p999", "p999_us", 0},
	[QUANTILE_MAX] = {"max", "max_us", GOAL_MAX_US},
};
_Static_assert(ARRAY_LEN(quantiles) == QUANTILE_COUNT, "");

struct bench {
	struct report *report;
	struct gateway gateway;
	struct live *skel;
	struct list list;
	char list_path[GATEWAY_PATH_MAX + 16];
	struct flood flood; /* half of its frames from listed sources */
	atomic_bool is_over; /* the imports are to end */
	unsigned int imports; /* done in all busy rounds */
	uint64_t frames; /* sent in all busy rounds */
	double busy_s; /* that took */
};

/* What is blocked in a round. */
struct series {
	const char *name;
	int addresses; /* a request */
	int requests;
	int requests_quick;
	bool is_busy;
};

static const struct series all_series[] = {
	{"update/idle", 1, 200000, 8000, false},
	{"update/busy", 256, 800, 120, true},
	{"update/busy/single", 1, 1200, 120, true},
};

struct sums {
	struct sample samples[QUANTILE_COUNT];
	double count; /* blocks measured */
};

/* What else goes on. */

static void *import_lists(void *arg)
{
	struct bench *bench = arg;
	const struct gateway *gateway = &bench->gateway;
	const char *const import[] = {
		gateway->fwctl, "--socket", gateway->socket,  "set",
		"import",	"million",  bench->list_path, NULL};
	const char *const drop[] = {
		gateway->fwctl, "--socket", gateway->socket, "set", "drop",
		"million",	NULL};
	double took_s;

	while (!atomic_load(&bench->is_over)) {
		if (gateway_spawn(import, NULL, &took_s) < 0)
			break;
		bench->imports++;
		if (gateway_spawn(drop, NULL, &took_s) < 0)
			break;
	}
	return NULL;
}

/* Until the daemon is at it. */
static int wait_for_import(const struct bench *bench)
{
	for (int i = 0; i < START_TRIES; i++) {
		json_t *status;
		size_t busy;
		int r = gateway_ask(&bench->gateway, REQ_STATUS, json_object(),
				    &status);

		if (r < 0)
			return r;
		busy = json_array_size(json_object_get(status, "busy"));
		json_decref(status);
		if (busy > 0)
			return 0;
		(void)usleep(START_STEP_US);
	}
	(void)fprintf(stderr, "no import has begun\n");
	return -ETIMEDOUT;
}

static int block(const struct bench *bench, const struct series *series)
{
	return blocks_send(bench->gateway.socket, BLOCKS_CONNECTIONS,
			   bench->report->quick ? series->requests_quick
						: series->requests,
			   series->addresses);
}

static int block_busy(struct bench *bench, const struct series *series)
{
	pthread_t imports;
	double start_s = gateway_clock_s();
	bool has_imports;
	int r;

	atomic_store(&bench->is_over, false);
	r = flood_start(&bench->flood,
			bpf_program__fd(bench->skel->progs.generate),
			FRAMES_AT_ONCE);
	if (r < 0)
		return r;
	r = -pthread_create(&imports, NULL, import_lists, bench);
	has_imports = r == 0;
	if (r == 0)
		r = wait_for_import(bench);
	if (r == 0)
		r = block(bench, series);
	atomic_store(&bench->is_over, true);
	flood_stop(&bench->flood);
	bench->frames += bench->flood.frames;
	bench->busy_s += gateway_clock_s() - start_s;
	if (has_imports)
		(void)pthread_join(imports, NULL);
	return r;
}

/* Rounds. */

static int read_latency(const struct bench *bench, struct sums *sums)
{
	json_t *status;
	const json_t *latency;
	int r = gateway_ask(&bench->gateway, REQ_STATUS, json_object(),
			    &status);

	if (r < 0)
		return r;
	latency = json_object_get(status, "latency");
	for (int i = 0; i < QUANTILE_COUNT; i++)
		sample_add(&sums->samples[i],
			   json_number_value(
				   json_object_get(latency, quantiles[i].key)));
	sums->count += json_number_value(json_object_get(latency, "count"));
	json_decref(status);
	return 0;
}

static int run_round(struct bench *bench, const struct series *series,
		     struct sums *sums)
{
	double took_s;
	int r = gateway_start(&bench->gateway, &took_s);

	if (r == 0)
		r = series->is_busy ? block_busy(bench, series)
				    : block(bench, series);
	if (r == 0)
		r = read_latency(bench, sums);
	return r < 0 ? r : gateway_forget(&bench->gateway);
}

/* Of the maxima only the largest is true for all samples. */
static void report_sums(struct report *report, const struct series *series,
			struct sums *sums)
{
	double worst_us = sample_max(&sums->samples[QUANTILE_MAX]);

	sums->samples[QUANTILE_MAX].count = 0;
	sample_add(&sums->samples[QUANTILE_MAX], worst_us);
	report_note(report, "%s: %.0f blocks, %d in a request", series->name,
		    sums->count, series->addresses);
	for (int i = 0; i < QUANTILE_COUNT; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%s/%s", series->name,
			       quantiles[i].name);
		report_row(report,
			   &(struct row){.name = name,
					 .unit = "us",
					 .sample = &sums->samples[i],
					 .at_most = quantiles[i].at_most});
	}
}

static int run_series(struct bench *bench, const struct series *series)
{
	struct sums sums = {0};
	int rounds = bench->report->quick ? ROUNDS_QUICK : ROUNDS;
	int r = 0;

	for (int i = 0; i < rounds && r == 0; i++)
		r = run_round(bench, series, &sums);
	if (r == 0)
		report_sums(bench->report, series, &sums);
	return r;
}

/* What a span as long as a block is without one. */
static void report_machine(struct report *report)
{
	static const uint32_t per_million[] = {500000, 990000, 999000, 1000000};
	static struct latency latency;

	_Static_assert(ARRAY_LEN(per_million) == QUANTILE_COUNT, "");
	spin_measure(SPIN_COUNT, SPIN_NS, &latency);
	for (int i = 0; i < QUANTILE_COUNT; i++) {
		struct sample sample = {0};
		char name[64];

		(void)snprintf(name, sizeof(name), "update/machine/%s",
			       quantiles[i].name);
		sample_add(&sample, (double)latency_quantile_ns(
					    &latency, per_million[i]) /
					    1000);
		report_row(report, &(struct row){.name = name,
						 .unit = "us",
						 .sample = &sample});
	}
}

/* Commands, each in turn with what others take. */

enum trip {
	TRIP_FWCTL,
	TRIP_IPSET,
	TRIP_TRUE, /* what any process takes */
	TRIP_COUNT,
};

static const char *const trip_names[] = {
	[TRIP_FWCTL] = "update/fwctl/p50",
	[TRIP_IPSET] = "update/ipset/p50",
	[TRIP_TRUE] = "update/true/p50",
};
_Static_assert(ARRAY_LEN(trip_names) == TRIP_COUNT, "");

static int make_trips(const struct bench *bench, uint32_t address,
		      struct sample samples[TRIP_COUNT])
{
	const struct prefix host = prefix_of_v4(address, 32);
	char text[PREFIX_TEXT_MAX];
	const char *const commands[TRIP_COUNT][8] = {
		[TRIP_FWCTL] = {bench->gateway.fwctl, "--socket",
				bench->gateway.socket, "block", text},
		[TRIP_IPSET] = {"ipset", "add", "perf", text},
		[TRIP_TRUE] = {"true"},
	};
	bool has_ipset = shell_has("ipset");
	int r = 0;

	(void)prefix_to_text(&host, text);
	for (int i = 0; i < TRIP_COUNT && r == 0; i++) {
		double took_s = 0;

		if (i == TRIP_IPSET && !has_ipset)
			continue;
		r = gateway_spawn(commands[i], NULL, &took_s);
		if (r == 0)
			sample_add(&samples[i], took_s * 1e6);
	}
	return r;
}

static void report_trips(struct report *report,
			 const struct sample samples[TRIP_COUNT])
{
	const struct sample *ours = &samples[TRIP_FWCTL];
	const struct sample *ipset = &samples[TRIP_IPSET];
	struct sample ratios = {0};

	for (int i = 0; i < ours->count && i < ipset->count; i++)
		sample_add(&ratios, ours->values[i] / ipset->values[i]);
	report_row(report,
		   &(struct row){.name = trip_names[TRIP_FWCTL],
				 .unit = "us",
				 .sample = ours,
				 .baseline = ipset->count
						     ? trip_names[TRIP_IPSET]
						     : NULL,
				 .ratios = ipset->count ? &ratios : NULL,
				 .at_most = GOAL_TRIP_US});
	for (int i = TRIP_IPSET; i < TRIP_COUNT; i++)
		if (samples[i].count)
			report_row(report,
				   &(struct row){.name = trip_names[i],
						 .unit = "us",
						 .sample = &samples[i]});
		else
			report_skip(report, trip_names[i],
				    "its command is not installed");
}

static int run_trips(struct bench *bench)
{
	struct sample samples[TRIP_COUNT] = {0};
	int trips = bench->report->quick ? TRIPS_QUICK : TRIPS;
	uint32_t state = 0;
	double took_s;
	int r = gateway_start(&bench->gateway, &took_s);

	if (r == 0 && shell_has("ipset"))
		r = shell_run("ipset create perf hash:net maxelem 100000");
	for (int i = 0; i < trips && r == 0; i++)
		r = make_trips(bench, blocks_next(&state), samples);
	if (r == 0)
		r = gateway_forget(&bench->gateway);
	if (r == 0)
		report_trips(bench->report, samples);
	return r;
}

/* All of it. */

static int bench_open(struct bench *bench)
{
	struct dice dice = {.state = SEED};
	int r = gateway_open(&bench->gateway);

	if (r == 0)
		r = list_make_v4(&dice, LIST_COUNT, &bench->list);
	if (r < 0)
		return r;
	(void)snprintf(bench->list_path, sizeof(bench->list_path), "%s/list",
		       bench->gateway.dir);
	r = list_write(&bench->list, bench->list_path);
	if (r < 0)
		return r;

	bench->skel = live__open_and_load();
	if (!bench->skel)
		return -errno;
	bench->skel->bss->target = (uint32_t)bench->gateway.wire.ifindex;
	for (size_t i = 0; i < ARRAY_LEN(bench->skel->bss->addresses4); i++) {
		struct prefix host =
			i % 2 ? list_any_v4(&dice)
			      : list_draw(&bench->list, 0, bench->list.count,
					  &dice);

		bench->skel->bss->addresses4[i] = prefix_addr_v4(&host);
	}
	return 0;
}

static void bench_close(struct bench *bench)
{
	live__destroy(bench->skel);
	gateway_close(&bench->gateway);
	list_done(&bench->list);
}

static int measure(struct bench *bench)
{
	int r = 0;

	report_note(bench->report,
		    "%d connections have a request under way each; a fresh "
		    "daemon each round; the store is on %s; max is the largest "
		    "of all rounds",
		    BLOCKS_CONNECTIONS, bench->gateway.disk);
	report_machine(bench->report);
	for (size_t i = 0; i < ARRAY_LEN(all_series) && r == 0; i++)
		r = run_series(bench, &all_series[i]);
	if (r < 0)
		return r;
	report_note(bench->report,
		    "busy: %.2f Mpps through the gate, half of them listed; "
		    "%u imports of %d entries in %.1f s",
		    (double)bench->frames / bench->busy_s / 1e6, bench->imports,
		    LIST_COUNT, bench->busy_s);
	return run_trips(bench);
}

int main(int argc, char **argv)
{
	static struct bench bench;
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
		(void)fprintf(stderr, "update: %s\n", strerror(-r));
		return 1;
	}
	report_end(&report);
	return 0;
}
