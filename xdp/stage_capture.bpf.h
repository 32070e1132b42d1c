/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_capture - copy a packet that was dropped, or would have been by what
 * is in shadow, for somebody who captures.
 *
 *	reads	credit, capture (both by daemon/packet/capture.h), the frame
 *	writes	captured, capture_losses, what is left in capture
 *	says	nothing: a copy that fails changes no verdict
 *	costs	of dropped packets, a read of the line that stage_sample has
 *		read; of others nothing. A copy while there is credit
 *
 * Without a daemon to renew it a capture is over at the time that stands in
 * `credit`. What was asked for and not copied is counted by interface.
 */
#pragma once

#include "xdp/capture_filter.bpf.h"
#include "xdp/capture_maps.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/trace.bpf.h"

static __always_inline bool capture_wanted(const struct pkt *pkt,
					   enum fw_reason why)
{
	const struct fw_credit *line;
	__u64 until_ns;

	if (EXPLAINS)
		return false;
	if (why < FW_REASON_FIRST_DROP && why != FW_PASS_SHADOW &&
	    pkt->shadow == FW_RULE_NONE)
		return false;
	line = only(&credit);
	if (!line)
		return false;
	until_ns = FW_READ(line->capture_until_ns);
	return until_ns && bpf_ktime_get_boot_ns() < until_ns;
}

/* The copy's bytes; see copy_head() of stage_sample about the bounds. */
static __always_inline __u32 copy_frame(FW_CTX *ctx, __u32 want,
					struct fw_captured *record)
{
	want--;
	FW_OPAQUE(want);
	want = (want & (FW_CAPTURE_BYTES - 1)) + 1;
	return ctx_load(ctx, 0, record->bytes, want) == 0 ? want : 0;
}

static __always_inline void count_loss(__u32 ifindex, bool is_above_rate)
{
	const struct fw_capture_loss none = {};
	struct fw_capture_loss *loss;

	loss = bpf_map_lookup_elem(&capture_losses, &ifindex);
	if (!loss) {
		(void)bpf_map_update_elem(&capture_losses, &ifindex, &none,
					  BPF_NOEXIST);
		loss = bpf_map_lookup_elem(&capture_losses, &ifindex);
	}
	if (!loss)
		return;
	if (is_above_rate)
		loss->above_rate++;
	else
		loss->ring_full++;
}

/* Not inlined, like stage_l4(). Returns 0. */
__noinline int stage_capture(FW_CTX *ctx, const struct pkt *pkt, __u32 why)
{
	struct fw_capture *asked = only(&capture);
	struct fw_captured *record = only(&capture_desk);
	__u32 ifindex = ctx_ifindex(ctx);
	__u32 kept;

	if (!pkt || !asked || !record)
		return 0;
	record->session = FW_READ(asked->session);
	if (!is_asked_for(asked, pkt, why) || FW_READ(asked->left) <= 0)
		return 0;
	if (FW_READ(asked->credit) <= 0) {
		count_loss(ifindex, true);
		return 0;
	}
	__sync_fetch_and_add(&asked->credit, -1);
	kept = copy_frame(ctx,
			  pkt->len < asked->snaplen ? pkt->len : asked->snaplen,
			  record);
	record->time_ns = bpf_ktime_get_boot_ns();
	record->ifindex = ifindex;
	record->len = pkt->len;
	record->kept = kept;
	record->counter = pkt->counter;
	record->shadow = pkt->shadow;
	record->reason = why;
	record->set_id = pkt->set_id;
	record->direction = CTX_IS_EGRESS;
	if (bpf_ringbuf_output(&captured, record,
			       offsetof(struct fw_captured, bytes) + kept,
			       BPF_RB_NO_WAKEUP) < 0)
		count_loss(ifindex, false);
	else
		__sync_fetch_and_add(&asked->left, -1);
	return 0;
}
