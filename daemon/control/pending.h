/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pending.h - a request that was let in, until it is answered.
 *
 * Made only of what its peer has the right to, with a file exactly when the
 * request takes one. It may outlive its client, which then takes itself out.
 *
 * Owns		the arguments and the file
 * Errors	negative errno; the words are in reterr_refusal
 * Threads	event loop only
 */
#pragma once

#include "daemon/control/frame.h"
#include "daemon/control/message.h"
#include "daemon/control/peer.h"
#include "daemon/control/server.h"

struct client;

struct pending {
	struct call call; /* first: what a handler gives back is this */
	struct client *client; /* set by the client; NULL: it went away */
};

static inline struct pending *pending_of(struct call *call)
{
	return (struct pending *)call;
}

/* Of a whole frame, whose file it takes; `decoded_ns` is the caller's. */
int pending_new(struct frame_in *in, const struct peer *peer,
		const struct peer_rights *rights,
		struct refusal *reterr_refusal, struct pending **ret_pending);

void pending_free(struct pending *pending);
