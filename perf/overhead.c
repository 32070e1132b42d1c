// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * overhead - what the sensor costs those whom it watches: programs started one
 * after the other, files opened, and a call that it does not tell; without it
 * and with it in turn. Then what each of its programs takes, by the kernel's
 * own clock. The first are times of the processor, user's and kernel's.
 *
 * Its records are taken out between the spans that are measured; what the
 * daemon does with them has a row of its own.
 *
 * At last the whole, with the real fwd, and with --auditd beside the real auditd
 * (perf/support/watched.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/clock.h"
#include "daemon/event/reader.h"
#include "perf/support/report.h"
#include "perf/support/watched.h"
#include "perf/support/work.h"
#include "rules/base.h"

#define ROUNDS	     9
#define ROUNDS_QUICK 2
#define GOAL_SPAWN   1.03 /* of the time without */

static int open_one(void)
{
	int fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return close(fd) < 0 ? -errno : 0;
}

static int call_one(void)
{
	return syscall(SYS_getppid) < 0 ? -errno : 0;
}

struct load {
	const char *name;
	const char *baseline;
	const char *unit;
	int (*run)(void);
	int count; /* in a span; all of its records fit into the rings */
	double unit_ns;
	double at_most_ratio;
	struct sample off, on, ratios;
};

static struct load loads[] = {
	{"overhead/spawn/on",
	 "overhead/spawn/off",
	 "us",
	 work_spawn,
	 300,
	 1e3,
	 GOAL_SPAWN,
	 {{0}, 0},
	 {{0}, 0},
	 {{0}, 0}},
	{"overhead/open/on",
	 "overhead/open/off",
	 "ns",
	 open_one,
	 50000,
	 1,
	 0,
	 {{0}, 0},
	 {{0}, 0},
	 {{0}, 0}},
	{"overhead/getppid/on",
	 "overhead/getppid/off",
	 "ns",
	 call_one,
	 200000,
	 1,
	 0,
	 {{0}, 0},
	 {{0}, 0},
	 {{0}, 0}},
};

static double us_of(const struct timeval *time)
{
	return (double)time->tv_sec * 1e6 + (double)time->tv_usec;
}

/* Of the processors, by this process and the children that have ended: what
 * else the machine does is not in it. */
static double spent_us(void)
{
	struct rusage own = {0}, children = {0};

	(void)getrusage(RUSAGE_SELF, &own);
	(void)getrusage(RUSAGE_CHILDREN, &children);
	return us_of(&own.ru_utime) + us_of(&own.ru_stime) +
	       us_of(&children.ru_utime) + us_of(&children.ru_stime);
}

static int measure(const struct load *load, double *ret_value)
{
	double start_us = spent_us();

	for (int i = 0; i < load->count; i++) {
		int r = load->run();

		if (r < 0)
			return r;
	}
	*ret_value =
		(spent_us() - start_us) * 1000 / load->count / load->unit_ns;
	return 0;
}

static void ignore(void *arg, const struct event *event)
{
	(void)arg;
	(void)event;
}

static void drain(struct event_reader *reader)
{
	while (event_reader_turn(reader, clock_boot_ns(), 256) > 0)
		;
	event_reader_tick(reader, clock_boot_ns());
}

static struct sample event_ns;

/* The same, of the records of a span; what one of them takes. */
static void drain_measured(struct event_reader *reader)
{
	struct event_reader_info before, after;
	double start_us;

	if (event_reader_info(reader, &before) < 0)
		return;
	start_us = spent_us();
	drain(reader);
	if (event_reader_info(reader, &after) == 0 && after.told > before.told)
		sample_add(&event_ns,
			   (spent_us() - start_us) * 1000 /
				   (double)(after.told - before.told));
}

/* One span without, one with; the sensor is attached for the second alone. */
static int run_round(struct load *load, struct event_reader **ret_reader)
{
	const struct sensing_config config = {0};
	char note[SENSING_NOTE_MAX];
	double off, on;
	int r = measure(load, &off);

	if (r == 0)
		r = event_reader_start(&config, ignore, NULL, ret_reader, note);
	if (r < 0)
		return r;
	drain(*ret_reader);
	r = measure(load, &on);
	if (r < 0)
		return r;
	if (load->run == work_spawn)
		drain_measured(*ret_reader);
	sample_add(&load->off, off);
	sample_add(&load->on, on);
	sample_add(&load->ratios, on / off);
	return 0;
}

static const char *const programs[] = {
	"sensor_exec",	  "sensor_fork", "sensor_exit",
	"sensor_connect", "sensor_call",
};

static struct sample program_ns[ARRAY_LEN(programs)];

/* Of the program of that id, if it is one of the sensor's. */
static void add_program(uint32_t id)
{
	CLEANUP(closep) int fd = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0 ||
	    info.run_cnt == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if (strncmp(info.name, programs[i], sizeof(info.name) - 1) == 0)
			sample_add(&program_ns[i],
				   (double)info.run_time_ns /
					   (double)info.run_cnt);
}

/* All other programs on this machine are timed as well meanwhile. */
static int measure_programs(void)
{
	CLEANUP(closep) int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	CLEANUP(event_reader_stopp) struct event_reader *reader = NULL;
	uint32_t id = 0;
	double ignored;
	int r;

	if (stats < 0)
		return -errno;
	r = run_round(&loads[0], &reader);
	if (r == 0)
		r = measure(&loads[1], &ignored);
	while (r == 0 && bpf_prog_get_next_id(id, &id) == 0)
		add_program(id);
	return r;
}

static int run_all(int rounds)
{
	int r = 0;

	/* the clock costs too, so these rounds count for nothing else */
	for (int i = 0; i < rounds && r == 0; i++)
		r = measure_programs();
	loads[0].off.count = loads[0].on.count = loads[0].ratios.count = 0;
	event_ns.count = 0;
	for (int i = 0; i < rounds && r == 0; i++) {
		for (size_t j = 0; j < ARRAY_LEN(loads) && r == 0; j++) {
			CLEANUP(event_reader_stopp)
			struct event_reader *reader = NULL;

			r = run_round(&loads[j], &reader);
		}
	}
	return r;
}

static void print_load(struct report *report, const struct load *load)
{
	report_row(report, &(struct row){.name = load->baseline,
					 .unit = load->unit,
					 .sample = &load->off});
	report_row(report, &(struct row){.name = load->name,
					 .unit = load->unit,
					 .sample = &load->on,
					 .baseline = load->baseline,
					 .ratios = &load->ratios,
					 .at_most_ratio = load->at_most_ratio});
}

static void print_parts(struct report *report)
{
	char name[64];

	report_note(report, "spawn: /bin/true by posix_spawn, and its end; "
			    "open: a file that is not watched, and close; "
			    "getppid: a call that is not told");
	for (size_t i = 0; i < ARRAY_LEN(loads); i++)
		print_load(report, &loads[i]);
	report_note(report, "in the kernel, by its own clock, a run of each "
			    "program; call is that of all system calls");
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		(void)snprintf(name, sizeof(name), "overhead/kernel/%s",
			       programs[i] + strlen("sensor_"));
		if (program_ns[i].count)
			report_row(report,
				   &(struct row){.name = name,
						 .unit = "ns",
						 .sample = &program_ns[i]});
	}
	report_note(report, "in the daemon, from a record of a fork, an "
			    "execution or an end to the sink");
	report_row(report, &(struct row){.name = "overhead/daemon/event",
					 .unit = "ns",
					 .sample = &event_ns});
}

int main(int argc, char **argv)
{
	struct report report;
	bool has_auditd;
	int r;

	has_auditd = report_begin_with(&report, argc, argv, "--auditd");
	(void)libbpf_set_print(NULL);
	r = run_all(report.quick ? ROUNDS_QUICK : ROUNDS);
	if (r == 0) {
		print_parts(&report);
		r = watched_measure(&report, has_auditd);
	}
	if (r < 0)
		report_skip(&report, "overhead", strerror(-r));
	report_end(&report);
	return 0;
}
