// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fwd - the daemon of Portcullis.
 *
 * Privileges, in this order:
 *
 *	1. as root: read the configuration, open the store, load the program,
 *	   pin it, attach it, bind the control socket; with an exec denylist,
 *	   begin its two threads, which keep CAP_DAC_READ_SEARCH, and nothing;
 *	2. ask for SCHED_FIFO, and that processors sleep lightly, if wanted;
 *	3. drop to CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN (and CAP_SYS_ADMIN
 *	   where shared gates are allowed), and never gain any again;
 *	4. start the worker, which so has no more than that;
 *	5. filter system calls, of both threads;
 *	6. answer the first request.
 */
#include <errno.h>
#include <getopt.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/config.h"
#include "daemon/cpu_latency.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/packet/egress.h"
#include "daemon/packet/maps.h"
#include "daemon/privileges.h"

#define HEAP_STEP_BYTES (4 << 20)
#define LARGE_BYTES	(128 << 10)

enum exit_status {
	EXIT_DONE,
	EXIT_FAILED,
	EXIT_USAGE,
};

static void print_help(void)
{
	(void)printf(
		"usage: fwd [--config FILE] [--set NAME=VALUE]...\n"
		"       fwd [--config FILE] [--set NAME=VALUE]... --check\n"
		"       fwd [--config FILE] [--set NAME=VALUE]... --unload\n"
		"       fwd --version | --help\n"
		"\n"
		"Runs in the foreground. --check reads the configuration and\n"
		"says what is wrong with it. --unload takes every gate and pin\n"
		"away, so nothing is filtered any more; not while fwd runs.\n"
		"Without --config, %s is read if it is there.\n"
		"\n"
		"Items of the file, and names for --set:\n",
		CONFIG_PATH);
	config_help(stdout);
}

struct arguments {
	const char *config_path;
	const char *sets[32]; /* applied after the file */
	int set_count;
	bool check;
	bool unload;
};

/* -1 to go on, or the status to exit with. */
static int parse_arguments(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, 's'},
		{"check", no_argument, NULL, 'k'},
		{"unload", no_argument, NULL, 'u'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			args->config_path = optarg;
			break;
		case 's':
			if (args->set_count == (int)ARRAY_LEN(args->sets)) {
				(void)fprintf(stderr, "fwd: too many --set\n");
				return EXIT_USAGE;
			}
			args->sets[args->set_count++] = optarg;
			break;
		case 'k':
			args->check = true;
			break;
		case 'u':
			args->unload = true;
			break;
		case 'v':
			(void)printf("fwd %s (abi %d)\n", PORTCULLIS_VERSION,
				     FW_ABI_VERSION);
			return EXIT_DONE;
		case 'h':
			print_help();
			return EXIT_DONE;
		default:
			(void)fprintf(stderr, "fwd: see fwd --help\n");
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr,
			      "fwd: unexpected \"%s\", see fwd "
			      "--help\n",
			      argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

static int load_config(struct arguments *args, struct config *config)
{
	char note[CONFIG_NOTE_MAX];
	int r;

	if (!args->config_path && access(CONFIG_PATH, F_OK) == 0)
		args->config_path = CONFIG_PATH;
	if (args->config_path) {
		r = config_read(args->config_path, false, config, note);
		if (r < 0) {
			log_errx("%s", note);
			return r;
		}
	}
	for (int i = 0; i < args->set_count; i++) {
		r = config_set(args->sets[i], config, note);
		if (r < 0) {
			log_errx("%s", note);
			return r;
		}
	}
	return 0;
}

struct found_gates {
	struct gate list[GATES_MAX];
	size_t count;
};

static int find_gate(void *arg, const struct gate *gate)
{
	struct found_gates *found = arg;

	if (found->count < ARRAY_LEN(found->list))
		found->list[found->count++] = *gate;
	return 0;
}

static int detach_found(struct gates *gates, const struct found_gates *found)
{
	char note[GATE_NOTE_MAX];
	int r = 0;

	for (size_t i = 0; i < found->count && r == 0; i++) {
		const struct gate *gate = &found->list[i];

		(void)egress_detach(gate->ifindex);
		r = gates_detach(gates, gate->ifindex, note);
		if (r == -ENOENT) /* it went with its interface */
			r = 0;
		if (r < 0)
			log_err(r, "gate %s: %s", gate->ifname, note);
		else
			log_notice("gate %s: detached", gate->ifname);
	}
	return r;
}

/* There may be more than are asked for: none is forgotten. */
static int detach_all(struct gates *gates)
{
	struct found_gates found;
	int r;

	do {
		found.count = 0;
		r = gates_each(gates, find_gate, &found);
		if (r == 0)
			r = detach_found(gates, &found);
	} while (r == 0 && found.count > 0);
	return r;
}

static int unload(const struct config *config)
{
	CLEANUP(closep) int pins_fd = -1;
	CLEANUP(gates_freep) struct gates *gates = NULL;
	char note[MAPS_NOTE_MAX];
	int r = maps_lock_pins(config->pin_dir, &pins_fd, note);

	if (r < 0 && *note) {
		log_errx("unload: %s", note);
		return r;
	}
	if (r == 0)
		r = gates_new(config->pin_dir, &gates);
	if (r == 0)
		r = detach_all(gates);
	if (r == 0)
		r = maps_unpin_all(config->pin_dir);
	if (r < 0)
		log_err(r, "unload %s", config->pin_dir);
	return r;
}

/* Have the code of a program or library in memory, and in the page tables of
 * a hypervisor, before the first verdict would wait for it. */
static int touch_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const size_t step = (size_t)sysconf(_SC_PAGESIZE);
	const volatile char *code;
	ElfW(Addr) start; /* the same, as the linker tells it */

	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		start = info->dlpi_addr + part->p_vaddr;
		memcpy(&code, &start, sizeof(code));
		for (size_t at = 0; at < part->p_filesz; at += step)
			(void)code[at];
	}
	return 0;
}

