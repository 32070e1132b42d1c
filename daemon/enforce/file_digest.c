// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/file_digest.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#define PIECE_BYTES 65536
#define SETS	    2048 /* a power of two */
#define WAYS	    4
#define SECOND_NS   1000000000ull

struct known {
	struct file_state state; /* inode 0: none */
	struct file_digest digest;
};

struct digest_cache {
	struct known sets[SETS][WAYS];
	uint32_t next; /* way that the next one takes */
};

static uint64_t ns_of(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_nsec;
}

int file_state_read(int fd, struct file_state *ret_state)
{
	struct stat file;

	assert(ret_state);

	if (fstat(fd, &file) < 0)
		return -errno;
	if (!S_ISREG(file.st_mode))
		return -EINVAL;
	*ret_state = (struct file_state){
		.dev = file.st_dev,
		.inode = file.st_ino,
		.bytes = (uint64_t)file.st_size,
		.mtime_ns = ns_of(&file.st_mtim),
		.ctime_ns = ns_of(&file.st_ctim),
	};
	return 0;
}

static void context_free(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static int read_into(int fd, uint64_t bytes_max, const atomic_bool *stop,
		     EVP_MD_CTX *context)
{
	CLEANUP(freep) char *piece = malloc(PIECE_BYTES);
	uint64_t at = 0;
	ssize_t len;

	if (!piece)
		return -ENOMEM;
	while ((len = pread(fd, piece, PIECE_BYTES, (off_t)at)) > 0) {
		at += (uint64_t)len;
		if (at > bytes_max)
			return -EFBIG;
		if (atomic_load(stop))
			return -ECANCELED;
		if (EVP_DigestUpdate(context, piece, (size_t)len) != 1)
			return -ENOMEM;
	}
	return len < 0 ? -errno : 0;
}

int file_digest_read(int fd, uint64_t bytes_max, const atomic_bool *stop,
		     struct file_digest *ret_digest)
{
	CLEANUP(context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct file_digest digest;
	int r;

	assert(stop);
	assert(ret_digest);

	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	r = read_into(fd, bytes_max, stop, context);
	if (r < 0)
		return r;
	if (EVP_DigestFinal_ex(context, digest.bytes, NULL) != 1)
		return -ENOMEM;
	*ret_digest = digest;
	return 0;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int file_digest_from_text(const char *text, struct file_digest *ret_digest)
{
	struct file_digest digest;

	assert(ret_digest);

	if (strlen(text) != (size_t)2 * FILE_DIGEST_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < FILE_DIGEST_BYTES; i++) {
		int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		digest.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret_digest = digest;
	return 0;
}

const char *file_digest_to_text(const struct file_digest *digest,
				char text[FILE_DIGEST_TEXT_MAX])
{
	for (size_t i = 0; i < FILE_DIGEST_BYTES; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest->bytes[i]);
	return text;
}

int file_digest_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct file_digest));
}

bool file_digest_find(const struct file_digest *digests, size_t count,
		      const struct file_digest *digest)
{
	return count && bsearch(digest, digests, count, sizeof(*digest),
				file_digest_cmp);
}

int digest_cache_new(struct digest_cache **ret_cache)
{
	struct digest_cache *cache = calloc(1, sizeof(*cache));

	assert(ret_cache);

	if (!cache)
		return -ENOMEM;
	*ret_cache = cache;
	return 0;
}

void digest_cache_free(struct digest_cache *cache)
{
	free(cache);
}

static size_t set_of(const struct file_state *state)
{
	uint64_t mix = (state->inode ^ state->dev << 40) * 0x9e3779b97f4a7c15u;

	return (size_t)(mix >> 32) & (SETS - 1);
}

static bool is_place(const struct file_state *a, const struct file_state *b)
{
	return a->inode == b->inode && a->dev == b->dev;
}

static bool is_same(const struct file_state *a, const struct file_state *b)
{
	return is_place(a, b) && a->bytes == b->bytes &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

bool digest_cache_find(const struct digest_cache *cache,
		       const struct file_state *state,
		       struct file_digest *ret_digest)
{
	const struct known *set = cache->sets[set_of(state)];

	for (int way = 0; way < WAYS; way++) {
		if (!is_same(&set[way].state, state))
			continue;
		*ret_digest = set[way].digest;
		return true;
	}
	return false;
}

void digest_cache_put(struct digest_cache *cache,
		      const struct file_state *state,
		      const struct file_digest *digest, uint64_t now_ns)
{
	struct known *set = cache->sets[set_of(state)];
	int at = (int)(cache->next % WAYS);

	/* a clock that was set back says nothing of the file */
	if (now_ns < state->ctime_ns + FILE_SETTLED_NS)
		return;
	for (int way = WAYS - 1; way >= 0; way--)
		if (set[way].state.inode == 0 ||
		    is_place(&set[way].state, state))
			at = way;
	set[at] = (struct known){.state = *state, .digest = *digest};
	cache->next++;
}
