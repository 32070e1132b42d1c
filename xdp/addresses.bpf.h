/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * addresses.bpf.h - the class of an address, a part of stage_source and
 * stage_destination.
 */
#pragma once

#include "xdp/maps.bpf.h"
#include "xdp/pkt.bpf.h"

/* Not inlined: the verifier takes it on its own, once. */
__noinline int class_of6(__u64 hi, __u64 lo)
{
	struct fw_view6 view = {};

	return fw_lookup6(&view, (struct fw_key6){.hi = hi, .lo = lo});
}

static __always_inline __u32 class_of4or6(__u8 family, __u32 addr4,
					  const struct fw_key6 *addr6)
{
	struct fw_view4 view = {};

	if (family == PKT_V6)
		return class_of6(addr6->hi, addr6->lo);
	return fw_lookup4(&view, addr4);
}
