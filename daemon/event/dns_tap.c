// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/dns_tap.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_DNS     53
#define PROTOCOL_UDP 17
#define PACKET_BYTES 4096 /* of a packet that are read: EDNS asks for less */
#define QUEUE_BYTES  (1 << 20)

struct dns_tap {
	int fd;
	uint64_t lost;
	uint8_t packet[PACKET_BYTES];
};

#define PACKET_TYPE ((uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE))

/* From the IP header on: UDP that is no later fragment, to the port where it
 * leaves, and from the port where it comes. Others may send both a question in
 * our name and its answer, but nothing of theirs leaves. Extension headers of
 * IPv6 are not followed. */
static struct sock_filter filter[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 10, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 20),
	/* IPv4 */
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTOCOL_UDP, 0, 18),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 16, 0),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
	BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PORT_DNS, 8, 0),
	BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PORT_DNS, 8, 11),
	/* IPv6 */
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTOCOL_UDP, 0, 9),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 42),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PORT_DNS, 2, 0),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 40),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PORT_DNS, 2, 5),
	/* to the port */
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PACKET_TYPE),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 2, 3),
	/* from the port */
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PACKET_TYPE),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, PACKET_BYTES),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

/* The filter is there before the socket hears anything. */
static int listen_on(int fd)
{
	const struct sock_fprog program = {
		.len = ARRAY_LEN(filter),
		.filter = filter,
	};
	const struct sockaddr_ll all = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	const int queue = QUEUE_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof(queue));
	return bind(fd, (const struct sockaddr *)&all, sizeof(all)) < 0 ? -errno
									: 0;
}

int dns_tap_open(struct dns_tap **ret_tap)
{
	struct dns_tap *tap = calloc(1, sizeof(*tap));
	int r;

	assert(ret_tap);

	if (!tap)
		return -ENOMEM;
	tap->fd =
		socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	r = tap->fd < 0 ? -errno : listen_on(tap->fd);
	if (r < 0)
		dns_tap_close(tap);
	else
		*ret_tap = tap;
	return r;
}

void dns_tap_close(struct dns_tap *tap)
{
	if (!tap)
		return;
	if (tap->fd >= 0)
		(void)close(tap->fd);
	free(tap);
}

int dns_tap_fd(const struct dns_tap *tap)
{
	return tap->fd;
}

bool dns_tap_read(struct dns_tap *tap, struct hostnames *names, uint64_t now_ns,
		  int max)
{
	while (max-- > 0) {
		ssize_t len =
			recv(tap->fd, tap->packet, sizeof(tap->packet), 0);

		if (len < 0)
			return true;
		hostnames_hear(names, tap->packet, (size_t)len, now_ns);
	}
	return false;
}

uint64_t dns_tap_lost(struct dns_tap *tap)
{
	struct tpacket_stats stats = {0}; /* since it was last asked */
	socklen_t len = sizeof(stats);

	if (getsockopt(tap->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) ==
	    0)
		tap->lost += stats.tp_drops;
	return tap->lost;
}
