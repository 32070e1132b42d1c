// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/explain_item.h"

#include <stdlib.h>

static char *hex_of(const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * len + 1);

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * len] = '\0';
	return text;
}

json_t *explain_item(const uint8_t *frame, size_t len,
		     const struct explain_place *place)
{
	char *hex = hex_of(frame, len);
	bool is_out = place->direction == DIRECTION_OUT;
	json_t *item;

	if (!hex)
		return NULL;
	item = json_pack("{s:s, s:s, s:s, s:s*}", "frame", hex, "iface",
			 place->name, "direction", is_out ? "out" : "in",
			 "state", place->state);
	free(hex);
	return item;
}
