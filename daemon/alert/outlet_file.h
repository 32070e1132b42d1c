/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outlet_file.h - notices to a file, a line each.
 *
 * A disk may take its time, so this is for the worker. A pipe or terminal that
 * is full loses the line: it is not waited for, and nothing is half written.
 *
 * Errors	negative errno; -EAGAIN: full, the line is lost
 * Threads	none; one at a time
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct outlet_file {
	int fd; /* -1: none */
	const char *path; /* borrowed; "-": standard output */
	bool is_regular;
};

/* Appended to; made with mode 0600 if it is not there. */
int outlet_file_open(const char *path, struct outlet_file *ret_outlet);
void outlet_file_close(struct outlet_file *outlet);

/* The file of that name as it is now, after somebody has moved it. On failure
 * what was open stays so. */
int outlet_file_reopen(struct outlet_file *outlet);

/* `len` bytes, and a line end. */
int outlet_file_tell(struct outlet_file *outlet, const char *line, size_t len);
