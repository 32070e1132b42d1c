/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trial.bpf.h - a policy that judges until a deadline, unless it is confirmed.
 *
 *	reads	trial, fallback (written by daemon/packet/program.h)
 *	costs	a clock while a deadline stands, else one read; nothing in a
 *		program that was not loaded for a trial
 *
 * Past the deadline every packet goes on to the program that judged before, so
 * this holds also when nobody is there to put it back. The clock is the one
 * that no step of the wall clock moves.
 */
#pragma once

#include "xdp/ctx.bpf.h"
#include "xdp/maps.bpf.h"

const volatile __u32 cfg_is_trial = 0;

FW_TABLE(trial, sizeof(__u64)); /* deadline, CLOCK_BOOTTIME ns; 0: none */

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} fallback SEC(".maps");

static __always_inline bool trial_is_over(void)
{
	const __u64 *deadline_ns = only(&trial);
	__u64 until_ns;

	if (!cfg_is_trial || !deadline_ns)
		return false;
	until_ns = FW_READ(*deadline_ns);
	return until_ns && bpf_ktime_get_boot_ns() >= until_ns;
}
