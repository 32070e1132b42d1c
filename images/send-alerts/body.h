/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * body.h - what is posted of alerts.
 *
 * Without a template it is one object: {"dropped": N, "alerts": [...]}, as many
 * as fit. With one it is the template, for one alert, in which stand
 *
 *	{{NAME}}	what the alert has there, "process.pid" for one, as a
 *			string of JSON without its quotes; nothing if it has
 *			none; lists with commas between
 *	{{json}}	the whole alert, as it is
 *	{{dropped}}	how many were dropped since the last post
 *
 * Owns		nothing; the caller frees what is made
 * Errors	-EINVAL: no template; -ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "images/send-alerts/queue.h"

#define BODY_ALERTS_MAX 100u
#define BODY_BYTES_MAX	(256u << 10)

/* Is every "{{" closed, with a name between? */
int body_check_template(const char *template);

struct body_text {
	char *text;
	size_t len;
	uint64_t first; /* how many had left the queue before its first */
	size_t alerts; /* that are in it */
	uint64_t dropped; /* that it tells */
};

/* Of the oldest alerts that wait, at least one. `template` may be NULL. */
int body_make(const struct queue *queue, const char *template,
	      struct body_text *ret_body);
