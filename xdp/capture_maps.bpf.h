/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture_maps.bpf.h - what somebody who captures asks for, and what is
 * copied for them.
 *
 * Shared by all generations over the same address tables, so a capture goes on
 * through an apply; written by daemon/packet/capture.h. That anybody captures
 * at all stands in `credit`, which is read for each dropped packet anyway.
 */
#pragma once

#include "xdp/maps.bpf.h"

FW_TABLE(capture, sizeof(struct fw_capture));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} captured SEC(".maps");

/* Where a record is put together: its size is not known before. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fw_captured);
} capture_desk SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, FW_CAPTURE_IFACES);
	__type(key, __u32); /* ifindex */
	__type(value, struct fw_capture_loss);
} capture_losses SEC(".maps");
