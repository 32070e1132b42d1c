/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_item.h - a frame as the request explain takes it.
 *
 * Owns		nothing: the caller owns what is returned
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "rules/rule.h"

/* Where a frame comes or goes. */
struct explain_place {
	const char *name;
	uint8_t direction; /* DIRECTION_IN, DIRECTION_OUT */
	const char *state; /* or NULL: as the tables say */
};

/* NULL where memory ran out. */
json_t *explain_item(const uint8_t *frame, size_t len,
		     const struct explain_place *place);
