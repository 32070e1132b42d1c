// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/netlink.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/socket.h>

#define NOTICE_BUFFER_BYTES (1 << 20)
#define NOTICES_A_TURN	    256 /* datagrams; what is left wakes us again */

struct netlink {
	struct nl_sock *notices;
	struct nl_sock *questions;
	struct netlink_sink sink;
	void *arg;
	bool links_changed; /* since the last word to the sink */
	bool addresses_changed;
	bool routes_changed;
};

static void nl_sock_freep(struct nl_sock **sock)
{
	nl_socket_free(*sock);
}

static void nl_cachep(struct nl_cache **cache)
{
	nl_cache_free(*cache);
}

static int errno_of(int nl_error)
{
	switch (nl_error < 0 ? -nl_error : nl_error) {
	case 0:
		return 0;
	case NLE_INTR:
		return -EINTR;
	case NLE_AGAIN:
	case NLE_DUMP_INTR:
		return -EAGAIN;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_INVAL:
		return -EINVAL;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_BUSY:
		return -EBUSY;
	case NLE_NODEV:
		return -ENODEV;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_OPNOTSUPP:
	case NLE_PROTO_MISMATCH:
	case NLE_AF_NOSUPPORT:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

/* Remember what kind of thing changed; nothing else in it is trusted. */
static int notice(struct nl_msg *msg, void *arg)
{
	struct netlink *netlink = arg;

	switch (nlmsg_hdr(msg)->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		netlink->links_changed = true;
		/* a rename changes what addresses are called */
		netlink->addresses_changed = true;
		netlink->routes_changed = true;
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		netlink->addresses_changed = true;
		/* IPv4 routes that go with it have no notice of their own */
		netlink->routes_changed = true;
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		netlink->routes_changed = true;
		break;
	default:
		break;
	}
	return NL_OK;
}

static int open_notices(struct netlink *netlink)
{
	struct nl_sock *sock = netlink->notices;
	int r;

	nl_socket_disable_seq_check(sock);
	r = nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, notice,
				netlink);
	if (r < 0)
		return errno_of(r);
	r = nl_connect(sock, NETLINK_ROUTE);
	if (r < 0)
		return errno_of(r);
	/* a smaller buffer only makes lost notices likelier */
	(void)nl_socket_set_buffer_size(sock, NOTICE_BUFFER_BYTES, 0);
	r = nl_socket_set_nonblocking(sock);
	if (r < 0)
		return errno_of(r);
	r = nl_socket_add_memberships(sock, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
				      RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
				      RTNLGRP_IPV6_ROUTE, RTNLGRP_NEXTHOP,
				      RTNLGRP_NONE);
	return errno_of(r);
}

int netlink_new(const struct netlink_sink *sink, void *arg,
		struct netlink **ret_netlink)
{
	struct netlink *netlink CLEANUP(netlink_freep) = NULL;
	struct nl_sock *notices CLEANUP(nl_sock_freep) = nl_socket_alloc();
	struct nl_sock *questions CLEANUP(nl_sock_freep) = nl_socket_alloc();
	int r;

	assert(sink && sink->links && sink->addresses && sink->routes);
	assert(ret_netlink);
	if (!notices || !questions)
		return -ENOMEM;
	netlink = calloc(1, sizeof(*netlink));
	if (!netlink)
		return -ENOMEM;
	netlink->sink = *sink;
	netlink->arg = arg;
	netlink->notices = TAKE(notices);
	netlink->questions = TAKE(questions);

	r = open_notices(netlink);
	if (r < 0)
		return r;
	r = nl_connect(netlink->questions, NETLINK_ROUTE);
	if (r < 0)
		return errno_of(r);
	*ret_netlink = TAKE(netlink);
	return 0;
}

void netlink_free(struct netlink *netlink)
{
	if (!netlink)
		return;
	nl_socket_free(netlink->notices);
	nl_socket_free(netlink->questions);
	free(netlink);
}

int netlink_fd(const struct netlink *netlink)
{
	return nl_socket_get_fd(netlink->notices);
}

int netlink_dispatch(struct netlink *netlink)
{
	int r = 0;

	for (int i = 0; i < NOTICES_A_TURN && r >= 0; i++)
		r = nl_recvmsgs_default(netlink->notices);
	if (r == -NLE_AGAIN || r == -NLE_INTR)
		r = 0;
	/* libnl's word for ENOBUFS: some were lost, so anything may be new;
	 * and the same for a notice that could not be read */
	if (r < 0) {
		netlink->links_changed = true;
		netlink->addresses_changed = true;
		netlink->routes_changed = true;
	}
	if (r == -NLE_NOMEM)
		r = 0;

	if (netlink->links_changed) {
		netlink->links_changed = false;
		netlink->sink.links(netlink->arg);
	}
	if (netlink->addresses_changed) {
		netlink->addresses_changed = false;
		netlink->sink.addresses(netlink->arg);
	}
	if (netlink->routes_changed) {
		netlink->routes_changed = false;
		netlink->sink.routes(netlink->arg);
	}
	return r < 0 ? errno_of(r) : 0;
}

/* Lists that are filled while a cache is walked. */
struct ifaces {
	struct iface *items;
	size_t count;
};

struct own {
	struct prefix prefix;
	int ifindex;
};

struct owns {
	struct own *items;
	size_t count;
};

static void ifaces_done(struct ifaces *list)
{
	free(list->items);
}

static void owns_done(struct owns *list)
{
	free(list->items);
}

static void collect_iface(struct nl_object *object, void *arg)
{
	struct rtnl_link *link = (struct rtnl_link *)object;
	const char *name = rtnl_link_get_name(link);
	unsigned int flags = rtnl_link_get_flags(link);
	struct ifaces *list = arg;
	struct iface *item = &list->items[list->count];

	/* bridges answer twice, the second time as their own family */
	if ((flags & IFF_LOOPBACK) || !name ||
	    rtnl_link_get_family(link) != AF_UNSPEC)
		return;
	*item = (struct iface){
		.ifindex = rtnl_link_get_ifindex(link),
		.is_ethernet = rtnl_link_get_arptype(link) == ARPHRD_ETHER,
		.is_up = (flags & IFF_UP) != 0,
		.mtu = rtnl_link_get_mtu(link),
	};
	(void)snprintf(item->name, sizeof(item->name), "%s", name);
	list->count++;
}

static int by_ifindex(const void *a, const void *b)
{
	const struct iface *left = a;
	const struct iface *right = b;

	return left->ifindex - right->ifindex;
}

int netlink_each_iface(struct netlink *netlink, iface_fn *fn, void *arg)
{
	struct nl_cache *cache CLEANUP(nl_cachep) = NULL;
	struct ifaces list CLEANUP(ifaces_done) = {0};
	int r;

	r = rtnl_link_alloc_cache(netlink->questions, AF_UNSPEC, &cache);
	if (r < 0)
		return errno_of(r);
	list.items =
		calloc((size_t)nl_cache_nitems(cache) + 1, sizeof(*list.items));
	if (!list.items)
		return -ENOMEM;
	nl_cache_foreach(cache, collect_iface, &list);

	/* the kernel's order is that of its hash table */
	qsort(list.items, list.count, sizeof(*list.items), by_ifindex);
	for (size_t i = 0; i < list.count; i++) {
		r = fn(arg, &list.items[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int prefix_of_nl(const struct nl_addr *addr, struct prefix *ret_prefix)
{
	struct prefix prefix = {.bits = 128};
	uint32_t v4_be;

	if (!addr)
		return -ENOENT;
	if (nl_addr_get_family(addr) == AF_INET &&
	    nl_addr_get_len(addr) == sizeof(v4_be)) {
		memcpy(&v4_be, nl_addr_get_binary_addr(addr), sizeof(v4_be));
		prefix = prefix_of_v4(ntohl(v4_be), 32);
	} else if (nl_addr_get_family(addr) == AF_INET6 &&
		   nl_addr_get_len(addr) == sizeof(prefix.addr)) {
		memcpy(prefix.addr, nl_addr_get_binary_addr(addr),
		       sizeof(prefix.addr));
	} else {
		return -EAFNOSUPPORT;
	}
	*ret_prefix = prefix;
	return 0;
}

static void collect_own(struct nl_object *object, void *arg)
{
	struct rtnl_addr *addr = (struct rtnl_addr *)object;
	struct owns *list = arg;
	struct own *item = &list->items[list->count];

	item->ifindex = rtnl_addr_get_ifindex(addr);
	if (prefix_of_nl(rtnl_addr_get_local(addr), &item->prefix) == 0)
		list->count++;
}

static int by_prefix(const void *a, const void *b)
{
	const struct own *left = a;
	const struct own *right = b;
	int order = prefix_cmp(&left->prefix, &right->prefix);

	return order ? order : left->ifindex - right->ifindex;
}

static int owns_tell(const struct owns *list, netlink_address_fn *fn, void *arg)
{
	char what[32 + IF_NAMESIZE];
	char name[IF_NAMESIZE];
	int named = 0; /* whose name that is: asking takes a while */

	for (size_t i = 0; i < list->count; i++) {
		const struct own *own = &list->items[i];
		int r;

		if (i > 0 && by_prefix(own - 1, own) == 0)
			continue; /* with two peers, perhaps */
		if (own->ifindex != named &&
		    !if_indextoname((unsigned int)own->ifindex, name))
			(void)snprintf(name, sizeof(name), "if%d",
				       own->ifindex);
		named = own->ifindex;
		(void)snprintf(what, sizeof(what), "address of %s", name);
		r = fn(arg, &own->prefix, what);
		if (r < 0)
			return r;
	}
	return 0;
}

int netlink_each_address(struct netlink *netlink, netlink_address_fn *fn,
			 void *arg)
{
	struct nl_cache *cache CLEANUP(nl_cachep) = NULL;
	struct owns list CLEANUP(owns_done) = {0};
	int r;

	r = rtnl_addr_alloc_cache(netlink->questions, &cache);
	if (r < 0)
		return errno_of(r);
	list.items =
		calloc((size_t)nl_cache_nitems(cache) + 1, sizeof(*list.items));
	if (!list.items)
		return -ENOMEM;
	nl_cache_foreach(cache, collect_own, &list);
	qsort(list.items, list.count, sizeof(*list.items), by_prefix);
	return owns_tell(&list, fn, arg);
}
