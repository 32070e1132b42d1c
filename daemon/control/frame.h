/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - frames of rules/wire.h, as they come in and go out in pieces.
 *
 * Reading never goes past the frame at hand, so what a client sends ahead
 * stays in the kernel's buffer, which is bounded, until its turn.
 *
 * Owns		the bodies, and a file that came along until it is taken
 * Errors	negative errno; after one the frame is good for frame_done() only
 * Threads	none: whoever owns it
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/wire.h"

/* What reading and writing answer, when it is no error. */
enum frame_progress {
	FRAME_MORE, /* the socket has, or takes, no more for now */
	FRAME_WHOLE,
};

struct frame_in {
	uint8_t head[WIRE_HEAD_BYTES];
	uint32_t got_bytes; /* head and body together */
	uint32_t body_bytes; /* known once the head is there */
	char *body;
	int fd; /* came with the head; -1: none */
	bool fd_astray; /* one came with the body, or a second: closed */
};

struct frame_out {
	uint8_t *bytes; /* head and body */
	size_t len_bytes;
	size_t sent_bytes;
};

void frame_in_init(struct frame_in *frame);

/* Free what is there and be ready for the next frame. */
void frame_in_done(struct frame_in *frame);
void frame_out_done(struct frame_out *frame);

static inline bool frame_has_begun(const struct frame_in *frame)
{
	return frame->got_bytes > 0;
}

/* Where the next bytes belong; returns how many, 0 when the frame is whole. */
size_t frame_room(struct frame_in *frame, void **ret_where);

/*
 * Say that the next `len_bytes`, at most frame_room(), are there. FRAME_MORE,
 * FRAME_WHOLE, or -EMSGSIZE by the length in the head, before any body.
 */
int frame_fill(struct frame_in *frame, size_t len_bytes);

/*
 * Read from a socket what there is of the frame, without waiting. -ENODATA
 * when the peer is gone, within a frame or between two.
 */
int frame_read(struct frame_in *frame, int socket_fd);

/* Write what the socket takes, without waiting. */
int frame_write(struct frame_out *frame, int socket_fd);
