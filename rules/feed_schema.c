// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feed_schema.h"

#include "rules/base.h"
#include "rules/feed.h"
#include "rules/feedfile/feedfile.h"

#define AT(field)   offsetof(struct feed, field)
#define DAY_S	    (24u * 3600)
#define SPAN_MAX_S  (365 * DAY_S)
#define PERCENT_MAX 100
#define GROW_MAX    1000000
#define SCORE_MAX   1000000
#define COLUMN_MAX  255
#define TEXT(size)  ((size)-1)

static const char *class_word(unsigned int index)
{
	return feed_class_name((enum feed_class)index);
}

static const char *action_word(unsigned int index)
{
	return feed_action_name((enum feed_action)index);
}

static const char *commercial_word(unsigned int index)
{
	return feed_commercial_name((enum feed_commercial)index);
}

static const char *const format_names[] = {
	"plain",
	"plain-score",
	"csv",
	"p2p",
	"dshield",
	"dshield-api",
	"spamhaus-jsonl",
	"spamhaus-text",
	"feodo-json",
	"feodo-csv",
	"threatfox-csv",
	"urlhaus-csv",
	"tor-exit-addresses",
	"firehol-netset",
	"misp-event",
	"misp-manifest",
	"misp-warninglist",
	"stix",
	"taxii",
	"rpz",
	"crowdsec-stream",
	"bogon",
};

const char *feed_format_word(unsigned int number)
{
	return format_names[number];
}

static const struct schema_words format_words = {feed_format_word,
						 ARRAY_LEN(format_names)};
static const struct schema_words class_words = {class_word, FEED_CLASS_COUNT};
static const struct schema_words action_words = {action_word,
						 FEED_ACTION_COUNT};
static const struct schema_words commercial_words = {commercial_word,
						     FEED_COMMERCIAL_COUNT};

static const struct schema_key expected_keys[] = {
	{.name = "min",
	 .type = SCHEMA_NUMBER,
	 .max = FEED_ENTRIES_MAX,
	 .fallback = "1",
	 .offset = AT(expected_min),
	 .help = "Entries it has at least."},
	{.name = "max",
	 .type = SCHEMA_NUMBER,
	 .min = 1,
	 .max = FEED_ENTRIES_MAX,
	 .fallback = "4000000",
	 .offset = AT(expected_max),
	 .help = "Entries it has at most."},
};

static const struct schema_mapping expected_mapping = {
	.noun = "expected",
	.title = "Expected size",
	.help = "How many entries the first version has that is let in.\n"
		"Later ones are measured against the one before them.",
	.keys = expected_keys,
	.key_count = ARRAY_LEN(expected_keys),
};

#define LIMIT(key, least, most, value, text)                              \
	{                                                                 \
		.name = #key, .type = SCHEMA_NUMBER, .min = least,        \
		.max = most, .fallback = value, .offset = AT(limits.key), \
		.help = text                                              \
	}

static const struct schema_key guard_keys[] = {
	LIMIT(shrink, 1, PERCENT_MAX, "30",
	      "By how many percent it may have become smaller."),
	LIMIT(grow, 1, GROW_MAX, "50",
	      "By how many percent it may have become larger."),
	LIMIT(rejects, 0, PERCENT_MAX, "10",
	      "How many percent of its lines, comments left out, may be such "
	      "that are not understood."),
	LIMIT(coverage, 1, PERCENT_MAX, "2",
	      "How many percent of all IPv4 addresses it may list.\n"
	      "Not asked of the classes bogon and geo."),
	LIMIT(floor_v4, 1, 32, "8",
	      "The shortest IPv4 network that is believed.\n"
	      "Not asked of the classes bogon and geo."),
	LIMIT(floor_v6, 1, 128, "20", "The same for IPv6."),
	LIMIT(protected_hits, 0, FEED_ENTRIES_MAX, "50",
	      "How many entries may list what is protected, or a well-known "
	      "resolver, or private addresses.\n"
	      "Not asked of the classes bogon, geo and allow.\n"
	      "Whatever the number, entries that lie in those are left out."),
	LIMIT(protected_share, 0, PERCENT_MAX, "5",
	      "The same in percent of the entries."),
};

