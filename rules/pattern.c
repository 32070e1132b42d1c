// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/pattern.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "rules/base.h"

/* FNV-1a: an id needs to be the same everywhere, and need not be secret. */
#define HASH_START 0xcbf29ce484222325ull
#define HASH_PRIME 0x100000001b3ull

#define HEX_LEAST     8
#define TMP_LEAST     6
#define TMP_CHANGES   3
#define UUID_LEN      36
#define LOOK_MAX      1024 /* bytes of a text that are looked at */
#define ADDRESS_LEAST 2 /* "::" */
#define ADDRESS_MOST  39 /* eight times four digits */

enum kind {
	KIND_OTHER,
	KIND_DIGIT,
	KIND_LOWER,
	KIND_UPPER,
};

static enum kind kind_of(char byte)
{
	if (byte >= '0' && byte <= '9')
		return KIND_DIGIT;
	if (byte >= 'a' && byte <= 'z')
		return KIND_LOWER;
	if (byte >= 'A' && byte <= 'Z')
		return KIND_UPPER;
	return KIND_OTHER;
}

static bool is_hex(char byte)
{
	return kind_of(byte) == KIND_DIGIT || (byte >= 'a' && byte <= 'f') ||
	       (byte >= 'A' && byte <= 'F');
}

/* What is left to read. */
struct rest {
	const char *at;
	size_t len;
};

static size_t span(struct rest rest, bool (*is_of)(char byte))
{
	size_t len = 0;

	while (len < rest.len && is_of(rest.at[len]))
		len++;
	return len;
}

static bool is_word(char byte)
{
	return kind_of(byte) != KIND_OTHER;
}

static bool is_digit(char byte)
{
	return kind_of(byte) == KIND_DIGIT;
}

static bool ends_at(struct rest rest, size_t len)
{
	return len == rest.len || !is_word(rest.at[len]);
}

/* Each of these: how many bytes it is of what comes next, or 0. */

static size_t uuid_len(struct rest rest)
{
	if (rest.len < UUID_LEN || !ends_at(rest, UUID_LEN))
		return 0;
	for (size_t i = 0; i < UUID_LEN; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? rest.at[i] != '-' : !is_hex(rest.at[i]))
			return 0;
	}
	return UUID_LEN;
}

/* Three digits at most each, which keeps versions with a year out. */
static size_t ipv4_len(struct rest rest)
{
	size_t at = 0;

	for (int part = 0; part < 4; part++) {
		struct rest left = {rest.at + at, rest.len - at};
		size_t digits = span(left, is_digit);

		if (digits == 0 || digits > 3)
			return 0;
		at += digits;
		if (part == 3)
			break;
		if (at == rest.len || rest.at[at] != '.')
			return 0;
		at++;
	}
	return ends_at(rest, at) ? at : 0;
}

static bool is_ipv6_byte(char byte)
{
	return is_hex(byte) || byte == ':';
}

/* Seven colons, or two side by side: a time of day has neither. */
static size_t ipv6_len(struct rest rest)
{
	size_t most = rest.len <= ADDRESS_MOST ? rest.len : ADDRESS_MOST + 1;
	size_t len = span((struct rest){rest.at, most}, is_ipv6_byte);
	size_t colons = 0;
	bool has_pair = false;

	if (len > ADDRESS_MOST)
		return 0;
	while (len > 0 && rest.at[len - 1] == ':' &&
	       !(len > 1 && rest.at[len - 2] == ':'))
		len--;
	for (size_t i = 0; i < len; i++) {
		colons += rest.at[i] == ':';
		has_pair |= i > 0 && rest.at[i] == ':' && rest.at[i - 1] == ':';
	}
	if (len <= ADDRESS_LEAST || !ends_at(rest, len))
		return 0;
	return (has_pair && colons <= 7) || colons == 7 ? len : 0;
}

