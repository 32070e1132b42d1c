/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_sample - tell user space of a packet, as far as credit goes.
 *
 *	reads	credit (set anew by daemon/event_log.h), the frame's head
 *	writes	events, credit, event_counts
 *	says	nothing: a sample never changes a verdict
 *	costs	one read of a shared line; a record while there is credit
 *
 * Credit is taken without atomics: two CPUs may spend the same one, which
 * sends an event more. Without a daemon it runs out and stays out.
 */
#pragma once

#include "xdp/maps.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/trace.bpf.h"

static __always_inline bool sample_wanted(enum fw_reason why)
{
	struct fw_credit *left;

	if (EXPLAINS)
		return false;
	if (why < FW_REASON_FIRST_DROP && !cfg_sample_passes)
		return false;

	left = only(&credit);
	if (!left || left->events <= 0)
		return false;
	left->events--;
	return true;
}

/* Source and destination follow each other in both headers. */
static __always_inline void copy_addresses(FW_CTX *ctx, const struct pkt *pkt,
					   struct fw_event *event)
{
	__u32 l3 = pkt->l3_offset;

	__builtin_memset(event->saddr, 0, sizeof(event->saddr));
	__builtin_memset(event->daddr, 0, sizeof(event->daddr));
	if (pkt->family == PKT_V4) {
		(void)ctx_load(ctx, l3 + 12, event->saddr, 4);
		(void)ctx_load(ctx, l3 + 16, event->daddr, 4);
	} else if (pkt->family == PKT_V6) {
		(void)ctx_load(ctx, l3 + 8, event->saddr, 16);
		(void)ctx_load(ctx, l3 + 24, event->daddr, 16);
	}
}

static __always_inline void copy_facts(const struct pkt *pkt,
				       struct fw_event *event)
{
	event->time_ns = bpf_ktime_get_boot_ns();
	event->ifindex = pkt->ifindex;
	event->len = pkt->len;
	event->class_id = pkt->class_id;
	event->vlan[0] = pkt->vlan[0];
	event->vlan[1] = pkt->vlan[1];
	event->proto_be = pkt->proto_be;
	event->set_id = pkt->set_id;
	event->family = pkt->family;
	event->tags = pkt->tags;
	event->l4_proto = pkt->l4_proto;
	event->frag = pkt->frag;
	event->tcp_flags = pkt->tcp_flags;
	event->sport = pkt->sport;
	event->dport = pkt->dport;
	event->l4_read = pkt->l4_read;
	event->direction = CTX_IS_EGRESS;
	event->counter = pkt->counter;
}

static __always_inline void copy_head(FW_CTX *ctx, const struct pkt *pkt,
				      struct fw_event *event)
{
	__u32 head = pkt->len < FW_EVENT_HEAD ? pkt->len : FW_EVENT_HEAD;

	__builtin_memset(event->head, 0, sizeof(event->head));
	event->head_len = 0;
	/* 1..64 also for the verifier of 6.1, which learns nothing from a
	 * comparison with 0; a load past the end of the frame fails */
	head--;
	FW_OPAQUE(head);
	head = (head & (FW_EVENT_HEAD - 1)) + 1;
	if (ctx_load(ctx, 0, event->head, head) == 0)
		event->head_len = head;
}

/* Not inlined, like stage_l4(). Returns 0; what it could not send, it counts. */
__noinline int stage_sample(FW_CTX *ctx, const struct pkt *pkt, __u32 why)
{
	struct fw_event_count *count = only(&event_counts);
	struct fw_event *event;

	if (!pkt || !count)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		count->lost++;
		return 0;
	}
	copy_addresses(ctx, pkt, event);
	copy_facts(pkt, event);
	copy_head(ctx, pkt, event);
	event->reason = why;
	bpf_ringbuf_submit(event, 0);
	count->sent++;
	return 0;
}
