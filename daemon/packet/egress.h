/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress.h - the gate on the way out of an interface: a filter of the clsact
 * qdisc, which lasts without us.
 *
 * It has a priority and a handle of its own, so that what others have there
 * stays; a new program takes its place in one step. The qdisc is made if there
 * is none, and left when the gate goes, for others may use it.
 *
 * Errors	negative errno; -ENODEV when the interface is gone
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

/* Hang the program there, or in place of ours that does. */
int egress_attach(int ifindex, int program_fd);

/* Take ours off; none is no error. */
int egress_detach(int ifindex);

/* The id of ours, read from the kernel now; -ENOENT when there is none. */
int egress_read(int ifindex, uint32_t *ret_program_id);
