/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refuse.h - peers that processes of this host may not talk to, on both sides
 * of the boundary.
 *
 * Nothing of this is pinned: the programs live and end with the daemon that
 * loaded them, so there is no version. Addresses are in network order. Time:
 * CLOCK_BOOTTIME.
 */
#pragma once

#include <linux/types.h>

#define FW_REFUSED_MAX 65536 /* peers of each family */
#define FW_ALLOWED_MAX 1024 /* of each family, for who is in quarantine */
#define FW_NESTED_MAX  8 /* of prefixes around a peer that have ended */
#define FW_DEEP_MAX    8 /* levels at which the quarantine may lie */

/* Where the kernel asks. */
enum fw_refusal_gate {
	FW_GATE_CONNECT4,
	FW_GATE_CONNECT6,
	FW_GATE_SEND4,
	FW_GATE_SEND6,
	FW_GATE_BIND4,
	FW_GATE_BIND6,
	FW_GATE_OUT, /* packets of who is in quarantine */
	FW_GATE_COUNT,
};

#define FW_GATE_ROOM 8 /* of a table indexed by it, a power of two */

struct fw_peer4 {
	__u32 bits;
	__u8 addr[4];
};

struct fw_peer6 {
	__u32 bits;
	__u8 addr[16];
};

/* `bits` are those of the key: a shorter one is looked for behind it. */
struct fw_refused {
	__u64 until_ns;
	__u32 bits;
	__u32 is_tied; /* the daemon's: it goes when its cause does */
};

struct fw_refusal {
	__u64 refused; /* the peer is */
	__u64 quarantined; /* the process is */
};

/* Per CPU. */
struct fw_refusals {
	struct fw_refusal gates[FW_GATE_ROOM];
};

_Static_assert(sizeof(struct fw_peer4) == 8, "map key layout");
_Static_assert(sizeof(struct fw_peer6) == 20, "map key layout");
_Static_assert(sizeof(struct fw_refused) == 16, "map value layout");
_Static_assert(FW_GATE_COUNT <= FW_GATE_ROOM, "table size");
