// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/explained.h"

#include <arpa/inet.h>
#include <string.h>

#include "daemon/json.h"

#define PROTO_NONE 255 /* no protocol was come to */

static const char *const dimension_names[] = {
	[FW_DIM_SOURCE_SETS] = "source-sets",
	[FW_DIM_SOURCE_NETS] = "source-nets",
	[FW_DIM_DESTINATION_SETS] = "destination-sets",
	[FW_DIM_DESTINATION_NETS] = "destination-nets",
	[FW_DIM_PROTOCOL] = "protocol",
	[FW_DIM_SOURCE_PORT] = "source-port",
	[FW_DIM_DESTINATION_PORT] = "destination-port",
	[FW_DIM_ICMP] = "icmp",
	[FW_DIM_FLAGS] = "flags",
	[FW_DIM_LENGTH] = "length",
	[FW_DIM_VLAN] = "vlan",
	[FW_DIM_PIECE] = "fragment-state",
	[FW_DIM_GATE] = "interface",
	[FW_DIM_MAC] = "mac",
};
_Static_assert(ARRAY_LEN(dimension_names) == FW_DIM_COUNT, "");

static const char *const did_names[] = {
	[FW_DID_SKIPPED] = "skipped", [FW_DID_WITHIN] = "within-limit",
	[FW_DID_COUNTED] = "counted", [FW_DID_ENDED] = "ended",
	[FW_DID_BEHIND] = "behind",
};

static const char *const flow_names[] = {
	[FW_FLOW_NEW] = "new",	       [FW_FLOW_ESTABLISHED] = "established",
	[FW_FLOW_RELATED] = "related", [FW_FLOW_INVALID] = "invalid",
	[FW_FLOW_UNKNOWN] = "",
};

static struct prefix address_of(uint8_t family, const __u64 half[2])
{
	struct prefix prefix = {.bits = 128};

	if (family == 4)
		return prefix_of_v4((uint32_t)half[1], 32);
	for (unsigned int i = 0; i < 16; i++)
		prefix.addr[i] = (uint8_t)(half[i / 8] >> (56 - 8 * (i % 8)));
	return prefix;
}

/* To the policy that judges. */
static uint8_t seen_action(const struct judge *judge, const struct set *set)
{
	const struct judge_set *seen = &judge->sets[set->id];

	return seen->is_seen ? seen->action : set->action;
}

/* Claims on one address, as many as are told. */
struct claims {
	const struct judge *judge;
	json_t *list;
	size_t more;
};

static int take_claim(void *arg, const struct set *set,
		      const struct member *member)
{
	struct claims *claims = arg;
	uint8_t action = seen_action(claims->judge, set);
	json_t *claim;

	if (json_array_size(claims->list) == EXPLAINED_CLAIMS_MAX) {
		claims->more++;
		return 0;
	}
	claim = json_of_member(member);
	(void)json_object_set_new(claim, "set", json_string(set->name));
	(void)json_object_set_new(
		claim, "action",
		json_string(set_action_name((enum set_action)action)));
	return json_array_append_new(claims->list, claim) < 0 ? -1 : 0;
}

/* `class_id`: as was looked up, or -1. An address of IPv6 that looks like one
 * of IPv4 is in no set. */
static json_t *json_of_address(const struct daemon *daemon, uint8_t family,
			       const __u64 half[2], int64_t class_id)
{
	struct prefix address = address_of(family, half);
	struct claims claims = {daemon->live->judge, json_array(), 0};
	char text[INET6_ADDRSTRLEN] = "";
	const void *bytes = family == 4 ? address.addr + 12 : address.addr;

	(void)inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, text,
			sizeof(text));
	if (family == 4 || !prefix_is_v4(&address))
		(void)ledger_each_covering(daemon->ledger, &address, take_claim,
					   &claims);
	return json_pack("{s:s, s:o?, s:o, s:I}", "address", text, "class",
			 class_id < 0 ? NULL : json_integer(class_id), "claims",
			 claims.list, "more_claims", (json_int_t)claims.more);
}

static const char *frag_name(uint8_t frag)
{
	return frag_kind_name(frag < FRAG_KIND_COUNT ? (enum frag_kind)frag
						     : FRAG_NONE);
}

static json_t *json_of_parse(const struct fw_trace *trace)
{
	json_t *vlans = json_array();

	for (unsigned int i = 0; i < trace->tags && i < 2; i++)
		(void)json_array_append_new(
			vlans, json_integer(trace->vlan[i] & 0xfff));
	return json_pack(
		"{s:i, s:i, s:i, s:o, s:i, s:s, s:b, s:i, s:i, s:i, s:s}",
		"bytes", (int)trace->len, "ethertype",
		(int)ntohs(trace->proto_be), "family", (int)trace->family,
		"vlans", vlans, "proto",
		trace->family ? (int)trace->l4_proto : PROTO_NONE, "fragment",
		frag_name(trace->frag), "l4_read", (int)trace->l4_read, "sport",
		(int)trace->sport, "dport", (int)trace->dport, "tcp_flags",
		(int)trace->tcp_flags, "state",
		flow_names[trace->flow_found < ARRAY_LEN(flow_names)
				   ? trace->flow_found
				   : FW_FLOW_UNKNOWN]);
}

