// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lookup - what one look-up costs, in ns above an empty program that reads
 * the same addresses: our table, an LPM trie, a hash; and the whole program.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "xdp/table6.h"

#include "lookup.skel.h"

#include "perf/support/list.h"
#include "perf/support/race.h"
#include "perf/support/report.h"
#include "perf/support/stand.h"
#include "perf/support/testrun.h"

#define SEED	      20240229
#define ADDRESS_COUNT (1u << 20)
#define MISS_TRIES    (1u << 30)
#define ROUNDS	      9
#define ROUNDS_QUICK  3
#define SLOW_DIVISOR  8 /* tries and hashes run less often */
#define COURSE_MAX    5
#define LIST_MAX      1000000 /* the longest, for --quick */

/* Everything that one length of list needs. */
struct bench {
	struct report *report;
	size_t count; /* N of the rows' names */
	struct list list;
	struct list hosts; /* what the hash holds */
	struct stand stand;
	struct lookup *skel;
	struct course courses[COURSE_MAX];
	void *addresses[COURSE_MAX];
	int course_count;
	struct race race;
};

static void bench_done(struct bench *bench)
{
	for (int i = 0; i < bench->course_count; i++)
		free(bench->addresses[i]);
	lookup__destroy(bench->skel);
	stand_close(&bench->stand);
	list_done(&bench->list);
	list_done(&bench->hosts);
}

static bool bench_is_v4(const struct bench *bench)
{
	return prefix_is_v4(&bench->list.prefixes[0]);
}

static struct fw_key6 key6_of(const struct prefix *prefix)
{
	uint64_t half[2];

	memcpy(half, prefix->addr, sizeof(half));
	return (struct fw_key6){be64toh(half[0]), be64toh(half[1])};
}

static uint64_t hits_of_lookup(const void *arg)
{
	const struct lookup *skel = arg;

	return *(const volatile __u64 *)&skel->bss->hits;
}

static uint64_t hits_of_firewall(const void *arg)
{
	const struct stand *stand = arg;
	struct fw_count counts[FW_REASON_COUNT];

	if (maps_reason_counts(stand->maps, counts) < 0)
		return UINT64_MAX;
	return counts[FW_DROP_LISTED].packets;
}

/* A new course without addresses; NULL: no memory. */
static struct course *course_new(struct bench *bench, const char *name)
{
	struct lookup__bss *bss = bench->skel->bss;
	bool v4 = bench_is_v4(bench);
	size_t bytes = v4 ? sizeof(bss->addresses4) : sizeof(bss->addresses6);
	void *addresses = calloc(1, bytes);
	struct course *course = &bench->courses[bench->course_count];

	assert(bench->course_count < COURSE_MAX);

	if (!addresses)
		return NULL;
	bench->addresses[bench->course_count++] = addresses;
	*course = (struct course){
		.name = name,
		.addresses = addresses,
		.place = v4 ? (void *)bss->addresses4 : bss->addresses6,
		.bytes = bytes,
	};
	return course;
}

static void course_put(const struct bench *bench, size_t i,
		       const struct prefix *host)
{
	void *addresses = bench->addresses[bench->course_count - 1];

	if (prefix_is_v4(host))
		((uint32_t *)addresses)[i] = prefix_addr_v4(host);
	else
		((struct fw_key6 *)addresses)[i] = key6_of(host);
}

/* Addresses in the entries first..last-1 of `list`; NULL: no memory. */
static struct course *course_of_list(struct bench *bench, const char *name,
				     const struct list *list, size_t first,
				     size_t last)
{
	struct dice dice = {.state = SEED + 1};
	struct course *course = course_new(bench, name);

	if (!course)
		return NULL;
	for (size_t i = 0; i < ADDRESS_COUNT; i++) {
		struct prefix host = list_draw(list, first, last, &dice);

		course_put(bench, i, &host);
	}
	course->listed = true;
	return course;
}

/* Addresses made by `any` that the table does not cover, which the tries'
 * hits check. NULL: no memory, or hardly an address is not covered. */
static struct course *course_of_others(struct bench *bench, const char *name,
				       struct prefix (*any)(struct dice *dice))
{
	struct dice dice = {.state = SEED + 2};
	struct course *course = course_new(bench, name);
	size_t i = 0;

	for (size_t try = 0; course && try < MISS_TRIES; try++) {
		struct prefix host = any(&dice);

		if (table_lookup(bench->stand.table, &host) != 0)
			continue;
		course_put(bench, i++, &host);
		if (i == ADDRESS_COUNT)
			return course;
	}
	return NULL;
}

