// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/sandbox.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#define EXPERIMENT 0x88b5 /* IEEE 802, local experimental EtherType 1 */
#define SKIP	   77

static void skip_unless(int r, const char *what)
{
	if (r == 0)
		return;
	(void)printf("skipped: %s: %s\n", what, strerror(errno));
	(void)fflush(stdout);
	_Exit(SKIP);
}

void sandbox_enter(void)
{
	skip_unless(unshare(CLONE_NEWNET | CLONE_NEWNS),
		    "this test makes namespaces (run it as root)");
	skip_unless(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
		    "making mounts private");
	skip_unless(mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=700"),
		    "mounting a bpffs");
	sandbox_run("ip link set lo up");
}

void sandbox_run(const char *format, ...)
{
	char command[512];
	va_list args;
	int status;

	va_start(args, format);
	(void)vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	status = system(command);
	if (status != 0)
		fail_msg("status %d of: %s", status, command);
}

void sandbox_veth(const char *name, const char *peer)
{
	sandbox_run("ip link add %s type veth peer name %s", name, peer);
	sandbox_run("ip link set %s addrgenmode none up", name);
	sandbox_run("ip link set %s addrgenmode none up", peer);
}

int sandbox_frame_socket(const char *ifname)
{
	struct sockaddr_ll where = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(EXPERIMENT),
		.sll_ifindex = (int)if_nametoindex(ifname),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			htons(EXPERIMENT));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	return fd;
}

void sandbox_frame_send(int fd)
{
	uint8_t frame[ETH_ZLEN] = {
		[0] = 0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff, /* to all */
		[6] = 0x02,
		0,
		0,
		0,
		0,
		1, /* from an address of our own */
		[12] = EXPERIMENT >> 8,
		EXPERIMENT & 0xff,
	};

	/* a full queue is no matter: the next one counts */
	(void)!send(fd, frame, sizeof(frame), 0);
}

unsigned int sandbox_frames_received(int fd)
{
	uint8_t frame[ETH_FRAME_LEN];
	unsigned int count = 0;

	while (recv(fd, frame, sizeof(frame), 0) >= 0)
		count++;
	return count;
}
