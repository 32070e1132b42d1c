/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables_rule.h - one rule of iptables, from behind the name of its chain.
 */
#pragma once

#include "rules/foreign/line.h"
#include "rules/foreign/report.h"
#include "rules/foreign/ruleset.h"
#include "rules/policy.h"

struct iptables_rule {
	struct line *line;
	struct sentence *sentence;
	struct policy *policy; /* whose sets rules refer to */
	struct foreign_report *report;
	uint8_t family;
	bool is_negated; /* '!' stood before the option */
	bool is_logging;
};

/* Fills the sentence. -EOPNOTSUPP: it says why not; -ENOMEM. */
int iptables_rule_read(struct iptables_rule *rule);

/* One condition, named by the option `word`. As above; -ENOENT: no option
 * that is known. */
int iptables_match_read(struct iptables_rule *rule, const char *word);

/* The same of modules that limit. */
int iptables_limit_read(struct iptables_rule *rule, const char *word);
