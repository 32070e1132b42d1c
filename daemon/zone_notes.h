/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zone_notes.h - zones of a policy that no packet can be in, for want of an
 * interface or of its gate: a rule of such a zone is never met.
 *
 * Threads	event loop only
 */
#pragma once

#include <jansson.h>

#include "daemon/daemon.h"
#include "rules/policy.h"

#define ZONE_NOTES_MAX 20 /* sentences; the last says how many more */

/* Add a sentence to `texts` for each, and one if there is no gate at all. */
void zone_notes(const struct daemon *daemon, const struct policy *policy,
		json_t *texts);
