/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sink.h - the output while it grows: bounded, and hashed as it is written.
 *
 * Errors	negative errno; -EFBIG: it would be longer than allowed
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#define SINK_DIGEST_BYTES 32

struct sink {
	int fd; /* borrowed */
	uint64_t max_bytes;
	uint64_t bytes;
	EVP_MD_CTX *hash;
};

int sink_init(struct sink *sink, int fd, uint64_t max_bytes);
void sink_done(struct sink *sink);

int sink_write(struct sink *sink, const char *bytes, size_t count);

/* SHA-256 of all that was written so far. */
int sink_digest(const struct sink *sink,
		unsigned char ret_digest[SINK_DIGEST_BYTES]);
