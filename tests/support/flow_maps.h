/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_maps.h - the maps of flows that a loaded program uses, for a test to
 * empty or to change what the daemon never would.
 *
 * Every failure fails the test.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The map of that name; the caller closes it. */
int flow_maps_open(int program_fd, const char *name);

/* How many entries it has. */
size_t flow_maps_count(int program_fd, const char *name);

/* Nothing is remembered any more. */
void flow_maps_clear(int program_fd);

/* All that is remembered was seen so much earlier. */
void flow_maps_age(int program_fd, uint64_t seconds);
