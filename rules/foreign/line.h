/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line.h - rulesets that are a command a line: iptables-save's, ipset save's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/foreign/ruleset.h"

#define LINE_WORDS_MAX 256
#define LINE_BYTES_MAX 8192

/* Words without quotes; `"a b"` and `a\ b` are one. They live as long as the
 * line and end with a NUL each. */
struct line {
	const char *words[LINE_WORDS_MAX];
	size_t count;
	size_t at; /* the next to be read */
	struct excerpt excerpt;
	const char *why; /* it could not be split, NULL if it was */
	char text[LINE_BYTES_MAX];
};

struct lines {
	const char *at, *end;
	uint32_t number;
};

/* The next line that is not empty and no comment, false at the end. */
bool line_next(struct lines *lines, struct line *ret_line);

/* The next word; "" at the end. */
const char *line_take(struct line *line);
bool line_take_if(struct line *line, const char *word);
bool line_is_done(const struct line *line);
