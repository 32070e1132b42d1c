// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that look: status, counters. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/counts.h"
#include "daemon/json.h"
#include "daemon/packet/egress.h"
#include "daemon/packet/flows.h"
#include "daemon/requests.h"
#include "daemon/zone_notes.h"

static const struct wish *wish_at(const struct daemon *daemon, int ifindex)
{
	for (size_t i = 0; i < daemon->keep.count; i++)
		if (daemon->keep.wishes[i].ifindex == ifindex)
			return &daemon->keep.wishes[i];
	return NULL;
}

/* "none", "attached", "other" when it is no program of the policy in force, or
 * "unknown" when it cannot be read. */
static const char *egress_state(const struct daemon *daemon, int ifindex)
{
	struct program_info info = program_info(daemon->live->judge->program);
	uint32_t program_id = 0;
	int r = egress_read(ifindex, &program_id);

	if (r == -ENOENT || r == -ENODEV)
		return "none";
	if (r < 0)
		return "unknown";
	return program_id == info.egress_id ? "attached" : "other";
}

struct gate_list {
	struct daemon *daemon;
	json_t *gates;
};

static int add_gate(void *arg, const struct gate *gate)
{
	struct gate_list *list = arg;
	const struct wish *wish = wish_at(list->daemon, gate->ifindex);
	const char *note = *gate->note ? gate->note : wish ? wish->note : "";

	return json_array_append_new(
		       list->gates,
		       json_pack(
			       "{s:s, s:i, s:s, s:s, s:s, s:I, s:b, s:s, s:s}",
			       "iface", gate->ifname, "ifindex", gate->ifindex,
			       "mode", attach_mode_name(gate->mode), "share",
			       attach_share_name(gate->share), "state",
			       gate->verified ? "attached" : "failed",
			       "program_id", (json_int_t)gate->program_id,
			       "verified", gate->verified, "note", note,
			       "egress",
			       egress_state(list->daemon, gate->ifindex))) < 0
		       ? -ENOMEM
		       : 0;
}

static bool is_listed(const json_t *gates, const char *ifname)
{
	for (size_t i = 0; i < json_array_size(gates); i++)
		if (strcmp(json_string_value(json_object_get(
				   json_array_get(gates, i), "iface")),
			   ifname) == 0)
			return true;
	return false;
}

static json_t *gates_of(struct daemon *daemon)
{
	struct gate_list list = {.daemon = daemon, .gates = json_array()};

	(void)gates_each(daemon->gates, add_gate, &list);
	for (size_t i = 0; i < daemon->keep.count; i++) {
		const struct wish *wish = &daemon->keep.wishes[i];
		const struct attachment *want = &wish->attachment;

		if (wish->ifindex || is_listed(list.gates, want->ifname))
			continue;
		(void)json_array_append_new(
			list.gates,
			json_pack("{s:s, s:i, s:s, s:s, s:s, s:i, s:b, s:s, "
				  "s:s}",
				  "iface", want->ifname, "ifindex", 0, "mode",
				  "none", "share",
				  attach_share_name(
					  (enum attach_share)want->share),
				  "state", *wish->note ? "failed" : "absent",
				  "program_id", 0, "verified", 0, "note",
				  wish->note, "egress", "none"));
	}
	return list.gates;
}

static json_t *table_of(const struct daemon *daemon)
{
	struct ledger_usage ledger = ledger_usage(daemon->ledger);
	struct table_usage table = table_usage(daemon->table);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i}",
			 "prefixes", (json_int_t)ledger.prefix_count, "claims",
			 (json_int_t)ledger.claim_count, "hosts4",
			 (json_int_t)table.v4.hosts, "hosts4_capacity",
			 (json_int_t)table.v4.hosts_capacity, "blocks4",
			 (json_int_t)table.v4.blocks, "blocks4_capacity",
			 (json_int_t)table.v4.blocks_capacity, "entries6",
			 (json_int_t)table.v6.entries, "entries6_capacity",
			 (json_int_t)table.v6.entries_capacity, "classes",
			 (int)classes_last(ledger_classes(daemon->ledger)));
}

static json_t *alerts_of(const struct daemon *daemon)
{
	json_t *alerts = json_array();

	for (size_t i = 0; i < daemon->alerts.count; i++)
		(void)json_array_append_new(
			alerts,
			json_pack("{s:I, s:s}", "since",
				  (json_int_t)daemon->alerts.list[i].since_s,
				  "text", daemon->alerts.list[i].text));
	if (daemon->alerts.overflow)
		(void)json_array_append_new(
			alerts, json_pack("{s:i, s:s}", "since", 0, "text",
					  "more alerts than are kept: see the "
					  "log"));
	return alerts;
}

