/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_view.h - answers about feeds as people read them.
 *
 * Threads	none
 */
#pragma once

#include <stdio.h>

#include <jansson.h>

void feed_view_list(FILE *out, const json_t *answer);
void feed_view_show(FILE *out, const json_t *answer);
void feed_view_hits(FILE *out, const json_t *answer);

/* What became of a version. */
void feed_view_result(FILE *out, const json_t *answer);
