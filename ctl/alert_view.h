/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alert_view.h - alerts of detections as people read them.
 */
#pragma once

#include <stdint.h>

#include "ctl/printer.h"

extern const struct item_view alert_view_kept; /* of alert-list */
extern const struct item_view alert_view_pattern; /* of alert_pattern.h */
extern const struct item_view alert_view_told; /* of alert-watch */

/* Of alert-show; of alert-mark; of alert-status. */
void alert_view_one(FILE *out, const json_t *answer);
void alert_view_marked(FILE *out, const json_t *answer);
void alert_view_outlets(FILE *out, const json_t *answer);
