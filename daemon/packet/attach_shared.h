/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach_shared.h - a shared gate: a slot of libxdp's dispatcher, first in its
 * order, beside programs of others, which are never touched. Private to
 * attach*.c.
 *
 * libxdp falls back to a single program where the kernel has no freplace; that
 * would lock everybody else out, so it is undone and refused. To know ours
 * again after a restart each program is pinned too, as DIR/IFINDEX-ID.
 *
 * Errors	negative errno; a failed call has changed nothing, or its note
 *		says what
 * Threads	event loop only; needs CAP_SYS_ADMIN, as libxdp does
 */
#pragma once

#include "daemon/packet/attach.h"

/* Send what libxdp prints into the notes of this module. */
void shared_silence(void);

/* Is program `id` in the dispatcher of the interface? -ENOENT: no. */
int shared_find(int ifindex, uint32_t id, enum attach_mode *ret_mode);

/* A dispatcher that is there already decides the mode: another one asked for
 * is -EEXIST. ATTACH_AUTO tries native first. */
int shared_attach(const char *ifname, enum attach_mode mode,
		  const struct gate_program *program, const char *dir,
		  char note[GATE_NOTE_MAX], uint32_t *ret_id);

/* The new one goes in before `id` comes out, so for a moment a packet must
 * pass both. */
int shared_swap(const char *ifname, uint32_t id,
		const struct gate_program *program, const char *dir,
		char note[GATE_NOTE_MAX], uint32_t *ret_id);

int shared_detach(const char *ifname, uint32_t id, const char *dir,
		  char note[GATE_NOTE_MAX]);

/* The interface is gone: remove what libxdp and we pinned for it. */
void shared_forget(int ifindex, uint32_t id, const char *dir);
