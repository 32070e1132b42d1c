// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/cut.h"

#include <assert.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "daemon/enforce/loopback.h"
#include "rules/base.h"

#define ANSWER_BYTES 32768
#define V4_AT	     12
#define NO_PEER	     (1u << TCP_LISTEN | 1u << TCP_CLOSE)
#define OVER	     (1u << TCP_TIME_WAIT)
#define BOUND	     (1u << 13) /* and nothing more; in a table of its own */

/* A socket as the kernel names it, and whose it is: a bit for each peer. */
struct found {
	uint8_t family, protocol;
	struct inet_diag_sockid id;
	uint64_t peers;
};

_Static_assert(CUT_PEERS_MAX <= 64, "a bit for each");

struct search {
	const struct prefix *peers; /* NULL: `owned` says */
	size_t peer_count;
	const struct cut_owned *owned;
	struct found found[CUT_SOCKETS_MAX];
	size_t count;
	bool is_full;
};

/*
 * A filter that the kernel runs: has the other end one of these addresses? A
 * place in it is how far to go on. Exactly at the end is a yes, and behind it a
 * no (inet_diag_bc_run() of net/ipv4/inet_diag.c, Linux 6.1).
 */
struct condition {
	struct inet_diag_bc_op op;
	struct inet_diag_hostcond host;
	uint8_t addr[16];
};

#define FILTER_MAX       \
	(CUT_PEERS_MAX * \
	 (sizeof(struct condition) + sizeof(struct inet_diag_bc_op)))

struct filter {
	struct nlattr head;
	uint8_t conditions[FILTER_MAX];
};

/* What the kernel is asked for, in either form. */
struct question {
	struct nlmsghdr head;
	union {
		struct inet_diag_req_v2 one; /* family */
		struct inet_diag_req both;
	} wanted;
};

static int diag_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

static size_t condition_bytes(const struct prefix *peer)
{
	return offsetof(struct condition, addr) + (prefix_is_v4(peer) ? 4 : 16);
}

/* From the first of these on to the end. */
static size_t filter_bytes(const struct prefix peers[], size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += condition_bytes(&peers[i]);
	return bytes + (count ? count - 1 : 0) * sizeof(struct inet_diag_bc_op);
}

/* One that matches leads to what is behind it: a jump to the end, or the end
 * itself. One that does not leads past that. */
static size_t put_condition(uint8_t *at, const struct prefix peers[],
			    size_t count)
{
	bool is_v4 = prefix_is_v4(peers);
	size_t bytes = condition_bytes(peers);
	struct condition condition = {
		.op = {.code = INET_DIAG_BC_D_COND,
		       .yes = (uint8_t)bytes,
		       .no = (uint16_t)(bytes + sizeof(condition.op))},
		.host = {.family = is_v4 ? AF_INET : AF_INET6,
			 .prefix_len = (uint8_t)prefix_len(peers),
			 .port = -1},
	};
	struct inet_diag_bc_op jump = {
		.code = INET_DIAG_BC_JMP,
		.yes = sizeof(jump),
		.no = (uint16_t)(sizeof(jump) +
				 filter_bytes(peers + 1, count - 1)),
	};

	memcpy(condition.addr, peers->addr + (is_v4 ? V4_AT : 0),
	       is_v4 ? 4 : 16);
	memcpy(at, &condition, bytes);
	if (count == 1)
		return bytes;
	memcpy(at + bytes, &jump, sizeof(jump));
	return bytes + sizeof(jump);
}

static void put_filter(struct filter *filter, const struct prefix peers[],
		       size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += put_condition(filter->conditions + bytes, peers + i,
				       count - i);
	filter->head.nla_type = INET_DIAG_REQ_BYTECODE;
	filter->head.nla_len = (uint16_t)(sizeof(filter->head) + bytes);
}

/* Of TCP the kernel goes through all it has, whatever family is asked for: the
 * older form, which has none, finds both in one walk. There is none of UDP.
 * Returns the length. */
