/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ended.h - members whose time is up: the ledger does not hold them, the store
 * is still to be told.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"

struct ended_member {
	struct prefix prefix;
	uint8_t set_id;
};

struct ended {
	struct ended_member *list;
	size_t count, capacity;
};

/* -ENOMEM, and nothing was added. */
int ended_add(struct ended *ended, uint8_t set_id, const struct prefix *prefix);

/* Empty again. */
void ended_done(struct ended *ended);
