/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notice_json.h - a notice as a line of JSON, its names those of the Elastic
 * Common Schema where it has one: docs/alerts.md.
 *
 * Errors	none: a line is never longer than NOTICE_LINE_MAX, whatever the
 *		texts are; what had no room is named in it
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/alert/notice.h"
#include "daemon/alert/uuid.h"
#include "rules/pattern.h"

#define NOTICE_LINE_MAX 3700 /* bytes with the NUL; without a line end */

#define NOTICE_HOST_MAX	   65 /* bytes with the NUL */
#define NOTICE_BOOT_BYTES  16
#define NOTICE_MESSAGE_MAX 512 /* the same */

/* What is the same for all notices of this run. */
struct notice_origin {
	uint8_t boot_id[NOTICE_BOOT_BYTES];
	char host[NOTICE_HOST_MAX]; /* "": not known */
};

/*
 * The same event that meets the same rule has the same id, so whoever is told
 * twice can know it. Numbers of events begin anew when fwd does; so the time
 * since the boot is in it as well.
 */
struct uuid notice_id(const struct notice_origin *origin,
		      const struct notice *notice);

/* The rule, what kind of event, which program, and what to: with what varies
 * left out. */
void notice_pattern(const struct notice *notice, struct pattern *ret_pattern);

/* Returns its length, without the NUL. */
size_t notice_json(const struct notice_origin *origin,
		   const struct notice *notice, const struct uuid *id,
		   const struct pattern *pattern, char bytes[NOTICE_LINE_MAX]);

/* One line for people, as line_show() has texts. Returns its length. */
size_t notice_message(const struct notice *notice,
		      char text[NOTICE_MESSAGE_MAX]);

/* Of the step 1 << `number`, below NOTICE_STEP_COUNT. */
const char *notice_step_name(unsigned int number);

/* Of the rule: what to call it, and what it is known by. Never NULL. */
const char *notice_rule_name(const struct notice *notice);
const char *notice_rule_id(const struct notice *notice);
