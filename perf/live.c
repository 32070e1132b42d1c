// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * live - frames a second through veth in driver mode: the firewall, the least
 * a program can do, and other filters with the same addresses.
 *
 * Generator and receiver share one CPU: each batch of the generator's is
 * received where it was sent. What counts is what arrived, and the receiver's own
 * count of drops must agree with what is listed.
 *
 * With --rules it is packets of many kinds through a policy, beside programs
 * that pass or drop the same packets and do nothing else.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include "perf/support/plain.h"

#include "live.skel.h"

#include "perf/support/judge.h"
#include "perf/support/list.h"
#include "perf/support/peer.h"
#include "perf/support/report.h"
#include "perf/support/shell.h"
#include "perf/support/stand.h"
#include "perf/support/testrun.h"
#include "perf/support/traffic.h"
#include "perf/support/wire.h"

#define SEED	      20240229
#define ADDRESS_COUNT (1u << 20)
#define ROUNDS	      9
#define ROUNDS_QUICK  4
#define RUN_S	      0.8
#define RUN_QUICK_S   0.3
#define TRIAL_FRAMES  200000u
#define SHARE_SLACK   0.01
#define NFT_TIMES     8 /* the goal with the same set */
#define RULE_COUNT    1000 /* with --rules, */
#define CHECK_STEP    16 /* and every so many packets are asked about */

enum list_id {
	LIST_1M, /* these three are in the firewall's tables too */
	LIST_100K,
	LIST_10K,
	LIST_HOSTS, /* 10,000 single addresses */
	LIST_COUNT,
};

static const size_t list_sizes[] = {
	[LIST_1M] = 1000000,
	[LIST_100K] = 100000,
	[LIST_10K] = 10000,
	[LIST_HOSTS] = 10000,
};
_Static_assert(ARRAY_LEN(list_sizes) == LIST_COUNT, "");

/* What is sent: sources, or packets that rules pass or drop. */
enum load {
	LOAD_SOURCES,
	LOAD_PASSED,
	LOAD_DROPPED,
};

struct plan;

struct arena {
	struct report *report;
	const struct plan *plans;
	size_t plan_count;
	struct live *skel;
	struct list lists[LIST_COUNT];
	struct stand stands[LIST_COUNT]; /* of LIST_HOSTS none */
	struct judge judge; /* with --rules only */
};

/* Sets up the far end, which the thread is at. */
struct lane;
typedef int set_up_fn(struct arena *arena, const struct lane *lane);

/* How a row is measured. */
struct plan {
	const char *name;
	const char *tool; /* that is needed, or NULL */
	set_up_fn *set_up;
	const char *count_drops; /* commands; neither: the driver's count */
	const char *count_passed;
	double listed; /* share of the sources */
	double dropped; /* share of what arrives */
	double at_least; /* target, of bare */
	enum list_id list;
	bool slow; /* not with --quick */
	enum load load;
	size_t baseline; /* index of the plan it is compared with */
};

struct lane {
	const struct plan *plan;
	uint32_t *addresses; /* of LOAD_SOURCES */
	struct wire wire;
	bool is_open; /* false: skipped */
	uint32_t frames; /* a run */
	double mpps; /* of the last run */
	struct sample rates;
	struct sample ratios;
};

static int at_far_end(const struct lane *lane, const char *what, int program_fd)
{
	int r = bpf_xdp_attach(lane->wire.far_ifindex, program_fd,
			       XDP_FLAGS_DRV_MODE, NULL);

	if (r < 0)
		(void)fprintf(stderr, "attach %s: %s\n", what, strerror(-r));
	return r;
}

static int set_up_drop(struct arena *arena, const struct lane *lane)
{
	return at_far_end(lane, "bare_drop",
			  bpf_program__fd(arena->skel->progs.bare_drop));
}

static int set_up_pass(struct arena *arena, const struct lane *lane)
{
	return at_far_end(lane, "bare_pass",
			  bpf_program__fd(arena->skel->progs.bare_pass));
}

static int set_up_firewall(struct arena *arena, const struct lane *lane)
{
	const struct stand *stand = &arena->stands[lane->plan->list];

	return at_far_end(lane, "firewall", program_gate(stand->program)->fd);
}

static int set_up_rules(struct arena *arena, const struct lane *lane)
{
	return at_far_end(lane, "rules",
			  program_gate(arena->judge.program)->fd);
}

static int set_up_xdpfilter(struct arena *arena, const struct lane *lane)
{
	return peer_xdpfilter(&arena->lists[lane->plan->list]);
}

static int set_up_nft(struct arena *arena, const struct lane *lane)
{
	return peer_nft(&arena->lists[lane->plan->list]);
}

static int set_up_ipset(struct arena *arena, const struct lane *lane)
{
	return peer_ipset(&arena->lists[lane->plan->list]);
}

