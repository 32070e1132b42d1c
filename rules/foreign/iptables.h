/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables.h - what iptables-save and ip6tables-save print, made policy.
 *
 * Tables filter and raw are read, others are told line by line. How chains
 * become a list of rules is in unroll.h; the drop that ends a chain is a last
 * rule for the one family. A rule is named by its comment if that can be an
 * id, or CHAIN-NUMBER.
 *
 * Sets that rules refer to are those of the policy, if ipset_read() put them
 * there before; others are declared empty and dynamic, and told.
 *
 * Errors	-ENOMEM, -E2BIG; the policy is then only good for
 *		policy_done()
 * Threads	none
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/foreign/report.h"
#include "rules/policy.h"

/* As nftables_read(). `family` is 4 for iptables, 6 for ip6tables: the text
 * does not say it. */
int iptables_read(const char *text, size_t len, uint8_t family,
		  struct policy *policy, struct foreign_report *report);
