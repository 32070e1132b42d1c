// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"
#include "rules/set.h"
#include "rules/text.h"

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* What follows the scheme, or NULL. */
static const char *skip_scheme(const char *url)
{
	static const char *const schemes[] = {"https://", "http://"};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
			return url + strlen(schemes[i]);
	}
	return NULL;
}

/* Who a server asks for says a header: no user stands before the host. */
static bool url_is_valid(const char *url)
{
	const char *host = skip_scheme(url);
	size_t len;

	if (!host)
		return false;
	len = strcspn(host, "/?");
	if (len == 0 || memchr(host, '@', len))
		return false;
	for (; *host != '\0'; host++) {
		if (*host <= ' ' || *host >= 0x7f || strchr("\"\\<>#", *host))
			return false;
	}
	return true;
}

static bool header_is_valid(const char *name)
{
	for (; *name != '\0'; name++) {
		if (!is_alphanumeric(*name) && *name != '-')
			return false;
	}
	return true;
}

bool document_text_is_valid(const struct schema_key *key, const char *text)
{
	if (*text == '\0' || !text_is_line(text, (size_t)key->max + 1))
		return false;
	switch (key->type) {
	case SCHEMA_SET_NAME:
		return set_name_is_valid(text);
	case SCHEMA_URL:
		return url_is_valid(text);
	case SCHEMA_PATH:
		return *text == '/';
	case SCHEMA_HEADER:
		return header_is_valid(text);
	default:
		return true;
	}
}

int document_read_text(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       void *field)
{
	if (value->kind == NODE_SCALAR && strlen(value->text) > key->max)
		return document_note_refuse_count(reader->note, value->mark,
						  strlen(value->text), key->max,
						  "bytes");
	if (value->kind != NODE_SCALAR ||
	    !document_text_is_valid(key, value->text))
		return document_refuse(reader, key, value);
	text_copy(field, (size_t)key->max + 1, value->text);
	return 0;
}
