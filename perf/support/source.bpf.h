/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.bpf.h - a frame gets another source.
 */
#pragma once

#include <linux/ip.h>

#include <bpf/bpf_helpers.h>

/* The header's checksum after a change of source (RFC 1624, equation 3). */
static __always_inline void set_source(struct iphdr *ip, __be32 saddr)
{
	__u32 sum = (__u16)~ip->check;

	sum += (~ip->saddr & 0xffff) + (~ip->saddr >> 16);
	sum += (saddr & 0xffff) + (saddr >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = (__u16)~sum;
	ip->saddr = saddr;
}
