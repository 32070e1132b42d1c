// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about alerts of detections: those that are kept, and new ones. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/alert/notices.h"
#include "daemon/clock.h"
#include "daemon/counts.h"
#include "daemon/json.h"
#include "daemon/notice_keep.h"
#include "daemon/requests.h"
#include "rules/notice_store.h"

#define ALERTS_PER_ANSWER 512
#define LOOKS_PER_ANSWER  2048 /* that are left out of a page */
/* The loop makes text of it, which is not to take a millisecond. */
#define BYTES_PER_ANSWER (64u << 10)
#define PREFIX_MAX	 64
#define LEVEL_MAX	 16 /* bytes of a name */

/* A question to the store, for the worker. */
struct asking {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct notice_store *store;
	struct call *call;

	/* of a list */
	uint64_t before;
	size_t max, looked_at, bytes;
	bool wants_all, has_more;
	enum detect_level level; /* and those above */
	uint64_t since_s;
	uint64_t last_seq; /* that was looked at */
	/* of one */
	char text[PREFIX_MAX];
	struct kept_id id;
	struct notice_mark mark;
	char note[KEPT_NOTE_MAX];

	json_t *alerts; /* list */
	int r;
};

static json_t *json_of_kept(const struct kept_notice *kept)
{
	struct uuid id;
	char text[UUID_TEXT_MAX], pattern[17];

	memcpy(id.bytes, kept->id, sizeof(id.bytes));
	(void)snprintf(pattern, sizeof(pattern), "%016" PRIx64, kept->pattern);
	return json_pack(
		"{s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:o*}", "seq",
		(json_int_t)kept->seq, "id", uuid_to_text(&id, text), "state",
		notice_state_name(kept->state), "pattern", pattern, "level",
		kept->level < DETECT_LEVEL_COUNT
			? detect_level_name((enum detect_level)kept->level)
			: "",
		"changed", (json_int_t)kept->changed_s, "uid",
		(json_int_t)kept->changed_uid, "note", kept->note, "alert",
		json_loadb(kept->json, kept->json_len, 0, NULL));
}

/* The worker's part. */

static bool is_wanted(const struct asking *asking,
		      const struct kept_notice *kept)
{
	return (asking->wants_all || kept->state != NOTICE_RESOLVED) &&
	       kept->level >= asking->level &&
	       kept->wall_ns / DETECT_SECOND_NS >= asking->since_s;
}

static int take_page(void *arg, const struct kept_notice *kept)
{
	struct asking *asking = arg;
	size_t bytes = kept->json_len + KEPT_NOTE_MAX;

	if (json_array_size(asking->alerts) == asking->max ||
	    asking->looked_at == LOOKS_PER_ANSWER ||
	    asking->bytes + bytes > BYTES_PER_ANSWER) {
		asking->has_more = true;
		return 1;
	}
	asking->looked_at++;
	asking->last_seq = kept->seq;
	if (!is_wanted(asking, kept))
		return 0;
	asking->bytes += bytes;
	(void)json_array_append_new(asking->alerts, json_of_kept(kept));
	return 0;
}

static int take_one(void *arg, const struct kept_notice *kept)
{
	struct asking *asking = arg;

	return json_array_append_new(asking->alerts, json_of_kept(kept));
}

static void run_list(struct job *job)
{
	struct asking *asking = (struct asking *)job;

	asking->r = notice_store_each(asking->store, asking->before, take_page,
				      asking);
}

static void run_show(struct job *job)
{
	struct asking *asking = (struct asking *)job;

	asking->r =
		notice_store_find(asking->store, &asking->id, take_one, asking);
}

static void run_mark(struct job *job)
{
	struct asking *asking = (struct asking *)job;

	asking->r = notice_store_mark(asking->store, &asking->id, &asking->mark,
				      take_one, asking);
}

/* The loop's part. */

/* What the sets that drop it have dropped: there is no count for each of their
 * members. */
struct droppers {
	const struct fw_count *counts; /* by id */
	json_t *list;
};

static int add_dropper(void *arg, const struct set *set,
		       const struct member *member)
{
	struct droppers *droppers = arg;
	const struct fw_count *count = &droppers->counts[set->id];
	json_t *item;

	if (set->action != SET_DROP)
		return 0;
	item = json_of_member(member);
	(void)json_object_set_new(item, "set", json_string(set->name));
	(void)json_object_set_new(item, "packets",
				  json_integer((json_int_t)count->packets));
	(void)json_object_set_new(item, "bytes",
				  json_integer((json_int_t)count->bytes));
	return json_array_append_new(droppers->list, item) < 0 ? -ENOMEM : 0;
}

