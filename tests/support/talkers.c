// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/talkers.h"

#include <string.h>

#include "rules/base.h"

/* A connection from its beginning to its end: by whom, with which flags. */
static const struct {
	uint8_t by_other;
	uint8_t flags;
} script[] = {
	{0, SEG_SYN},		{1, SEG_SYN | SEG_ACK}, {0, SEG_ACK},
	{1, SEG_ACK | SEG_PSH}, {0, SEG_ACK},		{1, SEG_FIN | SEG_ACK},
	{0, SEG_ACK},		{0, SEG_FIN | SEG_ACK}, {1, SEG_ACK},
	{0, SEG_SYN},		{1, SEG_RST | SEG_ACK},
};

static const uint8_t flags_out_of_turn[] = {
	SEG_SYN,	   SEG_SYN | SEG_ACK, SEG_ACK,		 SEG_ACK,
	SEG_FIN | SEG_ACK, SEG_RST,	      SEG_RST | SEG_ACK, SEG_FIN,
};

static bool is_one_of(struct dice *dice, unsigned int count)
{
	return dice_below(dice, count) == 0;
}

static struct segment_end some_end(struct dice *dice, uint8_t family)
{
	static const uint16_t ports[] = {22, 53, 80, 443, 40000, 40001};
	struct segment_end end = {
		.port = ports[dice_below(dice, ARRAY_LEN(ports))],
	};
	struct prefix prefix;

	do
		prefix = invent_address(dice);
	while (prefix_is_v4(&prefix) != (family == 4));
	if (family == 4)
		memcpy(end.addr, prefix.addr + 12, 4);
	else
		memcpy(end.addr, prefix.addr, 16);
	return end;
}

static void begin_one(struct dice *dice, struct talkers *talkers, size_t i)
{
	static const uint8_t protocols[] = {SEG_TCP,  SEG_TCP, SEG_TCP, SEG_UDP,
					    SEG_ICMP, SEG_GRE, SEG_UDP};
	uint8_t family = is_one_of(dice, 2) ? 4 : 6;
	uint8_t protocol = protocols[dice_below(dice, ARRAY_LEN(protocols))];

	if (protocol == SEG_ICMP && family == 6)
		protocol = SEG_ICMP6;
	talkers->first[i] = (struct segment){
		.family = family,
		.protocol = protocol,
		.from = some_end(dice, family),
		.to = some_end(dice, family),
		.seq = (uint32_t)dice_roll(dice),
		.ack = (uint32_t)dice_roll(dice),
		.frag_id = (uint32_t)dice_below(dice, 4),
	};
	talkers->last[i] = talkers->first[i];
	talkers->step[i] = 0;
}

void talkers_begin(struct dice *dice, struct talkers *talkers)
{
	for (size_t i = 0; i < TALKERS_MAX; i++)
		begin_one(dice, talkers, i);
}

/* Acknowledged is what the other end sends with its SYN. */
static void put_tcp(struct dice *dice, const struct talkers *talkers, size_t i,
		    struct segment *segment)
{
	const struct segment *first = &talkers->first[i];
	unsigned int step = talkers->step[i] % ARRAY_LEN(script);
	bool by_other = script[step].by_other;

	segment->flags = script[step].flags;
	if (is_one_of(dice, 4)) {
		by_other = is_one_of(dice, 2);
		segment->flags = flags_out_of_turn[dice_below(
			dice, ARRAY_LEN(flags_out_of_turn))];
	}
	if (by_other)
		*segment = segment_back(segment);
	segment->seq = by_other ? first->ack - 1 : first->seq;
	segment->ack = by_other ? first->seq + 1 : first->ack;
	if (is_one_of(dice, 10))
		segment->ack += (uint32_t)dice_below(dice, 200000);
}

static void put_other(struct dice *dice, struct segment *segment)
{
	static const uint8_t types4[] = {8, 8, 0, 0, 13, 14, 3, 5};
	static const uint8_t types6[] = {128, 128, 129, 129, 139, 140, 1, 135};
	uint16_t id = segment->from.port;
	size_t type = dice_below(dice, ARRAY_LEN(types4));

	if (type % 2 || (type >= 2 && type < 4))
		*segment = segment_back(segment);
	if (segment->protocol != SEG_ICMP && segment->protocol != SEG_ICMP6)
		return;
	segment->from.port = id;
	segment->type = segment->family == 4 ? types4[type] : types6[type];
}

/* An error about what was said last, mostly to who said it. */
static void put_error(struct dice *dice, const struct talkers *talkers,
		      size_t i, struct segment *segment)
{
	const struct segment *about = &talkers->last[i];

	*segment = (struct segment){
		.family = about->family,
		.protocol = about->family == 4 ? SEG_ICMP : SEG_ICMP6,
		.from = some_end(dice, about->family),
		.to = is_one_of(dice, 8) ? about->to : about->from,
		.type = about->family == 4 ? 3 : 1,
		.quoted = about,
		.quoted_bytes =
			is_one_of(dice, 4) ? 1 + dice_below(dice, 60) : 0,
	};
}

static void put_frag(struct dice *dice, struct segment *segment)
{
	if (is_one_of(dice, 6))
		segment->frag =
			is_one_of(dice, 2) ? SEGMENT_FIRST : SEGMENT_LATER;
}

void talkers_next(struct dice *dice, struct talkers *talkers,
		  struct invent_frame *ret_frame)
{
	size_t i = dice_below(dice, TALKERS_MAX);
	struct segment segment = talkers->first[i];
	struct segment_frame frame;

	if (is_one_of(dice, 100))
		begin_one(dice, talkers, i);
	if (is_one_of(dice, 8)) {
		put_error(dice, talkers, i, &segment);
	} else {
		if (segment.protocol == SEG_TCP)
			put_tcp(dice, talkers, i, &segment);
		else
			put_other(dice, &segment);
		talkers->last[i] = segment;
		talkers->step[i]++;
	}
	put_frag(dice, &segment);
	segment_build(&segment, &frame);
	memcpy(ret_frame->data, frame.data, frame.len);
	ret_frame->len = frame.len;
}
