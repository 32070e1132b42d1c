/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flowtext_word.h - one word of a flowtext, and the values it may be.
 *
 * Owns		nothing: a word is a part of the text, and has no NUL
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"
#include "rules/rule.h"

struct flowtext_word {
	const char *at;
	size_t len;
};

bool word_is(struct flowtext_word word, const char *text);

/* Cut the word at the first `c`, if there is one; *ret_rest is behind it. */
bool word_split(struct flowtext_word *word, char c,
		struct flowtext_word *ret_rest);

/* Cut the word at the colon in front of a port: the one behind a bracket, or
 * the only one. */
bool word_split_port(struct flowtext_word *word,
		     struct flowtext_word *ret_port);

/* A decimal number without leading zeros, `max` at most. */
bool word_number(struct flowtext_word word, unsigned int max,
		 unsigned int *ret_number);

/* 4 or 6, or 0 when it is no address. In brackets it is always of IPv6. */
uint8_t word_address(struct flowtext_word word, struct prefix *ret_address);

/* Six pairs of hexadecimal digits with colons between. */
bool word_mac(struct flowtext_word word, struct mac *ret_mac);
