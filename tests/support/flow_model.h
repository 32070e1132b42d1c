/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_model.h - which state a packet has, by docs/state.md alone.
 *
 * A plain list of flows, searched from the front, with nothing of the packet
 * path in it: the second opinion on states. It knows no time and no bounds,
 * so what it is compared with must neither forget nor refuse meanwhile.
 *
 * Owns		what flow_model_done() frees
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/packet.h"
#include "rules/policy.h"

struct known_flow;
struct known_piece;

struct flow_model {
	struct known_flow *flows;
	size_t flow_count, flow_room;
	struct known_piece *pieces;
	size_t piece_count, piece_room;
};

/* Under these the packet path forgets and refuses nothing for a day. */
struct thresholds flow_model_thresholds(void);

/* A model that is all zero knows nothing yet. */
void flow_model_done(struct flow_model *model);

/* The state of a frame that packet_read() made `packet` of in full;
 * FLOW_STATE_COUNT: it is not tracked. */
enum flow_state flow_model_state(const struct flow_model *model,
				 const struct packet *packet,
				 const uint8_t *frame, size_t len);

/* How many flows there are that were answered. */
size_t flow_model_open(const struct flow_model *model);

/* The same frame passed. */
void flow_model_learn(struct flow_model *model, const struct packet *packet,
		      const uint8_t *frame, size_t len);
