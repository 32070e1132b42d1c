/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain.h - reader of plain address lists: one entry a line.
 *
 * An entry is an address, ADDRESS/LENGTH, ADDRESS/DOTTED-MASK or FIRST-LAST
 * (blanks around '-' allowed), IPv4 and IPv6 mixed. '#' and ';' start a
 * comment. What follows the entry after a blank, tab, comma, '#' or ';' is
 * ignored. Lines end in LF or CRLF, a UTF-8 byte order mark at the start is
 * skipped. Never a name look-up.
 *
 * A line that is none of this is a reject: counted, the first PLAIN_NOTES of
 * them kept with their numbers, and reading goes on. What makes the whole
 * input not a list ends it with -EBADMSG and a note: a NUL byte, an HTML or
 * JSON document (first non-blank byte '<', '{' or '['), or a line longer than
 * PLAIN_LINE_MAX. Prefixes of length 0 are rejects.
 *
 * Errors	negative errno; -EBADMSG: not a list (see the note), or what the
 *		entry function answered
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"

#define PLAIN_LINE_MAX	1024 /* bytes without the line end */
#define PLAIN_NOTES	5
#define PLAIN_HOST_BITS 128 /* `bits` of a single address */
#define PLAIN_NOTE_TEXT 64 /* bytes of the offending text kept, NUL included */

struct plain_note {
	uint32_t line; /* from 1 */
	const char *why; /* static text: what was wrong */
	char text[PLAIN_NOTE_TEXT]; /* printable; others shown as '?' */
};

struct plain_report {
	uint32_t lines; /* read, comments and empty ones included */
	uint32_t entries; /* lines accepted */
	uint32_t comments;
	uint32_t host_bits; /* entries with bits set past their length */
	uint32_t rejects;
	uint32_t everything; /* of those: that list every address */
	uint32_t note_count; /* 0..PLAIN_NOTES; the first rejects */
	struct plain_note notes[PLAIN_NOTES];
};

/* An entry. The rest is what stands behind it in the text it was read from. */
struct plain_item {
	struct prefix first;
	struct prefix last; /* of a range */
	bool is_range;
	bool has_host_bits; /* that are cleared in `first` */
	const char *rest;
};

/*
 * Read the entry that `text` starts with. Returns NULL, or why it is none;
 * `first` is then ::/0 if there is no address at all.
 */
const char *plain_item_read(const char *text, size_t len,
			    struct plain_item *ret_item);

/* Was that, which plain_item_read() said, that it lists every address? */
bool plain_is_everything(const char *why);

/* Give the prefixes of an entry that was read. */
int plain_item_each(const struct plain_item *item, prefix_fn *fn, void *arg);

/* Fill `note`, with as much of `text` as it keeps. */
void plain_note_set(struct plain_note *note, uint32_t line, const char *why,
		    const char *text, size_t len);

/* A range gives several prefixes with one line number. */
typedef int plain_entry_fn(void *arg, const struct prefix *prefix,
			   uint32_t line);

/* Read all of `text`. *ret_report is filled also when it fails. */
int plain_read(const char *text, size_t len, plain_entry_fn *fn, void *arg,
	       struct plain_report *ret_report);

/* The same of a text that is known to be a list. */
int plain_read_list(const char *text, size_t len, plain_entry_fn *fn, void *arg,
		    struct plain_report *ret_report);
