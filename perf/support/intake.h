/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intake.h - the feeds of a set, told to a daemon, and their versions sent.
 *
 * Errors	negative errno; what was refused or held is on standard error
 */
#pragma once

#include <jansson.h>

#include "perf/support/feedset.h"
#include "perf/support/gateway.h"

/* Have them on, and enforced. */
int intake_define(const struct gateway *gateway, const struct feedset *set);

/* What fwd said of each version. */
struct intake {
	json_t *answers[FEEDSET_MAX];
};

/* A version of all of them at once, each on a connection of its own. Returns
 * when all are in force, or some are not; intake_done() is the caller's. */
int intake_send(const struct gateway *gateway, const struct feedset *set,
		enum feedset_version version, struct intake *ret_intake);
void intake_done(struct intake *intake);

/* A number that all answers have, added up. */
double intake_sum(const struct intake *intake, const char *key);

/* Does the gate drop the last address of each feed that has one? */
int intake_check(const struct gateway *gateway, const struct feedset *set,
		 enum feedset_version version);
