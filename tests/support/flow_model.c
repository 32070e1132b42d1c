// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/flow_model.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"

#define TCP   6
#define UDP   17
#define SCTP  132
#define ICMP4 1
#define ICMP6 58

#define DAY_S 86400u

#define FIN 1
#define SYN 2
#define RST 4
#define ACK 16
#define URG 32

struct end {
	uint8_t addr[16];
	uint16_t port;
};

/* What a packet says of its flow, or the one quoted in an error. */
struct talk {
	uint8_t family, protocol;
	struct end from, to;
	uint8_t type; /* of ICMP */
};

enum progress {
	HEARD,
	SYN_SENT,
	SYN_BY_BOTH,
	SYN_ACKED,
	OPEN,
};

/* Of the flow [0] is who started, [1] the other. */
struct known_flow {
	uint8_t family, protocol;
	struct end ends[2];
	uint8_t type; /* of an ICMP request */
	enum progress progress;
	bool is_answered;
	bool has_finished[2], has_reset[2];
	uint32_t expected; /* acknowledgement that completes the handshake */
};

struct known_piece {
	uint8_t family, protocol;
	uint8_t source[16], destination[16];
	uint32_t id;
	enum flow_state state;
};

/* Where the parts of a frame are. */
struct layout {
	const uint8_t *l3, *l4, *end;
	uint32_t frag_id;
};

static uint32_t read16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t read32(const uint8_t *at)
{
	return read16(at) << 16 | read16(at + 2);
}

static bool is_icmp(const struct talk *talk)
{
	return talk->protocol == (talk->family == 4 ? ICMP4 : ICMP6);
}

static bool has_ports(const struct talk *talk)
{
	return talk->protocol == TCP || talk->protocol == UDP ||
	       talk->protocol == SCTP;
}

static bool is_extension_header(uint8_t next)
{
	return next == 0 || next == 43 || next == 44 || next == 51 ||
	       next == 60;
}

static size_t extension_len(const uint8_t *at, uint8_t kind)
{
	if (kind == 44)
		return 8;
	return kind == 51 ? (at[1] + 2u) * 4 : (at[1] + 1u) * 8;
}

static void lay_out_v6(struct layout *layout)
{
	const uint8_t *at = layout->l3 + 40;
	uint8_t next = layout->l3[6];

	if (read16(layout->l3 + 4) && at + read16(layout->l3 + 4) < layout->end)
		layout->end = at + read16(layout->l3 + 4);
	while (is_extension_header(next)) {
		uint8_t kind = next;

		next = at[0];
		if (kind == 44)
			layout->frag_id = read32(at + 4);
		if (kind == 44 && read16(at + 2) & 0xfff8)
			break; /* the middle of something follows */
		at += extension_len(at, kind);
	}
	layout->l4 = at;
}

static struct layout lay_out(const struct packet *packet, const uint8_t *frame,
			     size_t len)
{
	struct layout layout = {
		.l3 = frame + 14 + (size_t)4 * packet->tag_count,
		.end = frame + len,
	};

	if (packet->family == 6) {
		lay_out_v6(&layout);
		return layout;
	}
	layout.frag_id = read16(layout.l3 + 4);
	layout.l4 = layout.l3 + (size_t)(layout.l3[0] & 15) * 4;
	if (read16(layout.l3 + 2) &&
	    layout.l3 + read16(layout.l3 + 2) < layout.end)
		layout.end = layout.l3 + read16(layout.l3 + 2);
	return layout;
}

static void read_addresses(const uint8_t *l3, struct talk *talk)
{
	size_t bytes = talk->family == 4 ? 4 : 16;
	const uint8_t *at = l3 + (talk->family == 4 ? 12 : 8);

	memcpy(talk->from.addr, at, bytes);
	memcpy(talk->to.addr, at + bytes, bytes);
}

static void read_ports(const uint8_t *l4, struct talk *talk)
{
	if (is_icmp(talk)) {
		talk->type = l4[0];
		talk->from.port = (uint16_t)read16(l4 + 4);
		talk->to.port = talk->from.port;
	} else if (has_ports(talk)) {
		talk->from.port = (uint16_t)read16(l4);
		talk->to.port = (uint16_t)read16(l4 + 2);
	}
}

static struct talk talk_of(const struct packet *packet,
			   const struct layout *layout)
{
	struct talk talk = {
		.family = packet->family,
		.protocol = packet->protocol,
	};

	read_addresses(layout->l3, &talk);
	read_ports(layout->l4, &talk);
	return talk;
}

