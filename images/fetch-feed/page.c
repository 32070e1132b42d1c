// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int take(void *arg, const char *bytes, size_t count)
{
	struct page *page = arg;

	if (count > PAGE_BYTES_MAX - page->bytes)
		return -EFBIG;
	if (page->bytes + count > page->room) {
		size_t room = 2 * (page->bytes + count);
		char *text = realloc(page->text, room);

		if (!text)
			return -ENOMEM;
		page->text = text;
		page->room = room;
	}
	memcpy(page->text + page->bytes, bytes, count);
	page->bytes += count;
	return 0;
}

int page_get(struct page *page, struct transfer *transfer, const char *url,
	     struct answer *answer)
{
	struct body body = {
		.max_bytes = PAGE_BYTES_MAX,
		.take = take,
		.arg = page,
	};

	page->bytes = 0;
	return transfer_get(transfer, url, &body, answer);
}

void page_done(struct page *page)
{
	free(page->text);
	*page = (struct page){0};
}

json_t *page_object(const struct page *page)
{
	json_t *object =
		json_loadb(page->text ? page->text : "", page->bytes, 0, NULL);

	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}
