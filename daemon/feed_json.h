/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_json.h - feeds as requests answer: docs/protocol.md has the keys.
 *
 * Owns		nothing: the caller owns what is returned
 * Threads	event loop
 */
#pragma once

#include <jansson.h>

#include "daemon/feed_job.h"
#include "daemon/feeds.h"

json_t *feed_json_slot(const struct daemon *daemon,
		       const struct feed_slot *slot, uint64_t now_s);

/* What a fetcher must know: not for those who may only look. */
void feed_json_add_fetch(json_t *answer, const struct feed_slot *slot);

json_t *feed_json_result(const struct feed_result *result);

/* Packets that each feed's members met, and those that only it listed; NULL:
 * the counts could not be read. */
json_t *feed_json_hits(struct daemon *daemon);
