// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * detect - one event against all detection rules that load.
 *
 * The rules are those that are shipped and those of SigmaHQ below
 * PORTCULLIS_DATA, and the events of two kinds: what the atomic tests beside
 * them would execute, a line of a test's script each, and the rules' own
 * witnesses. They come again and again, each time in another order.
 *
 *	exec	one execution of a program, a clock around it: the median of its
 *		turns, for the machine takes 25 us now and then from whatever
 *		runs; of these medians the 50th and the 99th percent
 *	rate	all events, and how long this thread had the processor
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "perf/support/dice.h"
#include "perf/support/report.h"
#include "rules/base.h"
#include "rules/detect/detect.h"
#include "rules/detect/folder.h"
#include "rules/detect/sigma.h"
#include "tests/support/witness.h"

#define SEED	     20240302
#define ROUNDS	     20
#define ROUNDS_QUICK 3
#define TURNS	     21
#define EVENTS_MAX   16384
#define PATH_BYTES   4096
#define LINE_MAX     65536

struct subject {
	struct witness witness;
	uint32_t times_ns[TURNS];
};

enum {
	SHIPPED,
	SIGMA,
	FOLDERS
};

struct bench {
	struct detect_folder folders[FOLDERS];
	const struct detect_rule **rules; /* of both */
	size_t rule_count;
	struct detect_engine *engine;
	struct detect_scratch *scratch;
	struct subject *subjects[EVENTS_MAX]; /* all events */
	size_t count, exec_count; /* EVENT_EXEC are the first */
	uint64_t told;
	struct dice dice;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void tell(void *arg, const struct detect_rule *rule, size_t index)
{
	struct bench *bench = arg;

	(void)rule;
	bench->told += index + 1;
}

static struct event_text keep(struct witness *witness, const char *bytes,
			      size_t len)
{
	return (struct event_text){
		.bytes = arena_copy(&witness->arena, bytes, len),
		.len = (uint32_t)len,
	};
}

static struct witness *new_event(struct bench *bench)
{
	struct subject *subject = NULL;

	if (bench->count < EVENTS_MAX)
		subject = calloc(1, sizeof(*subject));
	if (!subject)
		return NULL;
	bench->subjects[bench->count++] = subject;
	return &subject->witness;
}

/* A line of a script as the program it executes. */
static int add_exec(struct bench *bench, const char *line, size_t len)
{
	struct witness *witness = new_event(bench);
	struct event_text *words;
	char image[PATH_BYTES];
	const char *at = line, *end = line + len;

	if (!witness)
		return -ENOSPC;
	words = witness->event.words;
	while (at < end && witness->event.arg_count < EVENT_ARGS_MAX) {
		size_t word = strcspn(at, " \n");

		if (word > 0)
			witness->event.args[witness->event.arg_count++] =
				keep(witness, at, word);
		at += word + (at + word < end);
	}
	(void)snprintf(image, sizeof(image), "%s%.*s",
		       *line == '/' ? "" : "/usr/bin/",
		       (int)strcspn(line, " \n"), line);
	words[EVENT_IMAGE] = keep(witness, image, strlen(image));
	words[EVENT_IMAGE_ASKED] = words[EVENT_IMAGE];
	words[EVENT_COMMAND_LINE] = keep(witness, line, len);
	words[EVENT_DIRECTORY] = keep(witness, "/tmp/atomics", 12);
	words[EVENT_USER] = keep(witness, "root", 4);
	words[EVENT_COMM] = keep(witness, "bash", 4);
	words[EVENT_PARENT_IMAGE] = keep(witness, "/usr/bin/bash", 13);
	words[EVENT_PARENT_COMMAND_LINE] = keep(witness, "bash -l", 7);
	return 0;
}

static int add_script(struct bench *bench, const char *script)
{
	int r = 0;

	while (r >= 0 && *script != '\0') {
		size_t len = strcspn(script, "\n");

		if (len > 0)
			r = add_exec(bench, script, len);
		script += len + (script[len] != '\0');
	}
	return r;
}

static int add_atomics(struct bench *bench, const char *data)
{
	static char line[LINE_MAX];
	char path[PATH_BYTES];
	FILE *file;
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/sigma-linux/atomics-linux.jsonl",
		       data);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (r >= 0 && fgets(line, sizeof(line), file)) {
		json_t *test = json_loads(line, 0, NULL);
		const char *script =
			json_string_value(json_object_get(test, "command"));

		if (script)
			r = add_script(bench, script);
		json_decref(test);
	}
	(void)fclose(file);
	return r;
}

static int add_witnesses(struct bench *bench, bool is_exec)
{
	const uint32_t exec = 1u << EVENT_EXEC;

	for (size_t i = 0; i < bench->rule_count; i++) {
		struct witness made, *kept;

		if (witness_make(bench->rules[i],
				 is_exec ? exec : DETECT_KINDS_KERNEL & ~exec,
				 i, &made) < 0)
			continue;
		kept = new_event(bench);
		if (!kept)
			return -ENOSPC;
		*kept = made;
	}
	return 0;
}

/* Each once, then in another order. */
static void shuffle(struct bench *bench, size_t from, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = from + dice_below(&bench->dice, i);
		struct subject *held = bench->subjects[from + i - 1];

		bench->subjects[from + i - 1] = bench->subjects[other];
		bench->subjects[other] = held;
	}
}

