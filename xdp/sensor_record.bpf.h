/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_record.bpf.h - a record from its first word to the ring.
 *
 * record_begin() takes the scratch of this processor, in two steps where a look
 * may spare the second; record_end() sends what is in it and gives it back. What
 * cannot be sent is counted, by kind.
 */
#pragma once

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "xdp/sensor_maps.bpf.h"

/* Whoever waits is woken at once for what may call for a verdict; for the rest
 * only when a good part of the ring is full. */
#define VOLUME_WAKE_BYTES (256 << 10)
#define SECURITY_PART	  16 /* of its ring, likewise */

static __always_inline bool is_volume(__u32 kind)
{
	return kind >= FW_SENSE_FIRST_VOLUME;
}

static __always_inline void put_parent(struct fw_sensed *head,
				       struct task_struct *parent)
{
	head->parent = BPF_CORE_READ(parent, tgid);
	head->parent_start_ns =
		BPF_CORE_READ(parent, group_leader, start_boottime);
}

static __always_inline void put_who(struct fw_sensed *head,
				    struct task_struct *task)
{
	const struct cred *cred = BPF_CORE_READ(task, cred);

	head->pid = BPF_CORE_READ(task, tgid);
	head->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	put_parent(head, BPF_CORE_READ(task, real_parent));
	head->uid = BPF_CORE_READ(cred, uid.val);
	head->euid = BPF_CORE_READ(cred, euid.val);
	head->login_uid = bpf_core_field_exists(task->loginuid)
				  ? BPF_CORE_READ(task, loginuid.val)
				  : (__u32)-1;
	head->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	(void)bpf_core_read(head->comm, sizeof(head->comm), &task->comm);
}

/* The scratch, with nothing in it. */
static __always_inline struct scratch *record_take(__u32 kind)
{
	struct scratch *scratch = scratch_here();
	struct fw_sensor_count *count = count_of(kind);

	if (!scratch || !count)
		return 0;
	if (__sync_lock_test_and_set(&scratch->is_busy, 1)) {
		count->lost++;
		return 0;
	}
	scratch->used = 0;
	return scratch;
}

static __always_inline void record_head(struct scratch *scratch, __u32 kind,
					struct task_struct *task)
{
	__builtin_memset(&scratch->head, 0, sizeof(scratch->head));
	scratch->head.kind = kind;
	scratch->head.time_ns = bpf_ktime_get_boot_ns();
	put_who(&scratch->head, task);
}

static __always_inline struct scratch *record_begin(__u32 kind,
						    struct task_struct *task)
{
	struct scratch *scratch = record_take(kind);

	if (scratch)
		record_head(scratch, kind, task);
	return scratch;
}

static __always_inline void record_drop(struct scratch *scratch)
{
	scratch->is_busy = 0;
}

/* Begins and ends of processes are told with what comes next: each call of the
 * reader is an interrupt, and costs more than the record. */
static __always_inline bool is_urgent(__u32 kind)
{
	if (kind != FW_SENSE_FORK && kind != FW_SENSE_EXIT)
		return true;
	return bpf_ringbuf_query(&security_ring, BPF_RB_AVAIL_DATA) >=
	       bpf_ringbuf_query(&security_ring, BPF_RB_RING_SIZE) /
		       SECURITY_PART;
}

/* True to one of all who ask before the reader comes. */
static __always_inline bool is_to_call(void)
{
	return !reader_called && !__sync_lock_test_and_set(&reader_called, 1);
}

static __always_inline void call_reader(void)
{
	void *empty = bpf_ringbuf_reserve(&security_ring, 8, 0);

	if (empty)
		bpf_ringbuf_discard(empty, BPF_RB_FORCE_WAKEUP);
	else
		reader_called = 0;
}

/* The reader may come, and leave, between our look and the record: so there is
 * a second look behind it. */
static __always_inline long security_send(struct scratch *scratch, __u32 bytes)
{
	bool is_urgent_kind = is_urgent(scratch->head.kind);
	bool calls = is_urgent_kind && is_to_call();
	long r = bpf_ringbuf_output(&security_ring, scratch, bytes,
				    calls ? BPF_RB_FORCE_WAKEUP
					  : BPF_RB_NO_WAKEUP);

	if (r < 0 && calls)
		reader_called = 0;
	else if (is_urgent_kind && !calls && is_to_call())
		call_reader();
	return r;
}

static __always_inline long record_send(struct scratch *scratch)
{
	__u32 bytes = scratch->used;
	__u64 wake;

	if (bytes > FW_SENSED_ROOM)
		bytes = FW_SENSED_ROOM;
	bytes += sizeof(scratch->head);
	if (!is_volume(scratch->head.kind))
		return security_send(scratch, bytes);
	wake = bpf_ringbuf_query(&volume_ring, BPF_RB_AVAIL_DATA) >=
			       VOLUME_WAKE_BYTES
		       ? BPF_RB_FORCE_WAKEUP
		       : BPF_RB_NO_WAKEUP;
	return bpf_ringbuf_output(&volume_ring, scratch, bytes, wake);
}

static __always_inline void record_end(struct scratch *scratch)
{
	struct fw_sensor_count *count = count_of(scratch->head.kind);

	if (record_send(scratch) == 0) {
		if (count)
			count->sent++;
	} else if (count) {
		count->lost++;
	}
	record_drop(scratch);
}

/* Has the process of this record done the same a moment ago? Then it is
 * counted, and not to be told again. */
static __always_inline bool is_again(const struct fw_sensed *head, __u64 a,
				     __u64 b, __u16 port)
{
	struct recent_key key = {
		.start_ns = head->start_ns,
		.what = {a, b},
		.pid = head->pid,
		.port = port,
		.kind = head->kind,
		.protocol = head->protocol,
	};
	__u64 now_ns = head->time_ns;
	__u64 *last_ns = bpf_map_lookup_elem(&recent, &key);
	struct fw_sensor_count *count = count_of(head->kind);

	if (!last_ns) {
		(void)bpf_map_update_elem(&recent, &key, &now_ns, BPF_ANY);
		return false;
	}
	if (now_ns - *last_ns < cfg_window_ns) {
		if (count)
			count->suppressed++;
		return true;
	}
	*last_ns = now_ns;
	return false;
}
