/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fold.h - what of a condition is certain in a view, before any event.
 *
 * Threads	no state; any thread
 */
#pragma once

#include "rules/detect/view.h"

enum detect_truth {
	DETECT_FALSE,
	DETECT_TRUE,
	DETECT_OPEN, /* an event will tell */
};

enum detect_truth detect_fold(const struct detect_node *node,
			      const struct detect_view *view);

/* Can it be met by an event of one of these kinds (1 << enum event_kind)? */
bool detect_can_be_met(const struct detect_node *node,
		       enum detect_category category, uint32_t kinds);
