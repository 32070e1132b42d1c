/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page.h - one JSON document of several that make a feed, while it comes in.
 *
 * Starts as {0}. Owns its text.
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "images/fetch-feed/answer.h"
#include "images/fetch-feed/transfer.h"

#define PAGE_BYTES_MAX (16u << 20)

struct page {
	char *text;
	size_t bytes, room;
};

/* transfer_get() into the page, in place of what it held. */
int page_get(struct page *page, struct transfer *transfer, const char *url,
	     struct answer *answer);
void page_done(struct page *page);

/* NULL if it is not a JSON object, or too large a one. The caller owns it. */
json_t *page_object(const struct page *page);
