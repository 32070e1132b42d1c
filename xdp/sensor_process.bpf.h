/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_process.bpf.h - processes: begun, made another program, ended.
 *
 *	reads	the task and, of a new program, what the kernel has made of it:
 *		the file that runs, the arguments that it copied
 *	writes	security_ring, sensor_counts, serving
 *	costs	two walks of paths for each program that is executed
 *
 * No program of the new process has run when it is looked at: what is told of
 * an execution cannot be rewritten by it.
 */
#pragma once

#include "xdp/sensor_path.bpf.h"
#include "xdp/sensor_record.bpf.h"
#include "xdp/sensor_serve.bpf.h"

#define CGROUP_DEPTH_MAX 16

struct arguments {
	__u64 start;
	__u64 len;
};

/* As the kernel laid them out above the stack of the new program. */
static __always_inline struct arguments arguments_of(struct task_struct *task)
{
	__u64 start = BPF_CORE_READ(task, mm, arg_start);

	return (struct arguments){
		.start = start,
		.len = BPF_CORE_READ(task, mm, arg_end) - start,
	};
}

/* From `at` on as many as fit into one text. */
static __always_inline void put_arguments(struct scratch *scratch,
					  const struct arguments *arguments,
					  __u64 at)
{
	__u64 len = arguments->len - at;
	__u8 *room = text_room(scratch, FW_TEXT_ARGS);
	__u32 taken;

	if (len > FW_TEXT_BYTES)
		len = FW_TEXT_BYTES;
	taken = len & FW_TEXT_BYTES;
	scratch->head.lens[FW_TEXT_ARGS] = 0; /* not those of the last record */
	if (room && bpf_probe_read_user(room, taken,
					(void *)(arguments->start + at)) == 0)
		text_done(scratch, FW_TEXT_ARGS, taken);
	else
		scratch->head.cut |= 1u << FW_TEXT_ARGS;
}

/* One more record of them; 1 at the end. */
static long send_arguments(__u32 chunk, void *arg)
{
	const struct arguments *arguments = arg;
	struct scratch *scratch = scratch_here();
	__u64 at = (chunk + 1) * (__u64)FW_TEXT_BYTES;

	if (!scratch || at >= arguments->len)
		return 1;
	scratch->used = 0;
	scratch->head.count = at;
	put_arguments(scratch, arguments, at);
	(void)record_send(scratch);
	return 0;
}

/* Those that do not fit into the record of the execution go before it. What is
 * lost of them is missing in the middle, which the reader sees. */
static __always_inline void put_all_arguments(struct scratch *scratch,
					      struct task_struct *task)
{
	struct arguments arguments = arguments_of(task);

	scratch->head.args_bytes = arguments.len;
	if (arguments.len > FW_TEXT_BYTES) {
		scratch->head.kind = FW_SENSE_ARGS;
		(void)bpf_loop(FW_ARGS_CHUNKS, send_arguments, &arguments, 0);
		scratch->head.kind = FW_SENSE_EXEC;
		scratch->head.count = 0;
		scratch->used = 0;
	}
	put_arguments(scratch, &arguments, 0);
}

static __always_inline void put_directory(struct scratch *scratch, __u32 which,
					  struct task_struct *task)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);

	(void)path_find((__u64)BPF_CORE_READ(fs, pwd.mnt),
			(__u64)BPF_CORE_READ(fs, pwd.dentry));
	put_walk(scratch, which);
}

static __always_inline struct kernfs_node *above(const struct kernfs_node *node)
{
	const struct kernfs_node___6_15 *renamed = (const void *)node;

	if (bpf_core_field_exists(node->parent))
		return BPF_CORE_READ(node, parent);
	return BPF_CORE_READ(renamed, __parent);
}

/* Names from the innermost up to the root, a slash before each: the reader
 * turns them round. Of more than fit the outermost are missing. */
static __always_inline void put_cgroup(struct scratch *scratch,
				       struct task_struct *task)
{
	struct kernfs_node *node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	__u32 begin = scratch->used;

	for (int i = 0; i < CGROUP_DEPTH_MAX; i++) {
		struct kernfs_node *next = above(node);
		__u8 *room = text_room(scratch, FW_TEXT_CGROUP);
		long len;

		if (!next || !room)
			break;
		*room = '/';
		len = bpf_probe_read_kernel_str(room + 1, 256,
						BPF_CORE_READ(node, name));
		if (len <= 0)
			break;
		scratch->used += (__u32)len & 511;
		node = next;
	}
	if (above(node))
		scratch->head.cut |= 1u << FW_TEXT_CGROUP;
	scratch->head.lens[FW_TEXT_CGROUP] = scratch->used - begin;
}

static __always_inline void tell_exec(struct task_struct *task,
				      const struct linux_binprm *bprm)
{
	struct scratch *scratch = record_begin(FW_SENSE_EXEC, task);

	if (!scratch)
		return;
	put_all_arguments(scratch, task);
	put_file(scratch, FW_TEXT_IMAGE, BPF_CORE_READ(task, mm, exe_file));
	put_kernel(scratch, FW_TEXT_ASKED, BPF_CORE_READ(bprm, filename));
	put_directory(scratch, FW_TEXT_CWD, task);
	put_cgroup(scratch, task);
	scratch->head.flags = standard_sockets(task);
	record_end(scratch);
}

/* A thread is no process. Whoever begins one may have it as a child of its own
 * parent: told is who began it. */
static __always_inline void tell_fork(struct task_struct *beginner,
				      struct task_struct *child)
{
	struct scratch *scratch;

	if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return;
	scratch = record_begin(FW_SENSE_FORK, child);
	if (!scratch)
		return;
	put_parent(&scratch->head, beginner);
	serve_begin(&scratch->head, child);
	record_end(scratch);
}

/* Told when the last thread has gone. */
static __always_inline void tell_exit(struct task_struct *task)
{
	struct scratch *scratch;

	if (BPF_CORE_READ(task, signal, live.counter) != 0)
		return;
	scratch = record_begin(FW_SENSE_EXIT, task);
	if (!scratch)
		return;
	scratch->head.result = BPF_CORE_READ(task, signal, group_exit_code);
	if (scratch->head.result == 0)
		scratch->head.result = BPF_CORE_READ(task, exit_code);
	serve_put(&scratch->head, task);
	record_end(scratch);
}
