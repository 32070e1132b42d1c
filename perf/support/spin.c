// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/spin.h"

#include <unistd.h>

#include "daemon/clock.h"
#include "perf/support/testrun.h"

/* The kernel lets nobody have a CPU for a whole second. */
#define TURN_NS 300000000u
#define REST_US 200000

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

		testrun_alone(true);
		for (; count > 0 && clock_mono_ns() < until_ns; count--)
			spin_once(span_ns, latency);
		testrun_alone(false);
		(void)usleep(REST_US);
	}
}
