// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * deep.c - a long line of processes, for test_sensor_deep.c.
 *
 *	deep ends|waits|aside COUNT FIRST LAST
 *
 * The first one connects to port FIRST of 127.0.0.1 and begins the second,
 * which begins the third, and so on; the last one connects to port LAST and
 * writes a byte to its output. Who has begun another one ends at once, or waits
 * for its end; `aside` begins it as a child of its own parent and then ends.
 * Status 77: the machine allows no such number.
 *
 * They share their memory: the kernel keeps for a page of a process all that it
 * comes from, so copies of copies take the longer the more there are.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIP	    77
#define STACK_BYTES 8192

static char *last_stack; /* each has one: who begins may run on */
static const char *last_port;
static bool waits;
static int flags = CLONE_VM | SIGCHLD;

/* Of a datagram socket: no packet leaves. */
static void connect_to(const char *port)
{
	const struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) < 0)
		_exit(1);
	(void)close(fd);
}

/* What the one does whose stack ends there; never comes back. */
static int live(void *stack)
{
	char *next = (char *)stack + STACK_BYTES;
	int status = 0;
	pid_t child;

	if (stack == last_stack) {
		connect_to(last_port);
		_exit(write(STDOUT_FILENO, "", 1) != 1);
	}
	child = clone(live, next, flags, next);
	if (child < 0)
		_exit(SKIP);
	if (waits && waitpid(child, &status, 0) != child)
		_exit(1);
	_exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	unsigned long count;
	char *stacks;

	if (argc != 5)
		return 2;
	waits = strcmp(argv[1], "waits") == 0;
	if (strcmp(argv[1], "aside") == 0)
		flags |= CLONE_PARENT;
	count = strtoul(argv[2], NULL, 10);
	last_port = argv[4];
	stacks = mmap(NULL, (count + 1) * STACK_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stacks == MAP_FAILED)
		return SKIP;
	last_stack = stacks + count * STACK_BYTES;
	connect_to(argv[3]);
	return live(stacks + STACK_BYTES);
}
