// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/feedset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/base.h"
#include "rules/feed_sweep.h"
#include "rules/feedfile/decode.h"
#include "rules/feedfile/feedfile.h"
#include "rules/feedfile/span.h"

#define SEED	    20240305
#define TEXT_MAX    (64u << 20)
#define POOL_COUNT  1000000 /* addresses that made-up lists share */
#define SHORT_LEN   8 /* what is wider stays as it is */
#define DELTA_LINES 100
#define OTHER_LINES 2

/* What a list is made of that has to be made up. */
enum kind {
	KIND_HOSTS,
	KIND_NETS, /* most of them /31, as who merges addresses makes them */
	KIND_V6,
};

struct source {
	const char *name;
	const char *path; /* below feeds */
	const char *format;
	uint32_t count; /* when it is made up */
	enum kind kind;
};

static const struct source sources[] = {
	{"bitwire-nets", "bitwire/tables_inbound_networks.txt", "plain", 213288,
	 KIND_NETS},
	{"bitwire-in6", "bitwire/tables_inbound_ipv6.txt", "plain", 1117,
	 KIND_V6},
	{"bitwire-out", "bitwire/outbound.txt", "plain", 167937, KIND_HOSTS},
	{"bitwire-out6", "bitwire/tables_outbound_ipv6.txt", "plain", 450,
	 KIND_V6},
	{"bogons", "bogons/fullbogons-ipv4.txt", "bogon", 1479, KIND_NETS},
	{"bogons6", "bogons/fullbogons-ipv6.txt.gz", "bogon", 130320, KIND_V6},
	{"tor-exits", "bogons/Tor_exit_nodes.txt", "plain", 2030, KIND_HOSTS},
	{"abuse-ch", "criticalpath/abuse-ch-ipblocklist.txt", "plain", 7980,
	 KIND_HOSTS},
	{"cobaltstrike", "criticalpath/cobaltstrike_ips.txt", "plain", 2087,
	 KIND_HOSTS},
	{"compromised", "criticalpath/compromised-ips.txt", "plain", 539,
	 KIND_HOSTS},
	{"log4j", "criticalpath/log4j.txt", "plain", 25292, KIND_HOSTS},
	{"sans", "criticalpath/sans.txt", "plain", 106404, KIND_HOSTS},
	{"threatfox", "criticalpath/threatfox.txt", "plain", 3483, KIND_HOSTS},
	{"tor", "criticalpath/tor-exit.txt", "plain", 3251, KIND_HOSTS},
	{"datashield", "datashield/prod_data-shield_ipv4_blocklist.txt",
	 "plain", 83129, KIND_HOSTS},
	{"datashield-critical",
	 "datashield/prod_critical_data-shield_ipv4_blocklist.txt", "plain",
	 100243, KIND_HOSTS},
	{"ipsum", "ipsum/ipsum.txt", "plain-score", 120430, KIND_HOSTS},
	{"ipsum-level3", "ipsum/level3.txt", "plain", 14217, KIND_HOSTS},
	{"maltrail", "maltrail/mass_scanner.txt", "plain", 19000, KIND_HOSTS},
	{"maltrail-nets", "maltrail/mass_scanner_cidr.txt", "plain", 1130,
	 KIND_NETS},
	{"marcoux-40k", "romainmarcoux/full-40k.txt", "plain", 40000,
	 KIND_HOSTS},
	{"marcoux-aa", "romainmarcoux/full-aa.txt", "plain", 131072,
	 KIND_HOSTS},
	{"marcoux-ab", "romainmarcoux/full-ab.txt", "plain", 131072,
	 KIND_HOSTS},
	{"marcoux-ac", "romainmarcoux/full-ac.txt", "plain", 131072,
	 KIND_HOSTS},
	{"marcoux-ad", "romainmarcoux/full-ad.txt", "plain", 131072,
	 KIND_HOSTS},
	{"marcoux-ae", "romainmarcoux/full-ae.txt", "plain", 28005, KIND_HOSTS},
	{"spamhaus", "spamhaus-mirror/drop_v4.json", "spamhaus-jsonl", 1406,
	 KIND_NETS},
};
_Static_assert(ARRAY_LEN(sources) <= FEEDSET_MAX, "");

struct making {
	struct feedset *set;
	const char *dir;
	const char *data; /* NULL: lists are made up */
	struct dice dice;
};

/* Made-up lists. */

static struct prefix shared_host(struct dice *dice)
{
	struct dice fixed = {.state = dice_below(dice, POOL_COUNT)};

	return list_any_v4(&fixed);
}

static struct prefix merged_net(struct dice *dice)
{
	const struct prefix host = shared_host(dice);
	uint64_t part = dice_below(dice, 100);
	unsigned int len = 31;

	if (part >= 97)
		len = 16 + (unsigned int)dice_below(dice, 13);
	else if (part >= 92)
		len = 29;
	else if (part >= 74)
		len = 30;
	return prefix_widen(&host, len);
}

