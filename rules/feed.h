/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed.h - what is known of a feed before it is fetched: its definition.
 *
 * A definition says where a list is, how it is written, what may be done with
 * it and how large a change of it is still believed. Each is a YAML file of its
 * own, feed.yml(5), read through a table (rules/schema.h) like firewall.yml:
 *
 *	1. Nothing is ignored: an unknown key, a key given twice, a value that
 *	   is not understood, or that means nothing beside another refuses the
 *	   whole file, with the place, the text and what would be accepted.
 *	2. feed_print() writes what feed_read() reads back as an equal
 *	   definition, and printing that gives the same bytes.
 *	3. The name is that of the set that the entries go to.
 *
 * Owns		nothing: a definition is a plain value
 * Times	spans in seconds
 * Errors	-EINVAL and -E2BIG (above a limit) with a note, -ENOMEM; -EIO
 *		when `out` fails
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rules/document_note.h"
#include "rules/set.h"

/* Bytes with the NUL. */
#define FEED_TITLE_MAX	 128
#define FEED_COMMENT_MAX 512
#define FEED_URL_MAX	 1024
#define FEED_LICENCE_MAX 128
#define FEED_CREDIT_MAX	 256
#define FEED_HEADER_MAX	 64
#define FEED_FILE_MAX	 256

#define FEED_ENTRIES_MAX SET_CAPACITY_MAX

/* What it means to be listed. */
enum feed_class {
	FEED_CLASS_REPUTATION, /* was seen attacking */
	FEED_CLASS_BOGON, /* is nobody's, or not for the Internet */
	FEED_CLASS_GEO, /* is in a country or a network */
	FEED_CLASS_TOR,
	FEED_CLASS_SCANNER, /* looks at everybody, says it means no harm */
	FEED_CLASS_C2, /* commands infected machines */
	FEED_CLASS_ALLOW, /* is known to be good */
	FEED_CLASS_COUNT,
};

/* What becomes of a packet from or to an entry. */
enum feed_action {
	FEED_ACTION_DROP,
	FEED_ACTION_SHADOW, /* counted as would-have-been-dropped, and passed */
	FEED_ACTION_NONE, /* nothing by itself: for rules to refer to */
	FEED_ACTION_COUNT,
};

/* May a business use it? */
enum feed_commercial {
	FEED_COMMERCIAL_NO,
	FEED_COMMERCIAL_ASK,
	FEED_COMMERCIAL_YES,
	FEED_COMMERCIAL_COUNT,
};

/* Above which a new version is held; see rules/feed_guard.h. Percentages are
 * whole. */
struct feed_limits {
	uint32_t shrink, grow; /* % of the entries of the last version */
	uint32_t rejects; /* % of the lines */
	uint32_t coverage; /* % of all IPv4 addresses */
	uint32_t floor_v4, floor_v6; /* shortest length of an entry */
	uint32_t protected_hits; /* entries */
	uint32_t protected_share; /* % of the entries */
};

struct feed {
	char name[SET_NAME_MAX];
	char title[FEED_TITLE_MAX];
	char comment[FEED_COMMENT_MAX]; /* or "" */
	char url[FEED_URL_MAX];
	uint8_t format; /* number of feed_format_word() */
	uint8_t class; /* enum feed_class */
	uint8_t action; /* enum feed_action */
	uint8_t commercial; /* enum feed_commercial */
	uint32_t column; /* of csv, from 1 */
	uint32_t min_score;

	bool is_suggested; /* a newcomer may have it on */
	bool may_redistribute;
	bool may_be_empty;
	bool may_be_http;
	char licence[FEED_LICENCE_MAX];
	char terms[FEED_URL_MAX]; /* or "" */
	char credit[FEED_CREDIT_MAX]; /* who is to be named, or "" */
	char key_header[FEED_HEADER_MAX]; /* both or none are "" */
	char key_file[FEED_FILE_MAX];

	uint32_t interval_s;
	uint32_t min_interval_s; /* the provider's; never above interval_s */
	uint32_t grace_s; /* how long an entry stays that left the list */
	uint32_t expires_after_s; /* without a good version */
	uint32_t expected_min, expected_max; /* entries of a first version */
	uint32_t bytes_max; /* of the list, unpacked */
	struct feed_limits limits;
};

/* What a file that says only what it must means. */
void feed_init(struct feed *feed);

/* `ret_feed` need not be initialised; `ret_note` is written only when the
 * answer is -EINVAL or -E2BIG. */
int feed_read(const char *text, size_t len, struct feed *ret_feed,
	      struct document_note *ret_note);

/* Write the canonical form. -EINVAL, with part of it written, for a definition
 * that feed_read() would not have made of any text. */
int feed_print(const struct feed *feed, FILE *out);

/* The key reference of feed.yml(5), in mdoc, from one .Ss to the next. */
int feed_print_man(FILE *out);

/* Members that its set has room for: what leaves the list stays for a while
 * beside what comes. */
uint32_t feed_capacity(const struct feed *feed);

/* Is it of http, and of another machine than this one? */
bool feed_url_is_readable(const char *url);

/* "reputation", "shadow", "ask". */
const char *feed_class_name(enum feed_class class);
const char *feed_action_name(enum feed_action action);
const char *feed_commercial_name(enum feed_commercial commercial);

/* "spamhaus-jsonl", of the `format` of a definition. */
const char *feed_format_word(unsigned int number);

/* A class of whole ranges: what is wide in it is no mistake. */
static inline bool feed_class_is_broad(enum feed_class class)
{
	return class == FEED_CLASS_BOGON || class == FEED_CLASS_GEO;
}
