/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hops.h - the next hops of all routes, read in short turns.
 *
 * A full Internet table is a million routes by way of a handful of gateways.
 * The kernel hands it out a datagram at a time, and prepares the next only as
 * one is taken, so the size of a datagram bounds what a turn costs both of us.
 *
 *	1. A turn takes one datagram, of HOPS_TURN_BYTES at most.
 *	2. hops_each() tells what the last whole reading found; one under way,
 *	   or broken off, changes nothing of it.
 *	3. A table that changes while it is read may be missed in part: who
 *	   watches for notices (netlink.h) asks again.
 *
 * Errors	negative errno
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>

#include "daemon/packet/netlink.h"
#include "rules/base.h"

#define HOPS_TURN_BYTES 16384 /* 300 routes or so */

struct hops;

int hops_new(struct hops **ret_hops);
void hops_free(struct hops *hops);
DEFINE_CLEANUP(struct hops *, hops_free)

/* Begin to read. -EBUSY: a reading is under way. */
int hops_ask(struct hops *hops);
bool hops_is_asked(const struct hops *hops);

/* Readable: call hops_turn(), which never blocks. */
int hops_fd(const struct hops *hops);

/* 1: all is read; 0: there is more to come. An error ends the reading. */
int hops_turn(struct hops *hops);

/* All turns at once, where waiting does no harm. */
int hops_read(struct hops *hops);

/* The gateways of unicast routes in all tables, each once an interface;
 * `what` is "next hop on wan0". */
int hops_each(const struct hops *hops, netlink_address_fn *fn, void *arg);
