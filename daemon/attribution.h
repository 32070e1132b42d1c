/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attribution.h - packets and peers, and the processes of this host behind
 * them.
 *
 * A packet is given to a process only where the end that it comes from or goes
 * to is an address of this host, and the sensor knows whose the flow was when
 * the packet was seen (daemon/event/owner.h). Who listens at a port has what
 * comes there without a flow: of TCP a first segment, of others anything.
 *
 * Owns		nothing: the caller owns what is returned
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "daemon/event/owner.h"
#include "rules/prefix.h"
#include "xdp/abi.h"

struct daemon;

/* Is the sensor on, so that anything can be said? */
bool attribution_knows(const struct daemon *daemon);

/* Is it an address of this host? */
bool attribution_is_own(const struct daemon *daemon,
			const struct prefix *address);

/* A packet as it was seen, in this turn of the loop; OWNER_UNKNOWN. */
struct owner attribution_of_event(const struct daemon *daemon,
				  const struct fw_event *event);

struct attribution_flow {
	struct prefix source, destination; /* single addresses */
	uint16_t source_port, destination_port;
	uint8_t protocol;
	bool is_out;
};

/* Whose it is now. */
struct owner attribution_of_flow(const struct daemon *daemon,
				 const struct attribution_flow *flow);

/* {how, pid, uid, since_us, image, unit, container, ended_us}, or {how} where
 * it is unknown. */
json_t *attribution_json(const struct daemon *daemon,
			 const struct owner *owner);

/* What processes have had with this single address, the last first: list of
 * {kind, protocol, peer_port, local_port, first_us, last_us, count, process}. */
json_t *attribution_talks(const struct daemon *daemon,
			  const struct prefix *peer);
