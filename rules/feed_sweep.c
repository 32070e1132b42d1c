// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prefixes sort before what lies in them, so those that are in no other do not
 * overlap and the last of them before a prefix is the only one that can be
 * around it; and what lies in a prefix comes right behind it.
 */
#include "rules/feed_sweep.h"

#include <assert.h>

#include "rules/base.h"

#define NET_V6 64

#define V4(a, b, c, d, len)                                                    \
	{                                                                      \
		.addr = {[10] = 0xff, [11] = 0xff, [12] = (a), (b), (c), (d)}, \
		.bits = PREFIX_V4_BITS + (len)                                 \
	}

/* RFC 6890 and those that came after it. */
static const struct prefix special[] = {
	{.bits = 128},
	{.addr = {[15] = 1}, .bits = 128}, /* loopback */
	V4(0, 0, 0, 0, 8),
	V4(10, 0, 0, 0, 8),
	V4(100, 64, 0, 0, 10),
	V4(127, 0, 0, 0, 8),
	V4(169, 254, 0, 0, 16),
	V4(172, 16, 0, 0, 12),
	V4(192, 0, 0, 0, 24),
	V4(192, 168, 0, 0, 16),
	V4(198, 18, 0, 0, 15),
	V4(224, 0, 0, 0, 4), /* multicast */
	V4(240, 0, 0, 0, 4),
	{.addr = {0xfc}, .bits = 7}, /* unique local */
	{.addr = {0xfe, 0x80}, .bits = 10}, /* link-local */
	{.addr = {0xff}, .bits = 8}, /* multicast */
};

const struct feed_prefixes feed_special = {
	.prefixes = special,
	.count = ARRAY_LEN(special),
};

unsigned int feed_sweep_step(struct feed_sweep *sweep,
			     const struct prefix *prefix)
{
	const struct feed_prefixes *over = &sweep->over;
	unsigned int marks = 0;

	while (sweep->next < over->count &&
	       prefix_cmp(feed_prefix_at(over, sweep->next), prefix) <= 0) {
		const struct prefix *at = feed_prefix_at(over, sweep->next++);

		if (!sweep->outer || !prefix_covers(sweep->outer, at))
			sweep->outer = at;
	}
	if (sweep->outer && prefix_covers(sweep->outer, prefix))
		marks |= FEED_MARK_LEFT_OUT;
	if (sweep->next < over->count &&
	    prefix_covers(prefix, feed_prefix_at(over, sweep->next)))
		marks |= FEED_MARK_AROUND;
	return marks;
}

bool feed_sweep_has(const struct feed_sweep *sweep, const struct prefix *prefix)
{
	return sweep->next > 0 &&
	       prefix_cmp(feed_prefix_at(&sweep->over, sweep->next - 1),
			  prefix) == 0;
}

static void add_v4(struct feed_extent *extent, const struct prefix *prefix)
{
	if (extent->has_v4 && prefix_covers(&extent->last_v4, prefix))
		return;
	extent->last_v4 = *prefix;
	extent->has_v4 = true;
	extent->addresses_v4 += (uint64_t)1 << (128 - prefix->bits);
}

/* What registries have of IPv6, in order. */
static const struct prefix used[] = {
	{.addr = {0x20, 0x01}, .bits = 16},
	{.addr = {0x20, 0x03}, .bits = 18},
	{.addr = {0x24, 0x00}, .bits = 12}, /* APNIC */
	{.addr = {0x24, 0x10}, .bits = 12},
	{.addr = {0x26, 0x00}, .bits = 12}, /* ARIN */
	{.addr = {0x26, 0x10}, .bits = 23},
	{.addr = {0x26, 0x20}, .bits = 23},
	{.addr = {0x26, 0x30}, .bits = 12},
	{.addr = {0x28, 0x00}, .bits = 12}, /* LACNIC */
	{.addr = {0x2a, 0x00}, .bits = 12}, /* RIPE */
	{.addr = {0x2a, 0x10}, .bits = 12},
	{.addr = {0x2c, 0x00}, .bits = 12}, /* AFRINIC */
};

static uint64_t nets_of(const struct prefix *net)
{
	return (uint64_t)1 << (NET_V6 - net->bits);
}

static uint64_t used_of(const struct prefix *net)
{
	uint64_t nets = 0;

	for (size_t i = 0; i < ARRAY_LEN(used); i++) {
		if (prefix_covers(&used[i], net))
			return nets_of(net);
		if (prefix_covers(net, &used[i]))
			nets += nets_of(&used[i]);
	}
	return nets;
}

static void add_v6(struct feed_extent *extent, const struct prefix *prefix)
{
	struct prefix net = *prefix;

	assert(net.bits > 0);

	if (net.bits > NET_V6)
		net = prefix_widen(prefix, NET_V6);
	if (extent->has_v6 && prefix_covers(&extent->last_v6, &net))
		return;
	extent->last_v6 = net;
	extent->has_v6 = true;
	extent->nets_v6 += nets_of(&net);
	extent->used_v6 += used_of(&net);
}

void feed_extent_add(struct feed_extent *extent, const struct prefix *prefix)
{
	if (prefix_is_v4(prefix))
		add_v4(extent, prefix);
	else
		add_v6(extent, prefix);
}