static const struct schema_mapping guard_mapping = {
	.noun = "guard",
	.title = "Guards",
	.help = "A new version that goes beyond one of these is held: the one "
		"before it stays in force until somebody lets the new one in.\n"
		"What only grew or shrank is let in when three versions in a "
		"row have the same size, give or take 5 percent.\n"
		"A change of up to 32 entries is none.\n"
		"A list of every address is never let in.",
	.keys = guard_keys,
	.key_count = ARRAY_LEN(guard_keys),
};

static const struct schema_key feed_keys[] = {
	{.name = "name",
	 .type = SCHEMA_SET_NAME,
	 .is_required = true,
	 .max = TEXT(SET_NAME_MAX),
	 .offset = AT(name),
	 .help = "The name of the feed, and of the set that its entries go "
		 "to.\n"
		 "The sets management, allow and block are never a feed's."},
	{.name = "title",
	 .type = SCHEMA_TEXT,
	 .is_required = true,
	 .max = TEXT(FEED_TITLE_MAX),
	 .offset = AT(title),
	 .help = "What its provider calls it."},
	{.name = "comment",
	 .type = SCHEMA_TEXT,
	 .max = TEXT(FEED_COMMENT_MAX),
	 .offset = AT(comment),
	 .help = "What it is good for, and which faults it is known for."},
	{.name = "url",
	 .type = SCHEMA_URL,
	 .is_required = true,
	 .max = TEXT(FEED_URL_MAX),
	 .offset = AT(url),
	 .help = "Where the list is.\n"
		 "It starts with https:// unless it is of this machine, which "
		 "then may not redirect, or insecure_http says that it need "
		 "not."},
	{.name = "format",
	 .type = SCHEMA_WORD,
	 .words = &format_words,
	 .is_required = true,
	 .offset = AT(format),
	 .help = "How the list is written.\n"
		 "It is never guessed.\n"
		 "Of misp-manifest and taxii, the events and pages are fetched "
		 "that the URL\nleads to."},
	{.name = "column",
	 .type = SCHEMA_NUMBER,
	 .min = 1,
	 .max = COLUMN_MAX,
	 .fallback = "1",
	 .offset = AT(column),
	 .help = "Of the format csv, the column that has the address.\n"
		 "The first is 1."},
	{.name = "min_score",
	 .type = SCHEMA_NUMBER,
	 .max = SCORE_MAX,
	 .fallback = "0",
	 .offset = AT(min_score),
	 .help = "Entries of a lower score or confidence are left out.\n"
		 "Of the formats plain-score, threatfox-csv, stix and taxii."},
	{.name = "class",
	 .type = SCHEMA_WORD,
	 .words = &class_words,
	 .is_required = true,
	 .offset = AT(class),
	 .help = "What it means to be listed."},
	{.name = "action",
	 .type = SCHEMA_WORD,
	 .words = &action_words,
	 .fallback = "shadow",
	 .offset = AT(action),
	 .help = "What being listed does by itself, ahead of all rules.\n"
		 "Packets of an entry in shadow are counted, and pass.\n"
		 "A feed of action none is only there for rules to refer to; "
		 "one of class allow is always so."},
	{.name = "suggested",
	 .type = SCHEMA_FLAG,
	 .fallback = "false",
	 .offset = AT(is_suggested),
	 .help = "Whether it is good for those who have not chosen yet."},
	{.name = "licence",
	 .type = SCHEMA_TEXT,
	 .is_required = true,
	 .max = TEXT(FEED_LICENCE_MAX),
	 .offset = AT(licence),
	 .help = "Under which terms the list may be used."},
	{.name = "terms",
	 .type = SCHEMA_URL,
	 .max = TEXT(FEED_URL_MAX),
	 .offset = AT(terms),
	 .help = "Where these terms are written."},
	{.name = "commercial",
	 .type = SCHEMA_WORD,
	 .words = &commercial_words,
	 .fallback = "ask",
	 .offset = AT(commercial),
	 .help = "Whether a business may use it, or has to ask first."},
	{.name = "redistribute",
	 .type = SCHEMA_FLAG,
	 .fallback = "false",
	 .offset = AT(may_redistribute),
	 .help = "Whether the list may be given to others."},
	{.name = "credit",
	 .type = SCHEMA_TEXT,
	 .max = TEXT(FEED_CREDIT_MAX),
	 .offset = AT(credit),
	 .help = "Who is to be named where the list is used."},
	{.name = "interval",
	 .type = SCHEMA_SPAN,
	 .is_required = true,
	 .min = 60,
	 .max = 30 * DAY_S,
	 .offset = AT(interval_s),
	 .help = "How long after one fetch the next one is due."},
	{.name = "min_interval",
	 .type = SCHEMA_SPAN,
	 .min = 1,
	 .max = 30 * DAY_S,
	 .fallback = "1m",
	 .offset = AT(min_interval_s),
	 .help = "How soon the provider lets the same machine ask again.\n"
		 "Nothing makes it ask sooner but feed update --force."},
	{.name = "grace",
	 .type = SCHEMA_SPAN,
	 .min = 1,
	 .max = 30 * DAY_S,
	 .fallback = "1h",
	 .offset = AT(grace_s),
	 .help = "How long an entry stays that is no longer in the list.\n"
		 "Of what leaves a list, a good part is soon back."},
	{.name = "expires_after",
	 .type = SCHEMA_SPAN,
	 .min = 60,
	 .max = SPAN_MAX_S,
	 .offset = AT(expires_after_s),
	 .help = "How long the entries are good when no new version comes.\n"
		 "Without it, 30 days of the classes bogon, geo and allow, and "
		 "7 days of all others."},
	{.name = "expected",
	 .type = SCHEMA_GROUP,
	 .mapping = &expected_mapping,
	 .help = "How many entries its first version has."},
	{.name = "may_be_empty",
	 .type = SCHEMA_FLAG,
	 .fallback = "false",
	 .offset = AT(may_be_empty),
	 .help = "Whether a list without entries is no mistake."},
	{.name = "max_bytes",
	 .type = SCHEMA_NUMBER,
	 .min = 1024,
	 .max = FEED_BYTES_MAX,
	 .fallback = "67108864",
	 .offset = AT(bytes_max),
	 .help = "The size, unpacked, above which the list is not read."},
	{.name = "insecure_http",
	 .type = SCHEMA_FLAG,
	 .fallback = "false",
	 .offset = AT(may_be_http),
	 .help = "Whether the URL may be one of http, where everybody on the "
		 "way can write into the list."},
	{.name = "key_header",
	 .type = SCHEMA_HEADER,
	 .max = TEXT(FEED_HEADER_MAX),
	 .offset = AT(key_header),
	 .help = "The header of the request that has the key.\n"
		 "It needs key_file."},
	{.name = "key_file",
	 .type = SCHEMA_PATH,
	 .max = TEXT(FEED_FILE_MAX),
	 .offset = AT(key_file),
	 .help = "The file that has the key, and nothing else.\n"
		 "Nobody but its owner may read it: its mode is 0600 or 0400."},
	{.name = "guard",
	 .type = SCHEMA_GROUP,
	 .mapping = &guard_mapping,
	 .help = "How large a change is still believed."},
};

const struct schema_mapping feed_schema = {
	.noun = "feed",
	.title = "Feed",
	.keys = feed_keys,
	.key_count = ARRAY_LEN(feed_keys),
};

const struct schema_mapping *const feed_schema_mappings[] = {
	&feed_schema,
	&expected_mapping,
	&guard_mapping,
};
const size_t feed_schema_mapping_count = ARRAY_LEN(feed_schema_mappings);
