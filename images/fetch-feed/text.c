// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/text.h"

static bool shows(char c)
{
	return c >= ' ' && c <= '~';
}

bool text_is_printable(const char *text)
{
	while (shows(*text))
		text++;
	return *text == '\0';
}

void text_make_printable(char *text)
{
	for (; *text; text++) {
		if (!shows(*text))
			*text = '?';
	}
}