static json_t *busy_of(const struct daemon *daemon)
{
	json_t *busy = json_array();

	for (unsigned int id = 1; id <= SET_ID_MAX; id++)
		if (daemon->is_importing[id] &&
		    ledger_set(daemon->ledger, (uint8_t)id))
			(void)json_array_append_new(
				busy, json_string(ledger_set(daemon->ledger,
							     (uint8_t)id)
							  ->name));
	return busy;
}

static json_t *protected_of(const struct daemon *daemon)
{
	json_t *list = json_array();
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < guard_count(daemon->guard) && i < WIRE_PAGE_MAX;
	     i++) {
		const struct guard_entry *entry = guard_entry(daemon->guard, i);

		(void)json_array_append_new(
			list, json_pack("{s:s, s:s}", "prefix",
					prefix_to_text(&entry->prefix, text),
					"name", entry->name));
	}
	return list;
}

static json_t *events_of(const struct daemon *daemon)
{
	struct maps_events count = {0};

	(void)maps_event_counts(daemon->maps, &count);
	return json_pack("{s:I, s:I, s:I}", "seen", (json_int_t)count.sent,
			 "suppressed", (json_int_t)count.suppressed, "lost",
			 (json_int_t)count.lost);
}

/* Memory of the daemon itself: the maps, which are mapped whole, are told
 * beside it. */
static json_int_t rss_bytes(const struct daemon *daemon)
{
	FILE *file = fopen("/proc/self/statm", "re");
	char line[128] = "";
	char *resident;
	json_int_t bytes;

	if (!file)
		return 0;
	resident = fgets(line, sizeof(line), file) ? strchr(line, ' ') : NULL;
	(void)fclose(file);
	if (!resident)
		return 0;
	bytes = strtoll(resident, NULL, 10) * sysconf(_SC_PAGESIZE);
	return bytes - (json_int_t)maps_info(daemon->maps).mapped_bytes -
	       (json_int_t)program_info(daemon->live->judge->program)
		       .mapped_bytes;
}

/* What judges now. */
static json_t *policy_of(const struct daemon *daemon)
{
	uint64_t deadline_ns = daemon->live->pending.deadline_ns;
	const struct judge *judge = daemon->live->judge;
	uint64_t now_ns = clock_boot_ns();
	json_t *notes = json_array();
	uint64_t left_s = 0;

	if (daemon->live->last && deadline_ns > now_ns)
		left_s = (deadline_ns - now_ns) / 1000000000u;
	zone_notes(daemon, &judge->policy, notes);
	return json_pack("{s:I, s:b, s:b, s:I, s:I, s:o}", "revision",
			 (json_int_t)judge->revision, "trial",
			 daemon->live->last != NULL, "confirming",
			 daemon->confirming != NULL, "confirm_s",
			 (json_int_t)left_s, "rules",
			 (json_int_t)judge->policy.rule_count, "notes", notes);
}

/* Connections, while a policy has asked for them. */
static void add_flows(const struct daemon *daemon, json_t *answer)
{
	const struct flows *flows = maps_flows(daemon->maps);
	struct fw_flow_counts counts = {0};
	struct flows_info info;

	if (!flows || flows_counts(flows, &counts) < 0)
		return;
	info = flows_info(flows);
	(void)json_object_set_new(
		answer, "flows",
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "capacity",
			  (json_int_t)info.flows, "half_open_capacity",
			  (json_int_t)info.half_open, "maps_bytes",
			  (json_int_t)info.bytes, "learned",
			  (json_int_t)counts.created, "answered",
			  (json_int_t)counts.promoted, "not_learned",
			  (json_int_t)(counts.refused + counts.no_room)));
}

