/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.h - what the readers of all formats share while one file is read.
 *
 * Inside of feedfile/ only. A reader fills scan->entry, but for the prefix, and
 * calls one of give, skip and reject for each line or record; each of them
 * counts it.
 *
 * Threads	no state; any thread
 */
#pragma once

#include "rules/feedfile/feedfile.h"
#include "rules/feedfile/span.h"

struct feed_scan {
	const struct feed_options *options;
	feed_entry_fn *fn; /* NULL: count only */
	void *arg;
	struct feed_report *report;
	struct feed_entry entry; /* of the line or record at hand */
};

/* How a format of lines is read. */
struct scan_lines {
	const char *marks; /* a line that starts with one is a comment */
	/* A line that is neither comment nor blank. */
	int (*line)(struct feed_scan *scan, void *state, struct span line);
	/* A comment from its mark on; may be NULL. */
	void (*comment)(struct feed_scan *scan, void *state, struct span text);
};

/* Read all lines. The format has no end mark, unless the caller says so. */
int scan_each_line(struct feed_scan *scan, struct span text,
		   const struct scan_lines *lines, void *state);

/* Count a comment, and see whether it says that the feed has ended. */
void scan_comment(struct feed_scan *scan, struct span text);

void scan_reject(struct feed_scan *scan, const char *why, struct span text);
void scan_skip(struct feed_scan *scan, enum feed_skip why);

/*
 * Give the entry that is all of `value`: an address, a network or a range.
 * Rejected when it is none.
 */
int scan_give(struct feed_scan *scan, struct span value);

/* Give an entry that was read. */
int scan_give_item(struct feed_scan *scan, const struct plain_item *item);

/* Give a prefix of a record that the caller counts. */
int scan_give_prefix(struct feed_scan *scan, const struct prefix *prefix);

/* Set the entry's score to the number that `text` starts with, if any. True
 * if it is too low, and then the entry is skipped. */
bool scan_skips_score(struct feed_scan *scan, struct span text);

/* "192.0.2.1:80" and "[2001:db8::1]:80" without what is not the address. */
struct span scan_without_port(struct span value);

/* The last line that is not blank, trimmed; empty if there is none. */
struct span scan_last_line(struct span text);

/* The file states how many entries it has. */
void scan_stated_count(struct feed_scan *scan, uint64_t count);

/* Refuse the whole file. Always -EBADMSG. */
int scan_refuse(struct feed_scan *scan, enum feed_instead instead,
		uint32_t line, struct span text);
