/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policies.h - whole policies for tests: compared field by field, and made at
 * random.
 */
#pragma once

#include "rules/policy.h"

/* Fails the test with the first difference; `line` is none. */
void assert_same_policy(const struct policy *a, const struct policy *b);

/* A policy as document_read() would make one, of everything it can have; the
 * same for the same state of `random`, which moves on. */
void random_policy(uint64_t *random, struct policy *ret_policy);
