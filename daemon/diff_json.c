// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/diff_json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "rules/flowtext.h"

#define PROTO_TCP  6
#define PROTO_UDP  17
#define PROTO_SCTP 132

int diff_json_init(struct diff_json *json)
{
	*json = (struct diff_json){
		.answer = json_object(),
		.changes = json_array(),
		.notes = json_array(),
	};
	return json->answer && json->changes && json->notes ? 0 : -ENOMEM;
}

void diff_json_done(struct diff_json *json)
{
	json_decref(json->answer);
	json_decref(json->changes);
	json_decref(json->notes);
}

void diff_json_size(struct diff_json *json, const char *key,
		    const struct judge *judge)
{
	const struct compiled *compiled = judge->compiled;
	size_t slots = compiled ? compiled->slot_count : 0;
	size_t networks = compiled ? compiled->region_count - 1 : 0;

	(void)json_object_set_new(
		json->answer, key,
		json_pack("{s:I, s:I, s:I, s:I, s:I}", "revision",
			  (json_int_t)judge->revision, "rules",
			  (json_int_t)judge->policy.rule_count, "slots",
			  (json_int_t)slots, "vectors",
			  (json_int_t)judge->vector_count, "networks",
			  (json_int_t)networks));
}

int diff_json_add(void *arg, const struct difference *difference)
{
	struct diff_json *json = arg;
	json_t *item;

	json->counts[difference->what][difference->change]++;
	if (json_array_size(json->changes) == DIFF_JSON_CHANGES_MAX) {
		json->more++;
		return 0;
	}
	item = json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:b, s:I, s:I}", "what",
		diff_what_name((enum diff_what)difference->what), "change",
		diff_change_name((enum diff_change)difference->change), "name",
		difference->name, "line", (json_int_t)difference->line, "keys",
		difference->keys, "moved", difference->is_moved,
		"members_added", (json_int_t)difference->members_added,
		"members_removed", (json_int_t)difference->members_removed);
	return json_array_append_new(json->changes, item) < 0 ? -ENOMEM : 0;
}

void diff_json_note(struct diff_json *json, const char *format, ...)
{
	char text[DIFF_JSON_NOTE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)json_array_append_new(json->notes, json_string(text));
}

static json_t *json_of_counts(const struct diff_json *json)
{
	json_t *all = json_object();

	for (int what = 0; what < DIFF_WHAT_COUNT; what++) {
		json_t *counts = json_object();

		for (int change = 0; change < DIFF_CHANGE_COUNT; change++)
			(void)json_object_set_new(
				counts,
				diff_change_name((enum diff_change)change),
				json_integer(json->counts[what][change]));
		(void)json_object_set_new(
			all, diff_what_name((enum diff_what)what), counts);
	}
	return all;
}

/* "tcp 203.0.113.9:4711 > 198.51.100.7:22", who started it first. */
static json_t *json_of_flow(const struct flow *flow)
{
	const struct flowtext text = {
		.family = flow->family,
		.has_protocol = true,
		.protocol = flow->protocol,
		.source = flow->starter,
		.destination = flow->other,
		.has_ports = flow->protocol == PROTO_TCP ||
			     flow->protocol == PROTO_UDP ||
			     flow->protocol == PROTO_SCTP,
		.source_port = flow->starter_port,
		.destination_port = flow->other_port,
	};
	char buf[FLOWTEXT_MAX];

	return json_string(flowtext_print(&text, buf));
}

static json_t *json_of_cut(const struct cut *cut)
{
	bool is_out = cut->direction == DIRECTION_OUT;

	return json_pack("{s:o, s:s, s:s, s:b, s:s*, s:s*}", "flow",
			 json_of_flow(&cut->flow), "direction",
			 is_out ? "out" : "in", "iface", cut->ifname, "reply",
			 cut->is_reply, "rule", cut->rule, "set",
			 *cut->set ? cut->set : NULL);
}

json_t *diff_json_cuts(const struct cuts_result *result)
{
	json_t *told = json_array();

	for (size_t i = 0; i < result->told_count; i++)
		(void)json_array_append_new(told,
					    json_of_cut(&result->told[i]));
	return json_pack("{s:I, s:I, s:b, s:o}", "seen",
			 (json_int_t)result->seen, "cut",
			 (json_int_t)result->cut, "whole", result->is_whole,
			 "first", told);
}

json_t *diff_json_take(struct diff_json *json, const struct cuts_result *cuts)
{
	(void)json_object_set(json->answer, "changes", json->changes);
	(void)json_object_set_new(json->answer, "more_changes",
				  json_integer(json->more));
	(void)json_object_set_new(json->answer, "counts", json_of_counts(json));
	(void)json_object_set(json->answer, "notes", json->notes);
	if (cuts)
		(void)json_object_set_new(json->answer, "flows",
					  diff_json_cuts(cuts));
	return TAKE(json->answer);
}