static const struct plan list_plans[] = {
	{.name = "live/bare",
	 .set_up = set_up_drop,
	 .list = LIST_1M,
	 .listed = 1,
	 .dropped = 1},
	{.name = "live/listed",
	 .set_up = set_up_firewall,
	 .list = LIST_1M,
	 .listed = 1,
	 .dropped = 1,
	 .at_least = 0.65},
	{.name = "live/listed100k",
	 .set_up = set_up_firewall,
	 .list = LIST_100K,
	 .listed = 1,
	 .dropped = 1,
	 .at_least = 0.80},
	{.name = "live/listed10k",
	 .set_up = set_up_firewall,
	 .list = LIST_10K,
	 .listed = 1,
	 .dropped = 1,
	 .at_least = 0.95},
	{.name = "live/clean", .set_up = set_up_firewall, .list = LIST_1M},
	{.name = "live/half",
	 .set_up = set_up_firewall,
	 .list = LIST_1M,
	 .listed = 0.5,
	 .dropped = 0.5},
	{.name = "live/barepass", /* what `clean` would be without us */
	 .set_up = set_up_pass,
	 .list = LIST_1M},
	{.name = "live/xdpfilter10k",
	 .tool = "xdp-filter",
	 .set_up = set_up_xdpfilter,
	 .list = LIST_HOSTS,
	 .listed = 1,
	 .dropped = 1},
	{.name = "live/nft100k",
	 .tool = "nft",
	 .set_up = set_up_nft,
	 .count_passed = PEER_PASSED,
	 .list = LIST_100K,
	 .listed = 1,
	 .dropped = 1},
	{.name = "live/nft1m",
	 .tool = "nft",
	 .set_up = set_up_nft,
	 .count_passed = PEER_PASSED,
	 .list = LIST_1M,
	 .listed = 1,
	 .dropped = 1,
	 .slow = true},
	{.name = "live/ipset100k",
	 .tool = "ipset",
	 .set_up = set_up_ipset,
	 .count_drops = PEER_IPSET_DROPS,
	 .list = LIST_100K,
	 .listed = 1,
	 .dropped = 1},
};
#define PLANS_MAX ARRAY_LEN(list_plans)

/* With --rules. A lane whose policy keeps state is a row here, and the set-up
 * that loads it. */
static const struct plan rule_plans[] = {
	{.name = "live/bare",
	 .set_up = set_up_drop,
	 .load = LOAD_DROPPED,
	 .dropped = 1},
	{.name = "live/barepass",
	 .set_up = set_up_pass,
	 .load = LOAD_PASSED,
	 .baseline = 1},
	{.name = "live/rules/pass",
	 .set_up = set_up_rules,
	 .load = LOAD_PASSED,
	 .baseline = 1,
	 .at_least = 0.7},
	{.name = "live/rules/drop",
	 .set_up = set_up_rules,
	 .load = LOAD_DROPPED,
	 .dropped = 1,
	 .at_least = 0.7},
};
_Static_assert(ARRAY_LEN(rule_plans) <= PLANS_MAX, "");

static int make_sources(const struct arena *arena, struct lane *lane)
{
	const struct plan *plan = lane->plan;

	lane->addresses = calloc(ADDRESS_COUNT, sizeof(*lane->addresses));
	if (!lane->addresses)
		return -ENOMEM;
	return traffic_sources(&arena->lists[plan->list],
			       arena->stands[plan->list].table, plan->listed,
			       ADDRESS_COUNT, lane->addresses);
}

static int lane_open(struct arena *arena, struct lane *lane, int number)
{
	int r = wire_open(number, &lane->wire);

	if (r == 0)
		r = wire_far(&lane->wire);
	if (r < 0)
		return r;
	r = lane->plan->set_up(arena, lane);
	(void)wire_home(&lane->wire);
	if (r == 0 && lane->plan->load == LOAD_SOURCES)
		r = make_sources(arena, lane);
	lane->is_open = r == 0;
	return r;
}

static void lane_close(struct lane *lane)
{
	wire_close(&lane->wire);
	free(lane->addresses);
	lane->addresses = NULL;
	lane->is_open = false;
}

struct counts {
	uint64_t arrived;
	uint64_t dropped;
};

static int lane_counts(const struct lane *lane, struct counts *ret_counts)
{
	const struct plan *plan = lane->plan;
	struct counts counts = {0};
	uint64_t passed = 0;
	int r = wire_far(&lane->wire);

	if (r == 0)
		r = wire_count("xdp_packets", &counts.arrived);
	if (r == 0 && plan->count_drops)
		r = shell_number(&counts.dropped, "%s", plan->count_drops);
	else if (r == 0 && plan->count_passed)
		r = shell_number(&passed, "%s", plan->count_passed);
	else if (r == 0)
		r = wire_count("xdp_drops", &counts.dropped);
	if (plan->count_passed)
		counts.dropped = counts.arrived - passed;
	(void)wire_home(&lane->wire);
	if (r == 0)
		*ret_counts = counts;
	return r;
}

