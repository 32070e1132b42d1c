/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kind.h - kinds of events, by name and as the kernel side counts them.
 *
 * Threads	no state; any thread
 */
#pragma once

#include "rules/detect/event_name.h"
#include "xdp/sensor.h"

/* -ENOENT when there is none of that name, which has `len` bytes. */
int event_kind_from_name(const char *name, size_t len,
			 enum event_kind *ret_kind);

/* EVENT_KIND_COUNT for what is no event. */
enum event_kind event_kind_of_sense(enum fw_sense sense);
