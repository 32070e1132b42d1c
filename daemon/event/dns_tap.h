/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_tap.h - questions of DNS that leave this host's network namespace, and
 * answers that come to it, as the kernel shows them to who may look (packet(7)).
 *
 * A filter in the kernel lets through UDP over port 53 and no other. What XDP
 * drops is not seen; what goes through lo leaves, and comes then. A question
 * that comes, of whomever it says to be, is not believed.
 *
 * Needs	CAP_NET_RAW at the start, and nothing afterwards
 * Owns		its socket
 * Errors	negative errno; -EPERM without the capability
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/event/hostnames.h"
#include "rules/base.h"

struct dns_tap;

int dns_tap_open(struct dns_tap **ret_tap);
void dns_tap_close(struct dns_tap *tap);
DEFINE_CLEANUP(struct dns_tap *, dns_tap_close)

/* Readable when packets wait. */
int dns_tap_fd(const struct dns_tap *tap);

/* At most `max` packets that wait; never waits itself. True: none is left. */
bool dns_tap_read(struct dns_tap *tap, struct hostnames *names, uint64_t now_ns,
		  int max);

/* Packets there was no room for, so far. */
uint64_t dns_tap_lost(struct dns_tap *tap);
