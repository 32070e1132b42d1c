/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * regex.h - regular expressions that cost one step a byte, whatever they say.
 *
 * The pattern is made into a table of states when it is compiled, and one that
 * would need more than REGEX_STATES_MAX is refused. So searching takes no
 * memory and no text can make it slow.
 *
 * The language is that of PCRE without what needs memory of what was seen:
 *
 *	. [...] [^...] \d \w \s \D \W \S \t \n \r \f \v \xHH and escaped signs
 *	^ $ \A \z (...) (?:...) | * + ? {m} {m,} {m,n}, all also lazy
 *	(?i) at the start
 *
 * Look-around, back references, word boundaries and possessive repetition are
 * refused by name. Bytes are compared, not characters: in a class there is
 * only ASCII. `$` is the end of the text and nothing else.
 *
 * Owns		a compiled expression lives in the arena it was given
 * Errors	-EINVAL not understood, -ENOTSUP refused, -E2BIG too large,
 *		each with a reason; -ENOMEM
 * Threads	compiled it is constant; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/detect/arena.h"

#define REGEX_BYTES_MAX	 1024 /* of the pattern */
#define REGEX_STATES_MAX 4096

struct regex;

struct regex_problem {
	const char *reason; /* constant text */
	size_t offset; /* into the pattern */
};

int regex_compile(struct arena *arena, const char *pattern, size_t len,
		  bool is_caseless, const struct regex **ret_regex,
		  struct regex_problem *ret_problem);

/* Is there a match anywhere in the text? */
bool regex_search(const struct regex *regex, const char *text, size_t len);
