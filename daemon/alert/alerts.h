/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alerts.h - what is wrong now, for `fwctl status`: one line for each cause.
 *
 * An alert is raised under a key and stays until it is cleared; raised again
 * it keeps its `since` and takes the new text. More than ALERTS_MAX causes at
 * once are counted in one line more, so none is lost silently.
 *
 * Times	wall clock seconds, passed in
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALERTS_MAX     32
#define ALERT_KEY_MAX  64 /* bytes with the NUL */
#define ALERT_TEXT_MAX 256

struct alert {
	char key[ALERT_KEY_MAX]; /* "gate eth0", "set feed-x full" */
	char text[ALERT_TEXT_MAX];
	uint64_t since_s;
};

struct alerts {
	struct alert list[ALERTS_MAX];
	size_t count;
	uint64_t overflow; /* raised when the list was full */
};

/* Was it new? Then somebody should log it. */
__attribute__((format(printf, 4, 5))) bool
alerts_raise(struct alerts *alerts, uint64_t now_s, const char *key,
	     const char *format, ...);

bool alerts_have(const struct alerts *alerts, const char *key);

/* Was it there? */
bool alerts_clear(struct alerts *alerts, const char *key);
