/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_pieces.bpf.h - later fragments, which have no ports; a part of
 * stage_state.
 *
 * The first fragment of a packet of an answered flow leaves a note, and the
 * later ones have its state. One without a note is new, and teaches nothing:
 * its first fragment was new itself, or came later, or never will.
 */
#pragma once

#include "xdp/flow_maps.bpf.h"
#include "xdp/pkt.bpf.h"
#include "xdp/policy.h"

static __always_inline void piece_key_of(const struct pkt *pkt,
					 struct fw_piece_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->family = pkt->family;
	key->id = pkt->frag_id;
	if (pkt->family == PKT_V6) {
		key->source[0] = pkt->saddr6.hi;
		key->source[1] = pkt->saddr6.lo;
		key->destination[0] = pkt->daddr6.hi;
		key->destination[1] = pkt->daddr6.lo;
		return;
	}
	key->source[1] = pkt->saddr4;
	key->destination[1] = pkt->daddr4;
	key->protocol = pkt->l4_proto;
}

/* The state of a later fragment. */
static __always_inline __u8 state_of_piece(const struct pkt *pkt)
{
	struct fw_piece_key key;
	const struct fw_piece *piece;
	__s64 idle_ns;

	piece_key_of(pkt, &key);
	piece = bpf_map_lookup_elem(&pieces, &key);
	if (!piece)
		return FW_FLOW_NEW;
	idle_ns = bpf_ktime_get_boot_ns() - piece->seen_ns;
	if (idle_ns >= FW_PIECE_LIVE_NS)
		return FW_FLOW_NEW;
	return piece->state;
}

static __always_inline void note_piece(const struct pkt *pkt, __u64 now_ns)
{
	const struct fw_piece piece = {.seen_ns = now_ns, .state = pkt->flow};
	struct fw_piece_key key;

	piece_key_of(pkt, &key);
	if (bpf_map_update_elem(&pieces, &key, &piece, BPF_ANY) < 0)
		COUNT_FLOW(no_room);
}