static int peer_of(const json_t *item, struct prefix *ret_peer)
{
	const json_t *alert = json_object_get(item, "alert");
	const json_t *end = json_object_get(alert, "destination");
	const char *text;

	if (!end)
		end = json_object_get(alert, "source");
	text = json_string_value(json_object_get(end, "ip"));
	return text ? prefix_from_text(text, strlen(text), ret_peer) : -ENOENT;
}

static int is_dropper(void *arg, const struct set *set,
		      const struct member *member)
{
	(void)arg;
	(void)member;
	return set->action == SET_DROP ? -EEXIST : 0;
}

static bool is_dropped(struct daemon *daemon, const struct prefix *peer)
{
	return ledger_each_covering(daemon->ledger, peer, is_dropper, NULL) < 0;
}

static void fill_droppers(struct daemon *daemon, json_t *alerts,
			  struct fw_count *counts)
{
	bool has_counts = false;
	json_t *item;
	size_t i;

	json_array_foreach(alerts, i, item)
	{
		struct droppers droppers = {.counts = counts};
		struct prefix peer;

		if (peer_of(item, &peer) < 0 || !is_dropped(daemon, &peer))
			continue;
		if (!has_counts && counts_by_set(daemon, counts) < 0)
			return;
		has_counts = true;
		droppers.list = json_array();
		(void)ledger_each_covering(daemon->ledger, &peer, add_dropper,
					   &droppers);
		(void)json_object_set_new(item, "dropped", droppers.list);
	}
}

static void add_droppers(struct daemon *daemon, json_t *alerts)
{
	struct fw_count *counts = calloc(SET_ID_MAX + 1, sizeof(*counts));

	if (counts)
		fill_droppers(daemon, alerts, counts);
	free(counts);
}

static void refuse(const struct asking *asking)
{
	struct call *call = asking->call;

	switch (asking->r) {
	case -ENOENT:
		call_refuse(call, asking->r,
			    "no alert has an id that begins with \"%s\"",
			    asking->text);
		break;
	case -ENOTUNIQ:
		call_refuse(call, asking->r,
			    "more than one alert has an id that begins with "
			    "\"%s\": give more of it",
			    asking->text);
		break;
	case -EALREADY:
		call_refuse(call, asking->r, "alert %s is resolved",
			    asking->text);
		break;
	default:
		call_refuse(call, asking->r, "the alerts: %s",
			    strerror(-asking->r));
		break;
	}
}

static void asking_free(struct asking *asking)
{
	json_decref(asking->alerts);
	free(asking);
}

static void list_done(struct job *job)
{
	struct asking *asking = (struct asking *)job;
	json_t *answer;

	if (asking->r < 0) {
		refuse(asking);
		asking_free(asking);
		return;
	}
	add_droppers(asking->daemon, asking->alerts);
	answer = json_pack("{s:O}", "alerts", asking->alerts);
	if (asking->has_more)
		(void)json_object_set_new(
			answer, "next",
			json_integer((json_int_t)asking->last_seq));
	call_done(asking->call, answer);
	asking_free(asking);
}

static void one_done(struct job *job)
{
	struct asking *asking = (struct asking *)job;

	if (asking->r < 0) {
		refuse(asking);
	} else {
		add_droppers(asking->daemon, asking->alerts);
		call_done(asking->call,
			  json_incref(json_array_get(asking->alerts, 0)));
	}
	asking_free(asking);
}

static struct asking *begin(struct daemon *daemon, struct call *call)
{
	struct notice_store *store = notice_keep_store(daemon);
	struct asking *asking = store ? calloc(1, sizeof(*asking)) : NULL;

	if (!store)
		call_refuse(call, -ENOENT,
			    "the alerts could not be opened: fwctl status "
			    "says why");
	else if (!asking)
		call_refuse(call, -ENOMEM, "out of memory");
	if (!asking)
		return NULL;
	asking->daemon = daemon;
	asking->store = store;
	asking->call = call;
	asking->alerts = json_array();
	return asking;
}

static void submit(struct asking *asking, void (*run)(struct job *job),
		   void (*done)(struct job *job))
{
	asking->job.run = run;
	asking->job.done = done;
	notice_keep_flush(asking->daemon);
	worker_submit(asking->daemon->worker, &asking->job);
}

static int read_level(struct call *call, enum detect_level *ret_level)
{
	const char *lowest = detect_level_name(DETECT_INFORMATIONAL);
	const char *text = args_text(call, "level", LEVEL_MAX, lowest);

	if (text && detect_level_from_text(text, ret_level) == 0)
		return 0;
	if (text)
		call_refuse(call, -EINVAL,
			    "\"level\": expected informational, low, medium, "
			    "high or critical");
	return -EINVAL;
}

