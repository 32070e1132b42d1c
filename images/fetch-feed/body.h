/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * body.h - what a server sends, on its way to whoever takes it.
 *
 * It is unpacked here and not by libcurl, for which a gzip stream that ends in
 * the middle is no error. Both what comes in and what comes out are bounded:
 * the first here, the second by who takes it.
 *
 * Errors	negative errno; of body_put() and body_end():
 *		-EFBIG		too much came in
 *		-EBADMSG	not gzip, damaged, or cut short
 *		-EILSEQ		a document of HTML or XML
 *		others		what `take` answered
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZLIB_CONST /* it does not write to what comes in */
#include <zlib.h>

typedef int body_take_fn(void *arg, const char *bytes, size_t count);

struct body {
	z_stream zip;
	bool is_packed;
	bool is_member_open; /* of the gzip stream */
	bool is_known; /* the first byte that is not blank was seen */
	bool allows_markup;
	uint64_t max_bytes;
	uint64_t bytes; /* that came in */
	body_take_fn *take;
	void *arg;
};

/* Start with the first byte; bounds and taker have been set. `is_packed`: the
 * server says it is gzip. */
int body_start(struct body *body, bool is_packed);
void body_done(struct body *body);

int body_put(struct body *body, const char *bytes, size_t count);

/* Nothing more comes: was that all of it? */
int body_end(const struct body *body);
