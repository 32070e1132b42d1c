// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/uuid.h"

#include <assert.h>
#include <string.h>

#define BLOCK_BYTES  64
#define LENGTH_BYTES 8
#define ROUNDS	     80

/* FIPS 180-4, 6.1. */
struct sha1 {
	uint32_t hash[5];
	uint8_t block[BLOCK_BYTES];
	uint64_t count; /* bytes so far */
};

static uint32_t rotate(uint32_t value, unsigned int by)
{
	return value << by | value >> (32 - by);
}

static void expand(const uint8_t block[BLOCK_BYTES], uint32_t words[ROUNDS])
{
	for (size_t i = 0; i < 16; i++)
		words[i] = (uint32_t)block[4 * i] << 24 |
			   (uint32_t)block[4 * i + 1] << 16 |
			   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (size_t i = 16; i < ROUNDS; i++)
		words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^
					  words[i - 16],
				  1);
}

static uint32_t mix(size_t round, uint32_t b, uint32_t c, uint32_t d)
{
	if (round < 20)
		return ((b & c) | (~b & d)) + 0x5a827999u;
	if (round < 40)
		return (b ^ c ^ d) + 0x6ed9eba1u;
	if (round < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu;
	return (b ^ c ^ d) + 0xca62c1d6u;
}

static void take_block(struct sha1 *sha1)
{
	uint32_t words[ROUNDS];
	uint32_t now[5];

	expand(sha1->block, words);
	memcpy(now, sha1->hash, sizeof(now));
	for (size_t i = 0; i < ROUNDS; i++) {
		uint32_t next = rotate(now[0], 5) +
				mix(i, now[1], now[2], now[3]) + now[4] +
				words[i];

		now[4] = now[3];
		now[3] = now[2];
		now[2] = rotate(now[1], 30);
		now[1] = now[0];
		now[0] = next;
	}
	for (size_t i = 0; i < 5; i++)
		sha1->hash[i] += now[i];
}

static void take(struct sha1 *sha1, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < len; i++) {
		sha1->block[sha1->count++ % BLOCK_BYTES] = from[i];
		if (sha1->count % BLOCK_BYTES == 0)
			take_block(sha1);
	}
}

static void end(struct sha1 *sha1)
{
	static const uint8_t one = 0x80, zero = 0;
	uint64_t bits = sha1->count * 8;
	uint8_t length[LENGTH_BYTES];

	for (size_t i = 0; i < LENGTH_BYTES; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	take(sha1, &one, 1);
	while (sha1->count % BLOCK_BYTES != BLOCK_BYTES - LENGTH_BYTES)
		take(sha1, &zero, 1);
	take(sha1, length, sizeof(length));
}

struct uuid uuid_make(const struct uuid *space, const void *name, size_t len)
{
	struct sha1 sha1 = {.hash = {0x67452301u, 0xefcdab89u, 0x98badcfeu,
				     0x10325476u, 0xc3d2e1f0u}};
	struct uuid uuid;

	assert(space);
	assert(name || len == 0);

	take(&sha1, space->bytes, sizeof(space->bytes));
	take(&sha1, name, len);
	end(&sha1);
	for (size_t i = 0; i < UUID_BYTES; i++)
		uuid.bytes[i] =
			(uint8_t)(sha1.hash[i / 4] >> (24 - 8 * (i % 4)));
	uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x50);
	uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
	return uuid;
}

const char *uuid_to_text(const struct uuid *uuid, char text[UUID_TEXT_MAX])
{
	static const char digits[] = "0123456789abcdef";
	char *to = text;

	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[uuid->bytes[i] >> 4];
		*to++ = digits[uuid->bytes[i] & 15];
	}
	*to = '\0';
	return text;
}
