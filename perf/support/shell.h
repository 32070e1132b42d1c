/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shell.h - other programs, by the shell. What they print goes to standard
 * error, so that it is never taken for a row.
 *
 * Errors	-EIO: the command could not be run or failed, and is named on
 *		standard error
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

__attribute__((format(printf, 1, 2))) int shell_run(const char *format, ...);

/* The number that the command prints. */
__attribute__((format(printf, 2, 3))) int shell_number(uint64_t *ret_number,
						       const char *format, ...);

/* Is there a command of that name? */
bool shell_has(const char *command);
