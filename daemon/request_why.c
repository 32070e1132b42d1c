// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Request why: what happens to an address or a flow, who said so, and which
 * process of this host is behind it.
 *
 * All of it is at hand but the alert of a detection that blocks the address:
 * that is looked for by the worker, the last ones first.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/attribution.h"
#include "daemon/block_alert.h"
#include "daemon/clock.h"
#include "daemon/counts.h"
#include "daemon/json.h"
#include "daemon/notice_keep.h"
#include "daemon/offending.h"
#include "daemon/requests.h"

/* A member that a detection has put there, and may have an alert. */
struct found {
	struct member member; /* with no reason */
	char reason[REASON_MAX];
	bool is_there;
	bool is_blocked; /* by it */
};

struct claims {
	const struct fw_count *counts; /* by set id; NULL: not known */
	json_t *list, *dropped;
	struct found *found;
};

/* The narrowest of them comes first. */
static void find_detection(struct found *found, const struct set *set,
			   const struct member *member)
{
	if (found->is_there || member->evidence.origin != ORIGIN_DETECTION)
		return;
	found->member = *member;
	found->member.evidence.reason = NULL;
	(void)snprintf(found->reason, sizeof(found->reason), "%s",
		       member->evidence.reason);
	found->is_there = true;
	found->is_blocked = set->action == SET_DROP;
}

static int add_claim(void *arg, const struct set *set,
		     const struct member *member)
{
	struct claims *claims = arg;
	json_t *claim = json_of_member(member);
	const struct fw_count *count;

	(void)json_object_set_new(claim, "set", json_string(set->name));
	(void)json_object_set_new(claim, "action",
				  json_string(set_action_name(set->action)));
	find_detection(claims->found, set, member);
	if (set->action == SET_DROP && claims->counts) {
		count = &claims->counts[set->id];
		(void)json_array_append_new(
			claims->dropped,
			json_pack("{s:s, s:I, s:I}", "set", set->name,
				  "packets", (json_int_t)count->packets,
				  "bytes", (json_int_t)count->bytes));
	}
	return json_array_append_new(claims->list, claim) < 0 ? -ENOMEM : 0;
}

static const char *verdict_of(struct daemon *daemon, uint16_t class_id)
{
	if (class_id == CLASS_NONE)
		return "pass";
	return set_action_name(
		classes_info(ledger_classes(daemon->ledger), class_id).action);
}

static void put_address(struct daemon *daemon, const struct prefix *prefix,
			json_t *object, struct found *ret_found)
{
	const struct guard_entry *entry = guard_find(daemon->guard, prefix);
	uint16_t class_id = ledger_class(daemon->ledger, prefix);
	uint16_t live_id = table_lookup(daemon->table, prefix);
	CLEANUP(freep)
	void *memory = calloc(SET_ID_MAX + 1, sizeof(struct fw_count));
	struct claims claims = {
		.counts = memory && counts_by_set(daemon, memory) == 0 ? memory
								       : NULL,
		.list = json_array(),
		.dropped = json_array(),
		.found = ret_found,
	};
	json_t *offence = offending_json(daemon, prefix);
	char text[PREFIX_TEXT_MAX];

	*ret_found = (struct found){0};
	(void)ledger_each_covering(daemon->ledger, prefix, add_claim, &claims);
	ret_found->is_blocked &=
		strcmp(verdict_of(daemon, class_id), "drop") == 0;
	(void)json_object_update_new(
		object,
		json_pack("{s:s, s:s, s:s, s:i, s:o, s:o}", "address",
			  prefix_to_text(prefix, text), "verdict",
			  verdict_of(daemon, class_id), "from_table",
			  verdict_of(daemon, live_id), "class", (int)live_id,
			  "claims", claims.list, "dropped", claims.dropped));
	if (entry)
		(void)json_object_set_new(object, "protected",
					  json_string(entry->name));
	if (offence)
		(void)json_object_set_new(object, "offence", offence);
}

/* The alert of a block, on the worker. */

struct why_job {
	struct job job; /* first: the worker's view of it */
	struct notice_store *store;
	struct call *call;
	json_t *answer;
	struct found found;
	json_t *alert; /* the line that was found, or NULL */
};

static void run_why(struct job *job)
{
	struct why_job *why = (struct why_job *)job;
	struct member member = why->found.member;

	member.evidence.reason = why->found.reason;
	why->alert = block_alert_find(why->store, &member);
}

static void why_done(struct job *job)
{
	struct why_job *why = (struct why_job *)job;
	const json_t *line = why->alert;
	const char *when =
		json_string_value(json_object_get(line, "@timestamp"));

	if (line)
		(void)json_object_set_new(
			why->answer, "alert",
			json_pack("{s:s, s:s, s:s, s:s, s:b}", "id",
				  block_alert_text(line, "event", "id"), "rule",
				  block_alert_text(line, "rule", "name"),
				  "rule_id",
				  block_alert_text(line, "rule", "id"), "time",
				  when ? when : "", "blocks",
				  why->found.is_blocked));
	json_decref(why->alert);
	call_done(why->call, why->answer);
	free(why);
}

