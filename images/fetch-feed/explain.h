/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - why a transfer failed, in a sentence.
 *
 * libcurl's own texts of an error are left out where they may hold a URL.
 * Each puts its sentence into the answer and returns a negative errno.
 */
#pragma once

#include <curl/curl.h>

#include "images/fetch-feed/answer.h"
#include "images/fetch-feed/body.h"
#include "images/fetch-feed/place.h"

/* libcurl could not do it. */
int explain_code(CURL *easy, CURLcode code, const struct place *place,
		 struct answer *answer);

/* The body was refused: -EFBIG and the others of body.h, -ENOTSUP for an
 * encoding that was not asked for. */
int explain_fault(int fault, const struct place *place, const struct body *body,
		  struct answer *answer);

/* The status of the answer is not what was hoped for; `after_s`: when the
 * server wants to be asked again, 0: it did not say. */
int explain_status(long after_s, const struct place *place,
		   struct answer *answer);