/* Let the heap grow and shrink seldom: each time the kernel takes a lock that
 * the worker may hold. What is large is not of the heap: so it is zero pages
 * until it is touched, and goes back when it is freed. */
static void settle_heap(void)
{
	(void)mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, 2 * HEAP_STEP_BYTES);
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
}

static void settle_latency(struct daemon *daemon, uint32_t us)
{
	int r = us == CPU_LATENCY_ANY ? 0 : cpu_latency_hold(us);

	if (r == 0)
		return;
	log_warning(r, "cpu_latency_us: processors sleep as before");
	(void)alerts_raise(&daemon->alerts, clock_wall_s(), "cpu latency",
			   "cpu_latency_us has no effect: %s: %s",
			   CPU_LATENCY_DEVICE, strerror(-r));
}

static int give_up_privileges(struct daemon *daemon,
			      const struct config *config)
{
	uint32_t steps = daemon->acting.steps;
	const struct privileges kept = {
		.sys_admin = config->allow_shared,
		.kill = steps & DETECT_STEP_END,
		.ptrace = steps & (DETECT_STEP_END | DETECT_STEP_QUARANTINE),
	};
	int r;

	settle_latency(daemon, config->cpu_latency_us);
	if (config->realtime) {
		r = privileges_realtime();
		if (r < 0)
			log_info("no SCHED_FIFO (%s), going on without",
				 strerror(-r));
	}
	r = privileges_drop(&kept);
	if (r < 0) {
		log_err(r, "capabilities could not be dropped");
		return r;
	}
	r = daemon_start_workers(daemon);
	if (r < 0) {
		log_err(r, "the other threads could not be started");
		return r;
	}
	if (!config->sandbox)
		return 0;
	r = privileges_sandbox();
	if (r < 0)
		log_err(r, "system calls could not be filtered");
	return r < 0 ? r : 0;
}

static int run(const struct arguments *args, const struct config *config)
{
	CLEANUP(daemon_freep) struct daemon *daemon = NULL;
	char note[MAPS_NOTE_MAX];
	int r;

	r = daemon_new(config, args->config_path, &daemon, note);
	if (r < 0) {
		if (*note)
			log_errx("cannot start: %s", note);
		else
			log_err(r, "cannot start");
		return r;
	}
	(void)malloc_trim(0); /* what reading rules and the store has left */
	(void)dl_iterate_phdr(touch_object, NULL);
	r = give_up_privileges(daemon, config);
	if (r < 0)
		return r;
	log_notice("started version=%s pid=%d", PORTCULLIS_VERSION,
		   (int)getpid());
	return daemon_run(daemon);
}

int main(int argc, char **argv)
{
	struct arguments args = {0};
	struct config config = config_defaults;
	int status = parse_arguments(argc, argv, &args);

	if (status >= 0)
		return status;
	log_start(config.log_level);
	if (load_config(&args, &config) < 0)
		return EXIT_USAGE;
	if (args.check)
		return EXIT_DONE;

	(void)signal(SIGPIPE, SIG_IGN);
	settle_heap();
	log_start(config.log_level);
	if (args.unload)
		return unload(&config) < 0 ? EXIT_FAILED : EXIT_DONE;
	return run(&args, &config) < 0 ? EXIT_FAILED : EXIT_DONE;
}
