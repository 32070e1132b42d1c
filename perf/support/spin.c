// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/spin.h"

#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#include "daemon/clock.h"

/* The kernel lets nobody have a CPU for a whole second. */
#define TURN_NS 300000000u
#define REST_US 200000

static void run_alone(bool on)
{
	const struct sched_param param = {.sched_priority = on ? 1 : 0};

	(void)sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param);
}

static void spin_once(uint32_t span_ns, struct latency *latency)
{
	uint64_t start_ns = clock_mono_ns();
	uint64_t now_ns = start_ns;

	while (now_ns - start_ns < span_ns)
		now_ns = clock_mono_ns();
	latency_add(latency, now_ns - start_ns);
}

void spin_measure(uint32_t count, uint32_t span_ns, struct latency *latency)
{
	while (count > 0) {
		uint64_t until_ns = clock_mono_ns() + TURN_NS;

		run_alone(true);
		for (; count > 0 && clock_mono_ns() < until_ns; count--)
			spin_once(span_ns, latency);
		run_alone(false);
		(void)usleep(REST_US);
	}
}
