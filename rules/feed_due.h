/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_due.h - when a feed is fetched next, and how old what we have is.
 *
 *	1. Never sooner than the provider's minimum after the last try, and
 *	   not before the time it asked for, but for a day at most.
 *	2. A feed is fetched once in its interval and up to a tenth of it
 *	   later; how much later follows from its name, so that feeds of one
 *	   interval do not come at once, and times can be told in advance.
 *	3. After a failure it is tried again in half the interval; after ten
 *	   in a row one interval later, then two, then three, up to a week.
 *	4. Entries are good until they expire, however long nobody answers.
 *
 * Times	seconds of one clock of the caller's; a moment of 0 is never
 * Errors	none
 * Threads	no state; any thread
 */
#pragma once

#include <stdint.h>

#include "rules/feed.h"

#define FEED_FAILURES_SOON 10 /* in a row; after more, less and less often */
#define FEED_BACKOFF_MAX_S (7 * 24ull * 3600)
#define FEED_RETRY_MAX_S   (24ull * 3600)
#define FEED_STALE_S	   (24ull * 3600)

/* What the caller keeps. */
struct feed_times {
	uint64_t tried_s; /* the last try started */
	uint64_t good_s; /* what we have was last known to be the newest */
	uint64_t retry_after_s; /* the moment the provider asked for */
	uint32_t failures; /* tries in a row */
};

enum feed_age {
	FEED_AGE_FRESH,
	FEED_AGE_LATE, /* two intervals old */
	FEED_AGE_STALE, /* a day old, or three intervals if that is more */
	FEED_AGE_EXPIRED, /* its entries are to be taken out */
	FEED_AGE_COUNT,
};

/* The moment from which on it is due; 0 for one that was never tried. A try of
 * the future, before the clock was set back, counts as one of now. */
uint64_t feed_due_s(const struct feed *feed, const struct feed_times *times,
		    uint64_t now_s);

/* The moment before which nobody is to ask, by rule 1; 0 as above. */
uint64_t feed_soonest_s(const struct feed *feed, const struct feed_times *times,
			uint64_t now_s);

/* How old what we have is; of a feed that never was good, FEED_AGE_FRESH. */
enum feed_age feed_age_of(const struct feed *feed,
			  const struct feed_times *times, uint64_t now_s);

/* "fresh", "late", "stale", "expired". */
const char *feed_age_name(enum feed_age age);
