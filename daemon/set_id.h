/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set_id.h - the id for a set that is to be made.
 *
 * Threads	event loop
 */
#pragma once

#include <stdint.h>

#include "daemon/daemon.h"

/* One that no set has and none is being given. Ids that old classes know would
 * inherit their counts, so they are taken last. 0: there is none. */
uint8_t set_id_free(const struct daemon *daemon);
