/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feeds.h - what the two sides of feeds.c agree on.
 *
 * Packets are numbered, and have their sources in turn. An even number's is
 * listed, an odd one's is not.
 */
#pragma once

#define FEEDS_SOURCES (1u << 16)

enum feeds_kind {
	FEEDS_LISTED,
	FEEDS_CLEAN,
	FEEDS_KINDS,
};
