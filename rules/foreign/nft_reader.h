/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft_reader.h - the place in an nftables ruleset that is being read.
 *
 * Shared by the files that read its parts; who wants a ruleset read includes
 * nftables.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/foreign/nft_token.h"
#include "rules/foreign/report.h"
#include "rules/foreign/ruleset.h"

struct nft_reader {
	struct nft_tokens all;
	size_t at, end; /* tokens not read yet */
	const char *text_end;
	struct ruleset *ruleset;
	struct foreign_report *report;
	const char *table; /* whose statements are read */
};

/* The next token; an NFT_END when there is none. Valid as long as `all`. */
const struct nft_token *nft_peek(const struct nft_reader *reader);
const struct nft_token *nft_next(struct nft_reader *reader);
bool nft_is_done(const struct nft_reader *reader);

/* Take the next token if it is this. */
bool nft_take(struct nft_reader *reader, const char *text);

/* Take ends of lines, as between the elements of a set. */
void nft_skip_ends(struct nft_reader *reader);

/* Behind the statement, and what is in its braces, but not its end. */
void nft_skip_statement(struct nft_reader *reader);

/* A token's text as a string; false if it does not fit. */
bool nft_copy(const struct nft_token *token, char *buf, size_t size);

/* The name of one interface, filled with NULs; false if it is none of ours. */
bool nft_copy_interface(const struct nft_token *token,
			char name[RULE_NAME_MAX]);

struct excerpt nft_excerpt(const struct nft_reader *reader, size_t token);

void nft_note(struct nft_reader *reader, size_t token, enum note_kind kind,
	      const char *why);

/* A rule between reader->at and reader->end: what it says, in `sentence`.
 * -EOPNOTSUPP: sentence->why says why not; -ENOMEM. */
int nft_sentence_read(struct nft_reader *reader, struct sentence *sentence);

/* One condition, whose first word is next. As above; -ENOENT: is none. */
int nft_match_read(struct nft_reader *reader, struct sentence *sentence);

/* What stands behind "tcp" and the like, or behind "icmp"; protocol 0: any. */
int nft_transport_read(struct nft_reader *reader, struct sentence *sentence,
		       uint8_t protocol);
int nft_icmp_read(struct nft_reader *reader, struct sentence *sentence,
		  bool is_v6);

/* What stands behind "meta hour" and "meta day": one window of both. */
int nft_hour_read(struct nft_reader *reader, struct sentence *sentence);
int nft_day_read(struct nft_reader *reader, struct sentence *sentence);

/* "[over] N/UNIT [burst N [UNIT]]", from behind the word "limit". */
int nft_limit_read(struct nft_reader *reader, struct sentence *sentence);

/* What is in a set's braces, from behind the opening one to behind the
 * closing one. */
int nft_elements_read(struct nft_reader *reader, struct foreign_set *set);
