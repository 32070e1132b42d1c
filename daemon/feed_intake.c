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

static int take_entry(void *arg, const struct feed_entry *entry)
{
	struct feed_intake *intake = arg;
	bool is_good = entry->kind == FEED_ALLOWED;

	/* a list of bad addresses may tell good ones by the way, and the other
	 * way round */
	if (entry->kind == FEED_DELETED ||
	    is_good != (intake->feed->class == FEED_CLASS_ALLOW))
		return 0;
	return listed_add(&intake->listed, &entry->prefix, entry->line);
}

static int read_entries(struct feed_intake *intake, const char *text,
			size_t len)
{
	struct feed_options options = {
		.column = intake->feed->column,
		.min_score = intake->feed->min_score,
		.now_s = intake->now_s,
	};
	const struct feed_report *report = &intake->report;
	int r;

	r = feedfile_format_from_name(feed_format_word(intake->feed->format),
				      &options.format);
	assert(r == 0);
	/* fetch-feed follows it to what it names */
	if (options.format == FEED_MISP_MANIFEST)
		options.format = FEED_MISP_EVENT;
	listed_reserve_lines(&intake->listed, len);
	r = feedfile_read(&options, text, len, take_entry, intake,
			  &intake->report);
	/* an empty list is judged: some may be */
	if (r == -EBADMSG && report->instead == FEED_INSTEAD_EMPTY)
		r = 0;
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

/* What is marked to be left out goes. */
static void leave_out(struct listed_array *listed, const uint8_t *marks)
{
	size_t kept = 0;

	for (size_t i = 0; i < listed->count; i++)
		if (!(marks[i] & FEED_MARK_LEFT_OUT))
			listed->list[kept++] = listed->list[i];
	listed->count = kept;
}

static int judge(struct feed_intake *intake)
{
	const struct feed_report *report = &intake->report;
	CLEANUP(freep) uint8_t *marks = NULL;
	struct feed_version version;

	marks = calloc(intake->listed.count + 1, sizeof(*marks));
	if (!marks)
		return -ENOMEM;
	version = (struct feed_version){
		.feed = intake->feed,
		.reading =
			{
				.accepted = report->accepted,
				.rejected = report->rejected,
				.has_stated = report->has_stated_count ||
					      report->has_stated_bytes,
				.stated_matches = report->stated_matches,
				.stated = report->stated_count,
				.counted = report->accepted,
				.is_cut = report->has_end_mark &&
					  !report->is_whole,
				.has_notice = report->is_dead,
			},
		.entries = entries_of(&intake->listed),
		.before = intake->before,
		.protected = prefixes_of(&intake->protected),
		.resolvers = prefixes_of(&intake->resolvers),
	};
	feed_judge(&version, &intake->memory, marks, &intake->judgement);
	leave_out(&intake->listed, marks);
	return 0;
}

struct carving {
	struct listed_array *to;
	uint32_t line;
};

static int take_piece(void *arg, const struct prefix *prefix)
{
	struct carving *carving = arg;

	return listed_add(carving->to, prefix, carving->line);
}

/* Those that an exception is in, or is around, are few: the rest is copied. */
static int carve(struct feed_intake *intake)
{
	struct prefix_list *exceptions = &intake->exceptions;
	struct listed_array carved = {0};
	struct carving carving = {.to = &carved};
	int r = 0;

	if (exceptions->count == 0)
		return 0;
	exceptions->count =
		feed_carve_tidy(exceptions->list, exceptions->count);
	(void)listed_reserve(&carved, intake->listed.count);
	for (size_t i = 0; i < intake->listed.count && r == 0; i++) {
		const struct listed *entry = &intake->listed.list[i];
		size_t before = carved.count;

		carving.line = entry->line;
		r = feed_carve(exceptions->list, exceptions->count,
			       &entry->prefix, take_piece, &carving);
		intake->excepted += carved.count != before + 1 ||
				    prefix_cmp(&carved.list[before].prefix,
					       &entry->prefix) != 0;
	}
	if (r == 0) /* pieces of one network may be listed by themselves too */
		r = listed_sort(&carved);
	if (r < 0) {
		listed_done(&carved);
		return r;
	}
	listed_done(&intake->listed);
	intake->listed = carved;
	return 0;
}

int feed_intake_run(struct feed_intake *intake)
{
	CLEANUP(decoded_done) struct decoded text = {0};
	uint64_t start_ns = clock_mono_ns();
	const char *why = NULL;
	int r;

	assert(intake->feed);

	r = decode(intake->bytes, intake->len, intake->feed->bytes_max, &text,
		   &why);
	if (r < 0 && why)
		(void)snprintf(intake->why, sizeof(intake->why), "%s", why);
	if (r == 0)
		r = read_entries(intake, text.text, text.len);
	intake->parse_ns = clock_take_span(&start_ns);
	if (r == 0)
		r = listed_sort(&intake->listed);
	intake->merge_ns = clock_take_span(&start_ns);
	if (r == 0)
		r = judge(intake);
	if (r == 0)
		r = carve(intake);
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
	listed_done(&intake->listed);
}
