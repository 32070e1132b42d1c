/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_sock.bpf.h - what a file is, when it is a socket.
 */
#pragma once

#include <bpf/bpf_core_read.h>

#include "xdp/kernel.bpf.h"

#define FAMILY_V4   2
#define FAMILY_V6   10
#define MODE_SOCKET 0140000
#define MODE_MASK   0170000

static __always_inline bool is_socket(const struct file *file)
{
	return (BPF_CORE_READ(file, f_inode, i_mode) & MODE_MASK) ==
	       MODE_SOCKET;
}

static __always_inline struct sock *sock_in(const struct file *file)
{
	const struct socket *socket = BPF_CORE_READ(file, private_data);

	return BPF_CORE_READ(socket, sk);
}

static __always_inline bool is_inet(const struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return family == FAMILY_V4 || family == FAMILY_V6;
}

/* Is it a socket that reaches other hosts? Nothing of a socket is followed but
 * its family, and that only where the mode says it is one. */
static __always_inline bool is_network_fd(struct file **table, __u32 fd)
{
	struct file *file = 0;

	if (bpf_probe_read_kernel(&file, sizeof(file), &table[fd]) < 0 ||
	    !is_socket(file))
		return false;
	return is_inet(sock_in(file));
}

/* What a shell at the other end of a connection has for a terminal. */
static __always_inline __u64 standard_sockets(struct task_struct *task)
{
	struct file **table = BPF_CORE_READ(task, files, fdt, fd);
	__u64 flags = 0;

	/* of 64 places at least */
	for (__u32 fd = 0; fd < 3; fd++)
		flags |= (__u64)is_network_fd(table, fd) << fd;
	return flags;
}
