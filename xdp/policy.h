/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - a compiled policy as the kernel reads it.
 *
 * A *slot* is a rule, or one of the parts a rule was split into; slots stand
 * in the order of the rules. A *vector* has a bit for each slot. Each
 * dimension of a packet (its protocol, its source port, the sets its source
 * is in, ...) picks one vector, by number; the slots that match are the AND
 * of them, and the lowest of these bits is the slot that comes first. A
 * summary has a bit for each word of a vector that is not zero, so most words
 * are never read, and the cost is one of dimensions in use, not of rules.
 *
 * Vector 0 has every bit set. What a dimension asks of a packet that does not
 * have it (ports of a later fragment) is in FW_AT_ABSENT.
 *
 * Made by rules/compile.h, laid out by daemon/packet/image.c, read by
 * stage_classify.bpf.h. Byte order: host.
 */
#pragma once

#include <linux/types.h>

#define FW_SLOT_MAX    4096
#define FW_WORDS_MAX   64
#define FW_VECTOR_MAX  65536
#define FW_COUNTER_MAX 8192 /* rules that are counted, of all generations */
#define FW_GATE_MAX    1024 /* a power of two; interfaces, half as many */
#define FW_GATE_PROBES 8

enum fw_act {
	FW_ACT_PASS,
	FW_ACT_DROP,
	FW_ACT_LIMIT,
	FW_ACT_COUNT,
	FW_ACT_COOKIE,
};

#define FW_SLOT_SHADOW 1 /* counted, never enforced */
#define FW_SLOT_ASLEEP 2 /* outside its time windows: not there */

struct fw_slot {
	__u8 act; /* enum fw_act */
	__u8 flags; /* FW_SLOT_* */
	__u16 rule; /* number in the policy; parts of one rule have the same */
	__u16 counter; /* into rule_counts */
	__u16 limit; /* into limits, of FW_ACT_LIMIT */
};

/* What the program does with a class. Index 0 is "in no set". */
struct fw_class {
	__u8 reason; /* by the sets' own actions; FW_NEXT: ask the rules */
	__u8 set_id; /* for events */
	__u16 source; /* vectors, if it is a packet's source, */
	__u16 destination; /* or its destination */
	__u16 fast; /* slot + 1 that a source of this class is certain to be
		     * dropped by, whatever else is in the packet; or 0 */
};

enum fw_dim {
	FW_DIM_SOURCE_SETS,
	FW_DIM_SOURCE_NETS,
	FW_DIM_DESTINATION_SETS,
	FW_DIM_DESTINATION_NETS,
	FW_DIM_PROTOCOL,
	FW_DIM_SOURCE_PORT,
	FW_DIM_DESTINATION_PORT,
	FW_DIM_ICMP,
	FW_DIM_FLAGS,
	FW_DIM_LENGTH,
	FW_DIM_VLAN,
	FW_DIM_PIECE, /* fragment and state of the flow */
	FW_DIM_GATE, /* interface and direction */
	FW_DIM_MAC,
	FW_DIM_COUNT,
};

/* Where in `values`, an array of vector numbers, each dimension begins. */
#define FW_AT_PROTOCOL	       0 /* 256 of IPv4, 256 of IPv6 */
#define FW_AT_FLAGS	       512 /* 256 */
#define FW_AT_PIECE	       768 /* FW_PIECE() */
#define FW_AT_GATE	       800 /* in, out: of interfaces not in `gates` */
#define FW_AT_ABSENT	       816 /* FW_DIM_COUNT */
#define FW_AT_VLAN	       1024 /* 4096, and 4096 itself: no tag */
#define FW_AT_LENGTH	       8192 /* 65536 of each from here on */
#define FW_AT_SOURCE_PORT      (8192 + 0x10000)
#define FW_AT_DESTINATION_PORT (8192 + 0x20000)
#define FW_AT_ICMP	       (8192 + 0x30000) /* type << 8 | code */
#define FW_AT_ICMPV6	       (8192 + 0x40000)
#define FW_VALUE_COUNT	       (8192 + 0x50000)

#define FW_VLAN_NONE 4096

/* States of a flow as FW_PIECE() numbers them; the last is "not tracked". */
#define FW_FLOW_NEW	    0
#define FW_FLOW_ESTABLISHED 1
#define FW_FLOW_RELATED	    2
#define FW_FLOW_INVALID	    3
#define FW_FLOW_UNKNOWN	    4

#define FW_PIECE(frag, state) ((frag)*8 + (state)) /* FW_FRAG_*, FW_FLOW_* */

/* Rates are kept as one number a bucket, the time at which it will be full
 * again (GCRA, ITU-T I.371), in 1/256 ns of CLOCK_MONOTONIC: a unit moves it by
 * `cost`, and a packet that would move it further than `room` past now is above
 * the rate. Differences are signed, so the wrap of the number does no harm. */
#define FW_LIMIT_PACKETS 0
#define FW_LIMIT_BYTES	 1 /* of the frame */
#define FW_LIMIT_FLOWS	 2 /* packets of state new */

#define FW_PER_SOURCE	   0
#define FW_PER_SOURCE_NET  1 /* /24, /64 */
#define FW_PER_DESTINATION 2
#define FW_PER_RULE	   3

#define FW_LIMIT_TIME_BITS 8

struct fw_limit {
	__u64 cost; /* of a unit, times 1 << shift */
	__u64 room; /* of the whole burst */
	__u8 shift;
	__u8 unit; /* FW_LIMIT_* */
	__u8 per; /* FW_PER_* */
	__u8 reserved[5];
};

struct fw_bucket_key {
	__u64 hi, lo; /* address in host order; IPv4 in `lo` */
	__u32 counter; /* of the rule: stays the same through policies */
	__u32 family; /* 4, 6; 0: one bucket for all */
};

/* An interface that rules name; open addressing by ifindex. */
struct fw_gate {
	__u32 ifindex; /* 0: free */
	__u16 vectors[2]; /* FW_IN, FW_OUT */
};

/* Of a network that rules name, by number: see nets.h. */
struct fw_region {
	__u16 source; /* vectors */
	__u16 destination;
};

struct fw_mac {
	__u8 addr[6];
	__u8 reserved[2];
};

/* `essentials` of the policy. */
#define FW_ESSENTIAL_NEIGHBOUR 1
#define FW_ESSENTIAL_DHCP      2

_Static_assert(sizeof(struct fw_slot) == 8, "map value layout");
_Static_assert(sizeof(struct fw_class) == 8, "map value layout");
_Static_assert(sizeof(struct fw_limit) == 24, "map value layout");
_Static_assert(sizeof(struct fw_bucket_key) == 24, "map key layout");
_Static_assert(sizeof(struct fw_gate) == 8, "map value layout");
_Static_assert(sizeof(struct fw_region) == 4, "map value layout");
_Static_assert(sizeof(struct fw_mac) == 8, "map key layout");
