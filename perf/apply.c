// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apply - a policy of 4,096 rules and a set of a million members is replaced
 * by another while packets flow at full rate, by `fwctl policy apply` and the
 * real daemon.
 *
 * Packets of four kinds take turns and are numbered: the policies agree about
 * two of the kinds, and the verdicts of the other two change places. Behind
 * the gate it is noted which numbers came, so that of each packet it is known
 * which policy judged it:
 *
 *	apply/seconds		from before fwctl is started to the first packet
 *				that the new policy passes and the old one drops
 *	apply/daemon/seconds	of that what fwd says it took, and its parts
 *	apply/first/seconds	the whole of fwctl for the first policy, when
 *				no member of its set is there yet
 *	apply/mixed		packets judged by the old policy behind one that
 *				the new one judged, or the reverse
 *	apply/gap_packets	the longest run with a packet in every four that
 *				neither policy could have judged so
 *	apply/mib		largest resident set of fwd
 *
 * A packet lost before the gate looks like one that was dropped; the driver's
 * count says how many there were.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "perf/apply.h"

#include "apply.skel.h"

#include "perf/support/flood.h"
#include "perf/support/gateway.h"
#include "perf/support/judge.h"
#include "perf/support/list.h"
#include "perf/support/report.h"
#include "perf/support/shell.h"
#include "rules/document.h"

#define SEED	       20240303
#define MEMBER_COUNT   1000000
#define RULE_COUNT     4096
#define ROUNDS	       5
#define ROUNDS_QUICK   2
#define FRAMES_AT_ONCE 4096
#define FRAMES_AROUND  100000 /* sent before and after */
#define WAIT_TRIES     60000
#define WAIT_STEP_US   1000
#define GOAL_S	       1.5
#define GOAL_NONE      0.5 /* packets; a target of 0 is none at all */

enum figure {
	FIGURE_SECONDS,
	FIGURE_DAEMON,
	FIGURE_PREPARE,
	FIGURE_FILL,
	FIGURE_LOAD,
	FIGURE_SWAP,
	FIGURE_FIRST,
	FIGURE_MIXED,
	FIGURE_GAP,
	FIGURE_MIB,
	FIGURE_COUNT,
};

static const struct row rows[] = {
	[FIGURE_SECONDS] = {.name = "apply/seconds",
			    .unit = "s",
			    .at_most = GOAL_S},
	[FIGURE_DAEMON] = {.name = "apply/daemon/seconds", .unit = "s"},
	[FIGURE_PREPARE] = {.name = "apply/prepare/seconds", .unit = "s"},
	[FIGURE_FILL] = {.name = "apply/fill/seconds", .unit = "s"},
	[FIGURE_LOAD] = {.name = "apply/load/seconds", .unit = "s"},
	[FIGURE_SWAP] = {.name = "apply/swap/seconds", .unit = "s"},
	[FIGURE_FIRST] = {.name = "apply/first/seconds", .unit = "s"},
	[FIGURE_MIXED] = {.name = "apply/mixed",
			  .unit = "packets",
			  .at_most = GOAL_NONE},
	[FIGURE_GAP] = {.name = "apply/gap_packets",
			.unit = "packets",
			.at_most = GOAL_NONE},
	[FIGURE_MIB] = {.name = "apply/mib", .unit = "MiB"},
};
_Static_assert(ARRAY_LEN(rows) == FIGURE_COUNT, "");

/* What fwd says of an apply, in microseconds. */
static const struct {
	enum figure figure;
	const char *key;
} spans[] = {
	{FIGURE_DAEMON, "took_us"}, {FIGURE_PREPARE, "prepare_us"},
	{FIGURE_FILL, "fill_us"},   {FIGURE_LOAD, "load_us"},
	{FIGURE_SWAP, "swap_us"},
};

