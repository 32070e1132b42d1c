/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notice_ring.h - the last notices, for everybody to read at his own pace.
 *
 * Bounded in number and in bytes; a new one takes the place of the oldest. Who
 * is slower than that finds by the numbers how many he has missed.
 *
 * Owns		its memory, got once
 * Errors	-ENOMEM from notice_ring_init(), nothing else fails
 * Threads	none; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/alert/told.h"

#define NOTICE_RING_SIZE  4096u
#define NOTICE_RING_BYTES (4u << 20)

struct notice_ring {
	struct told *slots; /* NOTICE_RING_SIZE of them */
	char *bytes; /* texts of a notice lie side by side */
	size_t at; /* where the next ones may lie */
	uint64_t first_seq, next_seq; /* of those that are there; the first of
				       * all is 2, as that of event_log.h */
};

int notice_ring_init(struct notice_ring *ring);
void notice_ring_done(struct notice_ring *ring);

/* Copies; gives it its number. Its texts are less than NOTICE_RING_BYTES. */
void notice_ring_put(struct notice_ring *ring, const struct told *told);

/* The notice of that number, or NULL when it is gone or not there yet. Lives
 * until the next is put. */
const struct told *notice_ring_get(const struct notice_ring *ring,
				   uint64_t seq);
