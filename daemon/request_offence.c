// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about peers that were banned before: who they are, and to forget
 * one. */
#include "daemon/offending.h"
#include "daemon/requests.h"

void request_detect_offences(struct daemon *daemon, struct call *call)
{
	uint64_t from;

	if (args_number(call, "from", OFFENDING_PEERS_MAX, 0, &from) == 0)
		call_done(call, offending_page(daemon, (uint32_t)from));
}

void request_detect_forgive(struct daemon *daemon, struct call *call)
{
	struct prefix peer;

	if (args_prefix(call, "address", &peer) == 0)
		offending_forgive(daemon, call, &peer);
}
