/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transfer.h - one answer of a server after the other, over HTTP.
 *
 * What it keeps to:
 *
 *	1. Redirects are followed here, at most three, from https to https only;
 *	   from http also to http, if the request allows that at all.
 *	2. The key goes to the place of the URL that the request names, and to
 *	   no other, wherever that redirects to.
 *	3. Only status 200 has a body that counts, and only if all of it came.
 *	4. One deadline for all of it, redirects and pages included.
 *	5. Validators are those of the URL that the request names: no other is
 *	   asked with them, or tells its own.
 *
 * Times	seconds of the request; CLOCK_MONOTONIC
 * Errors	negative errno, with a sentence in the answer; what a body has
 *		passed on by then is not all of it
 */
#pragma once

#include "images/fetch-feed/answer.h"
#include "images/fetch-feed/body.h"
#include "images/fetch-feed/request.h"
#include "rules/base.h"

#define TRANSFER_UNCHANGED 1

/* What was read from files of the caller; NULL: there is none. */
struct transfer_files {
	char *key;
	char *ca;
	size_t ca_bytes;
};

struct transfer;

/* Borrows both for its life. The deadline starts here. */
int transfer_new(const struct request *request,
		 const struct transfer_files *files,
		 struct transfer **ret_transfer);
void transfer_free(struct transfer *transfer);
DEFINE_CLEANUP(struct transfer *, transfer_free)

/* Fetch `url`, which is at the place of the request's, into `body`. 0: all of
 * it came; TRANSFER_UNCHANGED: the caller has it. The answer gets what the
 * server said of it. */
int transfer_get(struct transfer *transfer, const char *url, struct body *body,
		 struct answer *answer);
