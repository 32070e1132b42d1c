/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flood.h - what the generator's two sides agree on.
 */
#pragma once

#define FLOOD_SOURCE_COUNT (1u << 17) /* of the ring of sources, in turn */
#define FLOOD_CLEAN_EVERY  1024u /* frame is from a clean source */
