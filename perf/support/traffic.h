/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * traffic.h - packets that a rule set passes, by rules all over it, and
 * packets that it takes its last rule to decide.
 *
 * The latter are near misses: source, destination, and the rest are each what
 * some rule asks for, and no rule but the last for all of them. Sources are
 * not in the address table.
 *
 * Errors	-ENOENT: there are hardly any, said on standard error
 */
#pragma once

#include "daemon/packet/table.h"
#include "perf/support/plain.h"
#include "perf/support/ruleset.h"

/* PLAIN_PACKET_COUNT of them, written to `ret_packets`. */
int traffic_accepted(const struct ruleset *ruleset, const struct table *table,
		     struct plain_packet *ret_packets);
int traffic_last(const struct ruleset *ruleset, const struct table *table,
		 struct plain_packet *ret_packets);