static size_t put_wanted(struct question *question, uint8_t family,
			 uint8_t protocol, uint32_t states)
{
	question->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (family == AF_UNSPEC) {
		question->head.nlmsg_type = TCPDIAG_GETSOCK;
		question->wanted.both.idiag_states = states;
		return NLMSG_LENGTH(sizeof(question->wanted.both));
	}
	question->head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	question->wanted.one.sdiag_family = family;
	question->wanted.one.sdiag_protocol = protocol;
	question->wanted.one.idiag_states = states;
	return NLMSG_LENGTH(sizeof(question->wanted.one));
}

/* `family` AF_UNSPEC: of TCP, both. */
static int ask(int fd, const struct search *search, uint8_t family,
	       uint8_t protocol)
{
	uint32_t states =
		~(search->peers ? OVER | NO_PEER | BOUND : (uint32_t)OVER);
	struct question question = {0};
	struct filter filter = {0};
	struct iovec parts[] = {
		{&question, put_wanted(&question, family, protocol, states)},
		{&filter, 0},
	};
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (search->peers) {
		put_filter(&filter, search->peers, search->peer_count);
		parts[1].iov_len = filter.head.nla_len;
	}
	question.head.nlmsg_len =
		(uint32_t)(parts[0].iov_len + parts[1].iov_len);
	return sendmsg(fd, &message, 0) < 0 ? -errno : 0;
}

static int inode_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static struct prefix peer_of(const struct inet_diag_msg *msg)
{
	struct prefix peer = {.bits = 128};

	if (msg->idiag_family == AF_INET)
		return prefix_of_v4(ntohl(msg->id.idiag_dst[0]), 32);
	memcpy(peer.addr, msg->id.idiag_dst, sizeof(peer.addr));
	return peer;
}

static bool is_spared(const struct cut_owned *owned, const struct prefix *peer)
{
	for (size_t i = 0; i < owned->spared_count; i++)
		if (prefix_covers(&owned->spared[i], peer))
			return true;
	return false;
}

static bool is_wanted(const struct search *search,
		      const struct inet_diag_msg *msg)
{
	struct prefix peer;

	if (search->peers)
		return true;
	if (!bsearch(&msg->idiag_inode, search->owned->inodes,
		     search->owned->count, sizeof(uint32_t), inode_cmp))
		return false;
	if (msg->idiag_state == TCP_CLOSE)
		return false;
	peer = peer_of(msg);
	return msg->idiag_state == TCP_LISTEN ||
	       !is_spared(search->owned, &peer);
}

/* The kernel does not say by which of its conditions it was found. */
static uint64_t peers_of(const struct search *search,
			 const struct inet_diag_msg *msg)
{
	const struct prefix peer = peer_of(msg);
	uint64_t peers = 0;

	for (size_t i = 0; i < search->peer_count; i++)
		if (prefix_covers(&search->peers[i], &peer))
			peers |= 1ull << i;
	return peers;
}

static void take(struct search *search, uint8_t protocol,
		 const struct inet_diag_msg *msg)
{
	if (!is_wanted(search, msg))
		return;
	if (search->count == CUT_SOCKETS_MAX) {
		search->is_full = true;
		return;
	}
	search->found[search->count++] = (struct found){
		.family = msg->idiag_family,
		.protocol = protocol,
		.id = msg->id,
		.peers = peers_of(search, msg),
	};
}

/* The last message, and that of an error, begin with how it went. A kernel
 * without the protocol's module does not know what it is asked for. */
static int error_of(const struct nlmsghdr *head)
{
	int r = 0;

	if (head->nlmsg_len >= NLMSG_LENGTH(sizeof(r)))
		memcpy(&r, NLMSG_DATA(head), sizeof(r));
	return r == -ENOENT ? -EOPNOTSUPP : r;
}

