/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach_link.h - an exclusive gate: one bpf_link, pinned at a path of its
 * own. Needs CAP_BPF and CAP_NET_ADMIN, nothing else. Private to attach*.c.
 *
 * Owns		the pin lives as long as the gate; descriptors are the caller's
 * Errors	negative errno; a failed call has changed nothing
 * Threads	event loop only
 */
#pragma once

#include "daemon/packet/attach.h"

/* Open a pinned link. -EBADF: what is pinned there is no XDP link. */
int link_open(const char *pin, int *ret_fd);

/* `ret_ifindex` is 0 when the link is cut: its interface went away, or
 * somebody detached it. */
int link_read(int fd, int *ret_ifindex, uint32_t *ret_program_id);

/* `mode` is not ATTACH_AUTO. */
int link_attach(int ifindex, enum attach_mode mode, int program_fd,
		const char *pin, int *ret_fd);

/* Another program in one step; -ENOLINK when the link is cut. */
int link_swap(int fd, int program_fd);

/* Take the program off, whoever else may hold the link, and the pin with it. */
int link_detach(int fd, const char *pin);
