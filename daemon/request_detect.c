// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about detection: what is in force and what came of it, to read the
 * rules anew, to let out of quarantine, and what processes add up to. */
#include <string.h>

#include "daemon/alert/line.h"
#include "daemon/clock.h"
#include "daemon/json.h"
#include "daemon/requests.h"

static json_t *blocking_of(const struct daemon *daemon)
{
	const struct blocking *blocking = &daemon->detecting.blocking;
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);
	json_t *steps = json_array();

	for (unsigned int i = 0; i < DETECT_STEP_COUNT; i++) {
		if (daemon->config.detect_steps >> i & 1)
			(void)json_array_append_new(
				steps, json_string(detect_step_name(i)));
	}
	return json_pack(
		"{s:b, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "on",
		daemon->config.detect_block, "steps", steps, "set",
		BLOCKING_SET, "action",
		set_action_name(set ? set->action : SET_DROP), "members",
		(json_int_t)(set ? ledger_set_count(daemon->ledger, set->id)
				 : 0),
		"blocked", (json_int_t)blocking->put, "withheld",
		(json_int_t)blocking->withheld, "over_budget",
		(json_int_t)blocking->over, "failed",
		(json_int_t)blocking->failed);
}

/* {step: {done, withheld, failed}} of those that can be had. */
static json_t *steps_of(const struct acting *acting)
{
	json_t *steps = json_object();

	for (unsigned int i = 0; i < DETECT_STEP_COUNT; i++) {
		if (!(acting->steps >> i & 1) || 1u << i == DETECT_STEP_TABLE)
			continue;
		(void)json_object_set_new(
			steps, detect_step_name(i),
			json_pack("{s:I, s:I, s:I}", "done",
				  (json_int_t)acting->done[i], "withheld",
				  (json_int_t)acting->withheld[i], "failed",
				  (json_int_t)acting->failed[i]));
	}
	return steps;
}

/* Who is in quarantine, each with its tree; pid 0: further trees. */
static json_t *quarantine_of(const struct acting *acting)
{
	json_t *list = json_array();
	char image[QUARANTINE_IMAGE_MAX * 4];

	for (size_t i = 0; i < acting->tree_count; i++) {
		const struct quarantine_tree *tree = &acting->trees[i];

		(void)line_show(tree->image, strlen(tree->image), image,
				sizeof(image));
		(void)json_array_append_new(list,
					    json_pack("{s:I, s:s}", "pid",
						      (json_int_t)tree->id.pid,
						      "image", image));
	}
	return list;
}

static void put_denylist(const struct daemon *daemon, json_t *answer)
{
	json_t *denylist = denying_json(daemon);

	if (denylist)
		(void)json_object_set_new(answer, "denylist", denylist);
}

void request_detect_status(struct daemon *daemon, struct call *call)
{
	const struct detecting *detecting = &daemon->detecting;
	const struct rulebook *book = detecting->book;
	const struct detecting_counts *counts = &detecting->counts;
	json_t *answer = detecting_rules_json(daemon);

	(void)json_object_update_new(
		answer,
		json_pack(
			"{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			"sensor", daemon->host.reader != NULL, "read",
			(json_int_t)detecting->read_s, "events",
			(json_int_t)counts->events, "matches",
			(json_int_t)counts->matches, "told",
			(json_int_t)counts->told, "hushed",
			(json_int_t)counts->hushed, "observed",
			(json_int_t)counts->observed, "lost",
			(json_int_t)daemon->host.lost, "crowded",
			(json_int_t)(book ? alarms_crowded(book->alarms) : 0)));
	(void)json_object_set_new(answer, "blocking", blocking_of(daemon));
	(void)json_object_set_new(answer, "steps", steps_of(&daemon->acting));
	(void)json_object_set_new(answer, "quarantine",
				  quarantine_of(&daemon->acting));
	(void)json_object_set_new(answer, "abandoned",
				  json_string(daemon->abandoned.tick
						      ? daemon->abandoned.path
						      : ""));
	(void)json_object_set_new(answer, "latency",
				  json_of_latency(&detecting->latency));
	put_denylist(daemon, answer);
	call_done(call, answer);
}

/* Without a sensor there still is the exec denylist. */
void request_detect_reload(struct daemon *daemon, struct call *call)
{
	if (!daemon->host.reader && daemon->denying.denylist) {
		denying_reload(daemon, call);
		return;
	}
	detecting_reload(daemon, call);
}

void request_detect_release(struct daemon *daemon, struct call *call)
{
	uint64_t pid;

	if (args_number(call, "process", INT32_MAX, 0, &pid) < 0)
		return;
	acting_release(daemon, call, (uint32_t)pid);
}

static void append_scored(void *arg, const struct process_id *root,
			  uint32_t points, const char *text)
{
	(void)json_array_append_new(
		arg,
		json_pack("{s:I, s:I, s:I, s:s}", "pid", (json_int_t)root->pid,
			  "start_ns", (json_int_t)root->start_ns, "points",
			  (json_int_t)points, "made_of", text));
}

void request_detect_scores(struct daemon *daemon, struct call *call)
{
	const struct rulebook *book = daemon->detecting.book;
	json_t *list = json_array();
	size_t total = 0;

	if (book)
		total = detection_scores(book->detection, clock_boot_ns(),
					 SCORES_TOP_MAX, append_scored, list);
	call_done(call, json_pack("{s:b, s:I, s:o}", "sensor",
				  daemon->host.reader != NULL, "total",
				  (json_int_t)total, "trees", list));
}
