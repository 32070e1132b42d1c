/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spin.h - what the machine takes from a thread that does nothing but look at
 * the clock, under SCHED_FIFO where that is allowed: the floor under every
 * span that is measured on it. In a guest its host takes most of it.
 */
#pragma once

#include <stdint.h>

#include "daemon/merge/latency.h"

/* `count` spans that should be `span_ns` each, as they were. */
void spin_measure(uint32_t count, uint32_t span_ns, struct latency *latency);
