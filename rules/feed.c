// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feed.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"
#include "rules/document_reader.h"
#include "rules/document_writer.h"
#include "rules/feed_schema.h"

#define DAY_S (24u * 3600)

static const char *const class_names[] = {
	[FEED_CLASS_REPUTATION] = "reputation",
	[FEED_CLASS_BOGON] = "bogon",
	[FEED_CLASS_GEO] = "geo",
	[FEED_CLASS_TOR] = "tor",
	[FEED_CLASS_SCANNER] = "scanner",
	[FEED_CLASS_C2] = "c2",
	[FEED_CLASS_ALLOW] = "allow",
};
_Static_assert(ARRAY_LEN(class_names) == FEED_CLASS_COUNT, "");

static const char *const action_names[] = {
	[FEED_ACTION_DROP] = "drop",
	[FEED_ACTION_SHADOW] = "shadow",
	[FEED_ACTION_NONE] = "none",
};
_Static_assert(ARRAY_LEN(action_names) == FEED_ACTION_COUNT, "");

static const char *const commercial_names[] = {
	[FEED_COMMERCIAL_NO] = "no",
	[FEED_COMMERCIAL_ASK] = "ask",
	[FEED_COMMERCIAL_YES] = "yes",
};
_Static_assert(ARRAY_LEN(commercial_names) == FEED_COMMERCIAL_COUNT, "");

/* A definition being checked: its values, for where they stand. */
struct checking {
	struct document_note *note;
	const struct document_values *values; /* NULL: was never a text */
	const struct node *root;
	const struct feed *feed;
};

typedef int check_fn(const struct checking *checking);

/* Where the key stands, or the file starts. */
static struct mark mark_of(const struct checking *checking, const char *name)
{
	const struct node *value;

	if (!checking->values)
		return (struct mark){0};
	value = document_value_of(&feed_schema, checking->values, name);
	return value ? value->mark : checking->root->mark;
}

static bool has_format(const struct feed *feed, const char *name)
{
	return strcmp(feed_format_word(feed->format), name) == 0;
}

static int check_name(const struct checking *checking)
{
	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++) {
		if (strcmp(set_builtins[i].name, checking->feed->name) == 0)
			return document_note_refuse(
				checking->note, mark_of(checking, "name"),
				"the set \"%s\" is always there and cannot be "
				"a feed's",
				checking->feed->name);
	}
	return 0;
}

static int check_url(const struct checking *checking)
{
	const struct feed *feed = checking->feed;
	bool is_http = feed_url_is_readable(feed->url);

	if (is_http && !feed->may_be_http)
		return document_note_refuse(
			checking->note, mark_of(checking, "url"),
			"\"%.60s\" is not https, and everybody on the way can "
			"write into the list: \"insecure_http: true\" lets it "
			"in",
			feed->url);
	if (is_http && feed->key_header[0] != '\0')
		return document_note_refuse(checking->note,
					    mark_of(checking, "key_header"),
					    "a key is not sent over http");
	return 0;
}

static int check_key(const struct checking *checking)
{
	const struct feed *feed = checking->feed;
	bool has_header = feed->key_header[0] != '\0';

	if (has_header == (feed->key_file[0] != '\0'))
		return 0;
	return document_note_refuse(
		checking->note,
		mark_of(checking, has_header ? "key_header" : "key_file"),
		"key_header and key_file go together: \"%s\" is missing",
		has_header ? "key_file" : "key_header");
}

static int check_format(const struct checking *checking)
{
	const struct feed *feed = checking->feed;

	if (feed->column != 1 && !has_format(feed, "csv"))
		return document_note_refuse(
			checking->note, mark_of(checking, "column"),
			"the format %s has no columns to choose from",
			feed_format_word(feed->format));
	if (feed->min_score != 0 && !has_format(feed, "plain-score") &&
	    !has_format(feed, "threatfox-csv") && !has_format(feed, "stix") &&
	    !has_format(feed, "taxii"))
		return document_note_refuse(checking->note,
					    mark_of(checking, "min_score"),
					    "the format %s has no score",
					    feed_format_word(feed->format));
	return 0;
}

static int check_action(const struct checking *checking)
{
	const struct feed *feed = checking->feed;

	if (feed->class != FEED_CLASS_ALLOW || feed->action == FEED_ACTION_NONE)
		return 0;
	return document_note_refuse(
		checking->note, mark_of(checking, "action"),
		"what a feed of class allow lists is good: its action is none");
}

static int check_times(const struct checking *checking)
{
	const struct feed *feed = checking->feed;

	if (feed->interval_s < feed->min_interval_s)
		return document_note_refuse(
			checking->note, mark_of(checking, "interval"),
			"an interval of %us is below the provider's, "
			"min_interval, of %us",
			feed->interval_s, feed->min_interval_s);
	if (feed->expires_after_s <= feed->interval_s)
		return document_note_refuse(
			checking->note, mark_of(checking, "expires_after"),
			"its entries would expire after %us, before the next "
			"version is due after %us",
			feed->expires_after_s, feed->interval_s);
	return 0;
}

