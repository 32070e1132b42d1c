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

static void print_net(FILE *pipe, const char *what, uint32_t addr,
		      uint32_t mask)
{
	const struct prefix prefix =
		prefix_of_v4(addr, (unsigned int)__builtin_popcount(mask));
	char text[PREFIX_TEXT_MAX];

	if (mask)
		(void)fprintf(pipe, "ip %s %s ", what,
			      prefix_to_text(&prefix, text));
}

static void print_ports(FILE *pipe, const char *what, uint16_t first,
			uint16_t last)
{
	if (first != 0 || last != UINT16_MAX)
		(void)fprintf(pipe, "th %s %u-%u ", what, first, last);
}

static void print_rule(FILE *pipe, const struct plain_rule *rule)
{
	static const char *const verdicts[] = {
		[PLAIN_PASS] = "accept",
		[PLAIN_DROP] = "drop",
		[PLAIN_COUNT] = "counter",
	};

	print_net(pipe, "saddr", rule->source, rule->source_mask);
	print_net(pipe, "daddr", rule->destination, rule->destination_mask);
	if (rule->protocol_mask)
		(void)fprintf(pipe, "meta l4proto %u ", rule->protocol);
	print_ports(pipe, "sport", rule->source_port_first,
		    rule->source_port_last);
	print_ports(pipe, "dport", rule->destination_port_first,
		    rule->destination_port_last);
	if (rule->flags_mask)
		(void)fprintf(pipe, "tcp flags & %u == %u ", rule->flags_mask,
			      rule->flags & rule->flags_mask);
	(void)fprintf(pipe, "%s\n", verdicts[rule->act]);
}

int peer_nft_rules(const struct ruleset *ruleset)
{
	const char *command = "nft -f - >&2";
	FILE *pipe = popen(command, "we"); // NOLINT(cert-env33-c)

	if (!pipe)
		return -errno;
	(void)fprintf(pipe, "table netdev fw {\ncounter last { }\nchain in {\n"
			    "type filter hook ingress device fw priority 0\n"
			    "policy drop\n");
	for (size_t i = 0; ruleset && i < ruleset->count; i++) {
		if (i + 1 == ruleset->count)
			(void)fprintf(pipe, "counter name last ");
		print_rule(pipe, &ruleset->rules[i]);
	}
	(void)fprintf(pipe, "}\n}\n");
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