static size_t hex_len(struct rest rest)
{
	bool has_digit = false, has_letter = false;
	size_t len = 0;

	if (rest.len > 2 && rest.at[0] == '0' &&
	    (rest.at[1] == 'x' || rest.at[1] == 'X') && is_hex(rest.at[2])) {
		struct rest digits = {rest.at + 2, rest.len - 2};

		return 2 + span(digits, is_hex);
	}
	while (len < rest.len && is_hex(rest.at[len])) {
		bool digit = is_digit(rest.at[len++]);

		has_digit |= digit;
		has_letter |= !digit;
	}
	return len >= HEX_LEAST && has_digit && has_letter && ends_at(rest, len)
		       ? len
		       : 0;
}

/* mktemp(1) and its kind. Names that people give go from one kind to another
 * as well, but seldom with digits among it. */
static size_t tmp_len(struct rest rest)
{
	size_t len = span(rest, is_word);
	size_t changes = 0;
	bool has_digit = false;

	for (size_t i = 0; i < len; i++) {
		has_digit |= is_digit(rest.at[i]);
		changes +=
			i > 0 && kind_of(rest.at[i]) != kind_of(rest.at[i - 1]);
	}
	return len >= TMP_LEAST && has_digit && changes >= TMP_CHANGES ? len
								       : 0;
}

static const struct mask {
	size_t (*len)(struct rest rest);
	const char *stands;
} masks[] = {
	{uuid_len, "<uuid>"}, {ipv4_len, "<ip>"}, {ipv6_len, "<ip>"},
	{hex_len, "<hex>"},   {tmp_len, "<tmp>"},
};

/* "tmp", and what has been made up behind it. */
static size_t after_tmp(struct rest rest)
{
	size_t len = span(rest, is_word);

	if (rest.len < 5 || memcmp(rest.at, "tmp", 3) != 0)
		return 0;
	if (len > 3)
		return len >= 3 + TMP_LEAST ? len : 0;
	if (rest.at[3] != '.' && rest.at[3] != '-' && rest.at[3] != '_')
		return 0;
	len = span((struct rest){rest.at + 4, rest.len - 4}, is_word);
	return len >= TMP_LEAST ? 4 + len : 0;
}

static void put(struct pattern *pattern, const char *text, size_t len)
{
	size_t room = PATTERN_MAX - pattern->len;

	if (len > room)
		len = room;
	memcpy(pattern->text + pattern->len, text, len);
	pattern->len += len;
	for (size_t i = 0; i < len; i++) {
		pattern->id ^= (unsigned char)text[i];
		pattern->id *= HASH_PRIME;
	}
}

/* A word in which only digits vary. */
static void put_word(struct pattern *pattern, struct rest word)
{
	while (word.len > 0) {
		size_t digits = span(word, is_digit);
		size_t len = digits ? digits : 1;

		if (digits)
			put(pattern, "<n>", 3);
		else
			put(pattern, word.at, 1);
		word.at += len;
		word.len -= len;
	}
}

/* What comes next of a text, where a word begins; how much of it. */
static size_t put_next(struct pattern *pattern, struct rest rest)
{
	size_t len;

	/* only an address begins with another byte than a word's */
	if (!is_word(*rest.at) && *rest.at != ':') {
		put(pattern, rest.at, 1);
		return 1;
	}
	len = after_tmp(rest);
	if (len > 0) {
		put(pattern, "<tmp>", 5);
		return len;
	}
	for (size_t i = 0; i < ARRAY_LEN(masks); i++) {
		len = masks[i].len(rest);
		if (len == 0)
			continue;
		put(pattern, masks[i].stands, strlen(masks[i].stands));
		return len;
	}
	len = span(rest, is_word);
	if (len == 0) {
		put(pattern, rest.at, 1);
		return 1;
	}
	put_word(pattern, (struct rest){rest.at, len});
	return len;
}

void pattern_init(struct pattern *pattern)
{
	pattern->id = HASH_START;
	pattern->len = 0;
}

void pattern_add(struct pattern *pattern, const char *text, size_t len)
{
	assert(text || len == 0);

	put(pattern, text, len);
}

void pattern_add_masked(struct pattern *pattern, const char *text, size_t len)
{
	struct rest rest = {text, len < LOOK_MAX ? len : LOOK_MAX};

	assert(text || len == 0);

	while (rest.len > 0 && pattern->len < PATTERN_MAX) {
		size_t used = put_next(pattern, rest);

		rest.at += used;
		rest.len -= used;
	}
}
