/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feeds.h - a feed read into text that a test can compare.
 *
 * Each entry is "LINE:PREFIX", then "@SCORE" if it has one, "<UNTIL" if it
 * ends, "+" if it is allowed and "-" if it is deleted; blanks between.
 */
#pragma once

#include "rules/feedfile/feedfile.h"

#define FEED_NOW_S 1787000000 /* a second of August 2026 */

struct feed_seen {
	int r;
	struct feed_report report;
	int calls;
	int stop_at; /* the call that answers -ECANCELED; 0: none */
	char text[4096];
};

/* Read a copy that ends where its memory ends. `seen` is zero but for what is
 * asked for. */
void feed_read_bytes(const struct feed_options *options, const char *text,
		     size_t len, struct feed_seen *seen);

struct feed_seen feed_parsed(enum feed_format format, const char *text);

/* Read, and compare the entries; nothing may be rejected. */
void assert_feed(enum feed_format format, const char *text,
		 const char *expected);

/* No entry; one reject, for this reason. Good lines may stand around it. */
void assert_feed_reject(enum feed_format format, const char *text,
			uint32_t line, const char *why);

void assert_feed_refused(enum feed_format format, const char *text,
			 enum feed_instead instead);

/* Cut behind every byte, it is not whole until `whole_len`. */
void assert_feed_cuts(enum feed_format format, const char *text,
		      size_t whole_len);

/* A file below PORTCULLIS_DATA/feeds, decoded; NULL where that is not set.
 * The caller frees it. */
char *feed_data(const char *name, size_t *ret_len);
