/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gateway.h - the real fwd and fwctl, on a gateway of their own.
 *
 * The daemon runs at the far end of a cable (wire.h), attached to its "fw" in
 * driver mode, with its store in a new directory below $PORTCULLIS_PERF_DIR
 * or /var/tmp and its pins on this process's own bpffs. The programs are those
 * of the same build, or $PORTCULLIS_FWD and $PORTCULLIS_FWCTL.
 *
 *	1. nothing outlives this process: the daemon is killed with it, and
 *	   pins and interfaces go with its namespaces;
 *	2. the directory is removed by gateway_close(), and not if we crash.
 *
 * Owns		the daemon, the directory, the cable
 * Errors	negative errno; what went wrong is on standard error
 * Threads	start and stop: the one that opened it; ask: any
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "perf/support/wire.h"
#include "rules/base.h"
#include "rules/wire.h"

#define GATEWAY_PATH_MAX 256

struct gateway {
	struct wire wire;
	pid_t pid; /* of the daemon; 0: it does not run */
	char fwd[GATEWAY_PATH_MAX];
	char fwctl[GATEWAY_PATH_MAX];
	char dir[GATEWAY_PATH_MAX];
	char socket[GATEWAY_PATH_MAX];
	char disk[64]; /* kind of file system that `dir` is on */
	char config[GATEWAY_PATH_MAX]; /* fwd.yml; "": there is none */
};

/* After wire_enter(). The daemon does not run yet. */
int gateway_open(struct gateway *ret_gateway);
void gateway_close(struct gateway *gateway);

/* Items of fwd.yml, from the next start on. */
__attribute__((format(printf, 2, 3))) int
gateway_configure(struct gateway *gateway, const char *format, ...);

/* Start the daemon; it answers and its gate is attached when this returns.
 * How long it took until it answered. */
int gateway_start(struct gateway *gateway, double *ret_s);

/* Stop it, and leave what is stored and pinned. */
int gateway_stop(struct gateway *gateway);

/* And have nothing stored or pinned. */
int gateway_forget(struct gateway *gateway);

/* One request on a connection of its own; a refusal is -EREMOTEIO. `args` is
 * taken. The caller owns *ret_answer. */
int gateway_ask(const struct gateway *gateway, enum request request,
		json_t *args, json_t **ret_answer);

/* The same with a file that goes along. */
int gateway_send(const struct gateway *gateway, enum request request,
		 json_t *args, const char *path, json_t **ret_answer);

/* The program that judges what arrives at "fw", for the caller to close. */
int gateway_gate(const struct gateway *gateway);

/* Have a program for tc look at what comes through it, until the end. */
int gateway_see(const struct gateway *gateway, int program_fd);

/* How many frames have arrived at "fw". */
int gateway_arrived(const struct gateway *gateway, uint64_t *ret_count);

/* What all threads of the daemon have run. */
double gateway_cpu_s(const struct gateway *gateway);

/* Memory of daemon and maps, now and at its worst. */
int gateway_memory(const struct gateway *gateway, double *ret_mib,
		   double *ret_peak_mib);

/* What the kernel says is resident of the daemon, and of that what is not maps
 * of packets. */
int gateway_resident(const struct gateway *gateway, double *ret_mib,
		     double *ret_own_mib);

/* Run a program to its end; how long that took, from before it was started.
 * What it prints goes to the file `output`, NULL: nowhere. */
int gateway_spawn(const char *const argv[], const char *output, double *ret_s);

/* Now, in seconds since some moment. */
double gateway_clock_s(void);
