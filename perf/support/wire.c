// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "perf/support/shell.h"
#include "rules/base.h"

#define COUNT_MAX 1024 /* of a driver, veth has some 25 a queue */

int wire_enter(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		return -errno;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=700") < 0)
		return -errno;
	return 0;
}

static int open_own_ns(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A new namespace; this thread is in it then. */
static int new_ns(int *ret_fd)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = open_own_ns();
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

/* From the far end: `ip` finds the home namespace through our descriptor. */
static int make_pair(const struct wire *wire, const char *name)
{
	int r = shell_run("ip link add fw address 02:00:00:00:00:01 "
			  "type veth peer name %s && "
			  "ip link set %s netns /proc/%d/fd/%d && "
			  "sysctl -qw net.ipv6.conf.fw.disable_ipv6=1 && "
			  "ethtool -K fw gro on && ip link set fw up",
			  name, name, getpid(), wire->home_ns);

	if (r == 0)
		r = wire_home(wire);
	if (r == 0)
		r = shell_run("sysctl -qw net.ipv6.conf.%s.disable_ipv6=1 && "
			      "ip link set %s up",
			      name, name);
	return r;
}

int wire_open(int number, struct wire *ret_wire)
{
	CLEANUP(wire_close) struct wire wire = WIRE_NONE;
	char name[IF_NAMESIZE];
	int r;

	(void)snprintf(name, sizeof(name), "gen%d", number);
	wire.home_ns = open_own_ns();
	if (wire.home_ns < 0)
		return wire.home_ns;
	r = new_ns(&wire.far_ns);
	if (r == 0)
		r = make_pair(&wire, name);
	if (r < 0) {
		(void)wire_home(&wire);
		return r;
	}

	wire.ifindex = (int)if_nametoindex(name);
	(void)wire_far(&wire);
	wire.far_ifindex = (int)if_nametoindex("fw");
	(void)wire_home(&wire);
	*ret_wire = wire;
	wire = WIRE_NONE;
	return 0;
}

/* A namespace goes some time after its last user, and the pair with it: whoever
 * makes the next one has the same names. */
static void take_pair_away(const struct wire *wire)
{
	char name[IF_NAMESIZE];

	if (wire->ifindex && wire_home(wire) == 0 &&
	    if_indextoname((unsigned int)wire->ifindex, name))
		(void)shell_run("ip link del %s", name);
}

void wire_close(struct wire *wire)
{
	take_pair_away(wire);
	closep(&wire->far_ns);
	closep(&wire->home_ns);
}

int wire_far(const struct wire *wire)
{
	return setns(wire->far_ns, CLONE_NEWNET) < 0 ? -errno : 0;
}

int wire_home(const struct wire *wire)
{
	return setns(wire->home_ns, CLONE_NEWNET) < 0 ? -errno : 0;
}

/* One request of ethtool's, about "fw". */
static int ask_driver(void *request)
{
	CLEANUP(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq query = {.ifr_name = "fw"};

	query.ifr_data = request;
	return fd < 0 || ioctl(fd, SIOCETHTOOL, &query) < 0 ? -errno : 0;
}

static bool is_wanted(const char *name, const char *ending)
{
	size_t len = strlen(name);
	size_t tail = strlen(ending);

	return strncmp(name, "rx_queue_", 9) == 0 && len > tail &&
	       name[len - tail - 1] == '_' &&
	       strcmp(name + len - tail, ending) == 0;
}

int wire_count(const char *ending, uint64_t *ret_count)
{
	struct {
		struct ethtool_gstrings head;
		char names[COUNT_MAX][ETH_GSTRING_LEN];
	} names = {
		.head = {.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS}};
	struct {
		struct ethtool_stats head;
		uint64_t values[COUNT_MAX];
	} stats = {.head = {.cmd = ETHTOOL_GSTATS}};
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	uint64_t sum = 0;
	int r = ask_driver(&info);

	if (r == 0 && info.n_stats > COUNT_MAX)
		r = -E2BIG;
	if (r == 0)
		r = ask_driver(&names);
	if (r == 0)
		r = ask_driver(&stats);
	if (r < 0)
		return r;

	for (uint32_t i = 0; i < info.n_stats; i++)
		sum += is_wanted(names.names[i], ending) ? stats.values[i] : 0;
	*ret_count = sum;
	return 0;
}
