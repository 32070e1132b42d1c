// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * detect replay: what rules say of events that were, with what they remember of
 * them. Needs no daemon. The only clock is the events' own, and what is told
 * does not depend on where things lie in memory, so it is the same each time.
 */
#include "ctl/cmd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/detect_event.h"
#include "ctl/detect_rules.h"
#include "ctl/policy_file.h"
#include "rules/detect/alarm.h"
#include "rules/detect/detection.h"

#define ALARMS	 16384
#define PIDS_MAX (1u << 22) /* as the kernel has it */

static const struct grid_column columns[] = {
	{.title = "EVENT", .right = true},
	{.title = "TOLD"},
	{.title = "COUNT", .right = true},
	{.title = "ACTION"},
	{.title = "LEVEL"},
	{.title = "TITLE"},
	{NULL},
};

static void fill(struct grid *grid, const json_t *item)
{
	grid_printf(grid, "%" PRId64, answer_number(item, "event"));
	grid_text(grid, answer_text(item, "told"));
	grid_printf(grid, "%" PRId64, answer_number(item, "count"));
	grid_text(grid, answer_text(item, "action"));
	grid_text(grid, answer_text(item, "level"));
	grid_text(grid, answer_text(item, "title"));
}

static const struct item_view view = {columns, fill};

struct replay {
	const struct detect_folder *folder;
	struct detection *detection;
	struct alarms *alarms;
	uint64_t *starts_ns; /* of the last process of each number */
	json_t *list; /* of what the event under way tells */
	unsigned int line;
	uint64_t time_ns, swept_ns;
	uint64_t events, matches, told;
};

static void tell(struct replay *replay, const struct detect_rule *rule,
		 const char *told, uint64_t count)
{
	json_t *item = detect_rules_json(rule);

	(void)json_object_set_new(item, "event", json_integer(replay->line));
	(void)json_object_set_new(item, "told", json_string(told));
	(void)json_object_set_new(item, "count",
				  json_integer((json_int_t)count));
	(void)json_array_append_new(replay->list, item);
	replay->told++;
}

static void hear(void *arg, const struct detect_rule *rule, size_t index,
		 const struct event *event)
{
	struct replay *replay = arg;
	struct alarm_answer answer;

	(void)index;
	if (rule->action == DETECT_IGNORE || rule->action == DETECT_ALLOW)
		return;
	replay->matches++;
	answer = alarms_hear(replay->alarms,
			     alarms_key(replay->alarms, rule, event), rule,
			     event->time_ns);
	if (answer.verdict == ALARM_RAISE)
		tell(replay, rule, "raised", answer.count);
	else if (answer.verdict == ALARM_AGAIN)
		tell(replay, rule, "again", answer.count);
}

/* An event says its parent's number, and may say when that began. */
static void complete(struct replay *replay, struct event *event)
{
	const struct event_text *cgroup = &event->words[EVENT_CGROUP];

	if (event->parent.start_ns == 0 && event->parent.pid < PIDS_MAX)
		event->parent.start_ns = replay->starts_ns[event->parent.pid];
	if (event->process.pid < PIDS_MAX)
		replay->starts_ns[event->process.pid] = event->process.start_ns;
	for (uint32_t i = 0; i < cgroup->len; i++)
		event->cgroup = (event->cgroup ^ (uint8_t)cgroup->bytes[i]) *
				0x100000001b3;
	if (event->time_ns == 0)
		event->time_ns = replay->time_ns;
}

struct over {
	const struct detect_rule *rule;
	uint64_t count;
};

struct overs {
	struct over items[ALARMS];
	size_t count;
};

static void note_over(void *arg, const struct detect_rule *rule,
		      struct alarm_key key, uint64_t count)
{
	struct overs *overs = arg;

	(void)key;
	if (overs->count < ALARMS)
		overs->items[overs->count++] = (struct over){rule, count};
}

static int by_count(const void *a, const void *b)
{
	const struct over *one = a, *other = b;

	return (one->count > other->count) - (one->count < other->count);
}

/* Where a key lies in the table of alarms is different each time: told are the
 * rules in their order, and of each the counts. */
static int sweep(struct replay *replay, uint64_t now_ns)
{
	struct overs *overs = calloc(1, sizeof(*overs));

	if (!overs)
		return -ENOMEM;
	alarms_tick(replay->alarms, now_ns, UINT32_MAX, note_over, overs);
	qsort(overs->items, overs->count, sizeof(*overs->items), by_count);
	for (size_t i = 0; overs->count > 0 && i < replay->folder->rule_count;
	     i++) {
		for (size_t at = 0; at < overs->count; at++) {
			if (overs->items[at].rule == replay->folder->rules[i])
				tell(replay, overs->items[at].rule, "over",
				     overs->items[at].count);
		}
	}
	free(overs);
	replay->swept_ns = now_ns;
	return 0;
}

