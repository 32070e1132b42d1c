/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alert_pattern.h - alerts counted by their patterns.
 *
 * Owns		what it has counted
 * Errors	-ENOMEM
 * Threads	none; one owner
 */
#pragma once

#include <jansson.h>

struct alert_patterns {
	json_t *list; /* in the order of their newest alert */
	json_t *by_id; /* the same objects */
};

int alert_patterns_init(struct alert_patterns *patterns);
void alert_patterns_done(struct alert_patterns *patterns);

/* One of alert-list; those that were added before it are newer. */
int alert_patterns_add(struct alert_patterns *patterns, const json_t *item);
