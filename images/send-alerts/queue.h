/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.h - alerts that wait to be posted, a line of JSON each.
 *
 * Bounded in number and in bytes: the oldest makes room, and is counted until
 * somebody has told it.
 *
 * Owns		its lines
 * Errors	-ENOMEM: the line is counted as dropped
 * Threads	none; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define QUEUE_LINES_MAX 1000u
#define QUEUE_BYTES_MAX (4u << 20)
#define QUEUE_LINE_MAX	8192u

struct queue_line {
	char *text;
	size_t len;
};

struct queue {
	struct queue_line lines[QUEUE_LINES_MAX]; /* a ring */
	size_t first, count;
	size_t bytes;
	uint64_t gone; /* have left it, so far */
	uint64_t dropped; /* and not yet told */
};

void queue_done(struct queue *queue);

/* Copies it. */
int queue_put(struct queue *queue, const char *text, size_t len);

/* The one at this place, 0 is the oldest; NULL: there are fewer. */
const struct queue_line *queue_get(const struct queue *queue, size_t at);

/* The `count` oldest leave it. */
void queue_take(struct queue *queue, size_t count);

/* The `count` that came when `first` had left it were told. Those of them that
 * were dropped meanwhile are not to be told of as such. */
void queue_told(struct queue *queue, uint64_t first, size_t count);