void request_alert_list(struct daemon *daemon, struct call *call)
{
	uint64_t before, max, all, since_s;
	enum detect_level level;
	struct asking *asking;

	if (args_number(call, "before", INT64_MAX, 0, &before) < 0 ||
	    args_number(call, "max", WIRE_PAGE_MAX, ALERTS_PER_ANSWER, &max) <
		    0 ||
	    args_number(call, "all", 1, 0, &all) < 0 ||
	    args_number(call, "since", INT64_MAX, 0, &since_s) < 0 ||
	    read_level(call, &level) < 0)
		return;
	asking = begin(daemon, call);
	if (!asking)
		return;
	asking->before = before;
	asking->max = max && max < ALERTS_PER_ANSWER ? (size_t)max
						     : ALERTS_PER_ANSWER;
	asking->wants_all = all;
	asking->since_s = since_s;
	asking->level = level;
	submit(asking, run_list, list_done);
}

/* With the id that is asked for, or NULL: refused. */
static struct asking *begin_one(struct daemon *daemon, struct call *call)
{
	const char *text = args_text(call, "id", PREFIX_MAX - 1, NULL);
	struct kept_id id;
	struct asking *asking;

	if (!text)
		return NULL;
	if (kept_id_from_text(text, &id) < 0) {
		call_refuse(call, -EINVAL,
			    "\"%s\" is not the beginning of an id: expected "
			    "hexadecimal digits",
			    text);
		return NULL;
	}
	asking = begin(daemon, call);
	if (!asking)
		return NULL;
	(void)snprintf(asking->text, sizeof(asking->text), "%s", text);
	asking->id = id;
	return asking;
}

void request_alert_show(struct daemon *daemon, struct call *call)
{
	struct asking *asking = begin_one(daemon, call);

	if (asking)
		submit(asking, run_show, one_done);
}

static int read_mark(struct call *call, struct notice_mark *mark)
{
	const char *state = args_text(call, "state", 32, NULL);
	const char *note = args_text(call, "note", KEPT_NOTE_MAX - 1, "");

	if (!state || !note)
		return -EINVAL;
	if (!reason_is_valid(note)) {
		call_refuse(call, -EINVAL,
			    "\"note\": expected one line of text");
		return -EINVAL;
	}
	for (int i = NOTICE_ACKNOWLEDGED; i < NOTICE_STATE_COUNT; i++) {
		mark->state = (enum notice_state)i;
		if (strcmp(notice_state_name(mark->state), state) != 0)
			continue;
		mark->note = *note ? note : NULL;
		return 0;
	}
	call_refuse(call, -EINVAL,
		    "\"state\": expected acknowledged or resolved");
	return -EINVAL;
}

void request_alert_mark(struct daemon *daemon, struct call *call)
{
	struct notice_mark mark = {.uid = call->uid, .now_s = clock_wall_s()};
	struct asking *asking;

	if (read_mark(call, &mark) < 0)
		return;
	asking = begin_one(daemon, call);
	if (!asking)
		return;
	if (mark.note) {
		(void)snprintf(asking->note, sizeof(asking->note), "%s",
			       mark.note);
		mark.note = asking->note;
	}
	asking->mark = mark;
	submit(asking, run_mark, one_done);
}

void request_alert_watch(struct daemon *daemon, struct call *call)
{
	uint64_t after, max, cursor, lost = 0;
	json_t *alerts;
	size_t bytes = 0;

	if (args_number(call, "after", INT64_MAX, 0, &after) < 0 ||
	    args_number(call, "max", WIRE_PAGE_MAX, ALERTS_PER_ANSWER, &max) <
		    0)
		return;
	cursor = after ? after + 1 : notices_next_seq(daemon->notices);
	alerts = json_array();
	while (json_array_size(alerts) < max && bytes < BYTES_PER_ANSWER) {
		const struct told *told =
			notices_next(daemon->notices, &cursor, &lost);

		if (!told)
			break;
		bytes += told->lens[TOLD_JSON];
		(void)json_array_append_new(
			alerts, json_loadb(told->texts[TOLD_JSON],
					   told->lens[TOLD_JSON], 0, NULL));
	}
	call_done(call, json_pack("{s:o, s:I, s:I}", "alerts", alerts, "next",
				  (json_int_t)(cursor - 1), "lost",
				  (json_int_t)lost));
}

void request_alert_status(struct daemon *daemon, struct call *call)
{
	call_done(call,
		  json_pack("{s:o}", "outlets", notice_keep_outlets(daemon)));
}
