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
