// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as one prefix, and the two halves of them as a range: what is
 * accepted must print, read back the same, and agree with inet_pton() on the
 * address.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "rules/prefix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Does the system, too, take what is before the slash for an address? */
static bool is_address_elsewhere(const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	char copy[64] = "";
	uint8_t addr[16];

	if (slash)
		len = (size_t)(slash - text);
	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	return inet_pton(AF_INET, copy, addr) == 1 ||
	       inet_pton(AF_INET6, copy, addr) == 1;
}

static bool check_text(const char *text, size_t len, struct prefix *ret_prefix)
{
	struct prefix prefix = {.bits = 255};
	struct prefix same;
	struct prefix back;
	char printed[PREFIX_TEXT_MAX];
	bool is_elsewhere = is_address_elsewhere(text, len);

	if (prefix_from_text(text, len, &prefix) < 0) {
		assert(prefix.bits == 255);
		/* a single address the system reads is one for us as well */
		assert(memchr(text, '/', len) || !is_elsewhere);
		return false;
	}
	assert(is_elsewhere);
	assert(prefix.bits <= 128);
	same = prefix_widen(&prefix, prefix_len(&prefix));
	assert(prefix_cmp(&prefix, &same) == 0);
	prefix_to_text(&prefix, printed);
	assert(prefix_from_text(printed, strlen(printed), &back) == 0);
	assert(prefix_cmp(&prefix, &back) == 0);
	*ret_prefix = prefix;
	return true;
}

struct range {
	const struct prefix *first;
	const struct prefix *last;
	int parts;
};

static int check_part(void *arg, const struct prefix *prefix)
{
	struct range *range = arg;

	range->parts++;
	assert(memcmp(prefix->addr, range->first->addr, 16) >= 0);
	assert(memcmp(prefix->addr, range->last->addr, 16) <= 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct prefix whole, first, last;
	struct range range = {.first = &first, .last = &last};
	const char *dash;

	if (size == 0)
		return 0;
	(void)check_text(text, size, &whole);
	dash = memchr(text, '-', size);
	if (!dash || !check_text(text, (size_t)(dash - text), &first) ||
	    !check_text(dash + 1, size - (size_t)(dash - text) - 1, &last))
		return 0;
	if (prefix_each_in_range(&first, &last, check_part, &range) == 0)
		assert(range.parts >= 1 && range.parts <= 254);
	else
		assert(range.parts == 0);
	return 0;
}
