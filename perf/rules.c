// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rules - what judging by N rules costs, in ns above an empty program that
 * writes the same packets: by a rule anywhere, by the last one; a list of
 * rules tried one after the other, and nftables with the same rules.
 *
 * A million members are in a set that the first rule drops from. The linear
 * list and nftables are spared that look-up.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "perf/support/plain.h"

#include "rules.skel.h"

#include "perf/support/judge.h"
#include "perf/support/list.h"
#include "perf/support/peer.h"
#include "perf/support/race.h"
#include "perf/support/report.h"
#include "perf/support/shell.h"
#include "perf/support/stand.h"
#include "perf/support/testrun.h"
#include "perf/support/wire.h"

#define SEED		 20240229
#define MEMBERS		 1000000
#define ROUNDS		 9
#define ROUNDS_QUICK	 3
#define REPEAT		 (1u << 20)
#define REPEAT_QUICK	 (1u << 17)
#define LINEAR_TESTS	 (1u << 24) /* rules tried in a run of the linear list */
#define LINEAR_TESTS_Q	 (1u << 21)
#define NFT_TESTS	 (1u << 24)
#define NFT_TESTS_QUICK	 (1u << 21)
#define NFT_FRAMES_MAX	 (1u << 19)
#define CHECK_STEP_QUICK 16 /* every so many packets are asked about */
#define GOAL_NS		 150 /* with the most rules, */
#define GOAL_RATIO	 1.5 /* of what the fewest take */

static const size_t rule_counts[] = {8, 64, 512, 1000, 2048, 4096};
#define BENCH_COUNT ARRAY_LEN(rule_counts)

/* Everything that one number of rules needs. */
struct bench {
	size_t count; /* N of the rows' names */
	struct judge judge;
	struct rules *skel;
	struct course accept, last;
	struct wire wire;
	struct sample nft;
};

struct hall {
	struct report *report;
	struct list list;
	struct stand stand;
	struct bench benches[BENCH_COUNT];
	struct race race;
	struct wire wire; /* to a chain without rules */
};

static void hall_close(struct hall *hall)
{
	for (size_t i = 0; i < BENCH_COUNT; i++) {
		struct bench *bench = &hall->benches[i];

		wire_close(&bench->wire);
		rules__destroy(bench->skel);
		judge_close(&bench->judge);
	}
	wire_close(&hall->wire);
	stand_close(&hall->stand);
	list_done(&hall->list);
}

static uint64_t hits_passed(const void *arg)
{
	return judge_passed(arg);
}

static uint64_t hits_dropped(const void *arg)
{
	return judge_dropped(arg);
}

static uint64_t hits_linear(const void *arg)
{
	const struct rules *skel = arg;

	return *(const volatile __u64 *)&skel->bss->hits;
}

/* Loaded, with the rules, its tail calls set. */
static int load_programs(struct bench *bench)
{
	const struct ruleset *ruleset = &bench->judge.ruleset;
	struct rules *skel = rules__open_and_load();
	int r = 0;

	if (!skel)
		return -errno;
	bench->skel = skel;
	memcpy(skel->bss->rules, ruleset->rules,
	       ruleset->count * sizeof(*ruleset->rules));
	skel->bss->rule_count = (uint32_t)ruleset->count;

	const int fds[] = {
		program_gate(bench->judge.program)->fd,
		bpf_program__fd(skel->progs.drop),
		bpf_program__fd(skel->progs.linear),
	};

	for (uint32_t i = 0; i < ARRAY_LEN(fds) && r == 0; i++)
		r = bpf_map_update_elem(bpf_map__fd(skel->maps.next_programs),
					&i, &fds[i], BPF_ANY);
	return r;
}

static struct course course_of(const struct bench *bench, const char *name,
			       const struct plain_packet *packets)
{
	return (struct course){
		.name = name,
		.addresses = packets,
		.place = bench->skel->bss->packets,
		.bytes = sizeof(bench->skel->bss->packets),
		.listed = true,
	};
}

