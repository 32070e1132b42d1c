// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/payer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct prefix payer_of(const struct packet *packet, const struct limit *limit)
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

bool payers_charge(struct payers *payers, size_t rule,
		   const struct limit *limit, const struct packet *packet)
{
	struct prefix who = payer_of(packet, limit);
	size_t i = 0;

	while (i < payers->count &&
	       (payers->list[i].rule != rule ||
		prefix_cmp(&payers->list[i].who, &who) != 0))
		i++;
	if (i == payers->count) {
		assert_true(i < PAYERS_MAX);
		payers->list[i].rule = rule;
		payers->list[i].who = who;
		payers->list[i].units = 0;
		payers->count++;
	}
	if (payers->list[i].units == limit->burst)
		return false;
	payers->list[i].units++;
	return true;
}
