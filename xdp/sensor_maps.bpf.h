/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_maps.bpf.h - where the sensor's records are made and go.
 *
 * The loader sets the sizes of the rings. Programs of one processor share a
 * place to make records in: none of them runs while another one does, unless
 * a kernel lets tasks change places amid one. `is_busy` makes that a record
 * that is counted as lost, not one that is mixed of two.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdp/kernel.bpf.h"
#include "xdp/sensor.h"

const volatile __u32 cfg_self = 0; /* process whose files are not told */
const volatile __u64 cfg_window_ns = 1000000000; /* the same is told once in */

const volatile __u64 cfg_netns = 0; /* cookie of the one whose flows count */

/* The reader was called and has not come yet: nobody need call it. It writes 0
 * before it reads the ring. */
volatile __u32 reader_called = 0;

__u64 dns_lost = 0; /* packets there was no room for */

#define WALK_BYTES 4096

struct scratch {
	struct fw_sensed head;
	__u8 bytes[FW_SENSED_ROOM];
	/* a path is written from its end, at WALK_BYTES, where a NUL stands */
	__u8 walk[WALK_BYTES + 256];
	struct fw_watched_key watched;
	__u32 used; /* of `bytes` */
	__u32 walk_at; /* where the path begins */
	__u32 walk_is_cut;
	__u32 is_busy;
};

/* Of a thread: the connection that it has accepted last. Of a process, at its
 * first thread: the peer that it serves. */
struct serving {
	__u64 sk; /* 0: it has accepted none */
	__u64 ends; /* of it: another one may come to lie there */
	__u32 fd; /* under which it was */
	__u8 depth; /* 0: it serves nobody; see sensor_serve.bpf.h */
	__u8 family;
	__u8 protocol;
	__u8 has_many; /* it had two at once: whom it serves is not known */
	__u16 peer_port;
	__u16 local_port;
	__u8 peer[16];
};

/* What is the same for as long as cfg_window_ns. */
struct recent_key {
	__u64 start_ns;
	__u64 what[2];
	__u32 pid;
	__u16 port;
	__u8 kind;
	__u8 protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} security_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 2 << 20);
} volume_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 512 << 10); /* 1,024 that are usual */
} dns_ring SEC(".maps");

struct dns_key {
	__u64 socket;
	__u32 id;
	__u32 zero;
};

/* What was asked; who only sends answers gets none of them into the ring. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct dns_key);
	__type(value, __u32);
} dns_asked SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fw_sensor_counts);
} sensor_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct recent_key);
	__type(value, __u64);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct serving);
} serving SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 8192);
	__type(key, struct fw_watched_key);
	__type(value, __u32);
} watched SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FW_TALKS_MAX);
	__type(key, struct fw_talk_key);
	__type(value, struct fw_talk);
} talks SEC(".maps");

static __always_inline struct scratch *scratch_here(void)
{
	const __u32 only = 0;

	return bpf_map_lookup_elem(&scratches, &only);
}

static __always_inline struct fw_sensor_count *count_of(__u32 kind)
{
	const __u32 only = 0;
	struct fw_sensor_counts *counts =
		bpf_map_lookup_elem(&sensor_counts, &only);

	return counts ? &counts->kinds[kind & (FW_SENSE_ROOM - 1)] : 0;
}
