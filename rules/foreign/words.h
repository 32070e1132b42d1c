/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words.h - names that rulesets write for numbers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum word_kind {
	WORD_NUMBER, /* has no names */
	WORD_PROTOCOL,
	WORD_SERVICE,
	WORD_ICMP_TYPE,
	WORD_ICMP_CODE,
	WORD_ICMPV6_TYPE,
	WORD_ICMPV6_CODE,
	WORD_TCP_FLAG,
	WORD_DAY, /* bit of struct window's days */
	WORD_KIND_COUNT,
};

/* A name of this kind, or a number in decimal or with 0x; -EINVAL: neither,
 * or above `max`. Case is ignored. */
int word_read(enum word_kind kind, const char *text, size_t len, uint32_t max,
	      uint32_t *ret_value);

/* A decimal number of nothing but digits, at most `max`. */
int number_read(const char *text, size_t len, uint64_t max,
		uint64_t *ret_value);

/* 0..15, or -1 for what is no digit. */
int hex_digit(char c);

/* NULL if it has none. */
const char *word_name(enum word_kind kind, uint32_t value);
