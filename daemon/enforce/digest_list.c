// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/digest_list.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS ((size_t)2 * FILE_DIGEST_BYTES)

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* A name with a backslash or a line end in it has sha256sum write a backslash
 * first. */
static int read_digest(const char *line, size_t len,
		       struct file_digest *ret_digest)
{
	char digits[DIGITS + 1];

	if (len > 0 && *line == '\\') {
		line++;
		len--;
	}
	if (len < DIGITS || (len > DIGITS && !is_blank(line[DIGITS])))
		return -EINVAL;
	memcpy(digits, line, DIGITS);
	digits[DIGITS] = '\0';
	return file_digest_from_text(digits, ret_digest);
}

static int add(struct digest_list *list, size_t *room, const char *line,
	       size_t len)
{
	while (len > 0 && is_blank(*line)) {
		line++;
		len--;
	}
	if (len == 0 || *line == '#')
		return 0;
	if (list->count == DIGEST_LIST_MAX)
		return -E2BIG;
	if (list->count == *room) {
		size_t more = *room ? *room * 2 : 64;
		struct file_digest *digests =
			reallocarray(list->digests, more, sizeof(*digests));

		if (!digests)
			return -ENOMEM;
		list->digests = digests;
		*room = more;
	}
	if (read_digest(line, len, &list->digests[list->count]) < 0)
		return -EINVAL;
	list->count++;
	return 0;
}

int digest_list_read(const char *text, size_t len, struct digest_list *ret_list,
		     size_t *ret_line)
{
	struct digest_list list = {0};
	size_t room = 0, line = 0;
	int r = 0;

	assert(ret_list && ret_line);

	while (len > 0 && r == 0) {
		const char *end = memchr(text, '\n', len);
		size_t line_len = end ? (size_t)(end - text) : len;
		size_t used = line_len + (end ? 1 : 0);

		line++;
		r = add(&list, &room, text, line_len);
		text += used;
		len -= used;
	}
	if (r < 0) {
		*ret_line = line;
		digest_list_done(&list);
		return r;
	}
	*ret_list = list;
	return 0;
}

void digest_list_done(struct digest_list *list)
{
	free(list->digests);
	*list = (struct digest_list){0};
}
