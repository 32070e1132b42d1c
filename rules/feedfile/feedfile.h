/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feedfile.h - reader of threat feeds: one file of a known format, in memory
 * and decoded (decode.h), becomes entries and a report.
 *
 *	1. The format is named by who configured the feed; nothing is guessed
 *	   here. feedfile_probe() suggests one to people.
 *	2. What is not of the format at all (an error page, a cut document) is
 *	   refused before the first entry is given. A line or record that is no
 *	   entry is a reject, and reading goes on.
 *	3. Never a name look-up; an address is what prefix_from_text() takes.
 *	   No number, short or hexadecimal form, no zone, no leading zeros but in
 *	   dshield-api, and nothing that covers all addresses.
 *	4. Time is linear in the bytes, memory does not grow with the entries.
 *
 * The report says what the file says of itself. `is_whole` is what its end
 * mark says; a format without one (has_end_mark) is whole when its last line
 * ends. A file that is not whole is still read: who asked judges.
 *
 * Times	seconds since 1970, UTC; now is the caller's
 * Errors	negative errno: -EBADMSG refused, with `instead` and a note;
 *		-EFBIG over FEED_BYTES_MAX; or what a function answered
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/feedfile/plain.h"
#include "rules/prefix.h"

#define FEED_BYTES_MAX	 (256u << 20)
#define FEED_COLUMNS_MAX 64
#define FEED_UUID_LEN	 36

enum feed_format {
	FEED_PLAIN, /* one entry a line, see plain.h */
	FEED_PLAIN_SCORE, /* the same, and a number behind it */
	FEED_CSV, /* any table; see the options */
	FEED_P2P, /* "NAME:FIRST-LAST", IPv4 */
	FEED_DSHIELD, /* block.txt: first, last, length */
	FEED_DSHIELD_API, /* sources, addresses with leading zeros */
	FEED_SPAMHAUS_JSONL,
	FEED_SPAMHAUS_TEXT,
	FEED_FEODO_JSON,
	FEED_FEODO_CSV,
	FEED_THREATFOX_CSV, /* what is of the type ip:port */
	FEED_URLHAUS_CSV, /* the URLs whose host is an address */
	FEED_TOR_EXIT_ADDRESSES,
	FEED_FIREHOL_NETSET,
	FEED_MISP_EVENT,
	FEED_MISP_MANIFEST, /* names of events, no entries */
	FEED_MISP_WARNINGLIST, /* of the type cidr; entries are allowed */
	FEED_STIX, /* 2.1 bundle: indicators that are one OR of addresses */
	FEED_TAXII, /* the same in the envelope of TAXII 2.1 */
	FEED_RPZ, /* zone file; rpz-ip only */
	FEED_CROWDSEC_STREAM, /* decisions: bans of the scopes Ip and Range */
	FEED_BOGON, /* plain; what has all of IPv4 in it is given around it */
	FEED_FORMAT_COUNT,
};

enum feed_kind {
	FEED_LISTED,
	FEED_ALLOWED, /* the feed says that it is good */
	FEED_DELETED, /* a stream says that it is no longer listed */
	FEED_KIND_COUNT,
};

/* Why a good record gave no entry. */
enum feed_skip {
	FEED_SKIP_SCORE, /* below min_score */
	FEED_SKIP_TYPE, /* no address, or of a type not asked for */
	FEED_SKIP_REVOKED, /* withdrawn, or not meant for blocking */
	FEED_SKIP_EXPIRED,
	FEED_SKIP_COUNT,
};

/* What a refused file is instead of its format. */
enum feed_instead {
	FEED_INSTEAD_NONE, /* not refused */
	FEED_INSTEAD_EMPTY,
	FEED_INSTEAD_HTML,
	FEED_INSTEAD_JSON, /* where text is expected */
	FEED_INSTEAD_TEXT, /* where JSON is expected */
	FEED_INSTEAD_GZIP,
	FEED_INSTEAD_ZIP,
	FEED_INSTEAD_BINARY,
	FEED_INSTEAD_LONG_LINES,
	FEED_INSTEAD_MESSAGE, /* not one line of it is an entry */
	FEED_INSTEAD_JSON_ERROR, /* an error message; the note has it */
	FEED_INSTEAD_JSON_OTHER, /* JSON of another kind */
	FEED_INSTEAD_JSON_BROKEN,
	FEED_INSTEAD_JSON_CUT, /* ends in the middle */
	FEED_INSTEAD_COUNT,
};

