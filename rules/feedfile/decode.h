/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode.h - a feed as it was fetched becomes the text of a feed.
 *
 * gzip: RFC 1952, several members behind each other, the CRC and the length of
 * each checked. zip: exactly one file, stored or deflated, its CRC checked.
 * Anything else is taken as it is.
 *
 *	1. Never more than `max_bytes` of text, whatever the sizes in the file
 *	   say; memory grows with what has been decoded, not with what is
 *	   promised.
 *	2. What is cut, damaged, encrypted, or has something behind it is
 *	   refused as a whole.
 *
 * Owns		the text when it was decoded; else it is the caller's bytes
 * Errors	-EBADMSG damaged or not one file; -ENODATA ends in the middle;
 *		-EFBIG over `max_bytes`; -ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DECODE_BYTES_MAX (1u << 30) /* of the encoded file */

struct decoded {
	const char *text;
	size_t len;
	char *owned; /* NULL if nothing was to be done */
};

/* *ret_why is static text, set when it fails. */
int decode(const void *bytes, size_t len, size_t max_bytes,
	   struct decoded *ret_decoded, const char **ret_why);

void decoded_done(struct decoded *decoded);
