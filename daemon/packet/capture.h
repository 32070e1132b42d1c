/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.h - copies of dropped packets, for as long as somebody wants them.
 *
 * The packet path matches and copies (xdp/stage_capture.bpf.h); here is what it
 * is told and where its copies are taken out. It is bounded three times: by
 * credit, which capture_renew() tops up; by the ring, which holds 1 MiB; and by
 * a time after which nothing is copied unless it is renewed, so that a daemon
 * that is gone leaves nothing behind that costs.
 *
 *	1. A record is only handed out if it is of the filter set last.
 *	2. What was asked for and could not be copied is counted, by interface.
 *
 * Owns		maps of its own hand, so that the struct maps it was opened on
 *		may go first
 * Times	CLOCK_BOOTTIME
 * Errors	negative errno
 * Threads	event loop only, and one at a time over the same maps
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/maps.h"
#include "rules/base.h"
#include "rules/prefix.h"
#include "xdp/abi.h"

#define CAPTURE_ANY_RULE FW_RULE_NONE

struct capture_filter {
	uint16_t counter; /* of a rule; CAPTURE_ANY_RULE */
	enum fw_reason reason; /* FW_NEXT: any; FW_PASS_SHADOW: what would have
				* been dropped */
	const struct prefix *source; /* NULL: any */
	uint32_t snaplen_bytes; /* 1..FW_CAPTURE_BYTES */
	uint64_t count; /* packets at most, 0: no end */
};

struct capture;

/* Nothing is captured yet. The caller owns *ret_capture. */
int capture_open(const struct maps *maps, struct capture **ret_capture);

/* Ends what goes on. NULL is fine. */
void capture_close(struct capture *capture);
DEFINE_CLEANUP(struct capture *, capture_close)

/* Have packets copied from now until `until_ns`, once there is credit. What
 * was lost is counted from 0. */
void capture_start(struct capture *capture, const struct capture_filter *filter,
		   uint64_t until_ns);

/* From the next packet on nothing is copied; what was can be taken. */
void capture_stop(struct capture *capture);

/* Allow `grant` packets more, `room` together with those that are still
 * allowed, and go on until `until_ns`. */
void capture_renew(struct capture *capture, uint64_t grant, uint64_t room,
		   uint64_t until_ns);

/* `record` is lent for the call; its bytes end behind those kept. */
typedef void capture_fn(void *arg, const struct fw_captured *record);

/* Take about `max` records out of the ring; how many it was. */
int capture_take(struct capture *capture, capture_fn *fn, void *arg, int max);

typedef int capture_loss_fn(void *arg, uint32_t ifindex,
			    const struct fw_capture_loss *loss);

/* What was lost, of each interface where anything was. Stops at the first
 * negative answer and returns it. */
int capture_each_loss(const struct capture *capture, capture_loss_fn *fn,
		      void *arg);
