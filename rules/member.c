// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/member.h"

#include <assert.h>
#include <stddef.h>

#include "rules/base.h"

static const char *const origin_names[] = {
	[ORIGIN_OPERATOR] = "operator", [ORIGIN_IMPORT] = "import",
	[ORIGIN_TRIAL] = "trial",	[ORIGIN_FEED] = "feed",
	[ORIGIN_CROWDSEC] = "crowdsec", [ORIGIN_DETECTION] = "detection",
};

_Static_assert(ARRAY_LEN(origin_names) == ORIGIN_COUNT, "");

const char *origin_name(enum origin origin)
{
	assert(origin < ORIGIN_COUNT);

	return origin_names[origin];
}

/*
 * Read one character of UTF-8 (RFC 3629: shortest form, no surrogates, at most
 * U+10FFFF). Returns how many bytes it takes, 0 if it is none. A NUL is no
 * continuation byte, so nothing past the end of the text is read.
 */
static unsigned int read_utf8(const char *text, uint32_t *ret_point)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t lead = (uint8_t)text[0];
	unsigned int len;
	uint32_t point;

	if (lead < 0x80) {
		*ret_point = lead;
		return 1;
	}
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	point = lead & (0x7fu >> len);
	for (unsigned int i = 1; i < len; i++) {
		uint8_t next = (uint8_t)text[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (next & 0x3f);
	}
	if (point < lowest[len] || point > 0x10ffff ||
	    (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return len;
}

/* C0, DEL and C1: they move cursors and colour terminals. */
static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

bool reason_is_valid(const char *text)
{
	size_t used = 0;

	assert(text);

	while (text[used] != '\0') {
		uint32_t point;
		unsigned int len = read_utf8(text + used, &point);

		if (len == 0 || is_control(point))
			return false;
		used += len;
		if (used >= REASON_MAX)
			return false;
	}
	return true;
}
