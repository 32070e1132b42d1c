/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list.h - made-up block lists with the shape of real ones, and addresses to
 * look up in them.
 *
 * IPv4: 60 % /32, 30 % /24, 10 % /16 to /23, anywhere. IPv6 after the lists
 * that are published, which name some 90,000 prefixes and few hosts: all of it
 * below 700 /20s; 40 % /32, 20 % /29, 19 % /48, 7 % /64, the rest /31 to /63;
 * hosts and the longer prefixes in some 11,000 /32s.
 *
 * Owns		the prefixes
 * Errors	-ENOMEM; of list_write() those of files
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "perf/support/dice.h"
#include "rules/base.h"
#include "rules/prefix.h"

struct list {
	struct prefix *prefixes;
	size_t count;
};

void list_done(struct list *list);

/* `count` entries of the mix above, some of them twice. */
int list_make_v4(struct dice *dice, size_t count, struct list *ret_list);

/* `count` single IPv4 addresses. */
int list_make_hosts4(struct dice *dice, size_t count, struct list *ret_list);

/* `hosts` single addresses, and behind them `prefixes` shorter ones. */
int list_make_v6(struct dice *dice, size_t hosts, size_t prefixes,
		 struct list *ret_list);

/* Into a file, one a line. */
int list_write(const struct list *list, const char *path);

/* An address in one of the entries first..last-1. */
struct prefix list_draw(const struct list *list, size_t first, size_t last,
			struct dice *dice);

/* Any IPv4 address; any in 2000::/3; any in a /32 that
 * has hosts. */
struct prefix list_any_v4(struct dice *dice);
struct prefix list_any_v6(struct dice *dice);
struct prefix list_near_v6(struct dice *dice);