static json_t *json_of_vectors(const struct judge *judge,
			       const struct fw_trace *trace)
{
	json_t *vectors = json_object();

	_Static_assert((int)DIMENSION_COUNT == (int)FW_DIM_COUNT, "");
	for (unsigned int dim = 0; dim < FW_DIM_COUNT && judge->compiled; dim++)
		if (judge->compiled->dimensions & (1u << dim))
			(void)json_object_set_new(
				vectors, dimension_names[dim],
				json_integer(trace->vectors[dim]));
	return vectors;
}

static const struct rule *rule_at(const struct judge *judge, uint16_t rule)
{
	return rule < judge->policy.rule_count ? &judge->policy.rules[rule]
					       : NULL;
}

static json_t *json_of_step(const struct judge *judge,
			    const struct fw_trace_step *step)
{
	const struct rule *rule = rule_at(judge, step->rule);
	unsigned int did =
		step->did < ARRAY_LEN(did_names) ? step->did : FW_DID_SKIPPED;

	if (!rule)
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:s, s:s, s:b, s:b}", "rule",
			 rule->id, "line", (json_int_t)rule->line, "slot",
			 (json_int_t)step->slot, "action",
			 rule_action_name((enum rule_action)rule->action),
			 "did", did_names[did], "shadow",
			 (step->flags & FW_SLOT_SHADOW) != 0, "asleep",
			 (step->flags & FW_SLOT_ASLEEP) != 0);
}

static json_t *json_of_rules(const struct judge *judge,
			     const struct fw_trace *trace)
{
	json_t *steps = json_array();
	bool is_asked = trace->asked & FW_TRACE_RULES;

	for (size_t i = 0; i < trace->step_count && i < FW_TRACE_STEPS; i++)
		(void)json_array_append_new(
			steps, json_of_step(judge, &trace->steps[i]));
	return json_pack(
		"{s:b, s:I, s:I, s:o, s:o}", "asked", is_asked, "total",
		(json_int_t)judge->policy.rule_count, "candidates",
		(json_int_t)trace->step_count, "steps", steps, "vectors",
		is_asked ? json_of_vectors(judge, trace) : json_object());
}

static void add_end(const struct daemon *daemon, const struct fw_trace *trace,
		    json_t *answer)
{
	const struct rule *rule = rule_at(daemon->live->judge, trace->rule);
	const struct set *set = ledger_set(daemon->ledger, trace->set_id);

	if (rule) {
		(void)json_object_set_new(answer, "rule",
					  json_string(rule->id));
		(void)json_object_set_new(answer, "rule_line",
					  json_integer(rule->line));
		(void)json_object_set_new(answer, "rule_comment",
					  json_string(rule->comment));
	}
	/* one in shadow decides nothing where something drops the packet */
	if (trace->set_id && set &&
	    (seen_action(daemon->live->judge, set) != SET_SHADOW ||
	     trace->reason == FW_PASS_SHADOW))
		(void)json_object_set_new(answer, "set",
					  json_string(set->name));
}

/* The class that was looked up; -1: none was. */
static int64_t class_asked(const struct fw_trace *trace, uint8_t bit,
			   uint32_t class_id)
{
	return trace->asked & bit ? (int64_t)class_id : -1;
}

json_t *explained_trace(const struct daemon *daemon,
			const struct fw_trace *trace)
{
	json_t *answer = json_pack(
		"{s:s, s:s, s:o, s:o}", "verdict",
		trace->reason < FW_REASON_FIRST_DROP ? "pass" : "drop",
		"reason", reason_name((enum fw_reason)trace->reason), "parsed",
		json_of_parse(trace), "rules",
		json_of_rules(daemon->live->judge, trace));

	if (trace->family) {
		int64_t source = class_asked(trace, FW_TRACE_SOURCE,
					     trace->source_class);
		int64_t destination = class_asked(trace, FW_TRACE_DESTINATION,
						  trace->destination_class);

		(void)json_object_set_new(answer, "source",
					  json_of_address(daemon, trace->family,
							  trace->saddr,
							  source));
		(void)json_object_set_new(answer, "destination",
					  json_of_address(daemon, trace->family,
							  trace->daddr,
							  destination));
	}
	add_end(daemon, trace, answer);
	return answer;
}
