/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture_tally.h - what became of captured packets, by interface.
 *
 * Threads	none: a value
 */
#pragma once

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "daemon/packet/capture.h"

struct capture_share {
	uint32_t ifindex;
	char ifname[IF_NAMESIZE]; /* when its first packet came; "": gone */
	uint64_t sent; /* to the client */
	uint64_t unread; /* the client's socket was full */
	uint64_t above_rate;
	uint64_t ring_full;
};

/* More interfaces than there can be gates on; the last stands for all others. */
struct capture_tally {
	struct capture_share shares[FW_CAPTURE_IFACES];
	size_t count;
};

/* The share of an interface, which there is from then on. */
struct capture_share *capture_tally_of(struct capture_tally *tally,
				       uint32_t ifindex);

/* Put down what the packet path has lost by now. */
int capture_tally_losses(struct capture_tally *tally,
			 const struct capture *capture);

/* A list with all of them. */
json_t *capture_tally_json(const struct capture_tally *tally);