/* Send the lane's frames; how long it took. */
static int send_frames(const struct arena *arena, const struct lane *lane,
		       double *ret_s)
{
	const struct live *skel = arena->skel;
	const struct bpf_program *generate = skel->progs.generate_packets;
	const struct judge *judge = &arena->judge;

	if (lane->plan->load == LOAD_SOURCES) {
		generate = skel->progs.generate;
		memcpy(skel->bss->addresses4, lane->addresses,
		       sizeof(skel->bss->addresses4));
	} else {
		memcpy(skel->bss->packets,
		       lane->plan->load == LOAD_PASSED ? judge->accepted
						       : judge->last,
		       sizeof(skel->bss->packets));
	}
	skel->bss->target = (uint32_t)lane->wire.ifindex;
	return testrun_live(bpf_program__fd(generate), lane->frames, ret_s);
}

/* What was dropped must be what is listed; what was lost on the way is less. */
static int check_counts(const struct lane *lane, struct counts counts)
{
	double share = (double)counts.dropped / (double)counts.arrived;

	if (counts.arrived > 0 &&
	    fabs(share - lane->plan->dropped) <= SHARE_SLACK)
		return 0;
	(void)fprintf(stderr, "%s: %llu arrived, %llu dropped\n",
		      lane->plan->name, (unsigned long long)counts.arrived,
		      (unsigned long long)counts.dropped);
	return -EBADMSG;
}

static int lane_run(const struct arena *arena, struct lane *lane,
		    struct sample *arrived)
{
	struct counts before = {0};
	struct counts after = {0};
	double took_s = 0;
	int r = lane_counts(lane, &before);

	if (r == 0)
		r = send_frames(arena, lane, &took_s);
	if (r == 0)
		r = lane_counts(lane, &after);
	if (r < 0)
		return r;

	after.arrived -= before.arrived;
	after.dropped -= before.dropped;
	lane->mpps = (double)after.arrived / took_s / 1e6;
	sample_add(arrived, (double)after.arrived / lane->frames);
	return check_counts(lane, after);
}

/* How many frames fill the time of a run. */
static int trial(struct arena *arena, struct lane *lane)
{
	double run_s = arena->report->quick ? RUN_QUICK_S : RUN_S;
	struct sample arrived = {0};
	int r;

	lane->frames = TRIAL_FRAMES;
	r = lane_run(arena, lane, &arrived);
	if (r < 0)
		return r;
	lane->frames = (uint32_t)(lane->mpps * 1e6 * run_s) + 1;
	return 0;
}

/* Every lane once; what it is compared with stands before it, or is it. */
static int run_round(const struct arena *arena, struct lane lanes[],
		     struct sample *arrived)
{
	for (size_t i = 0; i < arena->plan_count; i++) {
		struct lane *lane = &lanes[i];
		int r;

		if (!lane->is_open)
			continue;
		r = lane_run(arena, lane, arrived);
		if (r < 0)
			return r;
		sample_add(&lane->rates, lane->mpps);
		sample_add(&lane->ratios,
			   lane->mpps / lanes[lane->plan->baseline].mpps);
	}
	return 0;
}

static int make_lists(struct arena *arena)
{
	struct dice dice = {.state = SEED};
	int r = 0;

	for (int i = 0; i < LIST_COUNT && r == 0; i++)
		r = i == LIST_HOSTS ? list_make_hosts4(&dice, list_sizes[i],
						       &arena->lists[i])
				    : list_make_v4(&dice, list_sizes[i],
						   &arena->lists[i]);
	for (int i = 0; i < LIST_HOSTS && r == 0; i++)
		r = stand_open(&arena->lists[i], &arena->stands[i]);
	return r;
}

/* Rules, and a million in a set that they name. */
static int make_rules(struct arena *arena)
{
	struct dice dice = {.state = SEED};
	struct list *list = &arena->lists[LIST_1M];
	struct stand *stand = &arena->stands[LIST_1M];
	int r = list_make_v4(&dice, list_sizes[LIST_1M], list);

	if (r == 0)
		r = stand_open(list, stand);
	return r < 0 ? r
		     : judge_open(stand, RULE_COUNT, CHECK_STEP, &arena->judge);
}

static int arena_open(struct arena *arena)
{
	int r = arena->plans == rule_plans ? make_rules(arena)
					   : make_lists(arena);

	if (r < 0)
		return r;
	arena->skel = live__open_and_load();
	return arena->skel ? 0 : -errno;
}

