// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/send-alerts/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void queue_done(struct queue *queue)
{
	queue_take(queue, queue->count);
}

static struct queue_line *at_place(struct queue *queue, size_t at)
{
	return &queue->lines[(queue->first + at) % QUEUE_LINES_MAX];
}

int queue_put(struct queue *queue, const char *text, size_t len)
{
	struct queue_line *line;
	char *copy;

	if (len > QUEUE_LINE_MAX) {
		queue->dropped++;
		return -EMSGSIZE;
	}
	copy = malloc(len + 1);
	if (!copy) {
		queue->dropped++;
		return -ENOMEM;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	while (queue->count == QUEUE_LINES_MAX ||
	       queue->bytes + len > QUEUE_BYTES_MAX) {
		queue_take(queue, 1);
		queue->dropped++;
	}
	line = at_place(queue, queue->count++);
	*line = (struct queue_line){.text = copy, .len = len};
	queue->bytes += len;
	return 0;
}

const struct queue_line *queue_get(const struct queue *queue, size_t at)
{
	if (at >= queue->count)
		return NULL;
	return &queue->lines[(queue->first + at) % QUEUE_LINES_MAX];
}

void queue_take(struct queue *queue, size_t count)
{
	assert(count <= queue->count);

	for (; count > 0; count--) {
		struct queue_line *line = at_place(queue, 0);

		queue->bytes -= line->len;
		free(line->text);
		*line = (struct queue_line){0};
		queue->first = (queue->first + 1) % QUEUE_LINES_MAX;
		queue->count--;
		queue->gone++;
	}
}

void queue_told(struct queue *queue, uint64_t first, size_t count)
{
	uint64_t before = queue->gone - first;
	size_t gone = before < count ? (size_t)before : count;

	assert(first <= queue->gone);
	assert(gone <= queue->dropped);

	queue->dropped -= gone;
	queue_take(queue, count - gone);
}