static int check_expected(const struct checking *checking)
{
	const struct feed *feed = checking->feed;

	if (feed->expected_min <= feed->expected_max)
		return 0;
	return document_note_refuse(checking->note,
				    mark_of(checking, "expected"),
				    "at least %u entries and at most %u: no "
				    "list has that many",
				    feed->expected_min, feed->expected_max);
}

/* What the keys say together. */
static int check(const struct checking *checking)
{
	static check_fn *const checks[] = {
		check_name,   check_url,   check_key,	   check_format,
		check_action, check_times, check_expected,
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(checks); i++)
		r = checks[i](checking);
	return r;
}

void feed_init(struct feed *feed)
{
	assert(feed);

	*feed = (struct feed){
		.action = FEED_ACTION_SHADOW,
		.commercial = FEED_COMMERCIAL_ASK,
		.column = 1,
		.min_interval_s = 60,
		.grace_s = 3600,
		.expected_min = 1,
		.expected_max = 4000000,
		.bytes_max = 64u << 20,
		.limits =
			{
				.shrink = 30,
				.grow = 50,
				.rejects = 10,
				.coverage = 2,
				.floor_v4 = 8,
				.floor_v6 = 20,
				.protected_hits = 50,
				.protected_share = 5,
			},
	};
}

/* How long entries are good without a new version. */
static uint32_t expiry_s(const struct feed *feed)
{
	bool is_slow = feed_class_is_broad((enum feed_class)feed->class) ||
		       feed->class == FEED_CLASS_ALLOW;

	return is_slow ? 30 * DAY_S : 7 * DAY_S;
}

int feed_read(const char *text, size_t len, struct feed *ret_feed,
	      struct document_note *ret_note)
{
	CLEANUP(tree_freep) struct tree *tree = NULL;
	struct document_reader reader = {.note = ret_note};
	struct document_values values;
	struct checking checking = {.note = ret_note, .values = &values};
	struct feed feed;
	int r;

	assert(ret_feed);
	assert(ret_note);

	r = tree_read(text, len, &tree, ret_note);
	if (r < 0)
		return r;
	feed_init(&feed);
	checking.root = tree_root(tree);
	checking.feed = &feed;
	r = document_read_mapping(&reader, &feed_schema, checking.root, &feed,
				  &values);
	if (r < 0)
		return r;
	if (feed.class == FEED_CLASS_ALLOW &&
	    !document_value_of(&feed_schema, &values, "action"))
		feed.action = FEED_ACTION_NONE;
	if (feed.expires_after_s == 0)
		feed.expires_after_s = expiry_s(&feed);
	r = check(&checking);
	if (r < 0)
		return r;
	*ret_feed = feed;
	return 0;
}

int feed_print(const struct feed *feed, FILE *out)
{
	struct document_writer writer = {.out = out};
	struct document_note note;
	const struct checking checking = {.note = &note, .feed = feed};

	assert(feed);
	assert(out);

	document_write_mapping(&writer, &feed_schema, feed);
	if (writer.r == 0)
		writer.r = check(&checking);
	if (writer.r == 0 && ferror(out))
		writer.r = -EIO;
	return writer.r;
}

int feed_print_man(FILE *out)
{
	return schema_print_man(feed_schema_mappings, feed_schema_mapping_count,
				out);
}

uint32_t feed_capacity(const struct feed *feed)
{
	if (feed->expected_max > SET_CAPACITY_MAX / 2)
		return SET_CAPACITY_MAX;
	return feed->expected_max > SET_CAPACITY_DEFAULT / 2
		       ? 2 * feed->expected_max
		       : SET_CAPACITY_DEFAULT;
}

bool feed_url_is_readable(const char *url)
{
	static const char *const local[] = {"127.0.0.1", "[::1]", "localhost"};
	static const char scheme[] = "http://";
	size_t len;

	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return false;
	url += strlen(scheme);
	for (size_t i = 0; i < ARRAY_LEN(local); i++) {
		len = strlen(local[i]);
		if (strncmp(url, local[i], len) == 0 &&
		    (url[len] == '\0' || strchr(":/?", url[len])))
			return false;
	}
	return true;
}

const char *feed_class_name(enum feed_class class)
{
	assert(class < FEED_CLASS_COUNT);

	return class_names[class];
}

const char *feed_action_name(enum feed_action action)
{
	assert(action < FEED_ACTION_COUNT);

	return action_names[action];
}

const char *feed_commercial_name(enum feed_commercial commercial)
{
	assert(commercial < FEED_COMMERCIAL_COUNT);

	return commercial_names[commercial];
}
