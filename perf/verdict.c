// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verdict - from a process that calls connect() to its peer's packets dropped.
 *
 *	verdict/LOAD/p50_us p99_us max_us
 *		from before connect() to the first packet of the peer that the
 *		gate drops: the caller asks the live program again and again,
 *		so this is a bound from above. It does so under SCHED_FIFO,
 *		for packets do not wait until a process has the processor
 *	verdict/LOAD/tables/p50_us ...
 *		of that, by fwd's own clocks, from when the kernel saw the
 *		connection to its tables written
 *
 * A block has the steps table, refuse and cut, or the first alone. "awake" is
 * with cpu_latency_us: 0, so that no processor sleeps.
 *
 * LOAD is idle, or loaded: other processes connect, each time to another
 * address of loopback, as fast as they can up to 50,000 a second, and start
 * programs. One rule blocks; the others are those for Linux of SigmaHQ, where
 * PORTCULLIS_DATA has them.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "daemon/clock.h"
#include "daemon/merge/latency.h"
#include "perf/support/gateway.h"
#include "perf/support/report.h"
#include "perf/support/shell.h"
#include "perf/support/testrun.h"
#include "perf/support/work.h"

#define ROUNDS		5
#define ROUNDS_QUICK	1
#define PEERS		800 /* of a round */
#define PORT		4444
#define PAUSE_US	2000
#define PATIENCE_NS	1000000000u
#define LOAD_PER_SECOND 50000u
#define LOAD_TURN	50u /* connections between two looks at the clock */
#define SPAWN_EVERY	500u /* connections */
#define LOADERS		2
#define LOAD_TURN_NS	(1000000000ull * LOAD_TURN * LOADERS / LOAD_PER_SECOND)
#define ALL		"table,refuse,cut"
#define GOAL_IDLE_US	200
#define GOAL_LOADED_US	1000

enum {
	P50,
	P99,
	MAX,
	QUANTILES
};

static const char *const quantile_names[QUANTILES] = {"p50_us", "p99_us",
						      "max_us"};

/* What the rounds of one load gave. */
struct side {
	const char *name;
	double goal_us; /* of p99; 0: none */
	const char *steps; /* detect_steps of fwd.yml */
	bool is_loaded, is_awake;
	struct sample spans[QUANTILES], tables[QUANTILES];
	struct sample events; /* a second, that rules were asked about */
	uint64_t lost, missed;
};

struct bench {
	struct gateway gateway;
	int gate_fd;
	uint32_t next_peer;
	pid_t loaders[LOADERS];
};

static int write_rules(const struct gateway *gateway)
{
	const char *data = getenv("PORTCULLIS_DATA");

	return shell_run(
		"mkdir -p '%s/rules' && printf 'version: 1\\nrules:\\n  - {name: "
		"odd port, event: connect, action: block, ttl: 1h,\\n     match: "
		"{port: %d}}\\n' > '%s/rules/odd.yml' && "
		"{ [ ! -d '%s/sigma-linux' ] || cp -r '%s/sigma-linux' "
		"'%s/rules/'; }",
		gateway->dir, PORT, gateway->dir, data ? data : "/nowhere",
		data ? data : "/nowhere", gateway->dir);
}

static int write_config(struct gateway *gateway, const struct side *side)
{
	return gateway_configure(gateway,
				 "sensor: true\ndetect_block: true\n"
				 "detect_blocks_per_minute: 10000\n"
				 "detect_rules: %s/rules\n"
				 "detect_steps: %s\n%s",
				 gateway->dir, side->steps,
				 side->is_awake ? "cpu_latency_us: 0\n" : "");
}

/* All of 10.0.0.0/8 is behind a next hop that nobody is. */
static int make_route(const struct gateway *gateway)
{
	int r = wire_far(&gateway->wire);

	if (r == 0)
		r = shell_run("ip link set lo up && "
			      "ip addr add 192.0.2.1/24 dev fw && "
			      "ip neigh add 192.0.2.254 lladdr "
			      "02:00:00:00:00:fe dev fw && "
			      "ip route add 10.0.0.0/8 via 192.0.2.254");
	return r;
}

