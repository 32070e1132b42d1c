/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.h - the processes there are, and who began whom.
 *
 * A process is its pid and when it started, so a number that is used again is
 * another process. What runs in it (the image, its command line) is shared by
 * all that it forks, until they execute something else.
 *
 *	1. Whoever has ended is still known for PROCESS_LINGER_NS: what it did
 *	   may be told after its end, and its children name it.
 *	2. An end that is not told, for events are lost, is found out: when the
 *	   number is another's, or by processes_sweep().
 *	3. There are PROCESSES_MAX at most. When they are as many, those that
 *	   ended first go; when none has ended, a new one is not remembered,
 *	   and counted.
 *
 * Owns		what is in it; a program that is lent is valid until the table
 *		changes
 * Times	CLOCK_BOOTTIME
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/event.h"

#define PROCESSES_MAX	      65536
#define PROCESS_LINGER_NS     10000000000ull
#define PROCESS_LINE_BYTES    4096 /* of a command line that are kept */
#define PROCESS_ROUGH_TICK_NS 10000000ull

struct program_text {
	struct event_text image;
	struct event_text command_line;
};

struct process;
struct processes;

int processes_new(struct processes **ret_processes);
void processes_free(struct processes *processes);
DEFINE_CLEANUP(struct processes *, processes_free)

/* NULL when it is not known. One that was put with a rough time is found by
 * every time of that tick, and has the exact one from then on. */
struct process *processes_find(struct processes *processes,
			       const struct process_id *id);

/* The process, there from now on. NULL when there is no room or memory. */
struct process *processes_put(struct processes *processes,
			      const struct process_id *id,
			      const struct process_id *parent);

/* Found in /proc: its start is that of a tick of PROCESS_ROUGH_TICK_NS. Of the
 * parent only the pid is known there. NULL when the pid is known already. */
struct process *processes_put_rough(struct processes *processes,
				    const struct process_id *id,
				    uint32_t parent);

/* It runs this from now on; the texts are copied. */
int process_run(struct process *process, const struct program_text *text);

/* It runs what the other one does. */
void process_run_as(struct process *process, const struct process *other);

/* Empty texts for what is not known. */
struct program_text process_program(const struct process *process);
struct process_id process_parent(const struct process *process);

/* Has it ended before? Then it is -EALREADY. */
int processes_end(struct processes *processes, struct process *process,
		  uint64_t now_ns);

typedef bool process_gone_fn(void *arg, uint32_t pid);

/* Ask of some processes that live whether their numbers are in use, a part of
 * the table each time; those of which `fn` says no have ended. */
void processes_sweep(struct processes *processes, uint64_t now_ns,
		     process_gone_fn *fn, void *arg);

/* Forget at most `max` whose time is over. */
void processes_forget(struct processes *processes, uint64_t now_ns, size_t max);

struct processes_usage {
	size_t count;
	uint64_t refused; /* that there was no room for */
};

struct processes_usage processes_usage(const struct processes *processes);