static void arena_close(struct arena *arena)
{
	live__destroy(arena->skel);
	judge_close(&arena->judge);
	for (int i = 0; i < LIST_HOSTS; i++)
		stand_close(&arena->stands[i]);
	for (int i = 0; i < LIST_COUNT; i++)
		list_done(&arena->lists[i]);
}

/* A peer that cannot be had is skipped; ours is a failure. */
static int open_lanes(struct arena *arena, struct lane lanes[])
{
	for (size_t i = 0; i < arena->plan_count; i++) {
		const struct plan *plan = &arena->plans[i];
		struct lane *lane = &lanes[i];
		int r;

		if (plan->slow && arena->report->quick)
			continue;
		if (plan->tool && !shell_has(plan->tool)) {
			report_skip(arena->report, plan->name,
				    "its command is not installed");
			continue;
		}
		r = lane_open(arena, lane, (int)i);
		if (r == 0)
			r = trial(arena, lane);
		if (r < 0 && !plan->tool)
			return r;
		if (r < 0) {
			report_skip(arena->report, plan->name, strerror(-r));
			lane_close(lane);
		}
	}
	return 0;
}

/* The same addresses, in the firewall and in nftables. */
static void report_against(struct report *report, const struct lane *ours,
			   const struct lane *peer)
{
	struct sample times = {0};
	char name[64];

	if (!peer->is_open)
		return;
	for (int i = 0; i < peer->rates.count; i++)
		sample_add(&times,
			   ours->rates.values[i] / peer->rates.values[i]);
	(void)snprintf(name, sizeof(name), "%s/%s", ours->plan->name,
		       peer->plan->name + strlen("live/"));
	report_row(report, &(struct row){.name = name,
					 .unit = "times",
					 .sample = &times,
					 .at_least = NFT_TIMES});
}

static const struct lane *find_lane(const struct lane lanes[], const char *name)
{
	size_t i = 0;

	while (strcmp(list_plans[i].name, name) != 0)
		i++;
	return &lanes[i];
}

static void report_lane(struct report *report, const struct lane *lane,
			const struct lane *baseline)
{
	bool is_compared = lane != baseline;

	report_row(
		report,
		&(struct row){
			.name = lane->plan->name,
			.unit = "Mpps",
			.sample = &lane->rates,
			.baseline = is_compared ? baseline->plan->name : NULL,
			.ratios = is_compared ? &lane->ratios : NULL,
			.at_least_ratio = lane->plan->at_least,
		});
}

static void report_lanes(const struct arena *arena, const struct lane lanes[],
			 const struct sample *arrived)
{
	struct report *report = arena->report;

	for (size_t i = 0; i < arena->plan_count; i++)
		if (lanes[i].is_open)
			report_lane(report, &lanes[i],
				    &lanes[lanes[i].plan->baseline]);
	if (arena->plans == list_plans) {
		report_against(report, find_lane(lanes, "live/listed100k"),
			       find_lane(lanes, "live/nft100k"));
		report_against(report, find_lane(lanes, "live/listed"),
			       find_lane(lanes, "live/nft1m"));
	}
	report_row(report, &(struct row){.name = "live/arrived",
					 .unit = "share",
					 .sample = arrived});
}

static int run(struct arena *arena)
{
	const struct report *report = arena->report;
	struct lane lanes[PLANS_MAX] = {0};
	struct sample arrived = {0};
	int rounds = report->quick ? ROUNDS_QUICK : ROUNDS;
	int r;

	for (size_t i = 0; i < arena->plan_count; i++)
		lanes[i] = (struct lane){.plan = &arena->plans[i],
					 .wire = WIRE_NONE};
	r = wire_enter();
	if (r == 0)
		r = testrun_pin();
	if (r == 0)
		r = arena_open(arena);
	if (r == 0)
		r = open_lanes(arena, lanes);
	for (int i = 0; i < rounds && r == 0; i++)
		r = run_round(arena, lanes, &arrived);
	if (r == 0)
		report_lanes(arena, lanes, &arrived);
	for (size_t i = 0; i < arena->plan_count; i++)
		lane_close(&lanes[i]);
	return r;
}

int main(int argc, char **argv)
{
	struct report report;
	bool rules = report_begin_with(&report, argc, argv, "--rules");
	CLEANUP(arena_close)
	struct arena arena = {
		.report = &report,
		.plans = rules ? rule_plans : list_plans,
		.plan_count =
			rules ? ARRAY_LEN(rule_plans) : ARRAY_LEN(list_plans),
	};
	int r = run(&arena);

	if (r < 0) {
		(void)fprintf(stderr, "live: %s\n", strerror(-r));
		return 1;
	}
	report_end(&report);
	return 0;
}
