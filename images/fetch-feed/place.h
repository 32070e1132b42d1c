/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place.h - where a URL leads: scheme, host and port, and no more.
 *
 * Path and query may hold a secret, so messages name places only.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>

#define PLACE_LABEL_MAX (8 + 256 + 16)

struct place {
	char scheme[8]; /* "http", "https" */
	char host[256];
	char port[8];
};

/* -EINVAL: not a URL; -EPROTONOSUPPORT: neither http nor https; -EPERM: it
 * holds a user or a password. */
int place_from_url(const char *url, struct place *ret_place);

/* "https://host:port", the port only if it is not the usual one. */
const char *place_label(const struct place *place, char label[PLACE_LABEL_MAX]);

bool place_is_same(const struct place *a, const struct place *b);
bool place_is_encrypted(const struct place *place);
