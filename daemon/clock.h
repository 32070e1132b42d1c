/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.h - the clocks, read in this folder only; everybody below is told.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/timex.h>
#include <time.h>

static inline uint64_t clock_read_ns(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* For spans. */
static inline uint64_t clock_mono_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

/* Since `*from_ns`, which becomes now. */
static inline uint64_t clock_take_span(uint64_t *from_ns)
{
	uint64_t before_ns = *from_ns;

	*from_ns = clock_mono_ns();
	return *from_ns - before_ns;
}

/* What this thread has run. */
static inline uint64_t clock_thread_ns(void)
{
	return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* For spans since the start of something: goes on in suspend, is never stepped. */
static inline uint64_t clock_boot_s(void)
{
	return clock_read_ns(CLOCK_BOOTTIME) / 1000000000u;
}

/* The clock that the packet path reads. */
static inline uint64_t clock_boot_ns(void)
{
	return clock_read_ns(CLOCK_BOOTTIME);
}

/* A moment of that clock as people's time. */
static inline uint64_t clock_wall_us_of(uint64_t boot_ns)
{
	uint64_t now_ns = clock_boot_ns();
	uint64_t wall_ns = clock_read_ns(CLOCK_REALTIME);

	return (wall_ns - (now_ns - boot_ns)) / 1000;
}

/* For people, the store, and the ends of members; may be stepped. */
static inline uint64_t clock_wall_s(void)
{
	return clock_read_ns(CLOCK_REALTIME) / 1000000000u;
}

/* Has something, as NTP, told the kernel that the wall clock is right? */
static inline bool clock_is_synchronised(void)
{
	struct timex timex = {.modes = 0};

	return adjtimex(&timex) >= 0 && !(timex.status & STA_UNSYNC);
}
