// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/hops.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

struct hop {
	struct prefix prefix;
	int ifindex;
};

/* Each only once, in order. */
struct hop_list {
	struct hop *items;
	size_t count;
	size_t room;
};

struct hops {
	int fd;
	uint32_t seq; /* of the question that is being answered */
	int family; /* it asks for; AF_UNSPEC: none */
	int error; /* of this reading, told at its end */
	struct hop_list known; /* of the last whole reading */
	struct hop_list found; /* of this one */
	_Alignas(struct nlmsghdr) char datagram[HOPS_TURN_BYTES];
};

int hops_new(struct hops **ret_hops)
{
	CLEANUP(closep)
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_ROUTE);
	const int on = 1;
	struct hops *hops;

	assert(ret_hops);
	if (fd < 0)
		return -errno;
	/* else exceptions of routes come too, which are passed over */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
			 sizeof(on));
	hops = calloc(1, sizeof(*hops));
	if (!hops)
		return -ENOMEM;
	hops->fd = TAKE_FD(fd);
	*ret_hops = hops;
	return 0;
}

void hops_free(struct hops *hops)
{
	if (!hops)
		return;
	closep(&hops->fd);
	free(hops->known.items);
	free(hops->found.items);
	free(hops);
}

int hops_fd(const struct hops *hops)
{
	return hops->fd;
}

bool hops_is_asked(const struct hops *hops)
{
	return hops->family != AF_UNSPEC;
}

static int ask_family(struct hops *hops, int family)
{
	const struct {
		struct nlmsghdr head;
		struct rtmsg route;
	} question = {
		.head =
			{
				.nlmsg_len = sizeof(question),
				.nlmsg_type = RTM_GETROUTE,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
				.nlmsg_seq = ++hops->seq,
			},
		.route = {.rtm_family = (unsigned char)family},
	};

	if (send(hops->fd, &question, sizeof(question), 0) < 0)
		return -errno;
	hops->family = family;
	return 0;
}

int hops_ask(struct hops *hops)
{
	assert(hops);
	if (hops_is_asked(hops))
		return -EBUSY;
	hops->found.count = 0;
	hops->error = 0;
	return ask_family(hops, AF_INET);
}

static int hop_cmp(const struct hop *left, const struct hop *right)
{
	int order = prefix_cmp(&left->prefix, &right->prefix);

	return order ? order : left->ifindex - right->ifindex;
}

static int list_grow(struct hop_list *list)
{
	size_t room = list->room ? 2 * list->room : 64;
	struct hop *grown = reallocarray(list->items, room, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	list->items = grown;
	list->room = room;
	return 0;
}

static int list_add(struct hop_list *list, const struct hop *hop)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = hop_cmp(&list->items[middle], hop);

		if (order == 0)
			return 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (list->count == list->room) {
		int r = list_grow(list);

		if (r < 0)
			return r;
	}
	memmove(&list->items[low + 1], &list->items[low],
		(list->count - low) * sizeof(*list->items));
	list->items[low] = *hop;
	list->count++;
	return 0;
}

static void add_address(struct hops *hops, int ifindex, const void *address,
			size_t bytes)
{
	struct hop hop = {.prefix = {.bits = 128}, .ifindex = ifindex};
	uint32_t v4_be;
	int r;

	if (bytes == sizeof(v4_be)) {
		memcpy(&v4_be, address, sizeof(v4_be));
		hop.prefix = prefix_of_v4(ntohl(v4_be), 32);
	} else if (bytes == sizeof(hop.prefix.addr)) {
		memcpy(hop.prefix.addr, address, bytes);
	} else {
		return;
	}
	r = list_add(&hops->found, &hop);
	if (r < 0)
		hops->error = r;
}

/* RTA_GATEWAY, or for one of the other family (RFC 5549) RTA_VIA. */
static void add_gateway(struct hops *hops, int ifindex,
			const struct nlattr *attr)
{
	const size_t lead = offsetof(struct rtvia, rtvia_addr);
	const char *data = nla_data(attr);
	size_t bytes = (size_t)nla_len(attr);

	if (nla_type(attr) == RTA_GATEWAY)
		add_address(hops, ifindex, data, bytes);
	else if (nla_type(attr) == RTA_VIA && bytes > lead)
		add_address(hops, ifindex, data + lead, bytes - lead);
}

static void add_gateways(struct hops *hops, int ifindex,
			 const struct nlattr *attrs, int bytes)
{
	const struct nlattr *attr;
	int rest;

	nla_for_each_attr(attr, attrs, bytes, rest)
		add_gateway(hops, ifindex, attr);
}