struct bench {
	struct report *report;
	struct gateway gateway;
	struct apply *skel;
	struct ruleset ruleset;
	char old_path[GATEWAY_PATH_MAX + 16];
	char new_path[GATEWAY_PATH_MAX + 16];
	char list_path[GATEWAY_PATH_MAX + 16];
	char answer_path[GATEWAY_PATH_MAX + 16];
	struct flood flood;
	uint64_t lost, frames; /* in all rounds */
	double traffic_s; /* that took */
	struct sample samples[FIGURE_COUNT];
};

/* Documents. */

static int put_kind(struct policy *policy, enum apply_kind kind, bool is_new)
{
	const bool passes[APPLY_KINDS] = {
		[APPLY_ALWAYS] = true,
		[APPLY_NEVER] = false,
		[APPLY_BEFORE] = !is_new,
		[APPLY_AFTER] = is_new,
	};
	struct rule *rule = &policy->rules[kind];

	*rule = (struct rule){.directions = DIRECTION_IN};
	(void)snprintf(rule->id, sizeof(rule->id), "kind-%d", (int)kind);
	rule->action = passes[kind] ? RULE_PASS : RULE_DROP;
	rule->source.prefixes = calloc(1, sizeof(*rule->source.prefixes));
	if (!rule->source.prefixes)
		return -ENOMEM;
	rule->source.prefixes[0] = prefix_of_v4(APPLY_SOURCE | kind, 32);
	rule->source.prefix_count = 1;
	return 0;
}

/* Ahead of all others. */
static int put_kinds(struct policy *policy, bool is_new)
{
	size_t count = policy->rule_count + APPLY_KINDS;
	struct rule *rules = realloc(policy->rules, count * sizeof(*rules));
	int r = 0;

	if (!rules)
		return -ENOMEM;
	memmove(rules + APPLY_KINDS, rules,
		policy->rule_count * sizeof(*rules));
	memset(rules, 0, APPLY_KINDS * sizeof(*rules));
	policy->rules = rules;
	policy->rule_count = count;
	for (int kind = 0; kind < APPLY_KINDS && r == 0; kind++)
		r = put_kind(policy, (enum apply_kind)kind, is_new);
	return r;
}

static int put_set(const struct bench *bench, struct policy *policy)
{
	struct policy_set *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	policy->sets = set;
	policy->set_count = 1;
	(void)snprintf(set->set.name, sizeof(set->set.name), JUDGE_SET);
	set->set.action = SET_NONE;
	set->set.kind = SET_STATIC;
	set->set.capacity = MEMBER_COUNT;
	set->files = calloc(1, sizeof(*set->files));
	if (!set->files)
		return -ENOMEM;
	set->files[0] = strdup(bench->list_path);
	set->file_count = set->files[0] ? 1 : 0;
	return set->files[0] ? 0 : -ENOMEM;
}

static int write_document(const struct bench *bench, const char *path,
			  bool is_new)
{
	FILE *file = fopen(path, "we");
	struct policy policy;
	int r;

	if (!file)
		return -errno;
	r = judge_make_policy(&bench->ruleset, &policy);
	if (r == 0)
		r = put_kinds(&policy, is_new);
	if (r == 0)
		r = put_set(bench, &policy);
	if (r == 0)
		r = document_print(&policy, file);
	if (fclose(file) != 0 && r == 0)
		r = -errno;
	policy_done(&policy);
	return r;
}

/* Traffic. */

static int wait_for_frames(const struct bench *bench, uint32_t more)
{
	const volatile uint32_t *sent = &bench->skel->bss->sent;
	uint32_t goal = *sent + more;

	for (int i = 0; i < WAIT_TRIES; i++) {
		if (*sent >= goal)
			return 0;
		if (*sent >= APPLY_PACKETS_MAX)
			return -ENOSPC;
		(void)usleep(WAIT_STEP_US);
	}
	return -ETIMEDOUT;
}

static int apply_policy(const struct bench *bench, const char *path,
			double *ret_s)
{
	const struct gateway *gateway = &bench->gateway;
	const char *const words[] = {
		gateway->fwctl, "--json", "--socket", gateway->socket,
		"policy",	"apply",  path,	      NULL};

	return gateway_spawn(words, bench->answer_path, ret_s);
}

