/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture_file.h - a capture as a pcapng file, from what fwd says of packets.
 *
 * Each packet has a comment ("reason=rule-drop rule=telnet set=feed"), its
 * direction and its interface; at the end each interface has a count of what it
 * had to capture and what of that was lost. What was written is there at once
 * for whoever reads the file. A new file is for its owner only.
 *
 * Owns		the file
 * Errors	negative errno; -EPROTO: not what fwd says
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define CAPTURE_FRAME_MAX 16384 /* bytes that fwd sends of a packet */

struct capture_file;

/* The bytes of `frame` in a message. -EPROTO: no digits, or too many. */
int capture_frame_read(const char *hex, uint8_t frame[CAPTURE_FRAME_MAX],
		       size_t *ret_len);

/* "-" is stdout. A file that is there keeps what it has until the start. The
 * caller owns *ret_file. */
int capture_file_open(const char *path, struct capture_file **ret_file);

/* Empty the file, and write what stands before all packets. */
int capture_file_start(struct capture_file *file);
int capture_file_put(struct capture_file *file, const json_t *packet);

/* By the last message. */
int capture_file_conclude(struct capture_file *file, const json_t *last);

bool capture_file_is_stdout(const struct capture_file *file);

/* NULL is fine. */
int capture_file_close(struct capture_file *file);
