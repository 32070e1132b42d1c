// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * live - frames a second through veth in driver mode: the firewall, the least
 * a program can do, and other filters with the same addresses.
 *
 * Generator and receiver share one CPU: each batch of the generator's is
 * received where it was sent. What counts is what arrived, and the receiver's own
 * count of drops must agree with what is listed.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include "live.skel.h"

#include "perf/support/list.h"
#include "perf/support/peer.h"
#include "perf/support/report.h"
#include "perf/support/shell.h"
#include "perf/support/stand.h"
#include "perf/support/testrun.h"
#include "perf/support/wire.h"

#define SEED	      20240229
#define ADDRESS_COUNT (1u << 20)
#define MISS_TRIES    (1u << 30)
#define ROUNDS	      9
#define ROUNDS_QUICK  4
#define RUN_S	      0.8
#define RUN_QUICK_S   0.3
#define TRIAL_FRAMES  200000u
#define SHARE_SLACK   0.01
#define NFT_TIMES     8 /* the goal with the same set */

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

struct arena {
	struct report *report;
	struct live *skel;
	struct list lists[LIST_COUNT];
	struct stand stands[LIST_HOSTS];
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
};

struct lane {
	const struct plan *plan;
	struct wire wire;
	uint32_t *addresses; /* NULL: skipped */
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

/* The first is what all others are compared with. */
static const struct plan plans[] = {
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

/* Sources in turn: listed and not, in the plan's shares. */
static int make_sources(const struct arena *arena, struct lane *lane)
{
	const struct plan *plan = lane->plan;
	const struct list *list = &arena->lists[plan->list];
	uint32_t *addresses = calloc(ADDRESS_COUNT, sizeof(*addresses));
	struct dice dice = {.state = SEED + 1};
	double due = 0;
	size_t i = 0;

	if (!addresses)
		return -ENOMEM;
	for (size_t try = 0; i < ADDRESS_COUNT && try < MISS_TRIES; try++) {
		bool listed = due + plan->listed >= 1;
		struct prefix host =
			listed ? list_draw(list, 0, list->count, &dice)
			       : list_any_v4(&dice);

		if (!listed &&
		    table_lookup(arena->stands[plan->list].table, &host) != 0)
			continue;
		due += plan->listed - (listed ? 1 : 0);
		addresses[i++] = prefix_addr_v4(&host);
	}
	lane->addresses = addresses;
	return i == ADDRESS_COUNT ? 0 : -ENOENT;
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
	return r < 0 ? r : make_sources(arena, lane);
}

static void lane_close(struct lane *lane)
{
	wire_close(&lane->wire);
	free(lane->addresses);
	lane->addresses = NULL;
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

	memcpy(skel->bss->addresses4, lane->addresses,
	       sizeof(skel->bss->addresses4));
	skel->bss->target = (uint32_t)lane->wire.ifindex;
	return testrun_live(bpf_program__fd(skel->progs.generate), lane->frames,
			    ret_s);
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

/* Every lane once; the ratios are to the first. */
static int run_round(const struct arena *arena, struct lane lanes[],
		     struct sample *arrived)
{
	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		struct lane *lane = &lanes[i];
		int r;

		if (!lane->addresses)
			continue;
		r = lane_run(arena, lane, arrived);
		if (r < 0)
			return r;
		sample_add(&lane->rates, lane->mpps);
		sample_add(&lane->ratios, lane->mpps / lanes[0].mpps);
	}
	return 0;
}

static int arena_open(struct arena *arena)
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
	if (r < 0)
		return r;
	arena->skel = live__open_and_load();
	return arena->skel ? 0 : -errno;
}

static void arena_close(struct arena *arena)
{
	live__destroy(arena->skel);
	for (int i = 0; i < LIST_HOSTS; i++)
		stand_close(&arena->stands[i]);
	for (int i = 0; i < LIST_COUNT; i++)
		list_done(&arena->lists[i]);
}

/* A peer that cannot be had is skipped; ours is a failure. */
static int open_lanes(struct arena *arena, struct lane lanes[])
{
	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		const struct plan *plan = &plans[i];
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

	if (!peer->addresses)
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

	while (strcmp(plans[i].name, name) != 0)
		i++;
	return &lanes[i];
}

static void report_lanes(struct report *report, const struct lane lanes[],
			 const struct sample *arrived)
{
	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		const struct lane *lane = &lanes[i];

		if (!lane->addresses)
			continue;
		report_row(report,
			   &(struct row){
				   .name = lane->plan->name,
				   .unit = "Mpps",
				   .sample = &lane->rates,
				   .baseline = i ? plans[0].name : NULL,
				   .ratios = i ? &lane->ratios : NULL,
				   .at_least_ratio = lane->plan->at_least,
			   });
	}
	report_against(report, find_lane(lanes, "live/listed100k"),
		       find_lane(lanes, "live/nft100k"));
	report_against(report, find_lane(lanes, "live/listed"),
		       find_lane(lanes, "live/nft1m"));
	report_row(report, &(struct row){.name = "live/arrived",
					 .unit = "share",
					 .sample = arrived});
}

static int run(struct report *report)
{
	CLEANUP(arena_close) struct arena arena = {.report = report};
	struct lane lanes[ARRAY_LEN(plans)] = {0};
	struct sample arrived = {0};
	int rounds = report->quick ? ROUNDS_QUICK : ROUNDS;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(plans); i++)
		lanes[i] = (struct lane){.plan = &plans[i], .wire = WIRE_NONE};
	r = wire_enter();

	if (r == 0)
		r = testrun_pin();
	if (r == 0)
		r = arena_open(&arena);
	if (r < 0)
		return r;

	r = open_lanes(&arena, lanes);
	for (int i = 0; i < rounds && r == 0; i++)
		r = run_round(&arena, lanes, &arrived);
	if (r == 0)
		report_lanes(report, lanes, &arrived);
	for (size_t i = 0; i < ARRAY_LEN(plans); i++)
		lane_close(&lanes[i]);
	return r;
}

int main(int argc, char **argv)
{
	struct report report;
	int r;

	report_begin(&report, argc, argv);
	r = run(&report);
	if (r < 0) {
		(void)fprintf(stderr, "live: %s\n", strerror(-r));
		return 1;
	}
	report_end(&report);
	return 0;
}
