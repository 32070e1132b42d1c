// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/diff_json.h"
#include "daemon/json.h"
#include "daemon/packet/maps.h"

static void put_number(json_t *object, const char *key, uint64_t number)
{
	(void)json_object_set_new(object, key,
				  json_integer((json_int_t)number));
}

static void put_text(json_t *object, const char *key, const char *text)
{
	(void)json_object_set_new(object, key, json_string(text));
}

static void put_flag(json_t *object, const char *key, bool is_so)
{
	(void)json_object_set_new(object, key, json_boolean(is_so));
}

static const char *mode_of(const struct feed_slot *slot)
{
	return set_action_name(feeds_action(&slot->feed, &slot->state));
}

/* Versions that could be gone back to, the last one first. */
static json_t *kept_of(const struct feed_state *state)
{
	json_t *kept = json_array();

	for (size_t i = 0; i < FEED_EARLIER; i++)
		if (state->earlier[i])
			(void)json_array_append_new(
				kept,
				json_integer((json_int_t)state->earlier[i]));
	return kept;
}

static void put_state(json_t *item, const struct feed_slot *slot,
		      uint64_t now_s)
{
	const struct feed_state *state = &slot->state;
	enum feed_age age = feed_age_of(&slot->feed, &state->times, now_s);

	put_number(item, "version", state->version);
	put_number(item, "accepted", state->accepted_s);
	put_number(item, "waiting", state->waiting);
	put_number(item, "waiting_since", state->waiting_s);
	put_number(item, "before", state->earlier[0]);
	(void)json_object_set_new(item, "kept", kept_of(state));
	put_number(item, "shadow_until",
		   !state->version || state->shadow_until_s == UINT64_MAX
			   ? 0
			   : state->shadow_until_s);
	put_number(item, "tried", state->times.tried_s);
	put_number(item, "good", state->times.good_s);
	put_number(item, "due", feed_due_s(&slot->feed, &state->times, now_s));
	put_number(item, "soonest",
		   feed_soonest_s(&slot->feed, &state->times, now_s));
	put_number(item, "failures", state->times.failures);
	put_number(item, "accepted_versions", state->accepted_count);
	put_number(item, "held_versions", state->held_count);
	put_flag(item, "stopped", state->is_stopped);
	put_flag(item, "dead", state->is_dead);
	put_text(item, "age", feed_age_name(age));
	put_text(item, "why", state->why);
}

json_t *feed_json_slot(const struct daemon *daemon,
		       const struct feed_slot *slot, uint64_t now_s)
{
	const struct feed *feed = &slot->feed;
	const struct set *set = ledger_set_named(daemon->ledger, feed->name);
	json_t *item = json_object();

	put_text(item, "name", feed->name);
	put_text(item, "title", feed->title);
	put_text(item, "class", feed_class_name((enum feed_class)feed->class));
	put_text(item, "format", feed_format_word(feed->format));
	put_text(item, "action", mode_of(slot));
	put_text(item, "licence", feed->licence);
	put_text(item, "credit", feed->credit);
	put_text(item, "commercial",
		 feed_commercial_name((enum feed_commercial)feed->commercial));
	put_number(item, "members",
		   set ? ledger_set_count(daemon->ledger, set->id) : 0);
	put_flag(item, "busy", slot->is_busy);
	put_state(item, slot, now_s);
	return item;
}

void feed_json_add_fetch(json_t *answer, const struct feed_slot *slot)
{
	const struct feed *feed = &slot->feed;
	bool is_http = strncmp(feed->url, "http://", strlen("http://")) == 0;

	put_text(answer, "url", feed->url);
	put_text(answer, "key_header", feed->key_header);
	put_text(answer, "key_file", feed->key_file);
	put_number(answer, "bytes_max", feed->bytes_max);
	/* of http without may_be_http it is this machine's, and stays there */
	put_flag(answer, "http", feed->may_be_http || is_http);
	put_flag(answer, "no_redirects", is_http && !feed->may_be_http);
	put_text(answer, "etag", slot->state.etag);
	put_text(answer, "modified", slot->state.modified);
	(void)json_object_set_new(answer, "definition",
				  json_stringn(slot->text, slot->len));
}

static json_t *notes_of(const struct feed_report *report)
{
	json_t *notes = json_array();

	for (uint32_t i = 0; i < report->note_count; i++)
		(void)json_array_append_new(
			notes, json_pack("{s:I, s:s, s:s}", "line",
					 (json_int_t)report->notes[i].line,
					 "why", report->notes[i].why, "text",
					 report->notes[i].text));
	return notes;
}

static json_t *findings_of(const struct feed_judgement *judgement)
{
	json_t *findings = json_array();

	for (uint32_t i = 0; i < judgement->finding_count; i++) {
		const struct feed_finding *finding = &judgement->findings[i];

		(void)json_array_append_new(
			findings,
			json_pack("{s:s, s:s, s:f, s:f}", "guard",
				  feed_guard_name(finding->guard), "text",
				  finding->text, "figure", finding->figure,
				  "limit", finding->limit));
	}
	return findings;
}

static json_t *widest_of(const struct feed_judgement *judgement)
{
	const struct feed_widest *both[] = {&judgement->widest_v4,
					    &judgement->widest_v6};
	json_t *widest = json_array();
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		for (uint32_t k = 0; k < both[i]->count; k++)
			(void)json_array_append_new(
				widest, json_string(prefix_to_text(
						&both[i]->prefixes[k], text)));
	return widest;
}

