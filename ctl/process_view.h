/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process_view.h - processes of the host as text: "/usr/bin/curl pid 123 uid
 * 1000, of curl.service, ended".
 */
#pragma once

#include <stdio.h>

#include <jansson.h>

#define PROCESS_TEXT_MAX 512 /* bytes with the NUL */

/* "" where there is nothing to say, "unknown" where there is no process.
 * Returns `text`. */
const char *process_text(const json_t *process, char text[PROCESS_TEXT_MAX]);

/* Those that have talked to an address, as rows. */
void process_view_talks(FILE *out, const json_t *talks);
