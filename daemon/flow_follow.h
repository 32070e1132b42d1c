/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_follow.h - are all new connections learned? An alert while some are not.
 *
 * Above new_flows_per_second, or where the kernel refuses an entry, a packet is
 * judged and its flow is not learned: its replies are new as well. The alert
 * stays until ten seconds have passed without one.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

struct daemon;

/* Zeroed at the start. */
struct flow_follow {
	uint64_t unlearned; /* as of the last look */
	uint64_t last_s; /* CLOCK_BOOTTIME; when some were seen, 0: never */
};

/* The alert, as of now. To be called every second. */
void flow_follow(struct daemon *daemon, uint64_t now_s);
