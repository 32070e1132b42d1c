// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Take a character of UTF-8 (RFC 3629); 0 if there is none. */
static uint32_t take_character(const char **text)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const uint8_t *at = (const uint8_t *)*text;
	unsigned int more = at[0] < 0x80   ? 0
			    : at[0] < 0xc0 ? 4 /* none */
			    : at[0] < 0xe0 ? 1
			    : at[0] < 0xf0 ? 2
			    : at[0] < 0xf8 ? 3
					   : 4;
	uint32_t character;

	if (more > 3)
		return 0;
	character = more ? at[0] & (0x3fu >> more) : at[0];
	for (unsigned int i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (at[i] & 0x3fu);
	}
	*text += 1 + more;
	return character >= least[more] ? character : 0;
}

static bool character_is_text(uint32_t character)
{
	return character >= 0x20 && !(character >= 0x7f && character < 0xa0) &&
	       character != 0x2028 && character != 0x2029 &&
	       !(character >= 0xd800 && character < 0xe000) &&
	       character != 0xfeff && (character & 0xfffe) != 0xfffe &&
	       character <= 0x10ffff;
}

bool text_is_line(const char *text, size_t max)
{
	assert(text);

	if (strnlen(text, max) == max)
		return false;
	while (*text != '\0') {
		if (!character_is_text(take_character(&text)))
			return false;
	}
	return true;
}

void text_copy(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	assert(len < size);

	memcpy(to, text, len + 1);
}
