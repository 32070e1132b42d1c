/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.h - rules that let something through for the name of its peer.
 *
 * The name of an address is what an answer of DNS said of it, to anybody on
 * this host: whoever runs a DNS server of his own has it say what he likes. A
 * rule that finds by name can be evaded so, one that excepts by name is an
 * open door.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>

#include "rules/detect/rule.h"

#define NAMES_REMARK                                                       \
	"it lets through by host name, and whoever runs a DNS server can " \
	"have any address called so"

/* Is there a test of a host name that has something not meet the rule, or, of a
 * rule that allows or ignores, meet it? */
bool names_are_trusted(const struct detect_rule *rule);
