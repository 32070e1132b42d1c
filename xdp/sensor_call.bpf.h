/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_call.bpf.h - a system call that has just ended: which it was, its
 * arguments, and what its descriptors stand for.
 */
#pragma once

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "xdp/sensor_calls.bpf.h"
#include "xdp/sensor_record.bpf.h"

#define TS_COMPAT 2 /* the call was made in the way of IA-32 */

struct seen_call {
	struct call call;
	__u64 args[6];
	__s64 result;
};

static __always_inline struct task_struct *task_here(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

static __always_inline bool is_own(void)
{
	return bpf_get_current_pid_tgid() >> 32 == cfg_self;
}

static __always_inline bool is_compat(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->thread_info.status & TS_COMPAT;
}

/* The row of a call's number. */
static __always_inline const struct call *call_of(__u64 number, bool compat)
{
	if (number >= CALL_MAX)
		return 0;
	return compat ? &calls_32[number] : &calls_64[number];
}

static __always_inline void args_read(struct pt_regs *regs, bool compat,
				      __u64 args[6])
{
	if (compat) {
		args[0] = (__u32)regs->bx;
		args[1] = (__u32)regs->cx;
		args[2] = (__u32)regs->dx;
		args[3] = (__u32)regs->si;
		args[4] = (__u32)regs->di;
		args[5] = (__u32)regs->bp;
		return;
	}
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
}

/* The argument at a place of the table; 0 for one that is not there. */
static __always_inline __u64 arg(const struct seen_call *seen, __u8 place)
{
	switch (place) {
	case 0:
		return seen->args[0];
	case 1:
		return seen->args[1];
	case 2:
		return seen->args[2];
	case 3:
		return seen->args[3];
	case 4:
		return seen->args[4];
	default:
		return 0;
	}
}

/* Without a directory of its own a path is below the working directory. */
static __always_inline __u64 dir_arg(const struct seen_call *seen, __u8 place)
{
	return place == NO_ARG ? (__u64)-100 : arg(seen, place);
}

/* What the kernel has under a descriptor of the task that runs, or NULL. */
static __always_inline struct file *file_of(__u64 fd)
{
	struct task_struct *task = task_here();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = 0;

	fd = (__u32)fd;
	if (fd < BPF_CORE_READ(table, max_fds))
		(void)bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
	return file;
}

/* A record with what all calls have. */
static __always_inline struct scratch *seen_begin(const struct seen_call *seen)
{
	struct scratch *scratch = record_begin(seen->call.kind, task_here());

	if (!scratch)
		return 0;
	scratch->head.result = seen->result;
	scratch->head.flags = arg(seen, seen->call.flags);
	scratch->head.count = arg(seen, seen->call.count);
	return scratch;
}
