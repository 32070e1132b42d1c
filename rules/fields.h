/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields.h - a line of text whose fields are parted by one blank each.
 *
 * Errors	-EBADMSG, and `problem` says why
 * Threads	no state; any thread
 */
#pragma once

#include <stdint.h>

#define FIELD_MAX 64 /* bytes with the NUL */

struct fields {
	const char *at; /* what has not been taken */
	const char *end;
	const char *problem; /* a literal */
};

/* Note the problem; returns -EBADMSG. */
int fields_refuse(struct fields *line, const char *problem);

/* The next field. */
int fields_take(struct fields *line, char field[FIELD_MAX]);

/* The next as a number as it is printed: decimal, no sign, no leading zero. */
int fields_take_number(struct fields *line, uint64_t max, uint64_t *ret_number);

/* Nothing may be left. */
int fields_end(struct fields *line);
