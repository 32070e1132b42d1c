/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pattern.h - what is the same in texts that differ only in their numbers,
 * names of temporary files, addresses.
 *
 * A text is read in runs of letters and digits. What is likely to be another
 * the next time is left out, and what it was stands in its place:
 *
 *	<uuid>	8-4-4-4-12 hexadecimal digits
 *	<ip>	an address, IPv4 or IPv6
 *	<hex>	8 or more hexadecimal digits of both kinds; 0x before any
 *	<tmp>	6 or more letters and digits that go from one kind to another
 *		three times or more, with a digit or after "tmp"
 *	<n>	other digits, also in the middle of a word
 *
 * Texts of the same pattern have the same masked text, so a pattern needs no
 * table of what came before and is the same on every host.
 *
 * Errors	none; a masked text that would be longer than PATTERN_MAX ends
 *		there, and of one that is longer than a kilobyte the rest is
 *		not looked at
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PATTERN_MAX 512 /* bytes, without a NUL */

struct pattern {
	uint64_t id; /* of what was added, in its order */
	size_t len;
	char text[PATTERN_MAX]; /* no NUL at the end */
};

void pattern_init(struct pattern *pattern);

/* A text as it is. */
void pattern_add(struct pattern *pattern, const char *text, size_t len);

/* A text with what varies left out. */
void pattern_add_masked(struct pattern *pattern, const char *text, size_t len);
