/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctx.bpf.h - the frame as the hook hands it over: XDP on the way in, tc on
 * the way out. Stages are the same for both; here is where they differ.
 *
 * An attach point says before its includes which it is: FW_CTX_SKB for tc.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

/* The frame's first buffer; the verifier forgets it in a struct of memory. */
struct frame {
	void *data;
	void *end;
};

#ifdef FW_CTX_SKB

#define FW_CTX	      struct __sk_buff
#define CTX_IS_EGRESS 1

#define HEADER_BYTES 256 /* more than is ever read in one go */

/* Headers may lie outside of the buffer's linear part. A frame this fails for
 * has fewer bytes than it says. */
static __always_inline void ctx_pull(FW_CTX *ctx)
{
	__u32 want = ctx->len < HEADER_BYTES ? ctx->len : HEADER_BYTES;

	if (ctx->data_end - ctx->data < want)
		(void)bpf_skb_pull_data(ctx, want);
}

static __always_inline __u32 ctx_len(const FW_CTX *ctx)
{
	return ctx->len;
}

static __always_inline __u32 ctx_ifindex(const FW_CTX *ctx)
{
	return ctx->ifindex;
}

static __always_inline long ctx_load(FW_CTX *ctx, __u32 offset, void *to,
				     __u32 len)
{
	return bpf_skb_load_bytes(ctx, offset, to, len);
}

#else

#define FW_CTX	      struct xdp_md
#define CTX_IS_EGRESS 0

static __always_inline __u32 ctx_len(const FW_CTX *ctx)
{
	return bpf_xdp_get_buff_len((FW_CTX *)ctx);
}

static __always_inline __u32 ctx_ifindex(const FW_CTX *ctx)
{
	return ctx->ingress_ifindex;
}

static __always_inline long ctx_load(FW_CTX *ctx, __u32 offset, void *to,
				     __u32 len)
{
	return bpf_xdp_load_bytes(ctx, offset, to, len);
}

static __always_inline long ctx_store(FW_CTX *ctx, __u32 offset, void *from,
				      __u32 len)
{
	return bpf_xdp_store_bytes(ctx, offset, from, len);
}

#endif

static __always_inline struct frame frame_of(const FW_CTX *ctx)
{
	return (struct frame){
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
}
