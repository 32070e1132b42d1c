/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blocks.h - many requests to block addresses, on many connections at once.
 *
 * Each address is another one, of 1.0.0.0 to 126.255.255.255: none of them is
 * protected.
 *
 * Errors	negative errno; -EREMOTEIO: refused, said on standard error
 */
#pragma once

#include <stdint.h>

#define BLOCKS_CONNECTIONS 44 /* at most, of the 48 that may change things */

/* The address after `*state`, which begins with 0. */
uint32_t blocks_next(uint32_t *state);

/* Requests of so many addresses each to the daemon at `socket`; one is under
 * way on each of so many connections until all are answered. */
int blocks_send(const char *socket, int connections, int requests,
		int addresses);
