/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - what may be put into a request line, a header or a message.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>

/* Only ASCII that shows, and blanks: no line ends, no other controls. */
bool text_is_printable(const char *text);

/* Put '?' in the place of everything else. */
void text_make_printable(char *text);
