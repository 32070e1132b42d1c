/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payer.h - who a packet is charged to, by the words of enum limit_per, and
 * how much was: a plain list, in which no bucket ever fills again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/packet.h"
#include "rules/rule.h"

#define PAYERS_MAX 200000

struct payers {
	struct {
		size_t rule;
		struct prefix who;
		uint64_t units;
	} list[PAYERS_MAX];
	size_t count;
};

struct prefix payer_of(const struct packet *packet, const struct limit *limit);

/* Is there something left of the burst? Then it is charged. */
bool payers_charge(struct payers *payers, size_t rule,
		   const struct limit *limit, const struct packet *packet);
