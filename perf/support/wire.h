/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - virtual cables: a veth pair each, one end here for the generator,
 * the other, "fw", alone in a namespace of its own.
 *
 * All namespaces are this process's own and end with it, however it ends, and
 * everything that was set up in them.
 *
 * Errors	negative errno
 */
#pragma once

#include <stdint.h>

/* Leave the machine's network behind, and its bpffs. Once, first. */
int wire_enter(void);

struct wire {
	int home_ns; /* where the generator's end is */
	int far_ns;
	int ifindex; /* of the generator's end */
	int far_ifindex; /* of "fw" */
};

#define WIRE_NONE ((struct wire){.home_ns = -1, .far_ns = -1})

/* The cable number `number`, up, with GRO, so that frames are taken out at
 * the far end with no XDP program too. */
int wire_open(int number, struct wire *ret_wire);

/* This thread is at home then. */
void wire_close(struct wire *wire);

/* This thread, and what it starts, is at the far end until wire_home(). */
int wire_far(const struct wire *wire);
int wire_home(const struct wire *wire);

/* The sum, over the receive queues of "fw", of its driver's counts whose names
 * end so ("xdp_drops"). The thread is at the far end. */
int wire_count(const char *ending, uint64_t *ret_count);
