/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payer.h - who a packet is charged to, by the words of enum limit_per.
 */
#pragma once

#include "rules/packet.h"
#include "rules/rule.h"

static inline struct prefix payer_of(const struct packet *packet,
				     const struct limit *limit)
{
	static const struct prefix everybody;

	switch ((enum limit_per)limit->per) {
	case LIMIT_PER_SOURCE:
		return packet->source;
	case LIMIT_PER_SOURCE_NET:
		return prefix_widen(&packet->source,
				    packet->family == 4 ? 24 : 64);
	case LIMIT_PER_DESTINATION:
		return packet->destination;
	case LIMIT_PER_RULE:
	case LIMIT_PER_COUNT:
	default:
		return everybody;
	}
}
