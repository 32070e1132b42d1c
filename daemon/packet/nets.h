/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nets.h - the tables of xdp/nets.h, built from the networks that rules name.
 *
 * Owns		both tables
 * Errors	-E2BIG more than FW_NET_MAX nodes, -ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/compile.h"
#include "xdp/nets.h"

struct fw_nets {
	uint16_t *entries4;
	size_t count4; /* 0: no IPv4 network is named */
	struct fw_net_node6 *nodes6;
	size_t count6;
};

FW_INLINE __u16 fw_net4(const struct fw_nets *nets, __u32 index)
{
	return index < nets->count4 ? nets->entries4[index] : 0;
}

FW_INLINE const struct fw_net_node6 *fw_net6(const struct fw_nets *nets,
					     __u32 index)
{
	return index < nets->count6 ? &nets->nodes6[index] : NULL;
}

/* Of compiled->regions. On failure there is nothing to free. */
int nets_build(const struct compiled *compiled, struct fw_nets *ret_nets);
void nets_done(struct fw_nets *nets);
