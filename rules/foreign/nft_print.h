/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft_print.h - a policy as a script for nft(8).
 *
 * `table inet portcullis`, made anew each time the script is loaded: chain
 * `in` at hook prerouting, chain `out` at hook postrouting. In each, in this
 * order: loopback, neighbour discovery, sets that allow and management, in
 * chain `in` sets that drop and sets in shadow, the rules, and the default as
 * the chain's policy; before one that drops, DHCP and multicast listener
 * discovery. Sets judge by the source in `in`, by the destination in `out`.
 * Each rule has a counter and its id as comment, so that hits can be compared
 * rule by rule; where one rule needs several of theirs, all have its id. A
 * rule's own comment is a line of comment before it.
 *
 * What nftables cannot say is left out and told by id and reason. What it says
 * differs in this:
 *
 *	1. Fragments: with connection tracking loaded the kernel joins them
 *	   before the chain sees them, so a rule's ports and flags hold for
 *	   what was a later fragment too. Without, a later fragment should
 *	   have no ports there either, but 6.18 takes the bytes that stand
 *	   there for them. Rules that ask for fragments are left out.
 *	2. States are the kernel's: it takes up connections that were there
 *	   before it looked (nf_conntrack_tcp_loose) and checks sequence
 *	   numbers, which calls packets invalid that we call established. A
 *	   packet in no connection may be `untracked`, which we do not know.
 *	3. A limit's counter counts what the limit dropped; other counters
 *	   count what met the conditions. A rule for both directions that has
 *	   a limit keeps one bucket of each address for both.
 *	4. Lengths are from the IP header as well, but padding of short frames
 *	   is taken off before, and large receive offload may have joined
 *	   packets. What the host sends may not yet be cut in segments.
 *	5. Hours are put in UTC when the script is loaded, and stay so when
 *	   the clocks change.
 *	6. Frames that are not IP do not come to the table: nothing of
 *	   default_other is in it. What fails the kernel's checks of headers
 *	   is dropped before prerouting, and never counted.
 *	7. Members of dynamic sets and geo sets, and files of static ones, are
 *	   not in the policy; so the sets are empty, or short of them.
 *	8. A zone is written as its interfaces. What prerouting sees comes from
 *	   the upper of stacked interfaces (of a VLAN, a bridge, a bond), what
 *	   our gate sees from the lower.
 *	9. A rule in shadow is counted only; when loaded again it is `count`.
 *	10. Without the essential `neighbour` a set that drops ends neighbour
 *	   discovery as well, which our gates let pass from a listed source.
 *	11. An authentication header in IPv6 ends nftables' walk: it is the
 *	   protocol, and what follows has no ports.
 *	12. What breaks off behind its addresses is left to sets and the
 *	   default here; there, rules are asked, and see what is left of it.
 *
 * Errors	-EIO: `out` could not be written
 * Threads	none
 */
#pragma once

#include <stdio.h>

#include "rules/foreign/report.h"
#include "rules/policy.h"

int nftables_print(const struct policy *policy, FILE *out,
		   struct foreign_report *report);