static int read_rules(struct bench *bench, const char *data)
{
	const struct detect_folder *folders = bench->folders;
	char path[PATH_BYTES];
	int r;

	(void)snprintf(path, sizeof(path), "%s/sigma-linux", data);
	r = detect_folder_read(PERF_SOURCE_DIR "/rules/default/detect",
			       DETECT_KINDS_KERNEL, &bench->folders[SHIPPED]);
	if (r >= 0)
		r = detect_folder_read(path, DETECT_KINDS_KERNEL,
				       &bench->folders[SIGMA]);
	if (r < 0)
		return r;
	bench->rules = calloc(folders[SHIPPED].rule_count +
				      folders[SIGMA].rule_count + 1,
			      sizeof(struct detect_rule *));
	if (!bench->rules)
		return -ENOMEM;
	for (int i = 0; i < FOLDERS; i++)
		for (size_t j = 0; j < folders[i].rule_count; j++)
			bench->rules[bench->rule_count++] = folders[i].rules[j];
	return 0;
}

static int prepare(struct bench *bench, const char *data)
{
	int r = read_rules(bench, data);

	if (r >= 0)
		r = detect_new(bench->rules, bench->rule_count, &bench->engine);
	if (r >= 0)
		r = detect_scratch_new(bench->engine, &bench->scratch);
	if (r >= 0)
		r = add_atomics(bench, data);
	if (r >= 0)
		r = add_witnesses(bench, true);
	bench->exec_count = bench->count;
	if (r >= 0)
		r = add_witnesses(bench, false);
	return r;
}

static void match(struct bench *bench, size_t index)
{
	detect_match(bench->engine, &bench->subjects[index]->witness.event,
		     bench->scratch, tell, bench);
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

static void time_exec(struct bench *bench, struct sample *p50,
		      struct sample *p99)
{
	static uint32_t medians[EVENTS_MAX];
	size_t count = bench->exec_count, middle, nearly_last;

	for (int turn = 0; turn < TURNS; turn++) {
		shuffle(bench, 0, count);
		for (size_t i = 0; i < count; i++) {
			uint64_t start_ns = clock_ns(CLOCK_MONOTONIC);

			match(bench, i);
			bench->subjects[i]->times_ns[turn] =
				(uint32_t)(clock_ns(CLOCK_MONOTONIC) -
					   start_ns);
		}
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t *times_ns = bench->subjects[i]->times_ns;

		qsort(times_ns, TURNS, sizeof(*times_ns), by_value);
		medians[i] = times_ns[TURNS / 2];
	}
	qsort(medians, count, sizeof(*medians), by_value);
	middle = count / 2;
	nearly_last = count - 1 - count / 100;
	sample_add(p50, medians[middle]);
	sample_add(p99, medians[nearly_last]);
}

static void time_all(struct bench *bench, struct sample *rate)
{
	uint64_t start_ns;

	shuffle(bench, 0, bench->exec_count);
	shuffle(bench, bench->exec_count, bench->count - bench->exec_count);
	start_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (int turn = 0; turn < TURNS; turn++) {
		for (size_t i = 0; i < bench->count; i++)
			match(bench, i);
	}
	sample_add(rate, TURNS * (double)bench->count * 1e9 /
				 (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) -
					  start_ns));
}

static void measure(struct bench *bench, struct report *report)
{
	struct detect_size size = detect_size(bench->engine);
	struct sample p50 = {.count = 0}, p99 = {.count = 0},
		      rate = {.count = 0};
	int rounds = report->quick ? ROUNDS_QUICK : ROUNDS;

	report_note(report,
		    "%zu rules, %zu in views, %zu literals, %zu states, %zu "
		    "KiB; %zu executions, %zu other events",
		    size.rule_count, size.variant_count, size.literal_count,
		    size.state_count, size.bytes / 1024, bench->exec_count,
		    bench->count - bench->exec_count);
	for (int round = 0; round < rounds; round++) {
		time_exec(bench, &p50, &p99);
		time_all(bench, &rate);
	}
	report_row(report, &(struct row){.name = "detect/exec/p50_ns",
					 .unit = "ns",
					 .sample = &p50,
					 .at_most = 5000});
	report_row(report, &(struct row){.name = "detect/exec/p99_ns",
					 .unit = "ns",
					 .sample = &p99,
					 .at_most = 20000});
	report_row(report, &(struct row){.name = "detect/rate",
					 .unit = "/s",
					 .sample = &rate,
					 .at_least = 200000});
}

static void bench_free(struct bench *bench)
{
	if (!bench)
		return;
	for (size_t i = 0; i < bench->count; i++) {
		witness_done(&bench->subjects[i]->witness);
		free(bench->subjects[i]);
	}
	detect_scratch_free(bench->scratch);
	detect_free(bench->engine);
	free(bench->rules);
	for (int i = 0; i < FOLDERS; i++)
		detect_folder_done(&bench->folders[i]);
	free(bench);
}
DEFINE_CLEANUP(struct bench *, bench_free)

static int run(struct report *report, const char *data)
{
	CLEANUP(bench_freep) struct bench *bench = calloc(1, sizeof(*bench));
	int r;

	if (!bench)
		return -ENOMEM;
	bench->dice.state = SEED;
	r = prepare(bench, data);
	if (r >= 0)
		measure(bench, report);
	return r;
}

int main(int argc, char **argv)
{
	const char *data = getenv("PORTCULLIS_DATA");
	struct report report;
	int r = 0;

	report_begin(&report, argc, argv);
	if (data)
		r = run(&report, data);
	else
		report_skip(&report, "detect", "PORTCULLIS_DATA is not set");
	if (r < 0) {
		(void)fprintf(stderr, "detect: %s\n", strerror(-r));
		return 1;
	}
	report_end(&report);
	return 0;
}