/* Attributes of MISP to take. */
enum feed_misp_type {
	FEED_MISP_IP_SRC = 1,
	FEED_MISP_IP_DST = 2,
	FEED_MISP_DOMAIN_IP = 4,
};

struct feed_entry {
	struct prefix prefix;
	uint32_t line; /* from 1 */
	uint32_t score; /* in the feed's own scale; 0 if it has none */
	uint64_t until_s; /* 0: the feed names no end */
	uint64_t id; /* a stream's name for the decision; 0 if it has none */
	const char *reason; /* a stream's, as reason_is_valid() has it; of the
			     * call only; NULL if the format has none */
	uint8_t kind; /* enum feed_kind */
};

/* A range, or a record with several addresses, gives several entries. A
 * negative answer ends the reading. */
typedef int feed_entry_fn(void *arg, const struct feed_entry *entry);

/* An event of a MISP manifest; `uuid` is checked and safe in a path. */
typedef int feed_event_fn(void *arg, const char uuid[FEED_UUID_LEN + 1],
			  uint64_t timestamp_s);

struct feed_options {
	enum feed_format format;
	uint32_t column; /* csv: of the entry, from 1; 0 means 1 */
	uint32_t last_column; /* csv: of the end of a range; 0: none */
	char separator; /* csv; 0 means ',' */
	uint32_t min_score; /* where the format has scores */
	uint32_t misp_types; /* enum feed_misp_type; 0 means src and dst */
	uint64_t now_s; /* spans count from it; what is older is skipped */
	feed_event_fn *event_fn; /* misp-manifest; may be NULL */
};

struct feed_report {
	uint32_t lines;
	uint32_t comments;
	uint32_t accepted; /* lines or records that gave entries */
	uint32_t entries; /* prefixes given */
	uint32_t events; /* of a MISP manifest */
	uint32_t rejected;
	uint32_t everything; /* of those: that list every address */
	uint32_t skipped[FEED_SKIP_COUNT];
	uint32_t host_bits; /* accepted with bits set past the length */
	uint32_t note_count; /* 0..PLAIN_NOTES; the first rejects */
	struct plain_note notes[PLAIN_NOTES];
	enum feed_instead instead;
	bool has_end_mark; /* the format has one */
	bool is_whole;
	bool has_more; /* a page of TAXII that is not the last */
	bool has_stated_count; /* the file says how many entries it has */
	bool has_stated_bytes;
	uint64_t stated_count;
	uint64_t stated_bytes;
	bool stated_matches; /* all that is stated is so */
	bool is_dead; /* a comment says the feed has ended: */
	struct plain_note dead; /* this one */
};

/* Read a whole file. *ret_report is filled also when it fails. */
int feedfile_read(const struct feed_options *options, const char *text,
		  size_t len, feed_entry_fn *fn, void *arg,
		  struct feed_report *ret_report);

struct feed_probe {
	bool is_known;
	enum feed_format format; /* if known */
	uint32_t column; /* csv */
	const char *why; /* what speaks for it, or what it is instead */
};

/* Suggest a format to a person who then decides. */
struct feed_probe feedfile_probe(const char *text, size_t len);

/* May an entry of it say when it ends? */
bool feedfile_has_ends(enum feed_format format);

/* Names as in definitions of feeds: "spamhaus-jsonl". */
const char *feedfile_format_name(enum feed_format format);
int feedfile_format_from_name(const char *name, enum feed_format *ret_format);

/* A noun phrase: "an HTML or XML page". */
const char *feedfile_instead_text(enum feed_instead instead);
