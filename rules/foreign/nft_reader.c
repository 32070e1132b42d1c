// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/nft_reader.h"

#include <string.h>

static const struct nft_token no_token = {"", 0, 0, NFT_END};

bool nft_is_done(const struct nft_reader *reader)
{
	return reader->at >= reader->end;
}

const struct nft_token *nft_peek(const struct nft_reader *reader)
{
	return nft_is_done(reader) ? &no_token
				   : &reader->all.tokens[reader->at];
}

const struct nft_token *nft_next(struct nft_reader *reader)
{
	const struct nft_token *token = nft_peek(reader);

	reader->at += !nft_is_done(reader);
	return token;
}

bool nft_take(struct nft_reader *reader, const char *text)
{
	bool is_it =
		!nft_is_done(reader) && nft_token_is(nft_peek(reader), text);

	reader->at += is_it;
	return is_it;
}

void nft_skip_ends(struct nft_reader *reader)
{
	while (!nft_is_done(reader) && nft_peek(reader)->kind == NFT_END)
		reader->at++;
}

void nft_skip_statement(struct nft_reader *reader)
{
	size_t depth = 0;

	for (; !nft_is_done(reader); reader->at++) {
		const struct nft_token *token = nft_peek(reader);

		if (depth == 0 &&
		    (token->kind == NFT_END || nft_token_is(token, "}")))
			return;
		if (nft_token_is(token, "{"))
			depth++;
		else if (nft_token_is(token, "}"))
			depth--;
	}
}

bool nft_copy(const struct nft_token *token, char *buf, size_t size)
{
	if (token->len >= size || memchr(token->text, '\0', token->len))
		return false;
	memcpy(buf, token->text, token->len);
	buf[token->len] = '\0';
	return true;
}

bool nft_copy_interface(const struct nft_token *token, char name[RULE_NAME_MAX])
{
	memset(name, 0, RULE_NAME_MAX);
	return nft_copy(token, name, RULE_NAME_MAX) && !strchr(name, '*') &&
	       policy_interface_is_valid(name);
}

struct excerpt nft_excerpt(const struct nft_reader *reader, size_t token)
{
	const struct nft_token *first = &reader->all.tokens[token];
	struct excerpt excerpt = {.text = "", .line = first->line};

	/* the end behind the last line is no part of the text */
	if (token + 1 < reader->all.count) {
		excerpt.text = first->text;
		excerpt.len = (size_t)(reader->text_end - first->text);
	}
	if (excerpt.len > REPORT_TEXT_MAX)
		excerpt.len = REPORT_TEXT_MAX;
	return excerpt;
}

void nft_note(struct nft_reader *reader, size_t token, enum note_kind kind,
	      const char *why)
{
	struct excerpt excerpt = nft_excerpt(reader, token);

	foreign_report_add(reader->report, kind, excerpt.line, excerpt.text,
			   excerpt.len, why);
}