static int bench_open(struct bench *bench, const struct side *side)
{
	double ignored;
	int r = gateway_open(&bench->gateway);

	bench->gate_fd = -1;
	bench->next_peer = 0x0a000101; /* 10.0.1.1 */
	if (r == 0)
		r = write_rules(&bench->gateway);
	if (r == 0)
		r = write_config(&bench->gateway, side);
	if (r == 0)
		r = gateway_start(&bench->gateway, &ignored);
	if (r == 0)
		r = make_route(&bench->gateway);
	if (r < 0)
		return r;
	bench->gate_fd = gateway_gate(&bench->gateway);
	if (bench->gate_fd < 0)
		return bench->gate_fd;
	return wire_far(&bench->gateway.wire); /* where its peers are */
}

/* A connection that is begun and given up. */
static void connect_to(uint32_t address, uint16_t port)
{
	const struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(address),
		.sin_port = htons(port),
	};
	CLEANUP(closep)
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		(void)connect(fd, (const struct sockaddr *)&peer, sizeof(peer));
}

/* The caller is where its peers are. */
static int measure_one(struct bench *bench, struct latency *spans,
		       struct side *side)
{
	uint32_t peer = bench->next_peer++;
	uint64_t start_ns, now_ns;
	uint32_t verdict = XDP_PASS;
	int r;

	testrun_alone(true);
	start_ns = clock_mono_ns();
	connect_to(peer, PORT);
	do {
		r = testrun_judge(bench->gate_fd, peer, &verdict);
		now_ns = clock_mono_ns();
	} while (r == 0 && verdict != XDP_DROP &&
		 now_ns - start_ns < PATIENCE_NS);
	testrun_alone(false);
	if (r < 0)
		return r;
	if (verdict == XDP_DROP)
		latency_add(spans, now_ns - start_ns);
	else
		side->missed++;
	(void)usleep(PAUSE_US);
	return 0;
}

/* Loading. */

static void load_until_killed(uint32_t number)
{
	uint64_t due_ns = clock_mono_ns();

	for (uint32_t count = 1;; count++) {
		uint32_t address =
			0x7f000000u | number << 22 | (count & 0x3fffff);

		connect_to(address, 9);
		if (count % SPAWN_EVERY == 0)
			(void)work_spawn();
		if (count % LOAD_TURN)
			continue;
		due_ns += LOAD_TURN_NS;
		while (clock_mono_ns() < due_ns)
			(void)usleep(100);
	}
}

static int start_load(struct bench *bench)
{
	for (uint32_t i = 0; i < LOADERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (pid == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			load_until_killed(i);
		}
		bench->loaders[i] = pid;
	}
	(void)usleep(200000);
	return 0;
}

static void stop_load(struct bench *bench)
{
	for (uint32_t i = 0; i < LOADERS; i++) {
		if (bench->loaders[i] <= 0)
			continue;
		(void)kill(bench->loaders[i], SIGKILL);
		(void)waitpid(bench->loaders[i], NULL, 0);
		bench->loaders[i] = 0;
	}
}

static void bench_close(struct bench *bench)
{
	stop_load(bench);
	(void)wire_home(&bench->gateway.wire);
	closep(&bench->gate_fd);
	gateway_close(&bench->gateway);
}

/* Rounds. */

struct status {
	uint64_t events, lost;
	double tables_us[QUANTILES];
};

static int read_status(struct bench *bench, struct status *ret_status)
{
	static const char *const keys[QUANTILES] = {"p50_us", "p99_us",
						    "max_us"};
	json_t *answer = NULL;
	const json_t *latency;
	int r = gateway_ask(&bench->gateway, REQ_DETECT_STATUS, json_object(),
			    &answer);

	if (r < 0)
		return r;
	ret_status->events =
		(uint64_t)json_integer_value(json_object_get(answer, "events"));
	ret_status->lost =
		(uint64_t)json_integer_value(json_object_get(answer, "lost"));
	latency = json_object_get(answer, "latency");
	for (int i = 0; i < QUANTILES; i++)
		ret_status->tables_us[i] =
			json_number_value(json_object_get(latency, keys[i]));
	json_decref(answer);
	return 0;
}

