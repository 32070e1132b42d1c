/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_carve.h - exceptions taken out of the entries of a feed.
 *
 * A network that has an exception in it is given as the fewest networks that
 * leave it out.
 *
 * Owns		nothing
 * Errors	what the function answered
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>

#include "rules/prefix.h"

/* Exceptions in order, none in another: sorts, drops those that are, and returns how
 * many are left. */
size_t feed_carve_tidy(struct prefix *exceptions, size_t count);

/* Give what of `prefix` is in no exception; tidy ones. Time grows with the
 * logarithm of `count` for a prefix that has none in it. */
int feed_carve(const struct prefix *exceptions, size_t count,
	       const struct prefix *prefix, prefix_fn *fn, void *arg);
