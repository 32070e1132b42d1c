// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/sniff.h"

static void skip_space(struct span *text)
{
	while (text->at < text->end && (span_is_blank(*text->at) ||
					*text->at == '\r' || *text->at == '\n'))
		text->at++;
}

enum feed_instead sniff(struct span text, bool expects_json)
{
	if (span_starts(text, "\x1f\x8b"))
		return FEED_INSTEAD_GZIP;
	if (span_starts(text, "PK\x03\x04") || span_starts(text, "PK\x05\x06"))
		return FEED_INSTEAD_ZIP;
	skip_space(&text);
	if (span_is_empty(text))
		return FEED_INSTEAD_EMPTY;
	switch (*text.at) {
	case '<':
		return FEED_INSTEAD_HTML;
	case '{':
	case '[':
		return expects_json ? FEED_INSTEAD_NONE : FEED_INSTEAD_JSON;
	case '\0':
		return FEED_INSTEAD_BINARY;
	default:
		return expects_json ? FEED_INSTEAD_TEXT : FEED_INSTEAD_NONE;
	}
}
