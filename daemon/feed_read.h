/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_read.h - a version of a feed is read and judged against what its set
 * holds and what is protected, and if it is accepted, what is to change is
 * planned; and its file is written.
 *
 * Owns		the guard, the bytes, and all that came of it
 * Errors	negative errno, with `why`; a version that is held is none
 * Threads	the worker; feed_read_file() any: touches only the file
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/feed_cuts.h"
#include "daemon/feed_intake.h"
#include "daemon/import.h"

#define FEED_READ_WHY (FEED_INTAKE_WHY + 64) /* bytes with the NUL */

struct feed_read {
	/* What was asked for; borrowed, but for the guard and the bytes. */
	const struct feed *feed;
	const struct config *config;
	struct store *store;
	struct import *import; /* into its set; its plan is made */
	struct guard *guard;
	uint8_t except_id; /* 0: there is no set of exceptions */
	uint64_t number;
	bool is_new; /* the bytes that came; else a version that is kept */
	bool is_again; /* the one in force: where it is not kept, what the set
			* holds */
	uint64_t
		revision; /* that judges, to ask which flows would be cut; or 0 */
	bool is_dry; /* nothing is to change */
	size_t members; /* about as many are in the set */
	char *bytes; /* mapped, or NULL */
	size_t len;

	/* What came of it. */
	struct feed_intake intake;
	struct prefix_list before; /* of the set, where some members leave */
	int resolvers_r; /* the list of well-known ones could not be read */
	bool is_accepted;
	bool is_of_set; /* what the set holds was read in place of a version */
	struct feed_cuts *cuts; /* NULL: nobody asked, or it is not known */
	int cuts_r; /* why it is not, or 0 */
	int plan_r; /* of import_plan(), when it is accepted */
	uint64_t set_ns, plan_ns, file_ns; /* that it took */
	char why[FEED_READ_WHY];
};

int feed_read_run(struct feed_read *read);

/* Durable when it returns. */
int feed_read_file(struct feed_read *read);

void feed_read_done(struct feed_read *read);
