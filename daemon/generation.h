/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generation.h - the address tables, the ledger that fills them, and the
 * judges over them, made from what the store holds.
 *
 * At the start and after a restore everything is built beside what judges
 * now, and then takes its place in one step. So a table is never one that a
 * killed daemon left half written, and never two pictures mixed.
 *
 * A member that has ended by the clock is left out, unless the clock is in
 * doubt: a machine that starts with a clock ahead would free all that end. So
 * while the kernel does not call it synchronised, what was made before the
 * machine started, and seems to have ended since, is held.
 *
 * Threads	generation_build() on the loop before the worker runs, or on
 *		the worker; the rest on the loop
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/alert/alerts.h"
#include "daemon/config.h"
#include "daemon/ended.h"
#include "daemon/judge.h"
#include "daemon/merge/ledger.h"
#include "daemon/packet/maps.h"
#include "daemon/packet/table.h"
#include "rules/base.h"
#include "rules/store.h"

/* Alerts that a start or a restore leaves, when not all is enforced. */
#define ALERT_TABLE_START   "table start"
#define ALERT_CLASSES_START "classes start"

struct generation {
	struct maps *maps;
	struct counters *counters;
	struct judge *judge; /* the one whose programs gates run */
	struct judge *last; /* on trial: the one before; else NULL */
	struct judge *next; /* made ready to take over; mostly NULL */
	uint64_t current; /* revision that is confirmed; 0: none */
	struct pending
		pending; /* of which `judge` is made, if it is on trial */
	struct table *table;
	struct ledger *ledger;
	struct ended ended; /* members of the store that were left out: past */
	bool doubts_clock; /* members are held though they seem past */
	size_t refused; /* members the table had no room for: an alert */
	size_t unclassed; /* members no class number was left for: the same */
	uint64_t named_revision, named_version; /* of the judge and of the
						   ledger's sets, when its sets
						   were last looked for */
	bool is_renumbered; /* class numbers ran short and were given anew */
};

/* `note` says what failed. The caller owns *ret_generation. */
int generation_build(const struct config *config, struct store *store,
		     struct generation **ret_generation,
		     char note[MAPS_NOTE_MAX]);

/* Tell generation->next what classes are, number *from and after, at most
 * `max`; *from goes on. 1: there are more. */
int generation_ready_next(struct generation *generation, uint32_t *from,
			  uint32_t max);

/* Alerts of what is stored, and not in its table; and of what is no more so. */
void generation_tell(const struct generation *generation,
		     struct alerts *alerts);

/* The boot that CLOCK_BOOTTIME is of. */
int generation_boot_id(uint8_t boot_id[BOOT_ID_BYTES]);

/* What is attached lives on. NULL is fine. */
void generation_free(struct generation *generation);
DEFINE_CLEANUP(struct generation *, generation_free)
