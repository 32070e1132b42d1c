// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/nft_token.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"

/* What a name stands for: tokens read before. */
struct define {
	struct nft_token name;
	size_t first, end;
};

struct lexer {
	const char *at, *end;
	uint32_t line;
	struct nft_tokens all;
	struct define *defines;
	size_t define_count;
};

bool nft_token_is(const struct nft_token *token, const char *text)
{
	return token->kind != NFT_STRING && token->len == strlen(text) &&
	       memcmp(token->text, text, token->len) == 0;
}

void nft_tokens_done(struct nft_tokens *all)
{
	free(all->tokens);
	*all = (struct nft_tokens){0};
}

static bool is_word(char c)
{
	/* names in other alphabets, interfaces' for one, are words as well */
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("_./:*-+@$%~?\\'", c));
}

static int push(struct lexer *lexer, struct nft_token token)
{
	struct nft_token *tokens;

	if (lexer->all.count == NFT_TOKENS_MAX)
		return -E2BIG;
	tokens = array_room(lexer->all.tokens, lexer->all.count,
			    sizeof(*tokens));
	if (!tokens)
		return -ENOMEM;
	lexer->all.tokens = tokens;
	tokens[lexer->all.count++] = token;
	return 0;
}

static void skip_space(struct lexer *lexer)
{
	while (lexer->at < lexer->end) {
		char c = *lexer->at;

		if (c == '\\' && lexer->end - lexer->at > 1 &&
		    lexer->at[1] == '\n') {
			lexer->line++;
			lexer->at += 2;
		} else if (c == '#') {
			while (lexer->at < lexer->end && *lexer->at != '\n')
				lexer->at++;
		} else if (c == ' ' || c == '\t' || c == '\r') {
			lexer->at++;
		} else {
			return;
		}
	}
}

static void take_string(struct lexer *lexer, struct nft_token *token)
{
	token->kind = NFT_STRING;
	token->text = ++lexer->at;
	while (lexer->at < lexer->end && *lexer->at != '"' &&
	       *lexer->at != '\n')
		lexer->at++;
	token->len = (uint32_t)(lexer->at - token->text);
	if (lexer->at < lexer->end && *lexer->at == '"')
		lexer->at++;
}

static void take_word(struct lexer *lexer, struct nft_token *token)
{
	token->kind = NFT_WORD;
	while (lexer->at < lexer->end && is_word(*lexer->at)) {
		/* an escaped line end is white space, also behind a word */
		if (*lexer->at == '\\' && lexer->at > token->text &&
		    lexer->end - lexer->at > 1 && lexer->at[1] == '\n')
			break;
		lexer->at++;
	}
	token->len = (uint32_t)(lexer->at - token->text);
}

static void take_mark(struct lexer *lexer, struct nft_token *token)
{
	char c = *lexer->at++;

	token->kind = NFT_MARK;
	token->len = 1;
	if (strchr("=!<>", c) && c != '\0' && lexer->at < lexer->end &&
	    *lexer->at == '=') {
		lexer->at++;
		token->len = 2;
	}
}

/* Not at white space, and not at the end. */
static struct nft_token take_token(struct lexer *lexer)
{
	struct nft_token token = {
		.text = lexer->at,
		.line = lexer->line,
	};
	char c = *lexer->at;

	if (c == '\n' || c == ';') {
		token.kind = NFT_END;
		token.len = 1;
		lexer->at++;
		lexer->line += c == '\n';
	} else if (c == '"') {
		take_string(lexer, &token);
	} else if (is_word(c)) {
		take_word(lexer, &token);
	} else {
		take_mark(lexer, &token);
	}
	return token;
}

static const struct define *find_define(const struct lexer *lexer,
					const struct nft_token *word)
{
	for (size_t i = lexer->define_count; i > 0; i--) {
		const struct define *define = &lexer->defines[i - 1];

		if (define->name.len + 1 == word->len &&
		    memcmp(define->name.text, word->text + 1,
			   define->name.len) == 0)
			return define;
	}
	return NULL;
}

static int put_in(struct lexer *lexer, const struct define *define,
		  uint32_t line)
{
	for (size_t i = define->first; i < define->end; i++) {
		struct nft_token token = lexer->all.tokens[i];
		int r;

		token.line = line;
		r = push(lexer, token);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Remember the statement that starts at `first` if it is a define. */
static int learn_define(struct lexer *lexer, size_t first)
{
	const struct nft_token *tokens;
	struct define *defines;

	if (lexer->all.count - first < 3)
		return 0;
	tokens = &lexer->all.tokens[first];
	if (!(nft_token_is(&tokens[0], "define") ||
	      nft_token_is(&tokens[0], "redefine")) ||
	    !nft_token_is(&tokens[2], "="))
		return 0;
	if (lexer->define_count == NFT_DEFINES_MAX)
		return -E2BIG;
	defines = array_room(lexer->defines, lexer->define_count,
			     sizeof(*defines));
	if (!defines)
		return -ENOMEM;
	lexer->defines = defines;
	defines[lexer->define_count++] = (struct define){
		.name = tokens[1],
		.first = first + 3,
		.end = lexer->all.count,
	};
	return 0;
}

static int read_all(struct lexer *lexer)
{
	size_t first = 0, depth = 0;
	int r = 0;

	for (skip_space(lexer); lexer->at < lexer->end && r >= 0;
	     skip_space(lexer)) {
		struct nft_token token = take_token(lexer);
		const struct define *define = NULL;

		if (token.kind == NFT_WORD && token.text[0] == '$')
			define = find_define(lexer, &token);
		if (nft_token_is(&token, "{"))
			depth++;
		else if (nft_token_is(&token, "}"))
			depth -= depth > 0;
		if (token.kind == NFT_END && depth == 0)
			r = learn_define(lexer, first);
		if (r >= 0)
			r = define ? put_in(lexer, define, token.line)
				   : push(lexer, token);
		if (token.kind == NFT_END && depth == 0)
			first = lexer->all.count;
	}
	return r;
}

int nft_tokens_read(const char *text, size_t len, struct nft_tokens *ret_all)
{
	struct lexer lexer = {.at = text, .end = text + len, .line = 1};
	int r;

	assert(text || len == 0);
	assert(ret_all);

	if (len > 0)
		r = read_all(&lexer);
	else
		r = 0;
	if (r >= 0) {
		struct nft_token end = {"\n", 1, lexer.line, NFT_END};

		r = push(&lexer, end);
	}
	free(lexer.defines);
	if (r < 0)
		nft_tokens_done(&lexer.all);
	else
		*ret_all = lexer.all;
	return r;
}
