/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * testrun.h - a program run many times in the kernel, on one frame.
 *
 * While it runs nobody else gets the CPU (SCHED_FIFO, where that is allowed),
 * for what they leave in the caches would be measured too.
 *
 * Errors	negative errno
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/ip.h>

/* Stay on one CPU, the last one. Once, first. */
int testrun_pin(void);

/* From here on nobody else gets the CPU, or no longer so. Not allowed means
 * noisier values, no more. */
void testrun_alone(bool is_on);

struct testrun {
	double ns; /* of one run; the kernel gives whole nanoseconds */
	uint32_t verdict; /* of the last run */
};

int testrun_do(int program_fd, uint32_t repeat, struct testrun *ret_run);

/* Its verdict on a packet from `source`. */
int testrun_judge(int program_fd, uint32_t source, uint32_t *ret_verdict);

/* Send frames by the program, as a driver would; how long that took. */
int testrun_live(int program_fd, uint32_t frames, double *ret_s);

/* What the programs are run on: a UDP datagram in 60 bytes, Ethernet and IPv4
 * around it, with a right checksum. */
#define TESTRUN_FRAME_BYTES 60

void testrun_frame(uint8_t frame[TESTRUN_FRAME_BYTES]);

/* Of the header, whose own field is zero (RFC 1071). */
uint16_t testrun_checksum(const struct iphdr *ip);
