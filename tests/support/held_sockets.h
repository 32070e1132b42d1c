/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * held_sockets.h - sockets with one peer that the kernel does not end: what
 * asks it to is told EACCES.
 *
 * Whoever asks is on a thread whose send calls wait for an answer (seccomp), so
 * its asking for other sockets goes through.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* False: the kernel has no such filters. `fn` fails no test. */
bool held_sockets_run(uint32_t peer4_be, void (*fn)(void *arg), void *arg);
