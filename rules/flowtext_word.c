// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/flowtext_word.h"

#include <arpa/inet.h>
#include <string.h>

bool word_is(struct flowtext_word word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

bool word_split(struct flowtext_word *word, char c,
		struct flowtext_word *ret_rest)
{
	const char *at = memchr(word->at, c, word->len);

	if (!at)
		return false;
	*ret_rest = (struct flowtext_word){
		at + 1, word->len - (size_t)(at + 1 - word->at)};
	word->len = (size_t)(at - word->at);
	return true;
}

bool word_number(struct flowtext_word word, unsigned int max,
		 unsigned int *ret_number)
{
	unsigned int number = 0;

	if (word.len == 0 || word.len > 5 ||
	    (word.at[0] == '0' && word.len > 1))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		unsigned int digit = (unsigned int)word.at[i] - '0';

		if (digit > 9)
			return false;
		number = number * 10 + digit;
	}
	if (number > max)
		return false;
	*ret_number = number;
	return true;
}

static bool read_ipv6(struct flowtext_word word, struct prefix *ret_address)
{
	struct prefix address = {.bits = 128};
	char copy[INET6_ADDRSTRLEN];

	if (word.len >= sizeof(copy))
		return false;
	memcpy(copy, word.at, word.len);
	copy[word.len] = '\0';
	if (inet_pton(AF_INET6, copy, address.addr) != 1)
		return false;
	*ret_address = address;
	return true;
}

static bool read_ipv4(struct flowtext_word word, struct prefix *ret_address)
{
	return !memchr(word.at, '/', word.len) &&
	       !memchr(word.at, ':', word.len) &&
	       prefix_from_text(word.at, word.len, ret_address) == 0;
}

bool word_split_port(struct flowtext_word *word, struct flowtext_word *ret_port)
{
	const char *colon = memrchr(word->at, ':', word->len);
	bool is_port =
		colon && colon > word->at &&
		(colon[-1] == ']' || colon == memchr(word->at, ':', word->len));

	if (!is_port)
		return false;
	*ret_port = (struct flowtext_word){
		colon + 1, word->len - (size_t)(colon + 1 - word->at)};
	word->len = (size_t)(colon - word->at);
	return true;
}

uint8_t word_address(struct flowtext_word word, struct prefix *ret_address)
{
	bool has_brackets = word.len > 1 && word.at[0] == '[' &&
			    word.at[word.len - 1] == ']';

	if (has_brackets)
		word = (struct flowtext_word){word.at + 1, word.len - 2};
	if (!has_brackets && read_ipv4(word, ret_address))
		return 4;
	return read_ipv6(word, ret_address) ? 6 : 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool word_mac(struct flowtext_word word, struct mac *ret_mac)
{
	struct mac mac;

	if (word.len != 17)
		return false;
	for (size_t i = 0; i < sizeof(mac.addr); i++) {
		const char *at = word.at + 3 * i;
		int high = hex_digit(at[0]), low = hex_digit(at[1]);

		if (high < 0 || low < 0 || (i < 5 && at[2] != ':'))
			return false;
		mac.addr[i] = (uint8_t)(high * 16 + low);
	}
	*ret_mac = mac;
	return true;
}
