/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capturing.h - the capture under way: records out of the ring, to the socket
 * of whoever asked.
 *
 * One at a time. The client gave one end of a pair of Unix sockets that keep
 * messages apart (SOCK_SEQPACKET), and each message is an object as
 * docs/protocol.md has it. What the socket does not take at once is dropped
 * and counted, so a client that does not read holds up nothing.
 *
 *	running -> ending	the client sends something or shuts its side;
 *				all it asked for is there; the tables are no
 *				longer those that judge. Nothing is copied any
 *				more, what was is still sent: end_soon()
 *	ending -> gone		the ring is empty and the last message, with
 *				what was lost, is sent, or cannot be: finish()
 *	any -> gone		the client closed its side or reads no more; fwd
 *				stops
 *
 * Owns		the socket, its events and the capture of daemon/packet
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

#include "daemon/packet/capture.h"

struct capturing;
struct daemon;

/* What becomes daemon->capturing. Takes `fd` when it returns 0. */
int capturing_start(struct daemon *daemon, const struct capture_filter *filter,
		    int fd, uint32_t uid);

/* Whose it is. */
uint32_t capturing_uid(const struct capturing *capturing);

/* End it here and now, as fwd does; nothing when there is none. */
void capturing_end(struct daemon *daemon, const char *why);
