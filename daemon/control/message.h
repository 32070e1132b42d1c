/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - the JSON in a frame: requests read, answers and refusals written.
 *
 *	1. what a request costs is known before it is parsed: one pass over
 *	   its bytes counts values and depth, so a frame of a million empty
 *	   objects is refused and not built;
 *	2. a key given twice is refused, for nobody can know which was meant;
 *	3. every refusal is a sentence for people.
 *
 * Errors	negative errno; the words are in reterr_refusal
 * Threads	no state; any thread
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include <jansson.h>

#include "daemon/control/frame.h"
#include "rules/wire.h"

/* A page of members, and arguments beside it. */
#define MESSAGE_VALUES_MAX (WIRE_PAGE_MAX + 64)
#define MESSAGE_DEPTH_MAX  8
#define REFUSAL_TEXT_MAX   1024 /* bytes, NUL included; longer is cut */

struct refusal {
	int error; /* negative errno */
	char text[REFUSAL_TEXT_MAX];
};

/* Fill it in; returns `error`. */
__attribute__((format(printf, 3, 4))) int
refusal_set(struct refusal *refusal, int error, const char *format, ...);
__attribute__((format(printf, 3, 0))) int refusal_vset(struct refusal *refusal,
						       int error,
						       const char *format,
						       va_list args);

/* The request in the body of a frame, with its arguments as an object. */
int message_read(const char *body, size_t len_bytes,
		 struct refusal *reterr_refusal, enum request *ret_request,
		 json_t **ret_args);

/* A done answer: `answer`, which may be NULL, is taken and gets "ok": true.
 * -EMSGSIZE when it is too long for a frame. */
int message_write(json_t *answer, struct frame_out *ret_frame);

/* A refused one. */
int message_write_refusal(const struct refusal *refusal,
			  struct frame_out *ret_frame);
