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

/* Of each rule of the judge's policy, in order; `ret_counts` has room for
 * them. */
int counts_by_rule(const struct daemon *daemon, const struct judge *judge,
		   struct fw_count *ret_counts);
