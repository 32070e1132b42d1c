/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect_oracle.h - what a detection rule says of an event, the slow way.
 *
 * Every view of the rule's category is tried, and in it every test, one after
 * the other, by comparisons of its own. Only regular expressions and networks
 * are those of the matcher, and have tests of their own.
 */
#pragma once

#include "rules/detect/event.h"
#include "rules/detect/rule.h"

bool detect_oracle(const struct detect_rule *rule, const struct event *event);