static int run_round(struct bench *bench, struct side *side)
{
	struct latency spans = {0};
	struct status before, after;
	double start_s = gateway_clock_s();
	int r = read_status(bench, &before);

	for (int i = 0; i < PEERS && r == 0; i++)
		r = measure_one(bench, &spans, side);
	if (r == 0)
		r = read_status(bench, &after);
	if (r < 0)
		return r;
	sample_add(&side->events, (double)(after.events - before.events) /
					  (gateway_clock_s() - start_s));
	side->lost += after.lost - before.lost;
	sample_add(&side->spans[P50],
		   (double)latency_quantile_ns(&spans, 500000) / 1e3);
	sample_add(&side->spans[P99],
		   (double)latency_quantile_ns(&spans, 990000) / 1e3);
	sample_add(&side->spans[MAX], (double)spans.max_ns / 1e3);
	for (int i = 0; i < QUANTILES; i++)
		sample_add(&side->tables[i], after.tables_us[i]);
	return 0;
}

/* fwd counts from its start, so each side has a daemon of its own. */
static int run_side(struct side *side, int rounds)
{
	CLEANUP(bench_close) struct bench bench = {.gateway.wire = WIRE_NONE};
	int r = bench_open(&bench, side);

	if (r == 0 && side->is_loaded)
		r = start_load(&bench);
	for (int i = 0; i < rounds && r == 0; i++)
		r = run_round(&bench, side);
	return r;
}

static void print_side(struct report *report, const struct side *side)
{
	char name[64];

	for (int i = 0; i < QUANTILES; i++) {
		(void)snprintf(name, sizeof(name), "verdict/%s/%s", side->name,
			       quantile_names[i]);
		report_row(report,
			   &(struct row){
				   .name = name,
				   .unit = "us",
				   .sample = &side->spans[i],
				   .at_most = i == P99 ? side->goal_us : 0,
			   });
	}
	for (int i = 0; i < QUANTILES; i++) {
		(void)snprintf(name, sizeof(name), "verdict/%s/tables/%s",
			       side->name, quantile_names[i]);
		report_row(report, &(struct row){.name = name,
						 .unit = "us",
						 .sample = &side->tables[i]});
	}
	(void)snprintf(name, sizeof(name), "verdict/%s/events", side->name);
	report_row(report, &(struct row){.name = name,
					 .unit = "/s",
					 .sample = &side->events});
	report_note(report,
		    "%s: events lost: %llu; peers not blocked within "
		    "a second: %llu",
		    side->name, (unsigned long long)side->lost,
		    (unsigned long long)side->missed);
}

int main(int argc, char **argv)
{
	struct side sides[] = {
		{.name = "idle", .goal_us = GOAL_IDLE_US, .steps = ALL},
		{.name = "idle/awake",
		 .goal_us = GOAL_IDLE_US,
		 .steps = ALL,
		 .is_awake = true},
		{.name = "loaded",
		 .goal_us = GOAL_LOADED_US,
		 .steps = ALL,
		 .is_loaded = true},
		{.name = "idle/table_alone", .steps = "table"},
		{.name = "loaded/table_alone",
		 .steps = "table",
		 .is_loaded = true},
	};
	struct report report;
	int r;

	report_begin(&report, argc, argv);
	r = wire_enter();
	for (size_t i = 0; i < ARRAY_LEN(sides) && r == 0; i++) {
		r = run_side(&sides[i], report.quick ? ROUNDS_QUICK : ROUNDS);
		if (r == 0)
			print_side(&report, &sides[i]);
	}
	if (r < 0)
		report_skip(&report, "verdict", strerror(-r));
	report_end(&report);
	return 0;
}
