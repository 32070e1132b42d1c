// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/traffic.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_ether.h>

#include "perf/support/dice.h"
#include "perf/support/testrun.h"
#include "rules/prefix.h"

#define SEED	   20240301
#define MISS_TRIES (1u << 30)
#define TRIES	   (64u * PLAIN_PACKET_COUNT)

static uint16_t port_in(struct dice *dice, uint16_t first, uint16_t last)
{
	return (uint16_t)(first + dice_below(dice, last - first + 1u));
}

/* What `rule` asks for behind the addresses; all else is random. */
static void put_l4(struct dice *dice, const struct plain_rule *rule,
		   struct plain_packet *packet)
{
	static const uint8_t usual[] = {IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP};
	uint8_t flags = (uint8_t)(dice_roll(dice) & 0x3f);

	packet->protocol = rule->protocol_mask
				   ? rule->protocol
				   : usual[dice_below(dice, ARRAY_LEN(usual))];
	if (packet->protocol == IPPROTO_ICMP)
		return;
	packet->source_port =
		port_in(dice, rule->source_port_first, rule->source_port_last);
	packet->destination_port = port_in(dice, rule->destination_port_first,
					   rule->destination_port_last);
	if (packet->protocol == IPPROTO_TCP)
		packet->flags =
			(uint8_t)(rule->flags | (flags & ~rule->flags_mask));
}

static uint16_t checksum_of(const struct plain_packet *packet)
{
	uint8_t frame[TESTRUN_FRAME_BYTES];
	struct plain_head head;

	testrun_frame(frame);
	memcpy(&head, frame + ETH_HLEN, sizeof(head));
	plain_write(&head, packet);
	head.ip.check = 0;
	return testrun_checksum(&head.ip);
}

/* Of the first rule the source, of the second the destination, the rest of
 * the third. */
static struct plain_packet mix(struct dice *dice,
			       const struct plain_rule *source,
			       const struct plain_rule *destination,
			       const struct plain_rule *rest)
{
	uint32_t noise[] = {(uint32_t)dice_roll(dice),
			    (uint32_t)dice_roll(dice)};
	struct plain_packet packet = {
		.source = source->source | (noise[0] & ~source->source_mask),
		.destination = destination->destination |
			       (noise[1] & ~destination->destination_mask),
	};

	put_l4(dice, rest, &packet);
	packet.check_be = checksum_of(&packet);
	return packet;
}

static const struct plain_rule *any_rule(struct dice *dice,
					 const struct ruleset *ruleset)
{
	return &ruleset->rules[dice_below(dice, ruleset->count - 1)];
}

static bool is_wanted(const struct ruleset *ruleset, const struct table *table,
		      const struct plain_packet *packet, bool accepted)
{
	const struct prefix source = prefix_of_v4(packet->source, 32);
	size_t end;

	if (table_lookup(table, &source) != 0)
		return false;
	end = ruleset_first(ruleset, packet);
	return accepted ? end < ruleset->count - 1 : end == ruleset->count - 1;
}

static int make(const struct ruleset *ruleset, const struct table *table,
		bool accepted, struct plain_packet *packets)
{
	struct dice dice = {.state = SEED};
	size_t count = 0;

	for (uint32_t try = 0; try < TRIES; try++) {
		const struct plain_rule *rule = any_rule(&dice, ruleset);
		struct plain_packet packet =
			accepted ? mix(&dice, rule, rule, rule)
				 : mix(&dice, rule, any_rule(&dice, ruleset),
				       any_rule(&dice, ruleset));

		if (!is_wanted(ruleset, table, &packet, accepted))
			continue;
		packets[count++] = packet;
		if (count == PLAIN_PACKET_COUNT)
			return 0;
	}
	(void)fprintf(stderr, "%zu rules: %zu packets that %s in %u tries\n",
		      ruleset->count, count,
		      accepted ? "pass" : "come to the last", TRIES);
	return -ENOENT;
}

int traffic_sources(const struct list *list, const struct table *table,
		    double listed, size_t count, uint32_t *ret_addresses)
{
	struct dice dice = {.state = SEED};
	double due = 0;
	size_t i = 0;

	for (size_t try = 0; i < count && try < MISS_TRIES; try++) {
		bool is_due = due + listed >= 1;
		struct prefix host =
			is_due ? list_draw(list, 0, list->count, &dice)
			       : list_any_v4(&dice);

		if (!is_due && table_lookup(table, &host) != 0)
			continue;
		due += listed - (is_due ? 1 : 0);
		ret_addresses[i++] = prefix_addr_v4(&host);
	}
	return i == count ? 0 : -ENOENT;
}

int traffic_accepted(const struct ruleset *ruleset, const struct table *table,
		     struct plain_packet *ret_packets)
{
	return make(ruleset, table, true, ret_packets);
}

int traffic_last(const struct ruleset *ruleset, const struct table *table,
		 struct plain_packet *ret_packets)
{
	return make(ruleset, table, false, ret_packets);
}
