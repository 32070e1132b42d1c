/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_digest.h - SHA-256 of files, and the digests that are known already.
 *
 * A file is known by where it is and when it was changed. Its ctime is the
 * kernel's own, but no finer than a tick: one that was changed a moment ago
 * could be changed once more without a sign, and is not remembered.
 *
 * Times	CLOCK_REALTIME, for it is that of files
 * Errors	negative errno
 * Threads	one owner of a cache at a time; else any
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"

#define FILE_DIGEST_BYTES    32
#define FILE_DIGEST_TEXT_MAX 65 /* bytes with the NUL */
#define FILE_SETTLED_NS \
	1000000000ull /* older changes had a time of their own */

struct file_digest {
	uint8_t bytes[FILE_DIGEST_BYTES];
};

struct file_state {
	uint64_t dev, inode, bytes;
	uint64_t mtime_ns, ctime_ns;
};

/* -EINVAL for what is no regular file. */
int file_state_read(int fd, struct file_state *ret_state);

/*
 * All of the file. -EFBIG when it is longer than `bytes_max`, -ECANCELED when
 * *stop has become true meanwhile. Where the descriptor stands is left alone.
 */
int file_digest_read(int fd, uint64_t bytes_max, const atomic_bool *stop,
		     struct file_digest *ret_digest);

/* 64 hexadecimal digits, and nothing else. -EINVAL. */
int file_digest_from_text(const char *text, struct file_digest *ret_digest);

const char *file_digest_to_text(const struct file_digest *digest,
				char text[FILE_DIGEST_TEXT_MAX]);

/* Whether it is among those, which are in order of file_digest_cmp(). */
bool file_digest_find(const struct file_digest *digests, size_t count,
		      const struct file_digest *digest);
int file_digest_cmp(const void *a, const void *b);

struct digest_cache;

int digest_cache_new(struct digest_cache **ret_cache);
void digest_cache_free(struct digest_cache *cache);
DEFINE_CLEANUP(struct digest_cache *, digest_cache_free)

bool digest_cache_find(const struct digest_cache *cache,
		       const struct file_state *state,
		       struct file_digest *ret_digest);

/* Another one may go for it. Not remembered when it changed just now. */
void digest_cache_put(struct digest_cache *cache,
		      const struct file_state *state,
		      const struct file_digest *digest, uint64_t now_ns);
