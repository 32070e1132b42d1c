/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notices.h - what detections found, told to those who asked for it.
 *
 *	1. notices_put() makes the line and puts it into a ring: bounded time,
 *	   no memory got, no call into the system.
 *	2. Each outlet reads the ring at its own pace, in notices_turn(), and
 *	   is given so many a turn. One that takes nothing at the moment is
 *	   asked again; the others do not wait for it.
 *	3. What an outlet did not take before the ring turned, or refused, is
 *	   counted as lost with it.
 *
 * Owns		the ring
 * Times	of struct notice
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/alert/notice.h"
#include "daemon/alert/notice_json.h"
#include "daemon/alert/told.h"
#include "rules/base.h"

#define NOTICE_OUTLETS_MAX 4
#define NOTICES_PER_TURN   256

struct notices;

/* 0; -EAGAIN: not now, ask again; other errors: this one is lost. */
typedef int notice_outlet_fn(void *arg, const struct told *told);

struct notice_outlet {
	const char *name; /* borrowed: "journal" */
	notice_outlet_fn *fn;
	void *arg;
};

struct notice_counts {
	const char *name;
	uint64_t told, lost;
	int error; /* the last one, or 0 */
};

int notices_new(const struct notice_origin *origin,
		struct notices **ret_notices);
void notices_free(struct notices *notices);
DEFINE_CLEANUP(struct notices *, notices_free)

/* Copies all it needs. 0, always: what cannot be told is counted. */
int notices_put(struct notices *notices, const struct notice *notice);

/* Gets what is put from now on. At most NOTICE_OUTLETS_MAX. */
void notices_add_outlet(struct notices *notices,
			const struct notice_outlet *outlet);

/* Let each outlet take some. Is there more that it would have taken? */
bool notices_turn(struct notices *notices);

/* The same for who does not want to be called: *cursor is the number of the
 * next for him, 0 for what is put from now on. NULL: there is none yet; else
 * it lives until the next is put, and *cursor is one further. What he has
 * missed is added to *lost. */
const struct told *notices_next(const struct notices *notices, uint64_t *cursor,
				uint64_t *lost);

/* Of the next one that is put. */
uint64_t notices_next_seq(const struct notices *notices);

/* Of the outlet at this place, or false: there are fewer. */
bool notices_counts(const struct notices *notices, size_t at,
		    struct notice_counts *ret_counts);