static int print_list(FILE *out, const struct source *source, struct dice *dice)
{
	CLEANUP(list_done) struct list v6 = {0};
	char text[PREFIX_TEXT_MAX];
	int r = 0;

	if (source->kind == KIND_V6)
		r = list_make_v6(dice, 0, source->count, &v6);
	for (uint32_t i = 0; i < source->count && r == 0; i++) {
		struct prefix prefix = v6.prefixes ? v6.prefixes[i]
				       : source->kind == KIND_NETS
					       ? merged_net(dice)
					       : shared_host(dice);

		(void)fprintf(out, "%s\n", prefix_to_text(&prefix, text));
	}
	return r;
}

static int make_up(const struct source *source, struct dice *dice,
		   struct decoded *ret_text)
{
	struct decoded text = {0};
	FILE *out = open_memstream(&text.owned, &text.len);
	int r = out ? print_list(out, source, dice) : -ENOMEM;

	if (out && fclose(out) != 0 && r == 0)
		r = -ENOMEM;
	text.text = text.owned;
	*ret_text = text;
	return r;
}

/* Published ones. */

static int read_file(const char *path, struct decoded *ret_text)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct decoded text = {0};
	struct stat stat;
	const char *why;
	void *bytes;
	int r;

	if (fd < 0 || fstat(fd, &stat) < 0)
		return -errno;
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	r = decode(bytes, (size_t)stat.st_size, TEXT_MAX, &text, &why);
	if (r == 0 && !text.owned) {
		text.owned = strndup(bytes, (size_t)stat.st_size);
		text.text = text.owned;
		r = text.owned ? 0 : -ENOMEM;
	}
	(void)munmap(bytes, (size_t)stat.st_size);
	*ret_text = text;
	return r;
}

static int get_text(struct making *making, const struct source *source,
		    struct decoded *ret_text)
{
	char path[FEEDSET_PATH_MAX];

	if (!making->data)
		return make_up(source, &making->dice, ret_text);
	(void)snprintf(path, sizeof(path), "%s/feeds/%s", making->data,
		       source->path);
	return read_file(path, ret_text);
}

/* Versions. */

/* What the line begins with, if that is a network: how long it is. */
static size_t find_net(struct span line, struct prefix *ret_net)
{
	size_t len = 0;

	while (len < span_len(line) && !strchr(" \t\r,;#", line.at[len]))
		len++;
	return prefix_from_text(line.at, len, ret_net) == 0 ? len : 0;
}

static struct prefix another(const struct prefix *net, struct dice *dice)
{
	const struct prefix any =
		prefix_is_v4(net) ? list_any_v4(dice) : list_any_v6(dice);

	return prefix_widen(&any, prefix_len(net));
}

static void put_line(FILE *out, struct span line, bool is_other,
		     struct dice *dice)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix net;
	size_t len = is_other ? find_net(line, &net) : 0;

	if (len > 0 && prefix_len(&net) >= SHORT_LEN) {
		net = another(&net, dice);
		(void)fputs(prefix_to_text(&net, text), out);
		line.at += len;
	}
	(void)fprintf(out, "%.*s\n", (int)span_len(line), line.at);
}

static int put_version(const char *path, struct span text, uint64_t lines,
		       struct dice *dice)
{
	FILE *out = fopen(path, "we");
	struct span line;

	if (!out)
		return -errno;
	while (span_take_line(&text, &line))
		put_line(out, line, lines && dice_below(dice, lines) == 0,
			 dice);
	return fclose(out) == 0 ? 0 : -errno;
}

/* Wide limits, as an operator would set who wants all of it at once. */
static int put_definition(const struct feedset_feed *feed, const char *format)
{
	FILE *out = fopen(feed->definition, "we");

	if (!out)
		return -errno;
	(void)fprintf(
		out,
		"name: %s\ntitle: Measured\nurl: https://feeds.example/%s\n"
		"format: %s\nclass: %s\naction: drop\nlicence: none\n"
		"commercial: \"no\"\ninterval: 1h\ngrace: 1s\n"
		"guard: {shrink: 100, grow: 1000000, rejects: 100, "
		"coverage: 100, floor_v4: 1, floor_v6: 1, "
		"protected_hits: 1000000, protected_share: 100}\n",
		feed->name, feed->name, format,
		strcmp(format, "bogon") == 0 ? "bogon" : "reputation");
	return fclose(out) == 0 ? 0 : -errno;
}

/* What is listed. */

static bool is_special(uint32_t addr)
{
	const struct prefix host = prefix_of_v4(addr, 32);

	for (size_t i = 0; i < feed_special.count; i++)
		if (prefix_covers(&feed_special.prefixes[i], &host))
			return true;
	return false;
}

struct noting {
	struct making *making;
	struct feedset_feed *feed;
	enum feedset_version version;
};