static void add_multipath(struct hops *hops, const struct nlattr *attr)
{
	const char *at = nla_data(attr);
	size_t rest = (size_t)nla_len(attr);
	struct rtnexthop part;
	size_t step;

	while (rest >= sizeof(part)) {
		memcpy(&part, at, sizeof(part));
		if (part.rtnh_len < sizeof(part) || part.rtnh_len > rest)
			return;
		add_gateways(hops, part.rtnh_ifindex,
			     (const struct nlattr *)(at + sizeof(part)),
			     (int)(part.rtnh_len - sizeof(part)));
		step = (size_t)RTNH_ALIGN(part.rtnh_len);
		if (step >= rest)
			return;
		at += step;
		rest -= step;
	}
}

static void add_route(struct hops *hops, struct nlmsghdr *msg)
{
	const struct rtmsg *route = nlmsg_data(msg);
	const struct nlattr *attrs, *attr;
	int bytes, ifindex = 0;

	if (!nlmsg_valid_hdr(msg, sizeof(*route)) ||
	    route->rtm_type != RTN_UNICAST || (route->rtm_flags & RTM_F_CLONED))
		return;
	attrs = nlmsg_attrdata(msg, sizeof(*route));
	bytes = nlmsg_attrlen(msg, sizeof(*route));
	attr = nla_find(attrs, bytes, RTA_OIF);
	if (attr && nla_len(attr) == sizeof(ifindex))
		memcpy(&ifindex, nla_data(attr), sizeof(ifindex));
	add_gateways(hops, ifindex, attrs, bytes);
	attr = nla_find(attrs, bytes, RTA_MULTIPATH);
	if (attr)
		add_multipath(hops, attr);
}

/* What the kernel says at the end of an answer: 0, or its negative errno. */
static int last_word(struct nlmsghdr *msg)
{
	int word = 0;

	if (nlmsg_datalen(msg) >= (int)sizeof(word))
		memcpy(&word, nlmsg_data(msg), sizeof(word));
	/* a host without IPv6 has no such routes */
	return word == -EOPNOTSUPP || word == -EAFNOSUPPORT ? 0 : word;
}

/* One family is read: on to the other, or let the reading count. */
static int next_family(struct hops *hops)
{
	struct hop_list old = hops->known;
	bool was_last = hops->family == AF_INET6;

	hops->family = AF_UNSPEC;
	if (hops->error < 0)
		return hops->error;
	if (!was_last)
		return ask_family(hops, AF_INET6);
	hops->known = hops->found;
	hops->found = old;
	return 1;
}

int hops_turn(struct hops *hops)
{
	struct nlmsghdr *msg = (struct nlmsghdr *)hops->datagram;
	ssize_t got = recv(hops->fd, hops->datagram, sizeof(hops->datagram),
			   MSG_TRUNC);
	int rest = (int)got;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got < 0 || got > HOPS_TURN_BYTES) {
		hops->family = AF_UNSPEC;
		return got < 0 ? -errno : -EMSGSIZE;
	}
	for (; nlmsg_ok(msg, rest); msg = nlmsg_next(msg, &rest)) {
		if (!hops_is_asked(hops) || msg->nlmsg_seq != hops->seq)
			continue; /* of a reading that was broken off */
		if (msg->nlmsg_type == NLMSG_DONE ||
		    msg->nlmsg_type == NLMSG_ERROR) {
			int r = last_word(msg);

			if (r < 0)
				hops->error = r;
			return next_family(hops);
		}
		if (msg->nlmsg_type == RTM_NEWROUTE)
			add_route(hops, msg);
	}
	return 0;
}

int hops_read(struct hops *hops)
{
	struct pollfd ready = {.fd = hops->fd, .events = POLLIN};
	int r = hops_ask(hops);

	while (r == 0) {
		(void)poll(&ready, 1, -1);
		r = hops_turn(hops);
	}
	return r < 0 ? r : 0;
}

int hops_each(const struct hops *hops, netlink_address_fn *fn, void *arg)
{
	char name[IF_NAMESIZE];
	char what[32 + IF_NAMESIZE];

	for (size_t i = 0; i < hops->known.count; i++) {
		const struct hop *hop = &hops->known.items[i];
		int r;

		if (!if_indextoname((unsigned int)hop->ifindex, name))
			(void)snprintf(name, sizeof(name), "if%d",
				       hop->ifindex);
		(void)snprintf(what, sizeof(what), "next hop on %s", name);
		r = fn(arg, &hop->prefix, what);
		if (r < 0)
			return r;
	}
	return 0;
}
