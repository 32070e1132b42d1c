/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply.h - what the two sides of apply.c agree on.
 *
 * Packets are numbered. The last two bits of the number are their kind, and
 * that is their source too: one for each.
 */
#pragma once

#define APPLY_PACKETS_MAX (1u << 25)
#define APPLY_SOURCE	  0xc0000200u /* 192.0.2.0, and the kind */

enum apply_kind {
	APPLY_ALWAYS, /* passes, before and after */
	APPLY_NEVER,
	APPLY_BEFORE, /* passes until the new policy judges */
	APPLY_AFTER, /* passes from then on */
	APPLY_KINDS,
};