static int hear_event(struct replay *replay, struct event *event)
{
	int r = 0;

	complete(replay, event);
	if (event->time_ns > replay->time_ns)
		replay->time_ns = event->time_ns;
	if (replay->time_ns - replay->swept_ns >= DETECT_SECOND_NS) {
		r = sweep(replay, replay->time_ns);
		detection_tick(replay->detection, replay->time_ns, UINT32_MAX);
	}
	replay->events++;
	if (event->kind != EVENT_LOSS)
		detection_hear(replay->detection, event, hear, replay);
	return r;
}

static enum outcome replay_line(struct session *session, struct replay *replay,
				const char *line, size_t len)
{
	struct detect_event event;
	char why[128] = "";
	int r = detect_event_read(line, len, &event, why);

	if (r >= 0) {
		r = hear_event(replay, &event.event);
		detect_event_done(&event);
	}
	if (r < 0)
		return session_refuse(session, r, "event on line %u: %s",
				      replay->line,
				      r == -EINVAL ? why : strerror(-r));
	printer_items(&session->printer, replay->list, &view);
	(void)json_array_clear(replay->list);
	return OUTCOME_DONE;
}

static enum outcome replay_lines(struct session *session, struct replay *replay,
				 const struct policy_text *text)
{
	enum outcome outcome = OUTCOME_DONE;
	size_t from = 0;

	while (outcome == OUTCOME_DONE && from < text->len) {
		const char *first = text->base + from;
		const char *stop = memchr(first, '\n', text->len - from);
		size_t len = stop ? (size_t)(stop - first) : text->len - from;

		replay->line++;
		if (len > 0)
			outcome = replay_line(session, replay, first, len);
		from += len + 1;
	}
	return outcome;
}

static void view_sums(FILE *out, const json_t *answer)
{
	(void)fprintf(out,
		      "%" PRId64 " events: %" PRId64 " matches, %" PRId64
		      " told\n",
		      answer_number(answer, "events"),
		      answer_number(answer, "matches"),
		      answer_number(answer, "told"));
}

/* What was counted and not told is told. */
static enum outcome finish(struct session *session, struct replay *replay)
{
	CLEANUP(json_decrefp) json_t *sums = NULL;
	int r = sweep(replay, UINT64_MAX);

	if (r < 0)
		return session_refuse(session, r, "%s", strerror(-r));
	printer_items(&session->printer, replay->list, &view);
	if (session->json)
		return OUTCOME_DONE;
	sums = json_pack("{s:I, s:I, s:I}", "events",
			 (json_int_t)replay->events, "matches",
			 (json_int_t)replay->matches, "told",
			 (json_int_t)replay->told);
	printer_answer(&session->printer, sums, view_sums);
	return OUTCOME_DONE;
}

static int replay_begin(struct replay *replay)
{
	static const uint64_t seed[2] = {0x706f7274, 0x63756c6c};
	int r = detection_new(replay->folder->rules, replay->folder->rule_count,
			      seed, &replay->detection);

	if (r >= 0)
		r = alarms_new(ALARMS, seed, &replay->alarms);
	replay->starts_ns = calloc(PIDS_MAX, sizeof(*replay->starts_ns));
	replay->list = json_array();
	if (r >= 0 && (!replay->starts_ns || !replay->list))
		r = -ENOMEM;
	return r;
}

static void replay_done(struct replay *replay)
{
	detection_free(replay->detection);
	alarms_free(replay->alarms);
	free(replay->starts_ns);
	json_decref(replay->list);
}

static enum outcome replay_text(struct session *session,
				const struct detect_folder *folder,
				const struct policy_text *text)
{
	struct replay replay = {.folder = folder};
	int r = replay_begin(&replay);
	enum outcome outcome =
		r < 0 ? session_refuse(session, r, "%s", strerror(-r))
		      : replay_lines(session, &replay, text);

	if (outcome == OUTCOME_DONE)
		outcome = finish(session, &replay);
	replay_done(&replay);
	return outcome;
}

enum outcome cmd_detect_replay(struct session *session)
{
	CLEANUP(detect_folder_done) struct detect_folder folder = {NULL};
	CLEANUP(policy_text_done) struct policy_text text = {0};
	enum outcome outcome = detect_rules_load(session, 0, &folder);

	if (outcome == OUTCOME_DONE)
		outcome = policy_text_read(session, session_word(session, 1),
					   &text);
	return outcome == OUTCOME_DONE ? replay_text(session, &folder, &text)
				       : outcome;
}
