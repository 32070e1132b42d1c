/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_known.h - addresses that no feed may block on this machine, beside the
 * protected set: the resolvers and time servers that it uses, and those that
 * the world does.
 *
 * Only addresses are taken: a name is not looked up.
 *
 * Errors	-ENOMEM; a file that is not there has none
 * Threads	the worker
 */
#pragma once

#include "daemon/feed_intake.h"

/* Of resolv.conf(5), and of the configurations of chrony, ntpd and timesyncd. */
int feed_known_servers(struct prefix_list *list);

/* A plain list. */
int feed_known_resolvers(const char *path, struct prefix_list *list);
