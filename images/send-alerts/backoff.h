/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backoff.h - when to try again, after so many failures in a row.
 *
 * The bound doubles with each, up to BACKOFF_MAX_MS; the wait is anywhere
 * below it ("full jitter"), so that many who failed together do not come
 * together. A server that says when is not asked before that.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdint.h>

#define BACKOFF_FIRST_MS      1000u
#define BACKOFF_MAX_MS	      300000u
#define BACKOFF_LEAST_MS      100u
#define BACKOFF_RETRY_AFTER_S 3600u /* no more is believed */

/* `failures`: 1 or more; `random`: any number; `retry_after_s`: 0 if the
 * server did not say. */
uint32_t backoff_ms(uint32_t failures, uint32_t random, uint64_t retry_after_s);
