/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_slot.h - a feed that is on, in memory.
 *
 * Threads	event loop
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/feed_turn.h"
#include "rules/feed.h"
#include "rules/feed_state.h"

#define FEEDS_MAX	    64
#define FEED_SHADOW_FIRST_S 86400u
#define FEED_EXCEPT	    "-except"

struct feed_slot {
	struct feed feed;
	struct feed_state state;
	char *text; /* the definition, canonical */
	size_t len;
	bool is_busy; /* a version is judged, or a change is stored */
	bool wants_again; /* the version in force is to be judged anew */
	uint64_t judged_guard; /* the guard's version when it was judged */
	size_t judged_excepted; /* and how many exceptions there were */
};

struct feeds {
	struct feed_slot *list[FEEDS_MAX];
	size_t count;
	size_t coming; /* new ones that are being stored */
	bool has_unknown; /* the store has some that were not understood */
	struct feed_turns turns;
};
