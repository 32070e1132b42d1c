/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink.h - what the kernel says about interfaces and own addresses, and
 * when routes change (hops.h reads those).
 *
 * One socket for notices (RTNLGRP_LINK, *_IFADDR, *_ROUTE, NEXTHOP), whose
 * descriptor the loop watches, and one for questions. Notices only wake: the callbacks
 * say that something changed, and the asker reads the state afresh, so a lost
 * notice (ENOBUFS, handled as "everything may have changed") costs nothing.
 *
 * Errors	negative errno
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/base.h"
#include "rules/prefix.h"
#include "rules/store.h"

struct iface {
	int ifindex;
	char name[IFNAME_MAX];
	bool is_ethernet; /* ARPHRD_ETHER */
	bool is_up;
	unsigned int mtu;
};

struct netlink_sink {
	void (*links)(void *arg); /* one appeared, vanished, was renamed */
	void (*addresses)(void *arg); /* own ones */
	void (*routes)(void *arg); /* they, or what they lead by */
};

struct netlink;

int netlink_new(const struct netlink_sink *sink, void *arg,
		struct netlink **ret_netlink);
void netlink_free(struct netlink *netlink);
DEFINE_CLEANUP(struct netlink *, netlink_free)

/* Readable: call netlink_dispatch(), which never blocks. */
int netlink_fd(const struct netlink *netlink);
int netlink_dispatch(struct netlink *netlink);

typedef int iface_fn(void *arg, const struct iface *iface);

/* All interfaces now, loopback left out, in order of ifindex. */
int netlink_each_iface(struct netlink *netlink, iface_fn *fn, void *arg);

/* Own addresses now, each once an interface, in order; `what` is "address of
 * eth1". */
typedef int netlink_address_fn(void *arg, const struct prefix *prefix,
			       const char *what);
int netlink_each_address(struct netlink *netlink, netlink_address_fn *fn,
			 void *arg);
