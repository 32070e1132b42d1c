// SPDX-License-Identifier: GPL-2.0-or-later
/* alert ...: what detections found, and what people say of it. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/alert_pattern.h"
#include "ctl/alert_view.h"
#include "ctl/answer.h"
#include "ctl/follow.h"
#include "ctl/session.h"
#include "rules/base.h"
#include "rules/duration.h"

/* What --lines says. */
static uint64_t lines_of(const struct session *session)
{
	const char *lines = session_value(session, OPTION_LINES);

	return lines ? strtoull(lines, NULL, 10) : UINT64_MAX;
}

/* Which alerts the list is of. */
static json_t *filter_of(const struct session *session)
{
	const char *since = session_value(session, OPTION_SINCE);
	uint64_t now_s = (uint64_t)time(NULL);
	uint64_t since_s = now_s; /* what was past a moment ago is now */

	if (since)
		(void)since_from_text(since, now_s, &since_s);
	return json_pack("{s:i, s:s*, s:o*}", "all",
			 session_has(session, OPTION_ALL), "level",
			 session_value(session, OPTION_LEVEL), "since",
			 since ? json_integer((json_int_t)since_s) : NULL);
}

/* One page after the other, each given to `take`, with `left` alerts. */
typedef int take_fn(struct session *session, const json_t *alerts, void *arg);

static enum outcome each_page(struct session *session, uint64_t left,
			      take_fn *take, void *arg)
{
	CLEANUP(json_decrefp) json_t *filter = filter_of(session);
	json_int_t before = 0;

	do {
		CLEANUP(json_decrefp) json_t *answer = NULL;
		uint64_t max = left < WIRE_PAGE_MAX ? left : WIRE_PAGE_MAX;
		json_t *args = json_copy(filter);
		enum outcome outcome;

		(void)json_object_set_new(args, "before", json_integer(before));
		(void)json_object_set_new(args, "max",
					  json_integer((json_int_t)max));
		outcome =
			session_ask(session, REQ_ALERT_LIST, args, -1, &answer);
		if (outcome != OUTCOME_DONE)
			return outcome;
		if (take(session, answer_list(answer, "alerts"), arg) < 0)
			return session_refuse(session, -ENOMEM,
					      "out of memory");
		before = answer_number(answer, "next");
		max = json_array_size(answer_list(answer, "alerts"));
		left -= max < left ? max : left;
	} while (left > 0 && before > 0);
	return OUTCOME_DONE;
}

static int print_page(struct session *session, const json_t *alerts, void *arg)
{
	(void)arg;
	printer_items(&session->printer, alerts, &alert_view_kept);
	return 0;
}

static int count_page(struct session *session, const json_t *alerts, void *arg)
{
	const json_t *item;
	size_t i;
	int r = 0;

	(void)session;
	json_array_foreach(alerts, i, item)
	{
		if (r == 0)
			r = alert_patterns_add(arg, item);
	}
	return r;
}

static enum outcome list_patterns(struct session *session)
{
	CLEANUP(alert_patterns_done) struct alert_patterns patterns;
	int r = alert_patterns_init(&patterns);
	enum outcome outcome =
		r < 0 ? session_refuse(session, r, "out of memory")
		      : each_page(session, UINT64_MAX, count_page, &patterns);

	while (json_array_size(patterns.list) > lines_of(session))
		(void)json_array_remove(patterns.list,
					json_array_size(patterns.list) - 1);
	if (outcome == OUTCOME_DONE)
		printer_items(&session->printer, patterns.list,
			      &alert_view_pattern);
	return outcome;
}

enum outcome cmd_alert_list(struct session *session)
{
	return session_has(session, OPTION_PATTERN)
		       ? list_patterns(session)
		       : each_page(session, lines_of(session), print_page,
				   NULL);
}

enum outcome cmd_alert_show(struct session *session)
{
	return session_show(session, REQ_ALERT_SHOW,
			    json_pack("{s:s}", "id", session_word(session, 0)),
			    alert_view_one);
}

/* What is refused is told, and the others are marked all the same. */
static enum outcome mark(struct session *session, const char *state)
{
	const char *reason = session_value(session, OPTION_REASON);
	enum outcome all = OUTCOME_DONE;
	const char *id;

	for (size_t i = 0; (id = session_word(session, i)); i++) {
		enum outcome outcome = session_show(
			session, REQ_ALERT_MARK,
			json_pack("{s:s, s:s, s:s}", "id", id, "state", state,
				  "note", reason ? reason : ""),
			alert_view_marked);

		if (outcome == OUTCOME_UNREACHABLE)
			return outcome;
		if (outcome != OUTCOME_DONE)
			all = outcome;
	}
	return all;
}

enum outcome cmd_alert_ack(struct session *session)
{
	return mark(session, "acknowledged");
}

enum outcome cmd_alert_resolve(struct session *session)
{
	return mark(session, "resolved");
}

enum outcome cmd_alert_status(struct session *session)
{
	return session_show(session, REQ_ALERT_STATUS, json_object(),
			    alert_view_outlets);
}

enum outcome cmd_alert_watch(struct session *session)
{
	static const struct followed followed = {
		.request = REQ_ALERT_WATCH,
		.list = "alerts",
		.view = &alert_view_told,
	};

	return follow(session, &followed);
}
