/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - what may be shown to a person, on one line.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Is it valid UTF-8, shorter than `max` bytes, without control characters (C0,
 * DEL, C1), the other ends of lines (U+2028, U+2029), byte order marks and
 * what is no character? So it shows as it is and can be quoted in YAML by
 * escaping '"' and '\\' alone. Empty text is.
 */
bool text_is_line(const char *text, size_t max);

/* Copy what is known to be shorter than `size`. */
void text_copy(char *to, size_t size, const char *text);
