// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/process.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHAINS		 PROCESSES_MAX /* by pid */
#define CHAINS_PER_SWEEP 256

/* Never changed while it has more than one process. */
struct program {
	size_t refs;
	struct program_text text; /* in `bytes` */
	char bytes[];
};

struct process {
	struct process_id id, parent;
	struct program *program; /* NULL: not known */
	struct process *chain;
	struct process *newer; /* the next that has ended */
	uint64_t ended_ns; /* 0: it lives */
	bool is_rough;
};

struct processes {
	struct process *chains[CHAINS];
	struct process *first, *last; /* that have ended, in order */
	size_t count;
	uint64_t refused;
	size_t swept; /* the chain that the next sweep begins with */
};

static void program_drop(struct program *program)
{
	if (program && --program->refs == 0)
		free(program);
}

static struct process **chain_of(struct processes *processes, uint32_t pid)
{
	return &processes->chains[pid % CHAINS];
}

int processes_new(struct processes **ret_processes)
{
	assert(ret_processes);

	*ret_processes = calloc(1, sizeof(**ret_processes));
	return *ret_processes ? 0 : -ENOMEM;
}

static void process_free(struct process *process)
{
	program_drop(process->program);
	free(process);
}

void processes_free(struct processes *processes)
{
	if (!processes)
		return;

	for (size_t i = 0; i < CHAINS; i++) {
		struct process *next = processes->chains[i];

		while (next) {
			struct process *process = next;

			next = process->chain;
			process_free(process);
		}
	}
	free(processes);
}

static bool is_same(const struct process *process, const struct process_id *id)
{
	if (process->id.pid != id->pid)
		return false;
	return process->is_rough
		       ? process->id.start_ns ==
				 id->start_ns -
					 id->start_ns % PROCESS_ROUGH_TICK_NS
		       : process->id.start_ns == id->start_ns;
}

struct process *processes_find(struct processes *processes,
			       const struct process_id *id)
{
	struct process *process = *chain_of(processes, id->pid);

	while (process && !is_same(process, id))
		process = process->chain;
	if (process && process->is_rough) {
		process->id = *id;
		process->is_rough = false;
	}
	return process;
}

/* The one that ended first. */
static void forget_first(struct processes *processes)
{
	struct process *process = processes->first;
	struct process **at = chain_of(processes, process->id.pid);

	while (*at != process)
		at = &(*at)->chain;
	*at = process->chain;
	processes->first = process->newer;
	if (!processes->first)
		processes->last = NULL;
	process_free(process);
	processes->count--;
}

static struct process *add(struct processes *processes,
			   const struct process_id *id)
{
	struct process **chain = chain_of(processes, id->pid);
	struct process *process = NULL;

	if (processes->count == PROCESSES_MAX && processes->first)
		forget_first(processes);
	if (processes->count < PROCESSES_MAX)
		process = calloc(1, sizeof(*process));
	if (!process) {
		processes->refused++;
		return NULL;
	}
	process->id = *id;
	process->chain = *chain;
	*chain = process;
	processes->count++;
	return process;
}

/* Whoever else had this number has ended by the time it was given again. */
static void end_others(struct processes *processes, const struct process_id *id)
{
	struct process *process = *chain_of(processes, id->pid);

	for (; process; process = process->chain)
		if (process->id.pid == id->pid &&
		    process->id.start_ns < id->start_ns)
			(void)processes_end(processes, process, id->start_ns);
}

struct process *processes_put(struct processes *processes,
			      const struct process_id *id,
			      const struct process_id *parent)
{
	struct process *process = processes_find(processes, id);

	assert(parent);

	if (!process) {
		end_others(processes, id);
		process = add(processes, id);
	}
	if (process)
		process->parent = *parent;
	return process;
}

struct process *processes_put_rough(struct processes *processes,
				    const struct process_id *id,
				    uint32_t parent)
{
	struct process *process = *chain_of(processes, id->pid);

	while (process && process->id.pid != id->pid)
		process = process->chain;
	if (process)
		return NULL;
	process = add(processes, id);
	if (!process)
		return NULL;
	process->parent.pid = parent;
	process->is_rough = true;
	return process;
}

static struct event_text copied(char *room, const struct event_text *text,
				uint32_t len)
{
	if (len)
		memcpy(room, text->bytes, len);
	return (struct event_text){
		.bytes = room,
		.len = len,
		.is_cut = text->is_cut || len < text->len,
	};
}

int process_run(struct process *process, const struct program_text *text)
{
	uint32_t line_len = text->command_line.len;
	struct program *program;

	assert(process);

	if (line_len > PROCESS_LINE_BYTES)
		line_len = PROCESS_LINE_BYTES;
	program = malloc(sizeof(*program) + text->image.len + line_len);
	program_drop(process->program);
	process->program = program;
	if (!program)
		return -ENOMEM;
	program->refs = 1;
	program->text.image =
		copied(program->bytes, &text->image, text->image.len);
	program->text.command_line = copied(program->bytes + text->image.len,
					    &text->command_line, line_len);
	return 0;
}

void process_run_as(struct process *process, const struct process *other)
{
	struct program *program = other->program;

	if (program)
		program->refs++;
	program_drop(process->program);
	process->program = program;
}

struct program_text process_program(const struct process *process)
{
	return process->program ? process->program->text
				: (struct program_text){0};
}

struct process_id process_parent(const struct process *process)
{
	return process->parent;
}

int processes_end(struct processes *processes, struct process *process,
		  uint64_t now_ns)
{
	if (process->ended_ns)
		return -EALREADY;
	process->ended_ns = now_ns ? now_ns : 1;
	if (processes->last)
		processes->last->newer = process;
	else
		processes->first = process;
	processes->last = process;
	return 0;
}

void processes_sweep(struct processes *processes, uint64_t now_ns,
		     process_gone_fn *fn, void *arg)
{
	assert(fn);

	for (int i = 0; i < CHAINS_PER_SWEEP; i++) {
		struct process *process = processes->chains[processes->swept];

		for (; process; process = process->chain)
			if (!process->ended_ns && fn(arg, process->id.pid))
				(void)processes_end(processes, process, now_ns);
		processes->swept = (processes->swept + 1) % CHAINS;
	}
}

void processes_forget(struct processes *processes, uint64_t now_ns, size_t max)
{
	while (max-- > 0 && processes->first &&
	       now_ns >= processes->first->ended_ns + PROCESS_LINGER_NS)
		forget_first(processes);
}

struct processes_usage processes_usage(const struct processes *processes)
{
	return (struct processes_usage){.count = processes->count,
					.refused = processes->refused};
}