/* Entries in what is protected or around it; one may be in more than one. */
static json_t *hits_of(const struct feed_judgement *judgement)
{
	return json_pack("{s:I, s:I, s:I}", "own",
			 (json_int_t)judgement->hits_protected, "resolvers",
			 (json_int_t)judgement->hits_resolvers, "special",
			 (json_int_t)judgement->hits_special);
}

static void put_judgement(json_t *answer, const struct feed_intake *intake)
{
	const struct feed_report *report = &intake->report;
	const struct feed_judgement *judgement = &intake->judgement;
	uint64_t skipped = 0;

	for (size_t i = 0; i < FEED_SKIP_COUNT; i++)
		skipped += report->skipped[i];
	put_number(answer, "lines", report->lines);
	put_number(answer, "entries", judgement->entries);
	put_number(answer, "rejects", report->rejected);
	put_number(answer, "skipped", skipped);
	put_number(answer, "left_out", judgement->left_out);
	put_number(answer, "around", judgement->around);
	(void)json_object_set_new(answer, "protected", hits_of(judgement));
	put_number(answer, "excepted", intake->excepted);
	put_number(answer, "new", judgement->added);
	put_number(answer, "gone", judgement->removed);
	put_number(answer, "addresses", judgement->addresses_v4);
	put_flag(answer, "forgiven", judgement->is_forgiven);
	(void)json_object_set_new(answer, "notes", notes_of(report));
	(void)json_object_set_new(answer, "findings", findings_of(judgement));
	(void)json_object_set_new(answer, "widest", widest_of(judgement));
}

/* Why nobody knows which flows would be cut. */
static const char *why_not_cuts(int r)
{
	return r == -EBUSY
		       ? "a policy is on trial, or came into force meanwhile"
		       : strerror(-r);
}

json_t *feed_json_result(const struct feed_result *result)
{
	json_t *answer = json_object();

	put_text(answer, "outcome", result->outcome);
	put_text(answer, "why", result->intake->why);
	put_number(answer, "version", result->version);
	put_judgement(answer, result->intake);
	put_number(answer, "added", result->added);
	put_number(answer, "removed", result->removed);
	put_number(answer, "leaving", result->leaving);
	put_number(answer, "kept", result->kept);
	put_number(answer, "members", result->members);
	put_flag(answer, "dry", result->is_dry);
	if (result->cuts)
		(void)json_object_set_new(answer, "flows",
					  diff_json_cuts(result->cuts));
	else if (result->cuts_r < 0)
		put_text(answer, "flows_why", why_not_cuts(result->cuts_r));
	put_number(answer, "took_us", result->took_us);
	put_number(answer, "parse_us", result->parse_us);
	put_number(answer, "merge_us", result->merge_us);
	put_number(answer, "diff_us", result->diff_us);
	put_number(answer, "commit_us", result->commit_us);
	put_number(answer, "apply_us", result->apply_us);
	return answer;
}

/* Of one feed: all that met it, and what met no other feed. */
struct hits {
	uint8_t set_id; /* 0: its set is gone */
	struct fw_count all, unique;
};

static void add_count(struct fw_count *to, const struct fw_count *count)
{
	to->packets += count->packets;
	to->bytes += count->bytes;
}

static void add_class(struct hits *hits, size_t feeds,
		      const struct class_info *info,
		      const struct fw_count *count)
{
	size_t only = 0, listing = 0;

	for (size_t i = 0; i < feeds; i++) {
		if (!hits[i].set_id ||
		    !set_mask_has(&info->sets, hits[i].set_id))
			continue;
		add_count(&hits[i].all, count);
		only = i;
		listing++;
	}
	if (listing == 1)
		add_count(&hits[only].unique, count);
}

static void find_sets(const struct daemon *daemon, struct hits *hits)
{
	for (size_t i = 0; i < daemon->feeds.count; i++) {
		const struct set *set = ledger_set_named(
			daemon->ledger, daemon->feeds.list[i]->feed.name);

		hits[i].set_id = set ? set->id : 0;
	}
}

json_t *feed_json_hits(struct daemon *daemon)
{
	struct classes *classes = ledger_classes(daemon->ledger);
	uint32_t count = (uint32_t)classes_last(classes) + 1;
	CLEANUP(freep) void *memory = calloc(count, sizeof(struct fw_count));
	struct fw_count *by_class = memory;
	struct hits hits[FEEDS_MAX] = {0};
	json_t *list;

	if (!by_class || maps_class_counts(daemon->maps, by_class, count) < 0)
		return NULL;
	find_sets(daemon, hits);
	for (uint32_t id = 1; id < count; id++) {
		struct class_info info = classes_info(classes, (uint16_t)id);

		add_class(hits, daemon->feeds.count, &info, &by_class[id]);
	}
	list = json_array();
	for (size_t i = 0; i < daemon->feeds.count; i++)
		(void)json_array_append_new(
			list,
			json_pack("{s:s, s:o, s:o}", "name",
				  daemon->feeds.list[i]->feed.name, "hits",
				  json_of_count(&hits[i].all), "unique",
				  json_of_count(&hits[i].unique)));
	return list;
}
