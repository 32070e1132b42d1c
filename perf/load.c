// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load - a million entries from a file to enforced and durable, by `fwctl set
 * import`; the memory that takes; and how long the daemon needs to start with
 * them in its store.
 *
 * Each round has a fresh daemon with an empty store. The file is in the page
 * cache, as a feed is that was just fetched.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perf/support/gateway.h"
#include "perf/support/list.h"
#include "perf/support/report.h"

#define SEED	     20240301
#define ENTRY_COUNT  1000000
#define ROUNDS	     7
#define ROUNDS_QUICK 3
#define GOAL_S	     1.0
#define GOAL_MIB     256

enum figure {
	FIGURE_SECONDS, /* from before fwctl starts until it has ended */
	FIGURE_MIB, /* of the daemon, after the import */
	FIGURE_MIB_PEAK, /* and at its worst */
	FIGURE_PARSE,
	FIGURE_COMMIT,
	FIGURE_APPLY,
	FIGURE_TOOL, /* the rest: fwctl, and the way to the daemon */
	FIGURE_AGAIN, /* the same list once more: nothing changes */
	FIGURE_RESTART, /* until the daemon answers with all of it */
	FIGURE_COUNT,
};

static const struct {
	const char *name;
	const char *unit;
	double at_most;
} figures[] = {
	[FIGURE_SECONDS] = {"load/1000000/seconds", "s", GOAL_S},
	[FIGURE_MIB] = {"load/1000000/mib", "MiB", GOAL_MIB},
	[FIGURE_MIB_PEAK] = {"load/1000000/mib/peak", "MiB", 0},
	[FIGURE_PARSE] = {"load/1000000/seconds/parse", "s", 0},
	[FIGURE_COMMIT] = {"load/1000000/seconds/commit", "s", 0},
	[FIGURE_APPLY] = {"load/1000000/seconds/apply", "s", 0},
	[FIGURE_TOOL] = {"load/1000000/seconds/fwctl", "s", 0},
	[FIGURE_AGAIN] = {"load/1000000/again", "s", 0},
	[FIGURE_RESTART] = {"load/1000000/restart", "s", 0},
};
_Static_assert(ARRAY_LEN(figures) == FIGURE_COUNT, "");

struct bench {
	struct report *report;
	struct gateway gateway;
	char list_path[GATEWAY_PATH_MAX + 16];
	char answer_path[GATEWAY_PATH_MAX + 16];
	struct sample samples[FIGURE_COUNT];
};

static void note(struct bench *bench, enum figure figure, double value)
{
	sample_add(&bench->samples[figure], value);
}

static int write_list(const char *path)
{
	struct dice dice = {.state = SEED};
	struct list list = {0};
	FILE *file = fopen(path, "we");
	int r = file ? list_make_v4(&dice, ENTRY_COUNT, &list) : -errno;

	for (size_t i = 0; r == 0 && i < list.count; i++) {
		char text[PREFIX_TEXT_MAX];

		(void)fprintf(file, "%s\n",
			      prefix_to_text(&list.prefixes[i], text));
	}
	list_done(&list);
	if (file && fclose(file) != 0 && r == 0)
		r = -errno;
	return r;
}

/* Import the list; what the daemon says to it. The caller owns *ret_answer. */
static int import(struct bench *bench, double *ret_s, json_t **ret_answer)
{
	const char *const argv[] = {bench->gateway.fwctl,
				    "--json",
				    "--socket",
				    bench->gateway.socket,
				    "set",
				    "import",
				    "million",
				    bench->list_path,
				    NULL};
	int r = gateway_spawn(argv, bench->answer_path, ret_s);

	if (r < 0)
		return r;
	*ret_answer = json_load_file(bench->answer_path, 0, NULL);
	return *ret_answer ? 0 : -EPROTO;
}

static double number_of(const json_t *answer, const char *name)
{
	return json_number_value(json_object_get(answer, name));
}

static int first_import(struct bench *bench)
{
	json_t *answer;
	double took_s, rest_s;
	int r = import(bench, &took_s, &answer);

	if (r < 0)
		return r;
	note(bench, FIGURE_SECONDS, took_s);
	note(bench, FIGURE_PARSE, number_of(answer, "parse_us") / 1e6);
	note(bench, FIGURE_COMMIT, number_of(answer, "commit_us") / 1e6);
	note(bench, FIGURE_APPLY, number_of(answer, "apply_us") / 1e6);
	rest_s = took_s - (number_of(answer, "parse_us") +
			   number_of(answer, "commit_us") +
			   number_of(answer, "apply_us")) /
				  1e6;
	note(bench, FIGURE_TOOL, rest_s);
	if (number_of(answer, "entries") != ENTRY_COUNT)
		r = -EBADMSG;
	json_decref(answer);
	return r;
}

static int second_import(struct bench *bench)
{
	json_t *answer;
	double took_s;
	int r = import(bench, &took_s, &answer);

	if (r < 0)
		return r;
	note(bench, FIGURE_AGAIN, took_s);
	if (number_of(answer, "added") != 0)
		r = -EBADMSG;
	json_decref(answer);
	return r;
}

static int measure_memory(struct bench *bench)
{
	double mib, peak_mib;
	int r = gateway_memory(&bench->gateway, &mib, &peak_mib);

	if (r < 0)
		return r;
	note(bench, FIGURE_MIB, mib);
	note(bench, FIGURE_MIB_PEAK, peak_mib);
	return 0;
}

static int run_round(struct bench *bench)
{
	double took_s;
	int r = gateway_start(&bench->gateway, &took_s);

	if (r == 0)
		r = first_import(bench);
	if (r == 0)
		r = measure_memory(bench);
	if (r == 0)
		r = second_import(bench);
	if (r == 0)
		r = gateway_stop(&bench->gateway);
	if (r == 0)
		r = gateway_start(&bench->gateway, &took_s);
	if (r < 0)
		return r;
	note(bench, FIGURE_RESTART, took_s);
	return gateway_forget(&bench->gateway);
}

static int measure(struct bench *bench)
{
	int rounds = bench->report->quick ? ROUNDS_QUICK : ROUNDS;
	int r;

	(void)snprintf(bench->list_path, sizeof(bench->list_path), "%s/list",
		       bench->gateway.dir);
	(void)snprintf(bench->answer_path, sizeof(bench->answer_path),
		       "%s/answer", bench->gateway.dir);
	r = write_list(bench->list_path);
	for (int i = 0; i < rounds && r == 0; i++)
		r = run_round(bench);
	if (r < 0)
		return r;

	report_note(bench->report,
		    "%d entries: 60 %% /32, 30 %% /24, 10 %% /16 to /23; the "
		    "store is on %s; each round has a fresh daemon",
		    ENTRY_COUNT, bench->gateway.disk);
	for (int i = 0; i < FIGURE_COUNT; i++)
		report_row(bench->report,
			   &(struct row){.name = figures[i].name,
					 .unit = figures[i].unit,
					 .sample = &bench->samples[i],
					 .at_most = figures[i].at_most});
	return 0;
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
		r = gateway_open(&bench.gateway);
	if (r == 0) {
		r = measure(&bench);
		gateway_close(&bench.gateway);
	}
	if (r < 0) {
		(void)fprintf(stderr, "load: %s\n", strerror(-r));
		return 1;
	}
	report_end(&report);
	return 0;
}