static int note_entry(void *arg, const struct feed_entry *entry)
{
	const struct noting *noting = arg;
	uint32_t *value;
	int r;

	if (prefix_is_v4(&entry->prefix) &&
	    !is_special(prefix_addr_v4(&entry->prefix)))
		noting->feed->last4[noting->version] =
			prefix_addr_v4(&entry->prefix);
	if (noting->version == FEEDSET_DELTA)
		return 0;
	r = trie_put(noting->making->set->trie, &entry->prefix, &value);
	if (r == 0)
		*value |= 1u << noting->version;
	return r;
}

static int note_version(struct noting *noting, const char *format)
{
	CLEANUP(decoded_done) struct decoded text = {0};
	struct feed_options options = {0};
	struct feed_report report;
	int r = feedfile_format_from_name(format, &options.format);

	if (r == 0)
		r = read_file(noting->feed->versions[noting->version], &text);
	if (r == 0)
		r = feedfile_read(&options, text.text, text.len, note_entry,
				  noting, &report);
	if (r == 0 && noting->version == FEEDSET_FIRST)
		noting->feed->entries = report.entries;
	return r;
}

/* All of one feed. */

static int make_feed(struct making *making, const struct source *source)
{
	static const uint64_t lines[] = {
		[FEEDSET_FIRST] = 0,
		[FEEDSET_DELTA] = DELTA_LINES,
		[FEEDSET_OTHER] = OTHER_LINES,
	};
	struct feedset_feed *feed = &making->set->feeds[making->set->count++];
	const char *format = making->data ? source->format : "plain";
	struct decoded text = {0};
	int r = get_text(making, source, &text);

	_Static_assert(ARRAY_LEN(lines) == FEEDSET_VERSIONS, "");
	(void)snprintf(feed->name, sizeof(feed->name), "%s", source->name);
	(void)snprintf(feed->definition, sizeof(feed->definition), "%s/%s.yml",
		       making->dir, source->name);
	if (r == 0)
		r = put_definition(feed, format);
	for (int i = 0; i < FEEDSET_VERSIONS && r == 0; i++) {
		struct noting noting = {making, feed, (enum feedset_version)i};

		(void)snprintf(feed->versions[i], FEEDSET_PATH_MAX, "%s/%s.%d",
			       making->dir, source->name, i);
		r = put_version(feed->versions[i],
				(struct span){text.text, text.text + text.len},
				lines[i], &making->dice);
		if (r == 0)
			r = note_version(&noting, format);
	}
	making->set->entries += feed->entries;
	decoded_done(&text);
	return r;
}

static int take_first(void *arg, const struct prefix *prefix, uint32_t value)
{
	struct list *list = arg;

	if (value & 1u << FEEDSET_FIRST && prefix_is_v4(prefix))
		list->prefixes[list->count++] = *prefix;
	return 0;
}

static int make_union(struct feedset *set)
{
	set->union4.prefixes =
		calloc(trie_count(set->trie) + 1, sizeof(struct prefix));
	if (!set->union4.prefixes)
		return -ENOMEM;
	return trie_each_after(set->trie, NULL, take_first, &set->union4);
}

int feedset_make(const char *dir, struct feedset *ret_set)
{
	struct making making = {
		.set = ret_set,
		.dir = dir,
		.data = getenv("PORTCULLIS_DATA"),
		.dice = {.state = SEED},
	};
	int r;

	*ret_set = (struct feedset){.is_real = making.data};
	r = trie_new(&ret_set->trie);
	for (size_t i = 0; i < ARRAY_LEN(sources) && r == 0; i++) {
		r = make_feed(&making, &sources[i]);
		if (r < 0)
			(void)fprintf(stderr, "feed %s: %s\n", sources[i].name,
				      strerror(-r));
	}
	return r < 0 ? r : make_union(ret_set);
}

void feedset_done(struct feedset *set)
{
	trie_free(set->trie);
	list_done(&set->union4);
	*set = (struct feedset){0};
}

static int add_value(void *arg, const struct prefix *prefix, uint32_t value)
{
	uint32_t *values = arg;

	(void)prefix;
	*values |= value;
	return 0;
}

/* The versions that list it, bits. */
static uint32_t listed_by(const struct feedset *set, uint32_t addr)
{
	const struct prefix host = prefix_of_v4(addr, 32);
	uint32_t values = 0;

	(void)trie_each_covering(set->trie, &host, add_value, &values);
	return values;
}

void feedset_draw(const struct feedset *set, struct dice *dice, size_t count,
		  uint32_t *ret_addresses)
{
	const uint32_t both = 1u << FEEDSET_FIRST | 1u << FEEDSET_OTHER;

	for (size_t i = 0; i < count; i++) {
		uint32_t want = i % 2 ? 0 : both;
		struct prefix host;

		/* blocks.h takes none of the upper half */
		do
			host = want ? list_draw(&set->union4, 0,
						set->union4.count, dice)
				    : prefix_of_v4((uint32_t)dice_roll(dice) |
							   1u << 31,
						   32);
		while (is_special(prefix_addr_v4(&host)) ||
		       listed_by(set, prefix_addr_v4(&host)) != want);
		ret_addresses[i] = prefix_addr_v4(&host);
	}
}