/* 1 when more is to come. */
static int take_all(struct search *search, uint8_t protocol,
		    const struct nlmsghdr *head, size_t len)
{
	for (; NLMSG_OK(head, len); head = NLMSG_NEXT(head, len)) {
		if (head->nlmsg_type == NLMSG_DONE ||
		    head->nlmsg_type == NLMSG_ERROR)
			return error_of(head);
		if (head->nlmsg_len >=
		    NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			take(search, protocol, NLMSG_DATA(head));
	}
	return 1;
}

static int look(struct search *search, uint8_t family, uint8_t protocol)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	CLEANUP(closep) int fd = diag_open();
	int r = fd < 0 ? fd : ask(fd, search, family, protocol);

	if (r == 0)
		r = 1;
	while (r > 0 && !search->is_full) {
		ssize_t len = recv(fd, answer, sizeof(answer), 0);

		r = len < 0 ? -errno
			    : take_all(search, protocol, (void *)answer,
				       (size_t)len);
	}
	return r < 0 ? r : 0;
}

/* The kernel answers at once, while it is given the message. */
static int destroy(int fd, const struct found *found)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 wanted;
	} order = {
		.head =
			{
				.nlmsg_len = sizeof(order),
				.nlmsg_type = SOCK_DESTROY,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			},
		.wanted =
			{
				.sdiag_family = found->family,
				.sdiag_protocol = found->protocol,
				.idiag_states = UINT32_MAX,
				.id = found->id,
			},
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char more[256];
	} answer;

	if (send(fd, &order, sizeof(order), 0) < 0)
		return -errno;
	if (recv(fd, &answer, sizeof(answer), 0) < (ssize_t)sizeof(answer.head))
		return -EBADMSG;
	return answer.head.nlmsg_type == NLMSG_ERROR ? answer.error.error
						     : -EBADMSG;
}

/* One that has gone meanwhile is as it should be. */
static void tally_one(struct cut_tally *tally, const struct found *found, int r)
{
	tally->ended += r == 0;
	for (size_t i = 0; i < CUT_PEERS_MAX; i++) {
		if (!(found->peers >> i & 1))
			continue;
		tally->found[i]++;
		if (r < 0 && r != -ENOENT)
			tally->failed[i] = r;
	}
}

/* The first error that is of no peer. */
static int destroy_all(const struct search *search, struct cut_tally *tally)
{
	CLEANUP(closep) int fd = diag_open();
	int first = fd < 0 ? fd : 0;

	for (size_t i = 0; i < search->count && fd >= 0; i++) {
		const struct found *found = &search->found[i];
		int r = destroy(fd, found);

		tally_one(tally, found, r);
		if (r < 0 && r != -ENOENT && !found->peers && first == 0)
			first = r;
	}
	return first;
}

/* Sockets of IPv6 may have peers of IPv4. */
static bool has_v4(const struct search *search)
{
	for (size_t i = 0; i < search->peer_count; i++)
		if (prefix_is_v4(&search->peers[i]))
			return true;
	return !search->peers;
}

static int look_for_udp(struct search *search)
{
	int r = has_v4(search) ? look(search, AF_INET, IPPROTO_UDP) : 0;

	return r < 0 ? r : look(search, AF_INET6, IPPROTO_UDP);
}

static int cut(struct search *search, struct cut_tally *ret_tally)
{
	struct cut_tally tally = {0};
	int tcp = look(search, AF_UNSPEC, IPPROTO_TCP);
	int udp = look_for_udp(search);
	int r = search->count ? destroy_all(search, &tally) : 0;

	tally.has_more = search->is_full && r == 0;
	*ret_tally = tally;
	if (tcp < 0 || udp < 0)
		return tcp < 0 ? tcp : udp;
	return r;
}

int cut_peers(const struct prefix peers[], size_t count,
	      struct cut_tally *ret_tally)
{
	struct search search = {.peers = peers, .peer_count = count};

	assert(count > 0 && count <= CUT_PEERS_MAX);
	assert(ret_tally);

	for (size_t i = 0; i < count; i++)
		if (has_loopback(&peers[i]))
			return -EINVAL;
	return cut(&search, ret_tally);
}

int cut_sockets(const struct cut_owned *owned, struct cut_tally *ret_tally)
{
	struct search search = {.owned = owned};

	assert(ret_tally);

	return cut(&search, ret_tally);
}