static void add_store(const struct daemon *daemon, json_t *answer)
{
	const struct store_usage *usage = &daemon->store_usage;
	struct program_info info = program_info(daemon->live->judge->program);

	(void)json_object_set_new(
		answer, "store",
		json_pack("{s:I, s:I, s:I}", "used_bytes",
			  (json_int_t)usage->used_bytes, "map_bytes",
			  (json_int_t)usage->map_bytes, "journal_seq",
			  (json_int_t)usage->journal_seq));
	(void)json_object_set_new(
		answer, "memory",
		json_pack("{s:I, s:I}", "rss_bytes", rss_bytes(daemon),
			  "maps_bytes",
			  (json_int_t)info.bytes +
				  (json_int_t)maps_info(daemon->maps).bytes));
	(void)json_object_set_new(
		answer, "generation",
		json_pack("{s:I, s:I, s:I}", "number",
			  (json_int_t)info.generation, "program_id",
			  (json_int_t)info.program_id, "since",
			  (json_int_t)info.created_s));
}

void request_status(struct daemon *daemon, struct call *call)
{
	json_t *answer = json_pack(
		"{s:s, s:i, s:i, s:I, s:s}", "version", PORTCULLIS_VERSION,
		"abi", FW_ABI_VERSION, "pid", (int)getpid(), "uptime_s",
		(json_int_t)(clock_boot_s() - daemon->started_s), "state_dir",
		daemon->config.state_dir);

	(void)json_object_set_new(answer, "gates", gates_of(daemon));
	(void)json_object_set_new(answer, "policy", policy_of(daemon));
	(void)json_object_set_new(answer, "table", table_of(daemon));
	(void)json_object_set_new(answer, "latency",
				  json_of_latency(&daemon->latency));
	(void)json_object_set_new(answer, "events", events_of(daemon));
	(void)json_object_set_new(answer, "alerts", alerts_of(daemon));
	(void)json_object_set_new(answer, "busy", busy_of(daemon));
	(void)json_object_set_new(answer, "protected", protected_of(daemon));
	add_store(daemon, answer);
	add_flows(daemon, answer);
	request_host_status(daemon, answer);
	call_done(call, answer);
}

static json_t *reasons_of(const struct fw_count *counts)
{
	json_t *reasons = json_array();

	for (int i = FW_PASS_UNLISTED; i < FW_REASON_COUNT; i++) {
		json_t *item = json_of_count(&counts[i]);

		(void)json_object_set_new(
			item, "reason",
			json_string(reason_name((enum fw_reason)i)));
		(void)json_object_set_new(item, "action",
					  json_string(i < FW_REASON_FIRST_DROP
							      ? "pass"
							      : "drop"));
		(void)json_array_append_new(reasons, item);
	}
	return reasons;
}

static json_t *sets_of(struct daemon *daemon, const struct fw_count *counts)
{
	json_t *sets = json_array();

	for (unsigned int id = 1; id <= SET_ID_MAX; id++) {
		const struct set *set = ledger_set(daemon->ledger, (uint8_t)id);
		json_t *item;

		if (!set)
			continue;
		item = json_of_count(&counts[id]);
		(void)json_object_set_new(item, "set", json_string(set->name));
		(void)json_object_set_new(
			item, "action",
			json_string(
				set_action_name((enum set_action)set->action)));
		(void)json_array_append_new(sets, item);
	}
	return sets;
}

static json_t *rules_of(const struct policy *policy,
			const struct fw_count *counts)
{
	json_t *rules = json_array();

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		json_t *item = json_of_count(&counts[i]);

		(void)json_object_set_new(item, "id", json_string(rule->id));
		(void)json_object_set_new(
			item, "action",
			json_string(rule_action_name(
				(enum rule_action)rule->action)));
		(void)json_object_set_new(item, "shadow",
					  json_boolean(rule->is_shadow));
		(void)json_array_append_new(rules, item);
	}
	return rules;
}

void request_counters(struct daemon *daemon, struct call *call)
{
	const struct judge *judge = daemon->live->judge;
	struct fw_count *rules =
		calloc(judge->policy.rule_count + 1, sizeof(*rules));
	struct fw_count reasons[FW_REASON_COUNT];
	struct fw_count sets[SET_ID_MAX + 1];
	int r = rules ? maps_reason_counts(daemon->maps, reasons) : -ENOMEM;

	if (r == 0)
		r = counts_by_set(daemon, sets);
	if (r == 0)
		r = counts_by_rule(daemon, judge, rules);
	if (r < 0)
		call_refuse(call, r, "counters could not be read: %s",
			    strerror(-r));
	else
		call_done(call, json_pack("{s:o, s:o, s:o}", "reasons",
					  reasons_of(reasons), "sets",
					  sets_of(daemon, sets), "rules",
					  rules_of(&judge->policy, rules)));
	free(rules);
}
