/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prepared.h - what a comparison has read of a document and its lists, kept for
 * the apply that mostly follows: lists of a million are read and held against
 * the store once, and what is applied is what was shown.
 *
 * One is kept at a time, for some seconds, and it counts only while the store
 * is as it was.
 *
 * Threads	event loop; prepared_take() on the worker
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/apply_job.h"
#include "daemon/daemon.h"

/* Takes the text, the judge and the sets of an apply that apply_prepare() has
 * made. The number to ask for it by; 0: there is no memory. */
uint64_t prepared_keep(struct daemon *daemon, struct apply *apply);

/* The one of this number and user, which the caller then owns; NULL: it is gone,
 * or another's. */
struct prepared *prepared_claim(struct daemon *daemon, uint64_t number,
				uint32_t uid);

/* Give an apply of the same text what is in it, in place of apply_prepare().
 * False: something has changed since, and it has got nothing. */
bool prepared_take(struct prepared *prepared, struct apply *apply);

/* NULL is fine. */
void prepared_free(struct prepared *prepared);
DEFINE_CLEANUP(struct prepared *, prepared_free)

/* Drop one that nobody asked for in time. To be called every second, with the
 * seconds of CLOCK_BOOTTIME. */
void prepared_tick(struct daemon *daemon, uint64_t now_s);
