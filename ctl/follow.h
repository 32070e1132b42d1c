/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow.h - what the daemon tells as it comes, page after page, until so many
 * as --count says are printed, output fails, or somebody ends the program.
 *
 * A request that can be followed takes `after` and `max`, and answers with a
 * list, `next`, which is to be the next `after`, and how many were `lost`,
 * which is told on standard error.
 */
#pragma once

#include <stdbool.h>

#include "ctl/session.h"
#include "rules/wire.h"

struct followed {
	enum request request;
	const char *list; /* key of the answer's list */
	const struct item_view *view;
	const char *kinds; /* a third argument; NULL: it takes none */
	bool is_lost_once; /* the same number again is the same loss */
};

enum outcome follow(struct session *session, const struct followed *followed);