/* Takes the answer. */
static void answer_with_alert(struct daemon *daemon, struct call *call,
			      const struct found *found, json_t *answer)
{
	struct notice_store *store = notice_keep_store(daemon);
	struct why_job *why =
		found->is_there && store ? calloc(1, sizeof(*why)) : NULL;

	if (!why) {
		call_done(call, answer);
		return;
	}
	why->job.run = run_why;
	why->job.done = why_done;
	why->store = store;
	why->call = call;
	why->answer = answer;
	why->found = *found;
	notice_keep_flush(daemon);
	worker_submit(daemon->worker, &why->job);
}

static void put_sensor(const struct daemon *daemon, json_t *answer)
{
	(void)json_object_set_new(answer, "sensor",
				  json_boolean(attribution_knows(daemon)));
}

static void why_address(struct daemon *daemon, struct call *call)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix prefix;
	struct found found;
	json_t *answer;

	if (args_prefix(call, "address", &prefix) < 0)
		return;
	if (prefix_len(&prefix) == 0) {
		call_refuse(call, -EINVAL, "%s is every address: ask for one",
			    prefix_to_text(&prefix, text));
		return;
	}
	answer = json_object();
	put_address(daemon, &prefix, answer, &found);
	put_sensor(daemon, answer);
	if (prefix.bits == 128)
		(void)json_object_set_new(answer, "talks",
					  attribution_talks(daemon, &prefix));
	answer_with_alert(daemon, call, &found, answer);
}

/* A flow. */

static int read_end(const json_t *flow, const char *name,
		    struct prefix *ret_address)
{
	const char *text = json_string_value(json_object_get(flow, name));

	if (!text || prefix_from_text(text, strlen(text), ret_address) < 0 ||
	    ret_address->bits != 128)
		return -EINVAL;
	return 0;
}

static int read_number(const json_t *flow, const char *name, json_int_t max,
		       json_int_t *ret_number)
{
	const json_t *number = json_object_get(flow, name);
	json_int_t value = json_integer_value(number);

	if (number && (!json_is_integer(number) || value < 0 || value > max))
		return -EINVAL;
	*ret_number = value;
	return 0;
}

/* "in", "out"; absent: as the addresses say. */
static int read_way(const struct daemon *daemon, const json_t *json,
		    struct attribution_flow *flow)
{
	const json_t *value = json_object_get(json, "direction");
	const char *way = json_string_value(value);

	flow->is_out = !attribution_is_own(daemon, &flow->destination) &&
		       attribution_is_own(daemon, &flow->source);
	if (!value)
		return 0;
	if (!way || (strcmp(way, "in") != 0 && strcmp(way, "out") != 0))
		return -EINVAL;
	flow->is_out = strcmp(way, "out") == 0;
	return 0;
}

static int read_flow(const struct daemon *daemon, const json_t *json,
		     struct attribution_flow *ret_flow)
{
	struct attribution_flow flow = {0};
	json_int_t protocol, from, to;

	if (read_end(json, "source", &flow.source) < 0 ||
	    read_end(json, "destination", &flow.destination) < 0 ||
	    read_number(json, "protocol", UINT8_MAX, &protocol) < 0 ||
	    read_number(json, "source_port", UINT16_MAX, &from) < 0 ||
	    read_number(json, "destination_port", UINT16_MAX, &to) < 0 ||
	    read_way(daemon, json, &flow) < 0)
		return -EINVAL;
	flow.protocol = (uint8_t)protocol;
	flow.source_port = (uint16_t)from;
	flow.destination_port = (uint16_t)to;
	*ret_flow = flow;
	return 0;
}

/* The first interface that has a gate; without one it is absent. */
static void put_iface(const struct daemon *daemon, json_t *answer)
{
	char names[GATES_MAX][RULE_NAME_MAX];

	if (gate_keep_names(&daemon->keep, names) > 0)
		(void)json_object_set_new(answer, "iface",
					  json_string(names[0]));
}

static void why_flow(struct daemon *daemon, struct call *call,
		     const json_t *json)
{
	struct attribution_flow flow;
	json_t *answer, *ends[2];
	struct owner owner;
	struct found found[2];

	if (read_flow(daemon, json, &flow) < 0) {
		call_refuse(call, -EINVAL,
			    "\"flow\": expected \"source\" and "
			    "\"destination\", single addresses; \"protocol\", "
			    "\"source_port\" and \"destination_port\", "
			    "numbers; and perhaps \"direction\", in or out");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		ends[i] = json_object();
	put_address(daemon, &flow.source, ends[0], &found[0]);
	put_address(daemon, &flow.destination, ends[1], &found[1]);
	answer = json_pack("{s:o, s:o, s:s}", "source", ends[0], "destination",
			   ends[1], "direction", flow.is_out ? "out" : "in");
	put_iface(daemon, answer);
	put_sensor(daemon, answer);
	owner = attribution_of_flow(daemon, &flow);
	if (attribution_knows(daemon))
		(void)json_object_set_new(answer, "process",
					  attribution_json(daemon, &owner));
	answer_with_alert(daemon, call, &found[!found[0].is_there], answer);
}

void request_why(struct daemon *daemon, struct call *call)
{
	const json_t *flow = json_object_get(call->args, "flow");

	if (flow)
		why_flow(daemon, call, flow);
	else
		why_address(daemon, call);
}