static int bench_open(struct hall *hall, struct bench *bench, size_t count)
{
	size_t step = hall->report->quick ? CHECK_STEP_QUICK : 1;
	int r = judge_open(&hall->stand, count, step, &bench->judge);

	if (r == 0)
		r = load_programs(bench);
	if (r < 0)
		return r;
	bench->count = count;
	bench->accept = course_of(bench, "accept", bench->judge.accepted);
	bench->last = course_of(bench, "last", bench->judge.last);
	return 0;
}

/* By the firewall; the first bench's is what the others are compared with. */
static void add_ours(struct hall *hall, struct bench *bench,
		     const struct course *course, hits_fn *hits)
{
	bool is_longest = bench == &hall->benches[BENCH_COUNT - 1];
	int number = hall->race.count;
	struct track *track = race_add(&hall->race, "rules/%zu/%s",
				       bench->count, course->name);

	track->course = course;
	track->program_fd = bpf_program__fd(bench->skel->progs.frame);
	track->empty_fd = bpf_program__fd(bench->skel->progs.empty_frame);
	track->repeat = hall->report->quick ? REPEAT_QUICK : REPEAT;
	track->at_most = is_longest ? GOAL_NS : 0;
	track->hits = hits;
	track->hits_arg = &bench->judge;
	if (bench == hall->benches)
		return;
	track->baseline = &hall->race.tracks[number % 3];
	track->at_most_ratio = is_longest ? GOAL_RATIO : 0;
}

static void add_linear(struct hall *hall, struct bench *bench)
{
	uint32_t tests = hall->report->quick ? LINEAR_TESTS_Q : LINEAR_TESTS;
	struct track *track =
		race_add(&hall->race, "rules/linear/%zu/last", bench->count);

	track->course = &bench->last;
	track->program_fd = bpf_program__fd(bench->skel->progs.frame_linear);
	track->empty_fd = bpf_program__fd(bench->skel->progs.empty_frame);
	track->repeat = tests / (uint32_t)bench->count;
	if (track->repeat > REPEAT)
		track->repeat = REPEAT;
	track->hits = hits_linear;
	track->hits_arg = bench->skel;
}

static int race(struct hall *hall)
{
	int r;

	for (size_t i = 0; i < BENCH_COUNT; i++) {
		struct bench *bench = &hall->benches[i];

		add_ours(hall, bench, &bench->accept, hits_passed);
		add_ours(hall, bench, &bench->last, hits_dropped);
		add_linear(hall, bench);
	}
	r = race_run(&hall->race, hall->report->quick ? ROUNDS_QUICK : ROUNDS);
	if (r == 0)
		race_report(&hall->race, hall->report);
	return r;
}

/* Frames through a cable, all of which the rules at its far end drop; in ns
 * each. */
static int send_frames(const struct bench *bench, const struct wire *wire,
		       uint32_t frames, double *ret_ns)
{
	const struct rules *skel = bench->skel;
	uint64_t before = 0, after = 0;
	double took_s = 0;
	int r = wire_far(wire);

	if (r == 0)
		r = wire_count("xdp_packets", &before);
	(void)wire_home(wire);
	memcpy(bench->last.place, bench->last.addresses, bench->last.bytes);
	skel->bss->target = (uint32_t)wire->ifindex;
	if (r == 0)
		r = testrun_live(bpf_program__fd(skel->progs.generate), frames,
				 &took_s);
	(void)wire_far(wire);
	if (r == 0)
		r = wire_count("xdp_packets", &after);
	(void)wire_home(wire);
	if (r == 0 && after - before != frames)
		r = -ENETDOWN;
	if (r == 0)
		*ret_ns = took_s * 1e9 / frames;
	return r;
}

static uint64_t hits_nft(const struct wire *wire)
{
	uint64_t hits = UINT64_MAX;

	(void)wire_far(wire);
	(void)shell_number(&hits, "%s", PEER_NFT_LAST);
	(void)wire_home(wire);
	return hits;
}

