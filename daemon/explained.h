/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explained.h - what an explaining program found, in the names of the policy
 * and with the members of sets that stand behind it.
 *
 * Owns		nothing: the caller owns what is returned
 * Threads	event loop only
 */
#pragma once

#include <jansson.h>

#include "daemon/daemon.h"
#include "xdp/trace.h"

#define EXPLAINED_CLAIMS_MAX 16 /* told of one address; more are counted */

/* As docs/protocol.md has it. The trace must be of daemon->live->judge. */
json_t *explained_trace(const struct daemon *daemon,
			const struct fw_trace *trace);
