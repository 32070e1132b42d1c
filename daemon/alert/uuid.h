/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uuid.h - names that are the same whenever they are made of the same.
 *
 * RFC 9562, 5.5: version 5, of a namespace and a name, by SHA-1. SHA-1 is no
 * secret here and keeps nobody out: it only spreads.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define UUID_BYTES    16
#define UUID_TEXT_MAX 37 /* bytes with the NUL */

struct uuid {
	uint8_t bytes[UUID_BYTES];
};

struct uuid uuid_make(const struct uuid *space, const void *name, size_t len);

/* "886313e1-3b8a-5372-9b90-0c9aee199e5d". Returns `text`. */
const char *uuid_to_text(const struct uuid *uuid, char text[UUID_TEXT_MAX]);
