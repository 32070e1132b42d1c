/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watched.h - the paths whose reading the sensor tells by itself.
 *
 * Reads of other files are not told, but for what fwd.yml names besides
 * (sensor_paths), which a rule does not know.
 *
 * Threads	constants; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/detect/rule.h"

/* Of the system; with a slash at its end: all below. */
extern const char *const watched_of_system[];
extern const size_t watched_of_system_count;

/* Below the home of a user, the same. */
extern const char *const watched_of_user[];
extern const size_t watched_of_user_count;

/* Is there a path, watched or below a watched one, that could meet a test of a
 * path, as lists have it: a text or wildcards, and letters' case counts? */
bool watched_could_meet(const struct detect_node *test);
