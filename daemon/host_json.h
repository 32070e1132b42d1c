/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_json.h - events of this host as docs/protocol.md has them.
 *
 * Threads	any
 */
#pragma once

#include <jansson.h>

#include "rules/detect/event.h"

#define HOST_TEXT_MAX 4096 /* bytes of a text that are shown */

/* What is not known is left out. */
json_t *host_json_of_event(const struct event *event);

/* Bytes that are not UTF-8, and NULs, as "\xNN". */
json_t *host_json_of_text(const struct event_text *text);
