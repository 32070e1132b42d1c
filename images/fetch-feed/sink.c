// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/sink.h"

#include <errno.h>
#include <unistd.h>

#include "rules/base.h"

DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

int sink_init(struct sink *sink, int fd, uint64_t max_bytes)
{
	*sink = (struct sink){
		.fd = fd,
		.max_bytes = max_bytes,
		.hash = EVP_MD_CTX_new(),
	};
	if (!sink->hash ||
	    EVP_DigestInit_ex(sink->hash, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	return 0;
}

void sink_done(struct sink *sink)
{
	EVP_MD_CTX_free(sink->hash);
	sink->hash = NULL;
}

int sink_write(struct sink *sink, const char *bytes, size_t count)
{
	if (count > sink->max_bytes - sink->bytes)
		return -EFBIG;
	if (EVP_DigestUpdate(sink->hash, bytes, count) != 1)
		return -ENOMEM;
	sink->bytes += count;
	while (count > 0) {
		ssize_t done = write(sink->fd, bytes, count);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes += done;
		count -= (size_t)done;
	}
	return 0;
}

int sink_digest(const struct sink *sink,
		unsigned char ret_digest[SINK_DIGEST_BYTES])
{
	CLEANUP(EVP_MD_CTX_freep) EVP_MD_CTX *copy = EVP_MD_CTX_new();

	if (!copy || EVP_MD_CTX_copy_ex(copy, sink->hash) != 1 ||
	    EVP_DigestFinal_ex(copy, ret_digest, NULL) != 1)
		return -ENOMEM;
	return 0;
}
