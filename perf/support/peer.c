// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "perf/support/shell.h"

#define XDPFILTER_MAP "/sys/fs/bpf/xdp-filter/filter_ipv4"

static int close_pipe(FILE *pipe, const char *command)
{
	if (pclose(pipe) == 0)
		return 0;
	(void)fprintf(stderr, "failed: %s\n", command);
	return -EIO;
}

int peer_nft(const struct list *list)
{
	const char *command = "nft -f - >&2";
	FILE *pipe = popen(command, "we"); // NOLINT(cert-env33-c)
	char text[PREFIX_TEXT_MAX];

	if (!pipe)
		return -errno;
	(void)fprintf(pipe, "table netdev fw {\nset listed {\n"
			    "type ipv4_addr; flags interval; auto-merge\n"
			    "elements = {\n");
	for (size_t i = 0; i < list->count; i++)
		(void)fprintf(pipe, "%s,\n",
			      prefix_to_text(&list->prefixes[i], text));
	(void)fprintf(pipe, "}\n}\nchain in {\n"
			    "type filter hook ingress device fw priority 0\n"
			    "ip saddr @listed counter drop\n}\n}\n");
	return close_pipe(pipe, command);
}

int peer_ipset(const struct list *list)
{
	const char *command = "ipset restore -exist >&2";
	FILE *pipe = popen(command, "we"); // NOLINT(cert-env33-c)
	char text[PREFIX_TEXT_MAX];
	int r;

	if (!pipe)
		return -errno;
	(void)fprintf(pipe, "create listed hash:net maxelem %zu\n",
		      list->count);
	for (size_t i = 0; i < list->count; i++)
		(void)fprintf(pipe, "add listed %s\n",
			      prefix_to_text(&list->prefixes[i], text));
	r = close_pipe(pipe, command);
	if (r < 0)
		return r;
	return shell_run("iptables -t raw -A PREROUTING "
			 "-m set --match-set listed src -j DROP");
}

/* Per CPU, so as large as the number of CPUs says. */
static int copy_value(int map, const struct list *list, void *value)
{
	uint32_t key = htonl(prefix_addr_v4(&list->prefixes[0]));
	int r = bpf_map_lookup_elem(map, &key, value);

	for (size_t i = 1; i < list->count && r == 0; i++) {
		key = htonl(prefix_addr_v4(&list->prefixes[i]));
		r = bpf_map_update_elem(map, &key, value, BPF_ANY);
	}
	return r;
}

int peer_xdpfilter(const struct list *list)
{
	CLEANUP(closep) int map = -1;
	CLEANUP(freep) void *value = NULL;
	char text[PREFIX_TEXT_MAX];
	int r = shell_run("xdp-filter load -m native -f ipv4 fw 2>&1 && "
			  "xdp-filter ip -m src %s",
			  prefix_to_text(&list->prefixes[0], text));

	if (r < 0)
		return r;
	map = bpf_obj_get(XDPFILTER_MAP);
	if (map < 0)
		return map;
	value = calloc((size_t)libbpf_num_possible_cpus(), sizeof(uint64_t));
	return value ? copy_value(map, list, value) : -ENOMEM;
}
