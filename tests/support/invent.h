/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * invent.h - policies and packets made up at random, from so few addresses,
 * ports and names that they meet.
 *
 * The same dice give the same.
 *
 * Owns		policy_done() frees a policy
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "perf/support/dice.h"
#include "rules/policy.h"

#define INVENT_FRAME_MAX 512
#define INVENT_SETS	 6

/* Sets that policies name; what they hold is the caller's. */
extern const char *const invent_sets[INVENT_SETS];

/* Names of interfaces that policies may ask about, and some that none does. */
#define INVENT_IFNAMES 6
extern const char *const invent_ifnames[INVENT_IFNAMES];

struct invent_config {
	size_t rules_max;
	bool has_states; /* conditions on the state of flows */
	bool has_limits; /* rules with action limit */
	bool has_cookies; /* rules with action syncookie */
};

void invent_policy(struct dice *dice, const struct invent_config *config,
		   struct policy *ret_policy);

/* Like those that policies name; a network, or a single address. */
struct prefix invent_prefix(struct dice *dice);
struct prefix invent_address(struct dice *dice);

struct invent_frame {
	uint8_t data[INVENT_FRAME_MAX];
	size_t len;
};

/* Mostly whole; some are cut, have tags, options, extension headers, are
 * fragments, or are damaged in one byte. */
void invent_frame(struct dice *dice, struct invent_frame *ret_frame);
