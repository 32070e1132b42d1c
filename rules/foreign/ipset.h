/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipset.h - what `ipset save` prints, as sets of a policy.
 *
 * Sets of addresses are read: hash:ip, hash:net, bitmap:ip, and list:set,
 * which has the members of those it lists. One with a timeout is dynamic, and
 * its members are not the policy's. Sets of ports, cards or pairs are told,
 * and so are their members. A member that others are excepted from (nomatch)
 * is cut into what is left of it.
 *
 * Errors	-ENOMEM, -E2BIG; the policy is then only good for
 *		policy_done()
 * Threads	none
 */
#pragma once

#include <stddef.h>

#include "rules/foreign/report.h"
#include "rules/policy.h"

/* Sets are added to those of the policy; iptables_read() finds them there. */
int ipset_read(const char *text, size_t len, struct policy *policy,
	       struct foreign_report *report);
