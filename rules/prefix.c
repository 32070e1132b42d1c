// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/prefix.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>

#define V6_BITS	     128
#define V4_BITS	     32
#define COUNTED_BITS 64

/* An address as one number in host order. Range arithmetic needs carries
 * across all of it, and the compiler knows them better than we do. */
typedef unsigned __int128 number_t;

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static number_t number_of(const uint8_t addr[16])
{
	uint64_t high, low;

	memcpy(&high, addr, sizeof(high));
	memcpy(&low, addr + sizeof(high), sizeof(low));
	return (number_t)be64toh(high) << 64 | be64toh(low);
}

static struct prefix prefix_of_number(number_t number, unsigned int bits)
{
	struct prefix prefix = {.bits = (uint8_t)bits};
	uint64_t high = htobe64((uint64_t)(number >> 64));
	uint64_t low = htobe64((uint64_t)number);

	memcpy(prefix.addr, &high, sizeof(high));
	memcpy(prefix.addr + sizeof(high), &low, sizeof(low));
	return prefix;
}

/* The `count` highest bits set; a shift by all 128 would be undefined. */
static number_t high_bits(unsigned int count)
{
	return count ? ~(number_t)0 << (V6_BITS - count) : 0;
}

static struct prefix cut(const uint8_t addr[16], unsigned int bits)
{
	return prefix_of_number(number_of(addr) & high_bits(bits), bits);
}

struct prefix prefix_of_v4(uint32_t addr, unsigned int len4)
{
	struct prefix prefix = {.bits = (uint8_t)(PREFIX_V4_BITS + len4)};
	uint32_t addr_be;

	assert(len4 <= V4_BITS);

	addr_be = htobe32(len4 ? addr & UINT32_MAX << (V4_BITS - len4) : 0);
	memcpy(prefix.addr, mapped, sizeof(mapped));
	memcpy(prefix.addr + sizeof(mapped), &addr_be, sizeof(addr_be));
	return prefix;
}

uint32_t prefix_addr_v4(const struct prefix *prefix)
{
	uint32_t addr_be;

	assert(prefix_is_v4(prefix));

	memcpy(&addr_be, prefix->addr + sizeof(mapped), sizeof(addr_be));
	return be32toh(addr_be);
}

struct prefix prefix_widen(const struct prefix *prefix, unsigned int len)
{
	assert(len <= prefix_len(prefix));

	if (prefix_is_v4(prefix))
		len += PREFIX_V4_BITS;
	return cut(prefix->addr, len);
}

struct prefix prefix_counted(const struct prefix *peer)
{
	if (prefix_is_v4(peer) || peer->bits <= COUNTED_BITS ||
	    prefix_half(peer, 0) == 0 ||
	    prefix_half(peer, 0) >> 32 == 0x0064ff9b)
		return *peer;
	return cut(peer->addr, COUNTED_BITS);
}

/* Read a decimal number without leading zeros. Returns what follows it, NULL
 * if there is none or it is above `max`. */
static const char *read_number(const char *p, const char *end, unsigned int max,
			       unsigned int *ret_value)
{
	unsigned int value, digit;

	if (p == end || (value = (unsigned int)*p - '0') > 9)
		return NULL;
	for (p++; p < end && (digit = (unsigned int)*p - '0') <= 9; p++) {
		if (value == 0)
			return NULL;
		value = value * 10 + digit;
		if (value > max)
			return NULL;
	}
	*ret_value = value;
	return p;
}

/* Read four numbers with dots between. Returns what follows, or NULL. */
static const char *read_v4(const char *p, const char *end, uint32_t *ret_addr)
{
	uint32_t addr = 0;
	unsigned int octet;

	for (int i = 0; i < 4; i++) {
		if (i > 0 && (p == end || *p++ != '.'))
			return NULL;
		p = read_number(p, end, UINT8_MAX, &octet);
		if (!p)
			return NULL;
		addr = addr << 8 | octet;
	}
	*ret_addr = addr;
	return p;
}

