/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_view.h - what became of an explained packet, as text.
 *
 * Owns		nothing; borrows what it prints
 */
#pragma once

#include <stdio.h>

#include <jansson.h>

/* Stage by stage. `text` is the packet as a person writes it. */
void explain_view_whole(FILE *out, const char *text, const json_t *packet);

/* In one line, which begins with its "number" in the capture. */
void explain_view_line(FILE *out, const char *text, const json_t *packet);
