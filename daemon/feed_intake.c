// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_intake.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "rules/base.h"
#include "rules/feed_carve.h"
#include "rules/feed_sweep.h"
#include "rules/feedfile/decode.h"

int prefix_list_add(struct prefix_list *list, const struct prefix *prefix)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity * 2 + 64;
		struct prefix *grown =
			reallocarray(list->list, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->list = grown;
		list->capacity = capacity;
	}
	list->list[list->count++] = *prefix;
	return 0;
}

void prefix_list_done(struct prefix_list *list)
{
	free(list->list);
	*list = (struct prefix_list){0};
}

static int compare(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

void prefix_list_sort(struct prefix_list *list)
{
	size_t kept = 0;

	if (list->count > 0)
		qsort(list->list, list->count, sizeof(*list->list), compare);
	for (size_t i = 0; i < list->count; i++)
		if (kept == 0 ||
		    prefix_cmp(&list->list[kept - 1], &list->list[i]) != 0)
			list->list[kept++] = list->list[i];
	list->count = kept;
}

static enum feed_format format_of(const struct feed *feed)
{
	enum feed_format format = FEED_FORMAT_COUNT;
	int r = feedfile_format_from_name(feed_format_word(feed->format),
					  &format);

	assert(r == 0);
	/* fetch-feed follows it to what it names */
	return format == FEED_MISP_MANIFEST ? FEED_MISP_EVENT : format;
}

bool feed_intake_has_ends(const struct feed *feed)
{
	return feedfile_has_ends(format_of(feed));
}

int feed_ends_add(struct feed_ends *ends, uint64_t until_s, uint32_t line)
{
	if (ends->count == ends->capacity) {
		size_t capacity = ends->capacity * 2 + 64;
		struct feed_end *grown =
			reallocarray(ends->list, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		ends->list = grown;
		ends->capacity = capacity;
	}
	/* what is as far off as that is meant as never */
	ends->list[ends->count++] = (struct feed_end){
		.until_s = until_s < UINT32_MAX ? until_s : 0,
		.line = line,
	};
	return 0;
}

struct feed_end feed_intake_end(const struct feed_intake *intake, uint32_t line)
{
	return line && line <= intake->ends.count
		       ? intake->ends.list[line - 1]
		       : (struct feed_end){.line = line};
}

static int take_entry(void *arg, const struct feed_entry *entry)
{
	struct feed_intake *intake = arg;
	bool is_good = entry->kind == FEED_ALLOWED;
	uint32_t line = entry->line;
	int r = 0;

	/* a list of bad addresses may tell good ones by the way, and the other
	 * way round */
	if (entry->kind == FEED_DELETED ||
	    is_good != (intake->feed->class == FEED_CLASS_ALLOW))
		return 0;
	/* a range of a few bytes is many networks, and there may be millions */
	if (intake->listed.count >= feed_capacity(intake->feed))
		return -EFBIG;
	if (intake->can_end) {
		r = feed_ends_add(&intake->ends, entry->until_s, entry->line);
		line = (uint32_t)intake->ends.count;
	}
	return r == 0 ? listed_add(&intake->listed, &entry->prefix, line) : r;
}

static int read_entries(struct feed_intake *intake, const char *text,
			size_t len)
{
	const struct feed_options options = {
		.format = format_of(intake->feed),
		.column = intake->feed->column,
		.min_score = intake->feed->min_score,
		.now_s = intake->now_s,
	};
	const struct feed_report *report = &intake->report;
	int r;

	listed_reserve_lines(&intake->listed, len);
	r = feedfile_read(&options, text, len, take_entry, intake,
			  &intake->report);
	/* an empty list is judged: some may be */
	if (r == -EBADMSG && report->instead == FEED_INSTEAD_EMPTY)
		r = 0;
	if (r == -EFBIG)
		(void)snprintf(intake->why, sizeof(intake->why),
			       "more than %u entries: its set has no room "
			       "for so many (expected: max)",
			       feed_capacity(intake->feed));
	if (r == -EBADMSG)
		(void)snprintf(intake->why, sizeof(intake->why),
			       "not %s, but %s%s%s",
			       feedfile_format_name(options.format),
			       feedfile_instead_text(report->instead),
			       report->note_count ? ": " : "",
			       report->note_count ? report->notes[0].text : "");
	return r;
}

static struct feed_prefixes prefixes_of(const struct prefix_list *list)
{
	return (struct feed_prefixes){.prefixes = list->list,
				      .count = list->count};
}

_Static_assert(offsetof(struct listed, prefix) == 0, "entries_of()");

static struct feed_prefixes entries_of(const struct listed_array *listed)
{
	return (struct feed_prefixes){.prefixes = (const void *)listed->list,
				      .count = listed->count,
				      .step = sizeof(*listed->list)};
}

/* A copy of the entries, for some are about to be cut. */
static int gather(const struct listed_array *listed, struct prefix_list *ret)
{
	ret->list = reallocarray(NULL, listed->count + 1, sizeof(*ret->list));
	if (!ret->list)
		return -ENOMEM;
	ret->count = listed->count;
	ret->capacity = listed->count + 1;
	for (size_t i = 0; i < listed->count; i++)
		ret->list[i] = listed->list[i].prefix;
	return 0;
}

/* All that may not be listed, as one list. */
static int add_never(struct feed_intake *intake,
		     const struct feed_prefixes *prefixes)
{
	int r = 0;

	for (size_t i = 0; i < prefixes->count && r == 0; i++)
		r = prefix_list_add(&intake->never, &prefixes->prefixes[i]);
	return r;
}

static int list_never(struct feed_intake *intake)
{
	const struct feed_prefixes exceptions =
					   prefixes_of(&intake->exceptions),
				   protected = prefixes_of(&intake->protected),
				   resolvers = prefixes_of(&intake->resolvers);
	enum feed_class class = (enum feed_class)intake->feed->class;
	int r = add_never(intake, &exceptions);

	/* what is good may be all that is protected, and lists of whole ranges
	 * are about special ones */
	if (r == 0 && class != FEED_CLASS_ALLOW)
		r = add_never(intake, &protected);
	if (r == 0 && class != FEED_CLASS_ALLOW)
		r = add_never(intake, &resolvers);
	if (r == 0 && class != FEED_CLASS_ALLOW && !feed_class_is_broad(class))
		r = add_never(intake, &feed_special);
	intake->never.count =
		feed_carve_tidy(intake->never.list, intake->never.count);
	return r;
}

/* How many entries an exception cuts or takes out. */
static void count_excepted(struct feed_intake *intake)
{
	struct prefix_list *exceptions = &intake->exceptions;
	struct feed_sweep sweep = {0};

	exceptions->count =
		feed_carve_tidy(exceptions->list, exceptions->count);
	sweep.over = prefixes_of(exceptions);
	for (size_t i = 0; i < intake->listed.count && exceptions->count; i++)
		intake->excepted +=
			feed_sweep_step(&sweep,
					&intake->listed.list[i].prefix) != 0;
}

struct carving {
	struct listed_array pieces;
	uint32_t line;
};

static int take_piece(void *arg, const struct prefix *prefix)
{
	struct carving *carving = arg;

	return listed_add(&carving->pieces, prefix, carving->line);
}

static int add_pieces(struct listed_array *listed,
		      const struct listed_array *pieces)
{
	int r = 0;

	for (size_t i = 0; i < pieces->count && r == 0; i++)
		r = listed_add(listed, &pieces->list[i].prefix,
			       pieces->list[i].line);
	/* pieces of one network may be listed by themselves too */
	return r == 0 && pieces->count > 0 ? listed_sort(listed) : r;
}

/* Entries that are in what may not be listed, or around it, are few: the rest
 * stays where it is. Nor may a set have what has all of IPv4 in it. */
static int carve(struct feed_intake *intake)
{
	const struct prefix_list *never = &intake->never;
	struct listed_array *listed = &intake->listed;
	struct feed_sweep sweep = {.over = prefixes_of(never)};
	struct carving carving = {0};
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < listed->count && r == 0; i++) {
		const struct listed *entry = &listed->list[i];

		if (prefix_has_all_v4(&entry->prefix))
			continue;
		carving.line = entry->line;
		if (feed_sweep_step(&sweep, &entry->prefix))
			r = feed_carve(never->list, never->count,
				       &entry->prefix, take_piece, &carving);
		else
			listed->list[kept++] = *entry;
	}
	listed->count = kept;
	if (r == 0)
		r = add_pieces(listed, &carving.pieces);
	listed_done(&carving.pieces);
	return r;
}

static struct feed_reading reading_of(const struct feed_report *report)
{
	return (struct feed_reading){
		.accepted = report->accepted,
		.rejected = report->rejected,
		.has_stated =
			report->has_stated_count || report->has_stated_bytes,
		.stated_matches = report->stated_matches,
		.stated = report->stated_count,
		.counted = report->accepted,
		.is_cut = report->has_end_mark && !report->is_whole,
		.has_notice = report->is_dead,
		.everything = report->everything,
	};
}

static void judge(struct feed_intake *intake, const struct prefix_list *entries)
{
	const struct feed_prefixes after = entries_of(&intake->listed);
	const struct feed_version version = {
		.feed = intake->feed,
		.reading = reading_of(&intake->report),
		.entries = prefixes_of(entries),
		.before = intake->before,
		.before_entries = intake->before_entries,
		.can_end = intake->can_end,
		.after = &after,
		.protected = prefixes_of(&intake->protected),
		.resolvers = prefixes_of(&intake->resolvers),
	};
	feed_judge(&version, &intake->memory, NULL, &intake->judgement);
}

/* What the set holds, as if it were a version. */
static int read_before(struct feed_intake *intake)
{
	int r = 0;

	for (size_t i = 0; i < intake->before.count && r == 0; i++)
		r = listed_add(&intake->listed,
			       feed_prefix_at(&intake->before, i),
			       intake->ends.count ? (uint32_t)i + 1 : 0);
	return r;
}

static int compare_listed(const void *a, const void *b)
{
	const struct listed *one = a, *other = b;
	int order = prefix_cmp(&one->prefix, &other->prefix);

	return order ? order
		     : (one->line > other->line) - (one->line < other->line);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return 0;
	return a > b ? a : b;
}

/* What is listed twice ends when the last of both does. Of those the first is
 * kept, as listed_sort() has it. */
static void sort_ends(struct feed_intake *intake)
{
	struct listed_array *listed = &intake->listed;
	struct feed_end *first = NULL;

	if (intake->ends.count == 0 || listed->count == 0)
		return;
	qsort(listed->list, listed->count, sizeof(*listed->list),
	      compare_listed);
	for (size_t i = 0; i < listed->count; i++) {
		const struct listed *entry = &listed->list[i];
		struct feed_end *end = &intake->ends.list[entry->line - 1];

		if (i == 0 ||
		    prefix_cmp(&entry[-1].prefix, &entry->prefix) != 0)
			first = end;
		else
			first->until_s = later(first->until_s, end->until_s);
	}
}

static int read_bytes(struct feed_intake *intake)
{
	CLEANUP(decoded_done) struct decoded text = {0};
	const char *why = NULL;
	int r = decode(intake->bytes, intake->len, intake->feed->bytes_max,
		       &text, &why);

	if (r < 0 && why)
		(void)snprintf(intake->why, sizeof(intake->why), "%s", why);
	return r == 0 ? read_entries(intake, text.text, text.len) : r;
}

int feed_intake_run(struct feed_intake *intake)
{
	CLEANUP(prefix_list_done) struct prefix_list entries = {0};
	uint64_t start_ns = clock_mono_ns();
	int r;

	assert(intake->feed);

	intake->can_end = feed_intake_has_ends(intake->feed);
	r = intake->bytes ? read_bytes(intake) : read_before(intake);
	intake->parse_ns = clock_take_span(&start_ns);
	if (r == 0)
		sort_ends(intake);
	if (r == 0)
		r = listed_sort(&intake->listed);
	intake->merge_ns = clock_take_span(&start_ns);
	if (r == 0)
		r = gather(&intake->listed, &entries);
	if (r == 0)
		r = list_never(intake);
	if (r == 0) {
		count_excepted(intake);
		r = carve(intake);
	}
	if (r == 0)
		judge(intake, &entries);
	intake->judge_ns = clock_take_span(&start_ns);
	if (r < 0 && !*intake->why)
		(void)snprintf(intake->why, sizeof(intake->why), "%s",
			       strerror(-r));
	return r;
}

void feed_intake_done(struct feed_intake *intake)
{
	prefix_list_done(&intake->protected);
	prefix_list_done(&intake->resolvers);
	prefix_list_done(&intake->exceptions);
	prefix_list_done(&intake->never);
	listed_done(&intake->listed);
	freep(&intake->ends.list);
}
