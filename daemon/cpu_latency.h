/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpu_latency.h - how deep processors may sleep while fwd runs.
 *
 * An event of the sensor wakes the loop on a processor that often is idle. How
 * long that takes is up to its state of sleep: 1 us to several 100 on bare
 * metal, in a guest until the host runs it again. A wish of a process bounds it
 * for all processors, at the price of their power (PM QoS,
 * Documentation/power/pm_qos_interface.rst; cpuidle governors menu, teo,
 * haltpoll).
 *
 * Errors	negative errno
 */
#pragma once

#include <stdint.h>

#define CPU_LATENCY_DEVICE "/dev/cpu_dma_latency"

/* The kernel's own bound: no wish (PM_QOS_CPU_LATENCY_DEFAULT_VALUE). */
#define CPU_LATENCY_ANY 2000000000u

/* Until this process ends, whatever way, no processor sleeps deeper than it
 * takes `us` to wake from; 0: none sleeps. */
int cpu_latency_hold(uint32_t us);
