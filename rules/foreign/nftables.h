/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftables.h - nftables rulesets made policy.
 *
 * Reads what `nft list ruleset` prints and what `nft -f` reads: tables of
 * families ip, ip6, inet and netdev with chains of type filter; sets of
 * addresses become sets, other sets are written into the rules that ask for
 * them. What is not read, be it a statement, a rule with one condition that
 * we have not, or a member, is in the report with its line. A rule is never
 * made wider than it was.
 *
 * How chains become a list of rules is in unroll.h. A rule is named by its
 * comment if that can be an id, or CHAIN-NUMBER.
 *
 * Differences it tells in the report: `reject` drops without an answer, `log`
 * does nothing, iif is the name of what has the number now.
 *
 * Errors	-ENOMEM; -E2BIG: more than FOREIGN_TEXT_MAX bytes or what else
 *		is bounded. The policy is then only good for policy_done()
 * Threads	none
 */
#pragma once

#include <stddef.h>

#include "rules/foreign/report.h"
#include "rules/policy.h"

/* Add it to a policy of policy_init() or one that this or iptables_read() or
 * ipset_read() filled. Essentials are off then: a foreign ruleset passes what
 * its own rules pass. */
int nftables_read(const char *text, size_t len, struct policy *policy,
		  struct foreign_report *report);