static int set_sizes(struct bench *bench)
{
	struct bpf_map *const maps[] = {
		bench->skel->maps.trie4,
		bench->skel->maps.trie6,
		bench->skel->maps.set4,
		bench->skel->maps.set6,
	};
	bool v4 = bench_is_v4(bench);
	uint32_t trie = (uint32_t)bench->list.count;
	uint32_t set = (uint32_t)bench->hosts.count;
	const uint32_t sizes[] = {v4 ? trie : 1, v4 ? 1 : trie, v4 ? set : 1,
				  v4 ? 1 : set};

	for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
		int r = bpf_map__set_max_entries(maps[i], sizes[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Loaded, its tables the stand's, its tail calls set. */
static int bench_load(struct bench *bench)
{
	const struct fw_view4 *view4 = maps_view4(bench->stand.maps);
	const struct fw_view6 *view6 = maps_view6(bench->stand.maps);
	struct lookup *skel = lookup__open();
	uint32_t index = 0;
	int map, fd, r;

	if (!skel)
		return -errno;
	bench->skel = skel;
	skel->rodata->cfg_hosts4_bits = view4->hosts_bits;
	skel->rodata->cfg_blocks4_bits = view4->blocks_bits;
	skel->rodata->cfg_exact6_bits = view6->exact_bits;
	skel->rodata->cfg_seed4 = view4->seed;
	skel->rodata->cfg_seed6 = view6->seed;

	r = stand_share_maps(&bench->stand, skel->obj);
	if (r == 0)
		r = set_sizes(bench);
	if (r == 0)
		r = lookup__load(skel);
	if (r < 0)
		return r;

	map = bpf_map__fd(skel->maps.next_programs);
	fd = program_gate(bench->stand.program)->fd;
	r = bpf_map_update_elem(map, &index, &fd, BPF_ANY);
	if (r < 0)
		return r;
	index = 1;
	fd = bpf_program__fd(skel->progs.drop);
	return bpf_map_update_elem(map, &index, &fd, BPF_ANY);
}

struct trie_key4 {
	uint32_t len;
	uint32_t addr_be;
};

struct trie_key6 {
	uint32_t len;
	uint8_t addr[16];
};

static int trie_add(const struct lookup *skel, const struct prefix *prefix)
{
	uint32_t value = STAND_CLASS;

	if (prefix_is_v4(prefix)) {
		struct trie_key4 key = {
			.len = prefix_len(prefix),
			.addr_be = htonl(prefix_addr_v4(prefix)),
		};

		return bpf_map_update_elem(bpf_map__fd(skel->maps.trie4), &key,
					   &value, BPF_ANY);
	}

	struct trie_key6 key = {.len = prefix->bits};

	memcpy(key.addr, prefix->addr, sizeof(key.addr));
	return bpf_map_update_elem(bpf_map__fd(skel->maps.trie6), &key, &value,
				   BPF_ANY);
}

static int set_add(const struct lookup *skel, const struct prefix *prefix)
{
	uint32_t value = STAND_CLASS;

	if (prefix_is_v4(prefix)) {
		uint32_t key = prefix_addr_v4(prefix);

		return bpf_map_update_elem(bpf_map__fd(skel->maps.set4), &key,
					   &value, BPF_ANY);
	}

	struct fw_key6 key = key6_of(prefix);

	return bpf_map_update_elem(bpf_map__fd(skel->maps.set6), &key, &value,
				   BPF_ANY);
}

static int fill_others(const struct bench *bench)
{
	int r = 0;

	for (size_t i = 0; i < bench->list.count && r == 0; i++)
		r = trie_add(bench->skel, &bench->list.prefixes[i]);
	for (size_t i = 0; i < bench->hosts.count && r == 0; i++)
		r = set_add(bench->skel, &bench->hosts.prefixes[i]);
	return r;
}

/* A row of ours, a trie's or a hash's; the two others are slow. */
static void add_track(struct bench *bench, const struct course *course,
		      const char *what, const struct bpf_program *program,
		      double at_most)
{
	bool v4 = bench_is_v4(bench);
	bool ours = what[0] == '\0';
	struct track *track =
		race_add(&bench->race, "lookup/%s%s/%zu/%s", what,
			 v4 ? "v4" : "v6", bench->count, course->name);

	track->course = course;
	track->program_fd = bpf_program__fd(program);
	track->empty_fd = bpf_program__fd(v4 ? bench->skel->progs.empty4
					     : bench->skel->progs.empty6);
	track->repeat = ADDRESS_COUNT;
	if (!ours)
		track->repeat /= SLOW_DIVISOR;
	track->at_most = at_most;
	track->hits = hits_of_lookup;
	track->hits_arg = bench->skel;
}

static void add_program(struct bench *bench, const struct course *course,
			double at_most)
{
	struct track *track = race_add(&bench->race, "lookup/program/%zu/%s",
				       bench->count, course->name);

	track->course = course;
	track->program_fd = bpf_program__fd(bench->skel->progs.frame);
	track->empty_fd = bpf_program__fd(bench->skel->progs.empty_frame);
	track->repeat = ADDRESS_COUNT;
	track->at_most = at_most;
	track->hits = hits_of_firewall;
	track->hits_arg = &bench->stand;
}

/* The targets are for these lengths. */
static double goal(const struct bench *bench, double million,
		   double ten_million)
{
	return bench->count == 1000000	  ? million
	       : bench->count == 10000000 ? ten_million
					  : 0;
}

static int tracks_v4(struct bench *bench)
{
	const struct lookup *skel = bench->skel;
	const struct course *hit = course_of_list(bench, "hit", &bench->list, 0,
						  bench->list.count);
	const struct course *miss =
		course_of_others(bench, "miss", list_any_v4);
	const struct course *host = course_of_list(bench, "hit", &bench->hosts,
						   0, bench->hosts.count);

	if (!hit || !miss || !host)
		return -ENOMEM;
	add_track(bench, hit, "", skel->progs.table4, goal(bench, 60, 90));
	add_track(bench, miss, "", skel->progs.table4, goal(bench, 20, 0));
	add_program(bench, hit, goal(bench, 95, 0));
	add_program(bench, miss, goal(bench, 30, 0));
	add_track(bench, hit, "lpm/", skel->progs.lpm4, 0);
	add_track(bench, miss, "lpm/", skel->progs.lpm4, 0);
	add_track(bench, host, "hash/", skel->progs.hash4, 0);
	return 0;
}

/* `near`: not listed, but in a /20 with many that are. */
static int tracks_v6(struct bench *bench)
{
	const struct lookup *skel = bench->skel;
	const size_t hosts = bench->count;
	const struct course *host =
		course_of_list(bench, "host", &bench->list, 0, hosts);
	const struct course *prefix = course_of_list(
		bench, "prefix", &bench->list, hosts, bench->list.count);
	const struct course *miss =
		course_of_others(bench, "miss", list_any_v6);
	const struct course *near =
		course_of_others(bench, "near", list_near_v6);

	if (!host || !prefix || !miss || !near)
		return -ENOMEM;
	add_track(bench, host, "", skel->progs.table6, goal(bench, 200, 0));
	add_track(bench, prefix, "", skel->progs.table6, goal(bench, 300, 0));
	add_track(bench, miss, "", skel->progs.table6, goal(bench, 25, 0));
	add_track(bench, near, "", skel->progs.table6, 0);
	add_track(bench, host, "lpm/", skel->progs.lpm6, 0);
	add_track(bench, prefix, "lpm/", skel->progs.lpm6, 0);
	add_track(bench, miss, "lpm/", skel->progs.lpm6, 0);
	add_track(bench, host, "hash/", skel->progs.hash6, 0);
	return 0;
}

static int make_lists(struct bench *bench, bool v4)
{
	struct dice dice = {.state = SEED};
	int r;

	if (v4) {
		r = list_make_v4(&dice, bench->count, &bench->list);
		if (r < 0)
			return r;
		return list_make_hosts4(&dice, bench->count, &bench->hosts);
	}
	r = list_make_v6(&dice, bench->count, bench->count / 10, &bench->list);
	if (r < 0)
		return r;
	return list_make_v6(&(struct dice){.state = SEED}, bench->count, 0,
			    &bench->hosts);
}

static int bench_run(struct report *report, size_t count, bool v4)
{
	CLEANUP(bench_done)
	struct bench bench = {
		.report = report,
		.count = count,
	};
	char name[RACE_NAME_MAX];
	int r = make_lists(&bench, v4);

	if (r == 0)
		r = stand_open(&bench.list, &bench.stand);
	if (r == -ENOSPC) {
		(void)snprintf(name, sizeof(name), "lookup/%s/%zu",
			       v4 ? "v4" : "v6", count);
		report_skip(report, name, "more than the table can hold");
		return 0;
	}
	if (r == 0)
		r = bench_load(&bench);
	if (r == 0)
		r = fill_others(&bench);
	if (r == 0)
		r = v4 ? tracks_v4(&bench) : tracks_v6(&bench);
	if (r == 0)
		r = race_run(&bench.race,
			     report->quick ? ROUNDS_QUICK : ROUNDS);
	if (r == 0)
		race_report(&bench.race, report);
	return r;
}

int main(int argc, char **argv)
{
	static const size_t counts[] = {10000, 100000, 1000000, 10000000};
	struct report report;
	int r;

	report_begin(&report, argc, argv);
	r = testrun_pin();
	for (size_t i = 0; i < ARRAY_LEN(counts) && r == 0; i++) {
		if (report.quick && counts[i] > LIST_MAX)
			continue;
		r = bench_run(&report, counts[i], true);
		if (r == 0)
			r = bench_run(&report, counts[i], false);
	}
	if (r < 0) {
		(void)fprintf(stderr, "lookup: %s\n", strerror(-r));
		return 1;
	}
	report_end(&report);
	return 0;
}
