/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * traffic.h - what is sent to a firewall: sources of which a share is listed;
 * packets that a rule set passes, by rules all over it; and packets that it
 * takes its last rule to decide.
 *
 * The last are near misses: source, destination, and the rest are each what
 * some rule asks for, and no rule but the last for all of them. Sources of
 * packets are not in the address table.
 *
 * Errors	-ENOENT: there are hardly any, said on standard error
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/table.h"
#include "perf/support/list.h"
#include "perf/support/plain.h"
#include "perf/support/ruleset.h"

/* `count` IPv4 addresses, evenly mixed; `table` has the list. */
int traffic_sources(const struct list *list, const struct table *table,
		    double listed, size_t count, uint32_t *ret_addresses);

/* PLAIN_PACKET_COUNT of them, written to `ret_packets`. */
int traffic_accepted(const struct ruleset *ruleset, const struct table *table,
		     struct plain_packet *ret_packets);
int traffic_last(const struct ruleset *ruleset, const struct table *table,
		 struct plain_packet *ret_packets);
