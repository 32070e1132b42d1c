/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user.h - names of users, as /etc/passwd has them.
 *
 * The name service is not asked: it may answer from a network, and the event
 * loop does not wait for one. The file is read again when it has changed, at
 * most once a second.
 *
 * Times	CLOCK_BOOTTIME
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

#include "rules/base.h"
#include "rules/detect/event.h"

#define USERS_PATH "/etc/passwd"

struct users;

/* `path` is borrowed. A file that cannot be read has no users. */
int users_new(const char *path, struct users **ret_users);
void users_free(struct users *users);
DEFINE_CLEANUP(struct users *, users_free)

/* Lent until the next call; empty for a user without a name. */
struct event_text users_name(struct users *users, uint32_t uid,
			     uint64_t now_ns);
