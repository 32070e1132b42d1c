/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * abi.h - every byte that crosses the kernel/user boundary.
 *
 * Included by the BPF programs and by the daemon. Only fixed-width types, no
 * pointers, no padding left to chance: each structure states its size. A
 * change to the layout of tables, events or configuration bumps
 * FW_ABI_VERSION; a change to counts, class sets or reasons, which live on
 * through an upgrade, bumps FW_COUNT_VERSION. Both are part of the pins'
 * path and of the `meta` map, which the loader checks before it reuses a pin.
 *
 * Byte order: fields ending in _be are network order, all others host order.
 * Time: fields ending in _ns are nanoseconds of CLOCK_BOOTTIME.
 */
#pragma once

#include <linux/types.h>

#ifndef FW_ABI_VERSION /* a test builds the next one with -D */
#define FW_ABI_VERSION 2
#endif
#define FW_COUNT_VERSION 3

/* Why a packet met its end: one for each packet. Append at the end of its
 * half only, and bump FW_COUNT_VERSION. docs/parsing.md says when each. */
enum fw_reason {
	FW_NEXT, /* not an end: the stage has no opinion, ask the next */
	FW_PASS_UNLISTED, /* no listed prefix covers the source */
	FW_PASS_ALLOWED, /* the source is in a set that allows */
	FW_PASS_SHADOW, /* would have been dropped, by a set in shadow */
	FW_PASS_NOT_IP, /* ARP, LLDP, 802.3 length field, any other type */
	FW_PASS_NEIGHBOUR, /* listed, but neighbour discovery (RFC 4861) */
	FW_PASS_UNREADABLE, /* source not listed; what follows does not parse */
	FW_PASS_RULE, /* a rule passes it */
	FW_PASS_ESSENTIAL, /* the default drops, but it is DHCP or the like */
	FW_PASS_DEFAULT, /* no rule ends it, and the gate passes */
	FW_DROP_LISTED, /* the source is in a set that drops */
	FW_DROP_TRUNCATED, /* ends before its Ethernet, VLAN or IP header does */
	FW_DROP_BAD_HEADER, /* IP version or header length is a lie */
	FW_DROP_TAGS, /* a third VLAN tag hides what follows */
	FW_DROP_RULE, /* a rule drops it */
	FW_DROP_LIMIT, /* above the rate of a rule */
	FW_DROP_DEFAULT, /* no rule ends it, and the gate drops */
	FW_DROP_UNREADABLE, /* the same, where rules could not be asked */
	FW_DROP_NOT_IP, /* no ARP either, and the policy drops such */
	FW_DROP_ANSWERED, /* a SYN: a rule sent a SYN cookie in its place */
	FW_DROP_COOKIE, /* such a rule, and no SYN, no cookie, no connection */
	FW_REASON_COUNT,
};

#define FW_REASON_FIRST_DROP FW_DROP_LISTED

struct fw_count {
	__u64 packets;
	__u64 bytes; /* frame bytes, Ethernet header included */
};

#define FW_CLASS_COUNT 65536

/* The sets a class stands for, so a restart gives it the same number. */
struct fw_class_sets {
	__u64 words[4]; /* bit N: set N; all zero: number not in use */
};

/* What the tables in this directory of pins are. */
struct fw_meta {
	__u32 abi_version;
	__u32 count_version;
	__u64 generation; /* counts up with each swap */
	__u64 created_s; /* wall clock */
};

#define FW_FRAG_NONE  0
#define FW_FRAG_FIRST 1
#define FW_FRAG_LATER 2

#define FW_IN  0 /* judged where it comes in, by XDP */
#define FW_OUT 1 /* or where it goes out, by tc */

#define FW_RULE_NONE 0xffff

#define FW_EVENT_HEAD 64 /* bytes of the packet kept */

