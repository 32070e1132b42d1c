/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy_warn.h - what lint says about a policy, told to people and programs.
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "rules/policy.h"

/* The list of {"rule" or "set", "kind", "line", "text"}, "by" where there is one, to be
 * put into an answer; and each as "warning: FILE:LINE: rule ID: ..." on stderr
 * unless `quiet`. NULL without memory. */
json_t *policy_warn(const struct policy *policy, const char *path, bool quiet);
