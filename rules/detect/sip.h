/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sip.h - a hash with a secret, for tables whose keys others choose.
 *
 * Threads	values
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* SipHash's state (Aumasson and Bernstein, 2012): no one who does not know the
 * seed can make two keys alike. */
struct sip {
	uint64_t v[4];
};

static inline uint64_t sip_turn(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void sip_round(struct sip *sip)
{
	uint64_t *v = sip->v;

	v[0] += v[1];
	v[2] += v[3];
	v[1] = sip_turn(v[1], 13) ^ v[0];
	v[3] = sip_turn(v[3], 16) ^ v[2];
	v[0] = sip_turn(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = sip_turn(v[1], 17) ^ v[2];
	v[3] = sip_turn(v[3], 21) ^ v[0];
	v[2] = sip_turn(v[2], 32);
}

static inline struct sip sip_begin(const uint64_t seed[2])
{
	return (struct sip){{
		seed[0] ^ 0x736f6d6570736575,
		seed[1] ^ 0x646f72616e646f6d,
		seed[0] ^ 0x6c7967656e657261,
		seed[1] ^ 0x7465646279746573,
	}};
}

static inline void sip_word(struct sip *sip, uint64_t word)
{
	sip->v[3] ^= word;
	sip_round(sip);
	sip_round(sip);
	sip->v[0] ^= word;
}

/* The length comes first, so that texts do not flow together. */
static inline void sip_text(struct sip *sip, const char *bytes, size_t len)
{
	sip_word(sip, len);
	for (size_t at = 0; at < len; at += 8) {
		uint64_t word = 0;

		memcpy(&word, bytes + at, len - at < 8 ? len - at : 8);
		sip_word(sip, word);
	}
}

static inline uint64_t sip_half(struct sip *sip, uint64_t mark)
{
	sip->v[2] ^= mark;
	for (int i = 0; i < 4; i++)
		sip_round(sip);
	return sip->v[0] ^ sip->v[1] ^ sip->v[2] ^ sip->v[3];
}
