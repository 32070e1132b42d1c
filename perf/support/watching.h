/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watching.h - a gateway whose fwd watches the host and detects by all rules
 * there are: those that are shipped, and those for Linux of SigmaHQ below
 * PORTCULLIS_DATA. Alerts go to a file.
 *
 * Errors	negative errno; what went wrong is on standard error
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "perf/support/gateway.h"

/* What became of what the kernel saw, since fwd began. */
struct sensed_count {
	uint64_t told; /* in a ring */
	uint64_t suppressed; /* the same a moment before */
	uint64_t lost; /* no room */
};

struct watching {
	uint64_t rules;
	uint64_t asked; /* events that rules were asked about */
	uint64_t lost; /* events of all kinds, as fwd tells it */
};

/* Writes fwd.yml; before gateway_start(). */
int watching_write(struct gateway *gateway);

int watching_read(const struct gateway *gateway, struct watching *ret_watching);

/* Of each kind by its name; zeros for one that nothing was seen of. */
int watching_counts(const struct gateway *gateway, const char *const *kinds,
		    size_t count, struct sensed_count *ret_counts);
