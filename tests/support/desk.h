/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * desk.h - a daemon of what changes of members touch: guard, ledger, built-in
 * sets, and if asked for store, worker and loop. In place of the address table
 * is a sink that counts, and is full when a test says so.
 */
#pragma once

#include <stdbool.h>

#include "daemon/daemon.h"
#include "tests/support/scratch.h"

#define DESK_ROOM 1000000 /* more than a test puts in */

struct desk {
	struct daemon daemon; /* first, for those who need no more */
	struct scratch scratch;
	int room; /* of the sink: so many more it takes */
	int known; /* prefixes it was told of and not to forget */
};

void desk_init(struct desk *desk);

/* Store, worker and loop too. */
void desk_open(struct desk *desk);

/* What was submitted is committed now, and nothing is from here on. */
void desk_commit(struct desk *desk);

void desk_done(struct desk *desk);

struct prefix desk_prefix(const char *text);

/* Is exactly this a member? */
bool desk_holds(const struct desk *desk, uint8_t set_id, const char *text);

bool desk_protects(const struct desk *desk, const char *text);
