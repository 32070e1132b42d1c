/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer.h - other packet filters, told to drop what is in a list and arrives
 * at "fw", or to judge by rules. The caller is in that interface's namespace.
 *
 * Errors	negative errno; the failed command is on standard error
 */
#pragma once

#include "perf/support/list.h"
#include "perf/support/ruleset.h"

/* Prints how many frames it has dropped so far. */
#define PEER_IPSET_DROPS \
	"iptables -t raw -nvxL PREROUTING | awk 'NR==3{print $1}'"

/* Prints how many came to IP so far: all that nftables did not drop. To print
 * its own count nft reads the whole set, which takes a minute for a million. */
#define PEER_PASSED "awk '/^Ip: [0-9]/{print $4}' /proc/net/snmp"

/* An interval set on the netdev ingress hook. */
int peer_nft(const struct list *list);

/* Rules one after the other on the netdev ingress hook, which drops what none
 * of them passes; NULL: no rules. */
int peer_nft_rules(const struct ruleset *ruleset);

/* Prints how many frames the last of them has met so far. */
#define PEER_NFT_LAST                        \
	"nft list counter netdev fw last | " \
	"awk '$1==\"packets\"{print $2}'"

/* A hash:net set and a rule in iptables' raw table. */
int peer_ipset(const struct list *list);

/* xdp-filter in driver mode; IPv4 hosts only. The first address is put in by
 * its tool, the others with the same value straight into its map, for it
 * takes 3.5 ms for each. */
int peer_xdpfilter(const struct list *list);
