/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - pieces of answers that more than one request gives.
 *
 * Owns		nothing: the caller owns what is returned
 * Threads	event loop only
 */
#pragma once

#include <jansson.h>

#include "daemon/merge/latency.h"
#include "rules/member.h"
#include "xdp/abi.h"

/* {prefix, origin, uid, line, reason, created, expires} */
json_t *json_of_member(const struct member *member);

/* {packets, bytes} */
json_t *json_of_count(const struct fw_count *count);

/* {count, p50_us, p99_us, p999_us, max_us} */
json_t *json_of_latency(const struct latency *latency);

/* "listed", "truncated", ...: docs/parsing.md has the list. */
const char *reason_name(enum fw_reason reason);
