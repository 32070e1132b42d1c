/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crowdsec.h - a reply of CrowdSec's stream of decisions becomes members of
 * a set, each with the end of its decision.
 *
 *	read	worker: feedfile; noted and settled in the table of decisions
 *	import	import.h: the difference between what they hold and the set, of
 *		members of this origin
 *
 *	1. A whole reply replaces the table, and the set by difference: what is
 *	   in both is never out of it.
 *	2. A reply that could not be read, applied or stored is taken back or
 *	   made good by the next one, which must then be a whole one: what the
 *	   server has told it does not tell again.
 *	3. While no replies come members stay until their own end.
 *	4. After a step of the wall clock the next one must be whole too: the
 *	   ends that are stored are those of another clock.
 *	5. What is protected, and what is too wide, is left out and counted.
 *
 * Threads	event loop; the reading runs on the worker and touches only its
 *		job
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/daemon.h"

struct crowdsec_order {
	const struct set *set;
	bool is_whole; /* all decisions that hold, not what has changed */
	uint32_t widest_v4, widest_v6; /* shortest length that is taken */
	uint32_t max; /* decisions */
	char *text; /* the reply, mapped; taken */
	size_t len;
	struct call *call; /* answered once it is done */
};

/* Takes the text, also when it fails. The state may not be busy, and has a
 * table unless the reply is whole. */
int crowdsec_take(struct daemon *daemon, const struct crowdsec_order *order);

/* No reply was to be had, or it could not be taken. */
void crowdsec_failed(struct daemon *daemon, const char *why);

/* The next reply must be a whole one. */
void crowdsec_resync(struct daemon *daemon);

/* An alert while replies have been missing for long, and whether the wall
 * clock was stepped against the boot clock. Every second. */
void crowdsec_tick(struct daemon *daemon, uint64_t now_s, uint64_t boot_s);

void crowdsec_done(struct crowdsec *crowdsec);
