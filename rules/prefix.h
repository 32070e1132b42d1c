/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefix.h - an IPv4 or IPv6 network, as a plain value.
 *
 * IPv4 lives in the v4-mapped range (RFC 4291, 2.5.5.2), so one type and one
 * order serve both families: 192.0.2.0/24 is ::ffff:192.0.2.0/120. Bits past
 * `bits` are zero, always; the functions here keep it so.
 *
 * Order	address, then length: a network sorts before what lies in it
 * Errors	negative errno; a failed call has written nothing
 * Threads	no state; any thread
 */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct prefix {
	uint8_t addr[16]; /* network order */
	uint8_t bits; /* 0..128; an IPv4 length is bits - 96 */
};

#define PREFIX_V4_BITS	96 /* length of ::ffff:0:0/96, all of IPv4 */
#define PREFIX_TEXT_MAX 48 /* bytes for prefix_to_text(), NUL included */

/* The first or the last 64 bits of the address, as a number. */
static inline uint64_t prefix_half(const struct prefix *prefix, int half)
{
	uint64_t half_be;

	memcpy(&half_be, prefix->addr + (half ? 8 : 0), sizeof(half_be));
	return be64toh(half_be);
}

static inline int prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	for (int half = 0; half < 2; half++) {
		uint64_t x = prefix_half(a, half);
		uint64_t y = prefix_half(b, half);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (int)a->bits - (int)b->bits;
}

/* IPv4? A prefix shorter than ::ffff:0:0/96 that covers it is IPv6. */
static inline bool prefix_is_v4(const struct prefix *prefix)
{
	return prefix->bits >= PREFIX_V4_BITS && prefix_half(prefix, 0) == 0 &&
	       prefix_half(prefix, 1) >> 32 == 0xffff;
}

/* Make one from an IPv4 address in host order; bits past `len4` are cut. */
struct prefix prefix_of_v4(uint32_t addr, unsigned int len4);

/* The IPv4 address in host order; only for a prefix that is IPv4. */
uint32_t prefix_addr_v4(const struct prefix *prefix);

/* The length as people write it: 0..32 for IPv4, 0..128 for IPv6. */
static inline unsigned int prefix_len(const struct prefix *prefix)
{
	return prefix_is_v4(prefix) ? prefix->bits - PREFIX_V4_BITS
				    : prefix->bits;
}

/* `bits` as people write them for `prefix`'s family, bits past it cut. */
struct prefix prefix_widen(const struct prefix *prefix, unsigned int len);

/*
 * As whom a peer is counted: an IPv4 address as itself, an IPv6 address as its
 * /64, for one host may have all the addresses in it. One that stands for an
 * IPv4 address (64:ff9b::/32; RFC 6052, RFC 8215) counts as itself, and so does
 * what is wider than a /64. So does what is in ::/64, which has all of IPv4 and
 * loopback in it.
 */
struct prefix prefix_counted(const struct prefix *peer);

/* Is it a single address? */
static inline bool prefix_is_address(const struct prefix *prefix)
{
	return prefix->bits == 128;
}

/* Is every address of `inner` one of `outer`? True for equal prefixes. */
static inline bool prefix_covers(const struct prefix *outer,
				 const struct prefix *inner)
{
	uint64_t hi = prefix_half(outer, 0) ^ prefix_half(inner, 0);
	uint64_t lo = prefix_half(outer, 1) ^ prefix_half(inner, 1);
	unsigned int bits = outer->bits;

	if (bits > inner->bits)
		return false;
	if (bits == 0)
		return true;
	if (bits <= 64)
		return hi >> (64 - bits) == 0;
	return hi == 0 && lo >> (128 - bits) == 0;
}

/*
 * Is all of IPv4 in it: 0.0.0.0/0, or ::/0, or an IPv6 network around
 * ::ffff:0:0/96 like ::/64? No set may hold it: to the order above every IPv4
 * address would lie in it, and be allowed with it.
 */
static inline bool prefix_has_all_v4(const struct prefix *prefix)
{
	const struct prefix all_v4 = {
		.addr = {[10] = 0xff, [11] = 0xff},
		.bits = PREFIX_V4_BITS,
	};

	return prefix->bits <= PREFIX_V4_BITS && prefix_covers(prefix, &all_v4);
}

/* Do they share an address? Of two prefixes, one then covers the other. */
static inline bool prefix_overlaps(const struct prefix *a,
				   const struct prefix *b)
{
	return prefix_covers(a, b) || prefix_covers(b, a);
}

/*
 * Read an address, ADDRESS/LENGTH, or IPv4 ADDRESS/DOTTED-MASK from exactly
 * `len` bytes of text. Host bits set below the length are cleared and are no
 * error. An IPv4-mapped address in IPv6 form (::ffff:a.b.c.d, also with a
 * length >= 96) is read as the IPv4 it is. Refused with -EINVAL: octal-looking
 * or short IPv4 ("010.1.1.1", "10.1"), zone ids, masks with holes, white
 * space, an empty length.
 */
int prefix_from_text(const char *text, size_t len, struct prefix *ret_prefix);

/* Like people write it; a single address without "/32". Returns `buf`. */
const char *prefix_to_text(const struct prefix *prefix,
			   char buf[PREFIX_TEXT_MAX]);

typedef int prefix_fn(void *arg, const struct prefix *prefix);

/*
 * Give `fn` the fewest prefixes that together are first..last, in order; both
 * are single addresses of one family, first <= last, else -EINVAL. Stops at
 * the first negative answer and returns it. At most 62 (v4) or 254 (v6) calls.
 */
int prefix_each_in_range(const struct prefix *first, const struct prefix *last,
			 prefix_fn *fn, void *arg);
