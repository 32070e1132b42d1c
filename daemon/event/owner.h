/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * owner.h - whose a packet is, asked of what the sensor knows of flows.
 *
 *	1. The flow itself, from address and port to address and port, as the
 *	   process connected or accepted it, or sent a datagram to that peer.
 *	2. Of a packet that came, where it says so, who listens at its port.
 *	3. A packet is of who had the flow when it was seen. One that was seen a
 *	   moment before anybody was known to have it is of the first who had
 *	   it; one that was seen before the flow became another's is nobody's.
 *
 * Times	CLOCK_BOOTTIME
 * Errors	-ENOENT: not known
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/detect/event.h"
#include "rules/prefix.h"
#include "xdp/sensor.h"

/* A call that sends is seen when it has ended, its datagram before that. */
#define OWNER_LATE_NS 1000000000ull

enum owner_how {
	OWNER_UNKNOWN,
	OWNER_FLOW,
	OWNER_LISTENER,
	OWNER_HOW_COUNT,
};

struct owner {
	enum owner_how how;
	struct process_id id;
	uint32_t uid;
	uint64_t since_ns;
};

struct owner_question {
	struct prefix local, peer; /* single addresses */
	uint16_t local_port, peer_port;
	uint8_t protocol; /* as in IP */
	bool may_listen; /* who listens there is an answer */
	uint64_t when_ns; /* it was seen; 0: whose is it now? */
};

/* -ENOENT: there is none. */
typedef int owner_look_fn(void *arg, const struct fw_talk_key *key,
			  struct fw_talk *ret_talk);

/* At most four looks. */
int owner_find(const struct owner_question *question, owner_look_fn *look,
	       void *arg, struct owner *ret_owner);

const char *owner_how_name(enum owner_how how);
