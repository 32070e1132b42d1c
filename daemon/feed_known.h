/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_known.h - addresses that no feed may block on this machine, beside the
 * protected set: the resolvers and time servers that it uses, and those that
 * the world does.
 *
 * Only addresses are taken: a name is not looked up.
 *
 * Errors	negative errno
 * Threads	the worker
 */
#pragma once

#include "daemon/feed_intake.h"

/* Of resolv.conf(5), and of the configurations of chrony, ntpd and timesyncd,
 * below `root` ("": the real ones); a file that is not there has none. */
int feed_known_servers(const char *root, struct prefix_list *list);

/* A plain list; -ENODATA when it has no address. After a failure the list has
 * what was read. */
int feed_known_resolvers(const char *path, struct prefix_list *list);