/* One sampled packet. The parse results are what the program acted on. */
struct fw_event {
	__u64 time_ns;
	__u32 ifindex;
	__u32 len; /* bytes of the frame */
	__u16 class_id;
	__u16 vlan[2]; /* tag control information, host order; 0 if none */
	__u16 proto_be; /* ethertype after the tags */
	__u8 reason; /* enum fw_reason */
	__u8 set_id;
	__u8 family; /* 4, 6, or 0 when not IP */
	__u8 tags; /* VLAN tags read */
	__u8 l4_proto; /* last protocol reached; 255 if none */
	__u8 frag; /* FW_FRAG_* */
	__u8 tcp_flags;
	__u8 head_len; /* bytes of `head` that are filled */
	__u16 sport; /* host order; ICMP: type; 0 if not read */
	__u16 dport; /* host order; ICMP: code; 0 if not read */
	__u8 l4_read; /* 1: ports or type were read */
	__u8 direction; /* FW_IN, FW_OUT */
	__u16 counter; /* place in rule_counts of the rule that ended it, the
			* same under every policy; or FW_RULE_NONE */
	__u8 saddr[16]; /* network order; IPv4 in the first four bytes */
	__u8 daddr[16];
	__u8 head[FW_EVENT_HEAD];
};

/* Written by the daemon, read by the program's look-ups: how often a table
 * entry was moved or a prefix taken away; see table4.h. */
struct fw_moves {
	__u32 moves4;
	__u32 moves6;
};

/* How many events may still be sent; the daemon tops it up. And until when
 * somebody captures, 0 for nobody: see fw_capture. */
struct fw_credit {
	__s64 events;
	__u64 capture_until_ns;
};

/* Per CPU: what became of events. Drops that are neither had no credit. */
struct fw_event_count {
	__u64 sent;
	__u64 lost; /* ring full */
};

#define FW_CAPTURE_BYTES  16384 /* kept of one packet at most, a power of two */
#define FW_CAPTURE_IFACES 128

/* An address, or its mask, in host order; IPv4 in `lo`. */
struct fw_capture_addr {
	__u64 hi, lo;
};

/* Which packets are captured. What is not asked for is 0, or FW_RULE_NONE. */
struct fw_capture {
	__s64 credit; /* packets that may be copied; topped up */
	__s64 left; /* of all that were asked for */
	struct fw_capture_addr source, mask;
	__u32 session; /* tells records of one capture from the next's */
	__u32 snaplen; /* 1..FW_CAPTURE_BYTES */
	__u16 counter; /* of a rule: its place in rule_counts */
	__u8 reason; /* enum fw_reason; FW_PASS_SHADOW: would have dropped */
	__u8 family; /* of `source` */
	__u8 reserved[4];
};

/* One captured packet, cut behind what is kept of it. */
struct fw_captured {
	__u64 time_ns;
	__u32 session;
	__u32 ifindex;
	__u32 len; /* bytes of the frame */
	__u16 kept; /* bytes of it here */
	__u16 counter; /* as that of an event */
	__u16 shadow; /* of the rule that would have dropped it */
	__u8 reason; /* enum fw_reason */
	__u8 set_id;
	__u8 direction; /* FW_IN, FW_OUT */
	__u8 reserved[3];
	__u8 bytes[FW_CAPTURE_BYTES];
};

/* Per CPU: what was asked for, and not copied. */
struct fw_capture_loss {
	__u64 above_rate;
	__u64 ring_full;
};

_Static_assert(sizeof(struct fw_count) == 16, "map value layout");
_Static_assert(sizeof(struct fw_class_sets) == 32, "map value layout");
_Static_assert(sizeof(struct fw_meta) == 24, "map value layout");
_Static_assert(sizeof(struct fw_event) == 136, "ring record layout");
_Static_assert(sizeof(struct fw_moves) == 8, "map value layout");
_Static_assert(sizeof(struct fw_credit) == 16, "map value layout");
_Static_assert(sizeof(struct fw_capture) == 64, "map value layout");
_Static_assert(sizeof(struct fw_captured) == 32 + FW_CAPTURE_BYTES,
	       "ring record layout");
_Static_assert(sizeof(struct fw_capture_loss) == 16, "map value layout");
