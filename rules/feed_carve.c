// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feed_carve.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

size_t feed_carve_tidy(struct prefix *exceptions, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(exceptions, count, sizeof(*exceptions), compare);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 ||
		    !prefix_covers(&exceptions[kept - 1], &exceptions[i]))
			exceptions[kept++] = exceptions[i];
	return kept;
}

/* The first that is not before `prefix`. */
static size_t find(const struct prefix *exceptions, size_t count,
		   const struct prefix *prefix)
{
	size_t from = 0;

	while (count > 0) {
		size_t half = count / 2;

		if (prefix_cmp(&exceptions[from + half], prefix) < 0) {
			from += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return from;
}

/* One bit longer; `side` is that bit. */
static struct prefix half_of(const struct prefix *prefix, unsigned int side)
{
	struct prefix half = *prefix;

	half.addr[prefix->bits / 8] |=
		(uint8_t)(side << (7 - prefix->bits % 8));
	half.bits++;
	return half;
}

int feed_carve(const struct prefix *exceptions, size_t count,
	       const struct prefix *prefix, prefix_fn *fn, void *arg)
{
	size_t at = find(exceptions, count, prefix);
	int r = 0;

	/* of those before it, none but the last can be around it */
	if (at > 0 && prefix_covers(&exceptions[at - 1], prefix))
		return 0;
	if (at == count || !prefix_covers(prefix, &exceptions[at]))
		return fn(arg, prefix);
	if (exceptions[at].bits == prefix->bits)
		return 0;
	for (unsigned int side = 0; side < 2 && r >= 0; side++) {
		struct prefix half = half_of(prefix, side);

		r = feed_carve(exceptions, count, &half, fn, arg);
	}
	return r;
}
