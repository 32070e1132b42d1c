// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * event_flood.c - connects of datagram sockets, for test_scenes.sh.
 *
 *	event_flood ADDRESS [COUNT]	to this IPv4 address and the 63 behind
 *					it, each time another address or port;
 *					without an end, or so often
 *
 * Each is an event of the sensor, and no packet leaves.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#define PORT_FIRST 20000u
#define PORTS	   40000u
#define ADDRESSES  64u

int main(int argc, char **argv)
{
	struct sockaddr_in peer = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t first, count;

	if (argc < 2 || fd < 0 ||
	    inet_pton(AF_INET, argv[1], &peer.sin_addr) != 1)
		return 1;
	first = ntohl(peer.sin_addr.s_addr);
	count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	for (uint32_t n = 0; count == 0 || n < count; n++) {
		peer.sin_addr.s_addr = htonl(first + n % ADDRESSES);
		peer.sin_port =
			htons((uint16_t)(PORT_FIRST + n / ADDRESSES % PORTS));
		if (connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) <
		    0)
			return 1;
	}
	return 0;
}