/* The parts of the last one. */
static int read_spans(struct bench *bench)
{
	json_t *answer = json_load_file(bench->answer_path, 0, NULL);

	if (!answer)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		sample_add(&bench->samples[spans[i].figure],
			   json_number_value(
				   json_object_get(answer, spans[i].key)) /
				   1e6);
	json_decref(answer);
	return 0;
}

/* The second policy while packets flow; when fwctl was started. */
static int replace(struct bench *bench, double *ret_start_s)
{
	double begin_s = gateway_clock_s(), took_s;
	int r = flood_start(&bench->flood,
			    bpf_program__fd(bench->skel->progs.send),
			    FRAMES_AT_ONCE);

	if (r < 0)
		return r;
	r = wait_for_frames(bench, FRAMES_AROUND);
	*ret_start_s = gateway_clock_s();
	if (r == 0)
		r = apply_policy(bench, bench->new_path, &took_s);
	if (r == 0)
		r = wait_for_frames(bench, FRAMES_AROUND);
	flood_stop(&bench->flood);
	bench->traffic_s += gateway_clock_s() - begin_s;
	return r;
}

/* What came of it. */

static bool has_passed(const struct bench *bench, uint32_t number)
{
	return bench->skel->bss->passed[number / 8] >> number % 8 & 1;
}

/* The first that only the new policy passes. */
static uint32_t find_switch(const struct bench *bench, uint32_t sent)
{
	uint32_t number = APPLY_AFTER;

	while (number < sent && !has_passed(bench, number))
		number += APPLY_KINDS;
	return number;
}

static uint64_t count_mixed(const struct bench *bench, uint32_t sent,
			    uint32_t turn)
{
	uint64_t mixed = 0;

	for (uint32_t i = 0; i + APPLY_KINDS <= sent; i += APPLY_KINDS) {
		bool is_new = i + APPLY_AFTER >= turn;

		/* the swap may be between the two of these four */
		if (i + APPLY_AFTER != turn)
			mixed += has_passed(bench, i + APPLY_BEFORE) == is_new;
		mixed += has_passed(bench, i + APPLY_AFTER) != is_new;
	}
	return mixed;
}

static uint64_t find_gap(const struct bench *bench, uint32_t sent)
{
	uint64_t longest = 0, gap = 0;

	for (uint32_t i = 0; i + APPLY_KINDS <= sent; i += APPLY_KINDS) {
		bool is_right = has_passed(bench, i + APPLY_ALWAYS) &&
				!has_passed(bench, i + APPLY_NEVER);

		gap = is_right ? 0 : gap + APPLY_KINDS;
		longest = gap > longest ? gap : longest;
	}
	return longest;
}

static int measure_traffic(struct bench *bench, double start_s)
{
	uint32_t sent = bench->skel->bss->sent;
	uint32_t turn = find_switch(bench, sent);
	double first_s = (double)bench->skel->bss->first_ns / 1e9;

	if (turn >= sent) {
		(void)fprintf(stderr, "the new policy has judged nothing\n");
		return -EBADMSG;
	}
	bench->frames += sent;
	sample_add(&bench->samples[FIGURE_SECONDS], first_s - start_s);
	sample_add(&bench->samples[FIGURE_MIXED],
		   (double)count_mixed(bench, sent, turn));
	sample_add(&bench->samples[FIGURE_GAP], (double)find_gap(bench, sent));
	return 0;
}

static int measure_memory(struct bench *bench)
{
	uint64_t peak_kib;
	int r = shell_number(&peak_kib,
			     "awk '/^VmHWM:/ { print $2 }' /proc/%d/status",
			     (int)bench->gateway.pid);

	if (r == 0)
		sample_add(&bench->samples[FIGURE_MIB],
			   (double)peak_kib / 1024);
	return r;
}

/* Rounds. */