/* Type of the request that a type answers, or -1. */
static int request_of(const struct talk *talk)
{
	static const uint8_t pairs4[][2] = {
		{8, 0}, {13, 14}, {15, 16}, {17, 18}};
	static const uint8_t pairs6[][2] = {{128, 129}, {139, 140}};
	const uint8_t(*pairs)[2] = talk->family == 4 ? pairs4 : pairs6;
	size_t count =
		talk->family == 4 ? ARRAY_LEN(pairs4) : ARRAY_LEN(pairs6);

	for (size_t i = 0; i < count; i++)
		if (pairs[i][1] == talk->type)
			return pairs[i][0];
	return -1;
}

static bool is_request(const struct talk *talk)
{
	return talk->family == 4 ? talk->type == 8 || talk->type == 13 ||
					   talk->type == 15 || talk->type == 17
				 : talk->type == 128 || talk->type == 139;
}

static bool is_same_end(const struct end *a, const struct end *b)
{
	return a->port == b->port &&
	       memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

static bool is_from(const struct known_flow *flow, const struct talk *talk,
		    int end)
{
	return is_same_end(&flow->ends[end], &talk->from) &&
	       is_same_end(&flow->ends[!end], &talk->to);
}

/* Which end of the flow sent it: 0, 1, or -1 when it is not of the flow. */
static int sender(const struct known_flow *flow, const struct talk *talk)
{
	if (flow->family != talk->family || flow->protocol != talk->protocol)
		return -1;
	if (is_icmp(talk)) {
		if (is_request(talk))
			return flow->type == talk->type &&
					       is_from(flow, talk, 0)
				       ? 0
				       : -1;
		/* nobody answers himself */
		return flow->type == request_of(talk) &&
				       is_from(flow, talk, 1) &&
				       !is_from(flow, talk, 0)
			       ? 1
			       : -1;
	}
	if (is_from(flow, talk, 0))
		return 0;
	return is_from(flow, talk, 1) ? 1 : -1;
}

static struct known_flow *find(const struct flow_model *model,
			       const struct talk *talk, int *ret_sender)
{
	for (size_t i = 0; i < model->flow_count; i++) {
		int end = sender(&model->flows[i], talk);

		if (end < 0)
			continue;
		*ret_sender = end;
		return &model->flows[i];
	}
	return NULL;
}

static bool has_ended(const struct known_flow *flow)
{
	return flow->has_reset[0] || flow->has_reset[1] ||
	       (flow->has_finished[0] && flow->has_finished[1]);
}

static bool makes_sense(uint8_t flags)
{
	switch (flags & (FIN | SYN | RST | ACK | URG)) {
	case SYN:
	case SYN | URG:
	case SYN | ACK:
	case RST:
	case RST | ACK:
	case FIN | ACK:
	case FIN | ACK | URG:
	case ACK:
	case ACK | URG:
		return true;
	default:
		return false;
	}
}

static bool is_plain_syn(const struct packet *packet)
{
	return packet->protocol == TCP &&
	       (packet->flags & (SYN | ACK | RST | FIN)) == SYN;
}

/* May this segment, which makes sense, come from this end now? */
static bool fits(const struct known_flow *flow, uint8_t flags, int end)
{
	bool by_starter = end == 0;

	if (flags & RST)
		return true;
	if (flags & SYN) {
		switch (flow->progress) {
		case SYN_SENT:
			return !(flags & ACK) || !by_starter;
		case SYN_BY_BOTH:
			return true;
		case SYN_ACKED:
			return flags & ACK || by_starter;
		case HEARD:
		case OPEN:
			return by_starter ? !(flags & ACK) : flags & ACK;
		}
	}
	if (flow->progress == SYN_SENT || flow->progress == SYN_BY_BOTH)
		return !by_starter && !(flags & FIN);
	return true;
}

static bool begins(const struct packet *packet, const struct talk *talk)
{
	if (talk->protocol == TCP)
		return is_plain_syn(packet) ||
		       (packet->flags & (SYN | ACK | RST | FIN)) == ACK;
	return !is_icmp(talk) || is_request(talk);
}

static enum flow_state state_of_talk(const struct flow_model *model,
				     const struct packet *packet,
				     const struct talk *talk)
{
	const struct known_flow *flow;
	int end;

	if (talk->protocol == TCP && !makes_sense(packet->flags))
		return FLOW_INVALID;
	flow = find(model, talk, &end);
	if (flow && is_plain_syn(packet) && has_ended(flow))
		flow = NULL;
	if (!flow)
		return begins(packet, talk) ? FLOW_NEW : FLOW_INVALID;
	if (talk->protocol == TCP && !fits(flow, packet->flags, end))
		return FLOW_INVALID;
	return end == 1 || flow->is_answered ? FLOW_ESTABLISHED : FLOW_NEW;
}

/* The packet quoted in an error; false: it cannot be read. */
static bool read_quoted(const uint8_t *at, const uint8_t *end,
			struct talk *talk)
{
	const uint8_t *l4 = at + 40;

	if (end - at < (talk->family == 4 ? 20 : 40) ||
	    at[0] >> 4 != talk->family)
		return false;
	read_addresses(at, talk);
	if (talk->family == 4) {
		if ((at[0] & 15) < 5 || read16(at + 6) & 0x1fff)
			return false;
		talk->protocol = at[9];
		l4 = at + (size_t)(at[0] & 15) * 4;
	} else {
		talk->protocol = at[6];
		for (int i = 0; is_extension_header(talk->protocol); i++) {
			uint8_t kind = talk->protocol;

			if (i == 8 || end - l4 < 8 ||
			    (kind == 44 && read16(l4 + 2) & 0xfff8))
				return false;
			talk->protocol = l4[0];
			l4 += extension_len(l4, kind);
		}
	}
	if (!has_ports(talk) && !is_icmp(talk))
		return true;
	if (end - l4 < 8)
		return false;
	read_ports(l4, talk);
	return true;
}

static enum flow_state state_of_error(const struct flow_model *model,
				      const struct talk *error,
				      const struct layout *layout)
{
	struct talk quoted = {.family = error->family};
	int end;

	if (!read_quoted(layout->l4 + 8, layout->end, &quoted) ||
	    memcmp(quoted.from.addr, error->to.addr, 16) != 0)
		return FLOW_INVALID;
	return find(model, &quoted, &end) ? FLOW_RELATED : FLOW_INVALID;
}

static bool is_error(const struct talk *talk)
{
	return talk->family == 4
		       ? talk->type == 3 || talk->type == 11 || talk->type == 12
		       : talk->type >= 1 && talk->type <= 4;
}

static bool is_discovery(const struct talk *talk)
{
	return talk->family == 6 &&
	       ((talk->type >= 130 && talk->type <= 136) || talk->type == 143);
}

static struct known_piece piece_of(const struct packet *packet,
				   const struct layout *layout)
{
	struct talk talk = {.family = packet->family};
	struct known_piece piece = {
		.family = packet->family,
		.protocol = packet->family == 4 ? packet->protocol : 0,
		.id = layout->frag_id,
	};

	read_addresses(layout->l3, &talk);
	memcpy(piece.source, talk.from.addr, 16);
	memcpy(piece.destination, talk.to.addr, 16);
	return piece;
}

static struct known_piece *find_piece(const struct flow_model *model,
				      const struct known_piece *like)
{
	for (size_t i = 0; i < model->piece_count; i++) {
		struct known_piece *piece = &model->pieces[i];

		if (piece->family == like->family && piece->id == like->id &&
		    piece->protocol == like->protocol &&
		    memcmp(piece->source, like->source, 16) == 0 &&
		    memcmp(piece->destination, like->destination, 16) == 0)
			return piece;
	}
	return NULL;
}

struct thresholds flow_model_thresholds(void)
{
	return (struct thresholds){
		.flows = 1u << 20,
		.half_open = 1u << 20,
		.new_flows_per_second = 10000000,
		.buckets = 1u << 18,
		.tcp_established_s = DAY_S,
		.tcp_opening_s = DAY_S,
		.tcp_closing_s = DAY_S,
		.udp_s = DAY_S,
		.udp_answered_s = DAY_S,
		.icmp_s = DAY_S,
		.other_s = DAY_S,
	};
}

enum flow_state flow_model_state(const struct flow_model *model,
				 const struct packet *packet,
				 const uint8_t *frame, size_t len)
{
	struct layout layout = lay_out(packet, frame, len);
	struct talk talk;

	if (packet->frag == FRAG_LATER) {
		struct known_piece like = piece_of(packet, &layout);
		const struct known_piece *piece = find_piece(model, &like);

		return piece ? piece->state : FLOW_NEW;
	}
	talk = talk_of(packet, &layout);
	if (is_icmp(&talk) && is_discovery(&talk))
		return FLOW_STATE_COUNT;
	if (is_icmp(&talk) && is_error(&talk))
		return state_of_error(model, &talk, &layout);
	return state_of_talk(model, packet, &talk);
}

/* What is not TCP is open once it was answered. */
size_t flow_model_open(const struct flow_model *model)
{
	size_t count = 0;

	for (size_t i = 0; i < model->flow_count; i++) {
		const struct known_flow *flow = &model->flows[i];

		count += flow->protocol == TCP ? flow->progress == OPEN
					       : flow->is_answered;
	}
	return count;
}

/* One more at the end of a list. */
static void *append(void *list, size_t *count, size_t *room, size_t bytes)
{
	if (*count == *room) {
		*room = *room ? 2 * *room : 64;
		list = realloc(list, *room * bytes);
		assert(list);
	}
	(*count)++;
	return list;
}

static void learn_piece(struct flow_model *model, const struct packet *packet,
			const struct layout *layout, enum flow_state state)
{
	struct known_piece piece = piece_of(packet, layout);
	struct known_piece *there = find_piece(model, &piece);

	piece.state = state;
	if (!there) {
		model->pieces = append(model->pieces, &model->piece_count,
				       &model->piece_room, sizeof(piece));
		there = &model->pieces[model->piece_count - 1];
	}
	*there = piece;
}

static void learn_flow(struct flow_model *model, const struct packet *packet,
		       const struct talk *talk)
{
	int end;
	struct known_flow *flow = find(model, talk, &end);

	if (!flow) {
		model->flows = append(model->flows, &model->flow_count,
				      &model->flow_room, sizeof(*flow));
		flow = &model->flows[model->flow_count - 1];
	}
	*flow = (struct known_flow){
		.family = talk->family,
		.protocol = talk->protocol,
		.ends = {talk->from, talk->to},
		.type = talk->type,
		.progress = is_plain_syn(packet) ? SYN_SENT : HEARD,
	};
}

static void advance_tcp(struct known_flow *flow, int end, uint8_t flags,
			const uint8_t *l4)
{
	if (flags & RST) {
		flow->has_reset[end] = true;
		return;
	}
	if (flags & SYN) {
		if (end == 1 && flow->progress < OPEN)
			flow->expected = read32(l4 + 4) + 1;
		if (flow->progress == SYN_SENT && end == 1)
			flow->progress = flags & ACK ? SYN_ACKED : SYN_BY_BOTH;
		else if (flow->progress == SYN_BY_BOTH && flags & ACK)
			flow->progress = SYN_ACKED;
		return;
	}
	flow->has_reset[end] = false;
	if (flags & FIN)
		flow->has_finished[end] = true;
	if ((flow->progress == SYN_ACKED && end == 0) ||
	    (flow->progress == HEARD && end == 1))
		flow->progress = OPEN;
}

/* An acknowledgement of what the other end did not say changes nothing. */
static bool is_blind(const struct known_flow *flow, int end, uint8_t flags,
		     const uint8_t *l4)
{
	return flow->progress == SYN_ACKED && end == 0 &&
	       !(flags & (SYN | RST)) &&
	       read32(l4 + 8) - flow->expected >= 65536;
}

static void learn_talk(struct flow_model *model, const struct packet *packet,
		       const struct talk *talk, const uint8_t *l4)
{
	int end = 0;
	struct known_flow *flow = find(model, talk, &end);

	if (!flow || (is_plain_syn(packet) && has_ended(flow))) {
		learn_flow(model, packet, talk);
		return;
	}
	if (talk->protocol == TCP && is_blind(flow, end, packet->flags, l4))
		return;
	if (end == 1)
		flow->is_answered = true;
	if (talk->protocol == TCP)
		advance_tcp(flow, end, packet->flags, l4);
}

void flow_model_learn(struct flow_model *model, const struct packet *packet,
		      const uint8_t *frame, size_t len)
{
	struct layout layout = lay_out(packet, frame, len);
	enum flow_state state = flow_model_state(model, packet, frame, len);
	struct talk talk;

	if (packet->frag == FRAG_LATER)
		return;
	talk = talk_of(packet, &layout);
	if (packet->frag == FRAG_FIRST &&
	    (state == FLOW_ESTABLISHED || state == FLOW_RELATED))
		learn_piece(model, packet, &layout, state);
	if (state == FLOW_NEW || state == FLOW_ESTABLISHED)
		learn_talk(model, packet, &talk, layout.l4);
}

void flow_model_done(struct flow_model *model)
{
	free(model->flows);
	free(model->pieces);
	*model = (struct flow_model){0};
}
