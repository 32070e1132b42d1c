/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft_token.h - nftables' language in words, with its defines put in.
 *
 * Comments and white space are gone, ends of lines are not: they end
 * statements. `$name` is replaced by what was defined under that name before;
 * a name that was not stays a word, for the reader to stumble over.
 *
 * Owns		the array; the text is the caller's
 * Errors	-E2BIG: more than NFT_TOKENS_MAX or NFT_DEFINES_MAX, -ENOMEM
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NFT_TOKENS_MAX	(2u << 20)
#define NFT_DEFINES_MAX 1024

enum nft_kind {
	NFT_WORD, /* also numbers, addresses, "@set", "-" */
	NFT_STRING, /* without its quotes */
	NFT_MARK, /* "{", "!=", "," and the like */
	NFT_END, /* of a line, or ';' */
};

struct nft_token {
	const char *text;
	uint32_t len;
	uint32_t line;
	uint8_t kind; /* enum nft_kind */
};

struct nft_tokens {
	struct nft_token *tokens;
	size_t count;
};

int nft_tokens_read(const char *text, size_t len, struct nft_tokens *ret_all);
void nft_tokens_done(struct nft_tokens *all);

/* Is it this word, mark, or end? */
bool nft_token_is(const struct nft_token *token, const char *text);
