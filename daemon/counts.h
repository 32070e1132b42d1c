/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counts.h - the kernel's counts, summed the way people ask for them.
 *
 * Threads	event loop only
 */
#pragma once

#include "daemon/daemon.h"
#include "xdp/abi.h"

/* By the set that decided; index is the set's id. */
int counts_by_set(struct daemon *daemon,
		  struct fw_count ret_counts[SET_ID_MAX + 1]);
