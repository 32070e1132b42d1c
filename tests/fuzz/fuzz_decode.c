// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes through the decoder: never more than was allowed, the same again
 * with just enough allowed, and refused with one byte less.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/feedfile/decode.h"

#define MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bound(const uint8_t *data, size_t size,
			const struct decoded *expected)
{
	struct decoded decoded;
	const char *why = NULL;

	assert(decode(data, size, expected->len, &decoded, &why) == 0);
	assert(decoded.len == expected->len);
	assert(memcmp(decoded.text, expected->text, decoded.len) == 0);
	decoded_done(&decoded);
	if (expected->len == 0)
		return;
	assert(decode(data, size, expected->len - 1, &decoded, &why) == -EFBIG);
	assert(why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoded decoded;
	const char *why = NULL;
	int r = decode(data, size, MAX, &decoded, &why);

	if (r < 0) {
		assert(r == -EBADMSG || r == -ENODATA || r == -EFBIG);
		assert(why);
		return 0;
	}
	assert(decoded.len <= MAX);
	assert(decoded.owned || decoded.text == (const char *)data);
	check_bound(data, size, &decoded);
	decoded_done(&decoded);
	return 0;
}
