/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * block_alert.h - the alert of a member that a detection has put into a set.
 *
 * A member says by a text of detecting.c why it is there, and an alert is told
 * for itself: they belong together when rule, process and peer are the same,
 * and the alert is hardly older than the member.
 *
 * Times	seconds and nanoseconds since 1970, of the member and the alerts
 * Errors	none: what cannot be read is not found
 * Threads	that of the store
 */
#pragma once

#include <jansson.h>

#include "rules/member.h"
#include "rules/notice_store.h"

/* The newest ones are looked at: whoever may only view can ask often, and
 * commits wait meanwhile. */
#define BLOCK_ALERTS_LOOKED 1000

/* The line of the newest alert of the member, or NULL. */
json_t *block_alert_find(struct notice_store *store,
			 const struct member *member);

/* A text of a line, "" where there is none. */
const char *block_alert_text(const json_t *line, const char *object,
			     const char *key);
