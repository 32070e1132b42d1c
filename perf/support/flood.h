/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flood.h - frames as fast as they go, by a thread of its own on the last CPU.
 *
 * Errors	negative errno
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct flood {
	int program_fd; /* runs once for each frame, and sends it */
	uint32_t at_once; /* frames from one look at `is_over` to the next */
	uint64_t frames; /* sent so far */
	atomic_bool is_over;
	pthread_t thread;
};

/* `flood` stays where it is until it is stopped. */
int flood_start(struct flood *flood, int program_fd, uint32_t at_once);
void flood_stop(struct flood *flood);
