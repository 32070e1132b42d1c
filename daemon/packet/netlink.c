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
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>

#define NOTICE_BUFFER_BYTES (1 << 20)
#define NOTICES_A_TURN	    256 /* datagrams; what is left wakes us again */
#define DUMP_TRIES	    8 /* of a table that changes while it is read */

struct netlink {
	struct nl_sock *notices;
	struct nl_sock *questions;
	struct netlink_sink sink;
	void *arg;
	bool links_changed; /* since the last word to the sink */
	bool addresses_changed;
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
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		netlink->addresses_changed = true;
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
				      RTNLGRP_IPV6_ROUTE, RTNLGRP_NONE);
	return errno_of(r);
}

int netlink_new(const struct netlink_sink *sink, void *arg,
		struct netlink **ret_netlink)
{
	struct netlink *netlink CLEANUP(netlink_freep) = NULL;
	struct nl_sock *notices CLEANUP(nl_sock_freep) = nl_socket_alloc();
	struct nl_sock *questions CLEANUP(nl_sock_freep) = nl_socket_alloc();
	int r;

	assert(sink && sink->links && sink->addresses);
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
	return r < 0 ? errno_of(r) : 0;
}

/* Lists that are filled while a cache or a dump is walked. */
struct ifaces {
	struct iface *items;
	size_t count;
};

struct hop {
	struct prefix prefix;
	int ifindex;
	bool is_next_hop;
};

struct hops {
	struct hop *items;
	size_t count;
	size_t room;
	int error;
};

static void ifaces_done(struct ifaces *list)
{
	free(list->items);
}

static void hops_done(struct hops *list)
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

static int by_kind_and_prefix(const void *a, const void *b)
{
	const struct hop *left = a;
	const struct hop *right = b;
	int order;

	if (left->is_next_hop != right->is_next_hop)
		return (int)left->is_next_hop - (int)right->is_next_hop;
	order = prefix_cmp(&left->prefix, &right->prefix);
	return order ? order : left->ifindex - right->ifindex;
}

/* Each only once, in order. */
static void hops_compact(struct hops *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->items, list->count, sizeof(*list->items),
	      by_kind_and_prefix);
	for (size_t i = 1; i < list->count; i++)
		if (by_kind_and_prefix(&list->items[kept], &list->items[i]))
			list->items[++kept] = list->items[i];
	list->count = kept + 1;
}

/* The same few gateways may stand in a million routes: make room only when
 * what is full is full of different ones. */
static int hops_reserve(struct hops *list)
{
	size_t room = list->room ? 2 * list->room : 64;
	struct hop *grown;

	if (list->count < list->room)
		return 0;
	hops_compact(list);
	if (list->room && list->count < list->room / 2)
		return 0;
	grown = reallocarray(list->items, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->items = grown;
	list->room = room;
	return 0;
}

static void hops_add(struct hops *list, const struct hop *hop)
{
	int r = hops_reserve(list);

	if (r < 0)
		list->error = r;
	else
		list->items[list->count++] = *hop;
}

static void collect_address(struct nl_object *object, void *arg)
{
	struct rtnl_addr *addr = (struct rtnl_addr *)object;
	struct hop hop = {.ifindex = rtnl_addr_get_ifindex(addr)};

	if (prefix_of_nl(rtnl_addr_get_local(addr), &hop.prefix) == 0)
		hops_add(arg, &hop);
}

static void collect_next_hop(struct rtnl_nexthop *nexthop, void *arg)
{
	struct hop hop = {
		.ifindex = rtnl_route_nh_get_ifindex(nexthop),
		.is_next_hop = true,
	};

	if (prefix_of_nl(rtnl_route_nh_get_gateway(nexthop), &hop.prefix) == 0)
		hops_add(arg, &hop);
	/* a gateway of the other family, RFC 5549 */
	if (prefix_of_nl(rtnl_route_nh_get_via(nexthop), &hop.prefix) == 0)
		hops_add(arg, &hop);
}

static int collect_route(struct nl_msg *msg, void *arg)
{
	struct rtnl_route *route = NULL;

	/* a kind of route that libnl cannot read has no gateway we know */
	if (rtnl_route_parse(nlmsg_hdr(msg), &route) < 0)
		return NL_OK;
	if (rtnl_route_get_type(route) == RTN_UNICAST &&
	    !(rtnl_route_get_flags(route) & RTM_F_CLONED))
		rtnl_route_foreach_nexthop(route, collect_next_hop, arg);
	rtnl_route_put(route);
	return NL_OK;
}

/*
 * A dump that is looked at as it comes: libnl's cache of a full Internet table
 * would hold a million routes for the handful of gateways in them. It has a
 * socket of its own, so that one broken off leaves nothing to be read later.
 */
static int dump_routes(int family, struct hops *list)
{
	struct nl_sock *sock CLEANUP(nl_sock_freep) = nl_socket_alloc();
	int r;

	if (!sock)
		return -ENOMEM;
	r = nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, collect_route,
				list);
	if (r >= 0)
		r = nl_connect(sock, NETLINK_ROUTE);
	if (r >= 0)
		r = nl_rtgen_request(sock, RTM_GETROUTE, family, NLM_F_DUMP);
	if (r >= 0)
		r = nl_recvmsgs_default(sock);
	return errno_of(r < 0 ? r : 0);
}

static int collect_routes(int family, struct hops *list)
{
	int r = -EAGAIN;

	for (int i = 0; i < DUMP_TRIES && r == -EAGAIN; i++)
		r = dump_routes(family, list);
	/* A host without IPv6 has no such routes. A table that never holds
	 * still was read as well as can be: its next notice wakes us again. */
	return r == -EOPNOTSUPP || r == -EAGAIN ? 0 : r;
}

static int hop_tell(const struct hop *hop, netlink_address_fn *fn, void *arg)
{
	char name[IF_NAMESIZE];
	char what[32 + IF_NAMESIZE];

	if (!if_indextoname((unsigned int)hop->ifindex, name))
		(void)snprintf(name, sizeof(name), "if%d", hop->ifindex);
	(void)snprintf(what, sizeof(what), "%s %s",
		       hop->is_next_hop ? "next hop on" : "address of", name);
	return fn(arg, &hop->prefix, hop->is_next_hop, what);
}

static int collect_all(struct netlink *netlink, struct hops *list)
{
	struct nl_cache *cache CLEANUP(nl_cachep) = NULL;
	int r;

	r = rtnl_addr_alloc_cache(netlink->questions, &cache);
	if (r < 0)
		return errno_of(r);
	nl_cache_foreach(cache, collect_address, list);
	r = collect_routes(AF_INET, list);
	if (r < 0)
		return r;
	r = collect_routes(AF_INET6, list);
	if (r < 0)
		return r;
	return list->error;
}

int netlink_each_address(struct netlink *netlink, netlink_address_fn *fn,
			 void *arg)
{
	struct hops list CLEANUP(hops_done) = {0};
	int r;

	r = collect_all(netlink, &list);
	if (r < 0)
		return r;
	hops_compact(&list);
	for (size_t i = 0; i < list.count; i++) {
		r = hop_tell(&list.items[i], fn, arg);
		if (r < 0)
			return r;
	}
	return 0;
}