static int run_traffic(struct bench *bench)
{
	uint64_t before = 0, after = 0;
	double start_s = 0;
	int r = gateway_arrived(&bench->gateway, &before);

	if (r == 0)
		r = replace(bench, &start_s);
	if (r == 0)
		r = gateway_arrived(&bench->gateway, &after);
	if (r < 0)
		return r;
	bench->lost += bench->skel->bss->sent - (after - before);
	return measure_traffic(bench, start_s);
}

static int run_round(struct bench *bench)
{
	double took_s;
	int r = gateway_start(&bench->gateway, &took_s);

	bench->skel->bss->sent = 0;
	bench->skel->bss->first_ns = 0;
	memset(bench->skel->bss->passed, 0, sizeof(bench->skel->bss->passed));
	if (r == 0)
		r = apply_policy(bench, bench->old_path, &took_s);
	if (r < 0)
		return r;
	sample_add(&bench->samples[FIGURE_FIRST], took_s);
	r = run_traffic(bench);
	if (r == 0)
		r = read_spans(bench);
	if (r == 0)
		r = measure_memory(bench);
	return r < 0 ? r : gateway_forget(&bench->gateway);
}

static int write_list(const struct bench *bench)
{
	struct dice dice = {.state = SEED};
	CLEANUP(list_done) struct list list = {0};
	int r = list_make_v4(&dice, MEMBER_COUNT, &list);

	return r < 0 ? r : list_write(&list, bench->list_path);
}

static void name_file(const struct bench *bench, const char *name,
		      char path[GATEWAY_PATH_MAX + 16])
{
	(void)snprintf(path, GATEWAY_PATH_MAX + 16, "%s/%s", bench->gateway.dir,
		       name);
}

static int bench_open(struct bench *bench)
{
	int r = gateway_open(&bench->gateway);

	name_file(bench, "list", bench->list_path);
	name_file(bench, "answer", bench->answer_path);
	name_file(bench, "old.yml", bench->old_path);
	name_file(bench, "new.yml", bench->new_path);
	if (r == 0)
		r = write_list(bench);
	if (r == 0) /* one more is the set's */
		r = ruleset_make(RULE_COUNT - APPLY_KINDS - 1, &bench->ruleset);
	if (r == 0)
		r = write_document(bench, bench->old_path, false);
	if (r == 0)
		r = write_document(bench, bench->new_path, true);
	if (r < 0)
		return r;
	bench->skel = apply__open_and_load();
	if (!bench->skel)
		return -errno;
	bench->skel->bss->target = (uint32_t)bench->gateway.wire.ifindex;
	return gateway_see(&bench->gateway,
			   bpf_program__fd(bench->skel->progs.see));
}

static void bench_close(struct bench *bench)
{
	apply__destroy(bench->skel);
	ruleset_done(&bench->ruleset);
	gateway_close(&bench->gateway);
}

static int measure(struct bench *bench)
{
	struct report *report = bench->report;
	int rounds = report->quick ? ROUNDS_QUICK : ROUNDS;
	int r = 0;

	for (int i = 0; i < rounds && r == 0; i++)
		r = run_round(bench);
	if (r < 0)
		return r;
	report_note(report,
		    "%d rules, %s, and %d members; %.2f Mpps through the gate, "
		    "%llu of %llu packets lost before it; the store is on %s",
		    RULE_COUNT,
		    bench->ruleset.is_real ? "of ClassBench" : "made up",
		    MEMBER_COUNT,
		    (double)bench->frames / bench->traffic_s / 1e6,
		    (unsigned long long)bench->lost,
		    (unsigned long long)bench->frames, bench->gateway.disk);
	for (int i = 0; i < FIGURE_COUNT; i++) {
		struct row row = rows[i];

		row.sample = &bench->samples[i];
		report_row(report, &row);
	}
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
		r = bench_open(&bench);
	if (r == 0)
		r = measure(&bench);
	bench_close(&bench);
	if (r < 0) {
		(void)fprintf(stderr, "apply: %s\n", strerror(-r));
		return 1;
	}
	report_end(&report);
	return 0;
}