/* One behind the other; the last rule must have met every frame. */
static int nft_run(struct hall *hall, struct bench *bench, bool counts)
{
	uint32_t tests = hall->report->quick ? NFT_TESTS_QUICK : NFT_TESTS;
	uint32_t frames = tests / (uint32_t)bench->count;
	uint64_t hits = hits_nft(&bench->wire);
	double empty_ns = 0, ns = 0;
	int r;

	if (frames > NFT_FRAMES_MAX)
		frames = NFT_FRAMES_MAX;
	r = send_frames(bench, &hall->wire, frames, &empty_ns);
	if (r == 0)
		r = send_frames(bench, &bench->wire, frames, &ns);
	if (r < 0)
		return r;
	if (hits_nft(&bench->wire) - hits != frames) {
		(void)fprintf(stderr, "nft, %zu rules: not %u hits\n",
			      bench->count, frames);
		return -EBADMSG;
	}
	if (counts)
		sample_add(&bench->nft, ns - empty_ns);
	return 0;
}

static int nft_wire(int number, const struct ruleset *ruleset,
		    struct wire *ret_wire)
{
	CLEANUP(wire_close) struct wire wire = WIRE_NONE;
	int r = wire_open(number, &wire);

	if (r == 0)
		r = wire_far(&wire);
	if (r < 0)
		return r;
	r = peer_nft_rules(ruleset);
	(void)wire_home(&wire);
	if (r < 0)
		return r;
	*ret_wire = wire;
	wire = WIRE_NONE;
	return 0;
}

static int nft_rounds(struct hall *hall)
{
	int rounds = hall->report->quick ? ROUNDS_QUICK : ROUNDS;
	int r = nft_wire((int)BENCH_COUNT, NULL, &hall->wire);

	for (size_t i = 0; i < BENCH_COUNT && r == 0; i++)
		r = nft_wire((int)i, &hall->benches[i].judge.ruleset,
			     &hall->benches[i].wire);
	for (int round = 0; round <= rounds && r == 0; round++)
		for (size_t i = 0; i < BENCH_COUNT && r == 0; i++)
			r = nft_run(hall, &hall->benches[i], round > 0);
	return r;
}

/* Wrong hits are a failure; to have no nftables is none. */
static int against_nft(struct hall *hall)
{
	int r = shell_has("nft") ? nft_rounds(hall) : -EOPNOTSUPP;

	if (r == -EBADMSG)
		return r;
	for (size_t i = 0; i < BENCH_COUNT; i++) {
		const struct bench *bench = &hall->benches[i];
		char name[RACE_NAME_MAX];

		(void)snprintf(name, sizeof(name), "rules/nft/%zu/last",
			       bench->count);
		if (r < 0)
			report_skip(hall->report, name,
				    r == -EOPNOTSUPP ? "nft is not installed"
						     : strerror(-r));
		else
			report_row(hall->report, &(struct row){
							 .name = name,
							 .unit = "ns",
							 .sample = &bench->nft,
						 });
	}
	return 0;
}

static int hall_open(struct hall *hall)
{
	struct dice dice = {.state = SEED};
	int r = list_make_v4(&dice, MEMBERS, &hall->list);

	if (r == 0)
		r = stand_open(&hall->list, &hall->stand);
	for (size_t i = 0; i < BENCH_COUNT && r == 0; i++)
		r = bench_open(hall, &hall->benches[i], rule_counts[i]);
	if (r == 0)
		report_note(hall->report, "rules %s",
			    hall->benches[0].judge.ruleset.is_real
				    ? "of ClassBench, seed acl1"
				    : "made up: PORTCULLIS_DATA is not set");
	return r;
}

static int run(struct report *report)
{
	CLEANUP(hall_close) struct hall hall = {.report = report};
	int r;

	hall.wire = WIRE_NONE;
	for (size_t i = 0; i < BENCH_COUNT; i++)
		hall.benches[i].wire = WIRE_NONE;
	r = wire_enter();
	if (r == 0)
		r = testrun_pin();
	if (r == 0)
		r = hall_open(&hall);
	if (r == 0)
		r = race(&hall);
	return r < 0 ? r : against_nft(&hall);
}

int main(int argc, char **argv)
{
	struct report report;
	int r;

	report_begin(&report, argc, argv);
	r = run(&report);
	if (r < 0) {
		(void)fprintf(stderr, "rules: %s\n", strerror(-r));
		return 1;
	}
	report_end(&report);
	return 0;
}