/* "/24", "/255.255.255.0" or nothing, to the end of the text. */
static int read_v4_len(const char *p, const char *end, unsigned int *ret_len)
{
	unsigned int len = 0;
	uint32_t mask = 0;
	const char *rest;

	if (p == end) {
		*ret_len = V4_BITS;
		return 0;
	}
	if (*p++ != '/')
		return -EINVAL;
	if (read_number(p, end, V4_BITS, &len) == end) {
		*ret_len = len;
		return 0;
	}
	rest = read_v4(p, end, &mask);
	/* ones then zeros: the complement plus one is a power of two */
	if (rest != end || (~mask & (~mask + 1)) != 0)
		return -EINVAL;
	*ret_len = (unsigned int)__builtin_popcount(mask);
	return 0;
}

static int read_v6(const char *text, size_t len, struct prefix *ret_prefix)
{
	const char *end = text + len;
	const char *slash = memchr(text, '/', len);
	size_t addr_len = slash ? (size_t)(slash - text) : len;
	char copy[INET6_ADDRSTRLEN];
	uint8_t addr[16];
	unsigned int bits = V6_BITS;

	/* a NUL inside would end the copy early and hide what follows it */
	if (addr_len >= sizeof(copy) || memchr(text, '\0', addr_len))
		return -EINVAL;
	memcpy(copy, text, addr_len);
	copy[addr_len] = '\0';
	if (inet_pton(AF_INET6, copy, addr) != 1)
		return -EINVAL;
	if (slash && read_number(slash + 1, end, V6_BITS, &bits) != end)
		return -EINVAL;
	*ret_prefix = cut(addr, bits);
	return 0;
}

int prefix_from_text(const char *text, size_t len, struct prefix *ret_prefix)
{
	const char *end = text + len;
	unsigned int len4;
	uint32_t addr;
	const char *rest;
	int r;

	assert(text);
	assert(ret_prefix);

	rest = read_v4(text, end, &addr);
	if (!rest)
		return read_v6(text, len, ret_prefix);
	r = read_v4_len(rest, end, &len4);
	if (r < 0)
		return r;
	*ret_prefix = prefix_of_v4(addr, len4);
	return 0;
}

const char *prefix_to_text(const struct prefix *prefix,
			   char buf[PREFIX_TEXT_MAX])
{
	bool is_v4 = prefix_is_v4(prefix);
	const uint8_t *addr = prefix->addr + (is_v4 ? sizeof(mapped) : 0);
	size_t used;

	/* an address takes 45 bytes at most, so this cannot fail */
	(void)inet_ntop(is_v4 ? AF_INET : AF_INET6, addr, buf, PREFIX_TEXT_MAX);
	if (prefix->bits == V6_BITS)
		return buf;
	used = strlen(buf);
	(void)snprintf(buf + used, PREFIX_TEXT_MAX - used, "/%u",
		       prefix_len(prefix));
	return buf;
}

static unsigned int trailing_zeros(number_t number)
{
	if ((uint64_t)number)
		return (unsigned int)__builtin_ctzll((uint64_t)number);
	if ((uint64_t)(number >> 64))
		return 64 +
		       (unsigned int)__builtin_ctzll((uint64_t)(number >> 64));
	return V6_BITS;
}

int prefix_each_in_range(const struct prefix *first, const struct prefix *last,
			 prefix_fn *fn, void *arg)
{
	number_t at = number_of(first->addr);
	number_t end = number_of(last->addr);
	int r;

	assert(fn);

	if (first->bits != V6_BITS || last->bits != V6_BITS ||
	    prefix_is_v4(first) != prefix_is_v4(last) || at > end)
		return -EINVAL;
	for (;;) {
		unsigned int host_bits = trailing_zeros(at);
		struct prefix prefix;
		number_t stop;

		/* the widest that starts here and does not pass the end */
		while (stop = at | ~high_bits(V6_BITS - host_bits), stop > end)
			host_bits--;
		prefix = prefix_of_number(at, V6_BITS - host_bits);
		r = fn(arg, &prefix);
		if (r < 0)
			return r;
		if (stop == end)
			return 0;
		at = stop + 1;
	}
}
