/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attempt.h - who asks to execute a file: the process as it was before.
 *
 * Read from what /proc shows to everybody, while the kernel has it wait.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdint.h>

#define ATTEMPT_NAME_MAX 64 /* bytes with the NUL */

struct attempt {
	uint32_t uid; /* UINT32_MAX: not known */
	uint32_t parent; /* 0: not known */
	char name[ATTEMPT_NAME_MAX]; /* what runs in it; "": not known */
};

/* What cannot be had is not known. */
void attempt_read(uint32_t pid, struct attempt *ret_attempt);
