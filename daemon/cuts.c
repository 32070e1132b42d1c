// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/cuts.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cuts_view.h"

/* In units of cuts_view.h: of a turn, of reading for one, and of all. A turn is
 * about a millisecond, and all together are one or two seconds. */
#define TURN_WORK    (1u << 18)
#define READ_WORK    (1u << 19)
#define WORK_MAX     (UINT64_C(1500) * TURN_WORK)
#define USUAL_LENGTH 100
#define USUAL_HOPS   64
#define TCP_ACK	     16

enum {
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ICMPV6 = 58,
	PROTO_SCTP = 132,
};

/* The packets of a flow: each way, coming in and going out. */
#define WAYS 4

/* Where the packets of a flow are tried, in order; the first is all 0. */
struct tries {
	unsigned int way;
	size_t gate;
};

struct cuts {
	struct view before, after;
	struct cuts_machine machine;
	struct trie *own;
	uint64_t keep_ns[FW_KEEP_ROOM]; /* of the policy in force */
	bool asks_gates; /* a rule tells interfaces apart */

	struct flows_place place;
	bool has_read_all;
	struct flow read[FLOWS_TURN_MAX]; /* and not judged yet */
	size_t read_count, judged;
	struct tries tries; /* of the next to be judged */
	uint64_t read_work;
	struct cuts_result result;
};

static bool asks_gates(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].zones.count ||
		    policy->rules[i].interfaces.count)
			return true;
	return false;
}

int cuts_new(const struct cuts_policy *before, const struct cuts_policy *after,
	     struct cuts **ret_cuts)
{
	struct cuts *cuts = calloc(1, sizeof(*cuts));
	int r;

	assert(before);
	assert(after);

	if (!cuts)
		return -ENOMEM;
	r = view_init(&cuts->before, before, false);
	if (r == 0)
		r = view_init(&cuts->after, after, true);
	if (r < 0) {
		cuts_free(cuts);
		return r;
	}
	cuts->asks_gates =
		asks_gates(before->policy) || asks_gates(after->policy);
	flows_keep_ns(&before->policy->thresholds, cuts->keep_ns);
	*ret_cuts = cuts;
	return 0;
}

void cuts_free(struct cuts *cuts)
{
	if (!cuts)
		return;

	view_done(&cuts->before);
	view_done(&cuts->after);
	trie_free(cuts->own);
	free(cuts);
}

static int read_own(const struct guard *guard, struct trie **ret_own)
{
	struct trie *own;
	int r = trie_new(&own);

	for (size_t i = 0; i < guard_count(guard) && r == 0; i++) {
		const struct guard_entry *entry = guard_entry(guard, i);
		uint32_t *value;

		if (entry->source != GUARD_OWN)
			continue;
		r = trie_put(own, &entry->prefix, &value);
		if (r == 0)
			*value = 1;
	}
	if (r == 0)
		*ret_own = own;
	else
		trie_free(own);
	return r;
}

int cuts_look(struct cuts *cuts, const struct cuts_machine *machine)
{
	struct trie *own = NULL;
	int r = read_own(machine->guard, &own);

	if (r < 0)
		return r;
	trie_free(cuts->own);
	cuts->own = own;
	cuts->machine = *machine;
	cuts->tries = (struct tries){0};
	view_look(&cuts->before, machine->ledger, NULL);
	view_look(&cuts->after, machine->ledger, cuts->before.of.policy);
	return 0;
}

static uint8_t answer_type(uint8_t family, uint8_t request)
{
	if (family == 4)
		return request == 8 ? 0 : (uint8_t)(request + 1);
	return (uint8_t)(request + 1);
}

/* The next packet of the flow. */
static struct packet packet_of(const struct flow *flow, bool is_reply)
{
	bool is_icmp =
		flow->protocol == PROTO_ICMP || flow->protocol == PROTO_ICMPV6;
	struct packet packet = {
		.ethertype = flow->family == 4 ? 0x0800 : 0x86dd,
		.vlan = RANGE_VLAN_NONE,
		.family = flow->family,
		.source = is_reply ? flow->other : flow->starter,
		.destination = is_reply ? flow->starter : flow->other,
		.length = USUAL_LENGTH,
		.hop_limit = USUAL_HOPS,
		.frag = FRAG_NONE,
		.has_protocol = true,
		.protocol = flow->protocol,
		.has_ports = flow->protocol == PROTO_TCP ||
			     flow->protocol == PROTO_UDP ||
			     flow->protocol == PROTO_SCTP,
		.has_flags = flow->protocol == PROTO_TCP,
		.has_icmp = is_icmp,
		.state = FLOW_ESTABLISHED,
	};

	if (packet.has_ports) {
		packet.source_port =
			is_reply ? flow->other_port : flow->starter_port;
		packet.destination_port =
			is_reply ? flow->starter_port : flow->other_port;
	}
	if (packet.has_flags)
		packet.flags = TCP_ACK;
	if (is_icmp)
		packet.icmp = (uint16_t)((is_reply ? answer_type(flow->family,
								 flow->kind)
						   : flow->kind)
					 << 8);
	return packet;
}

/* Dropped by the new policy, and passed by the one in force. */
static bool is_cut(struct cuts *cuts, const struct packet *packet,
		   struct cut *ret_cut)
{
	struct ledger *ledger = cuts->machine.ledger;
	struct oracle_answer after = view_judge(&cuts->after, ledger, packet);

	if (after.verdict != VERDICT_DROP)
		return false;
	if (view_judge(&cuts->before, ledger, packet).verdict == VERDICT_DROP)
		return false;
	if (after.end == ORACLE_RULE)
		ret_cut->rule = cuts->after.asked.rules[after.rule].id;
	if (after.end == ORACLE_LISTED && cuts->after.decided_by)
		(void)snprintf(ret_cut->set, sizeof(ret_cut->set), "%s",
			       cuts->after.decided_by);
	ret_cut->direction = packet->direction;
	memcpy(ret_cut->ifname, packet->ifname, sizeof(ret_cut->ifname));
	return true;
}

static uint64_t work_of(const struct cuts *cuts)
{
	return cuts->read_work + cuts->before.work + cuts->after.work;
}

/* At each gate it may go through, or at any, if they are the same. */
static size_t gates_to_try(const struct cuts *cuts)
{
	size_t count = cuts->machine.gate_count;

	return count > 1 && !cuts->asks_gates ? 1 : count;
}

/* Does such a packet come to be? What the machine sends does not come in, and
 * what it gets does not go out. */
static bool can_be(const struct cuts *cuts, const struct packet *packet)
{
	return !trie_get(cuts->own, packet->direction == DIRECTION_IN
					    ? &packet->source
					    : &packet->destination);
}

/* Goes on with its tries until one is cut, none is left, or there is work up
 * to `end`: then it is not over. */
static bool judge_until(struct cuts *cuts, const struct flow *flow,
			uint64_t end, struct cut *ret_cut, bool *ret_is_cut)
{
	struct tries *tries = &cuts->tries;
	size_t gates = gates_to_try(cuts);

	*ret_cut = (struct cut){.flow = *flow};
	*ret_is_cut = false;
	while (tries->way < WAYS && !*ret_is_cut) {
		struct packet packet = packet_of(flow, tries->way >= WAYS / 2);

		ret_cut->is_reply = tries->way >= WAYS / 2;
		packet.direction =
			tries->way % 2 ? DIRECTION_OUT : DIRECTION_IN;
		if (tries->gate >= gates || !can_be(cuts, &packet)) {
			tries->way++;
			tries->gate = 0;
			continue;
		}
		if (work_of(cuts) >= end)
			return false;
		memcpy(packet.ifname, cuts->machine.gates[tries->gate++],
		       sizeof(packet.ifname));
		*ret_is_cut = is_cut(cuts, &packet, ret_cut);
	}
	*tries = (struct tries){0};
	return true;
}

bool cuts_judge(struct cuts *cuts, const struct flow *flow, struct cut *ret_cut)
{
	bool answer;

	cuts->tries = (struct tries){0};
	(void)judge_until(cuts, flow, UINT64_MAX, ret_cut, &answer);
	return answer;
}

static enum fw_keep keep_of(const struct flow *flow)
{
	switch (flow->protocol) {
	case PROTO_TCP:
		return FW_KEEP_TCP_OPEN;
	case PROTO_UDP:
	case PROTO_SCTP:
		return flow->protocol == PROTO_UDP ? FW_KEEP_UDP_ANSWERED
						   : FW_KEEP_OTHER;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return FW_KEEP_ICMP;
	default:
		return FW_KEEP_OTHER;
	}
}

/* Neither ended nor past its time: somebody would miss it. */
static bool is_live(const struct cuts *cuts, const struct flow *flow)
{
	return !(flow->flags & FW_FLOW_RSTS) &&
	       (flow->flags & FW_FLOW_FINS) != FW_FLOW_FINS &&
	       flow->idle_ns < cuts->keep_ns[keep_of(flow)];
}

static int take_flow(void *arg, const struct flow *flow)
{
	struct cuts *cuts = arg;

	if (is_live(cuts, flow))
		cuts->read[cuts->read_count++] = *flow;
	return 0;
}

static int read_some(struct cuts *cuts, const struct flows *flows,
		     uint64_t now_ns)
{
	int r;

	cuts->read_count = 0;
	cuts->judged = 0;
	cuts->read_work += READ_WORK;
	r = flows_each_turn(flows, now_ns, &cuts->place, take_flow, cuts);
	cuts->has_read_all = r == 0;
	return r < 0 ? r : 1;
}

static void judge_some(struct cuts *cuts)
{
	struct cuts_result *result = &cuts->result;
	uint64_t end = work_of(cuts) + TURN_WORK;

	while (cuts->judged < cuts->read_count) {
		struct cut cut;
		bool is_cut;

		if (!judge_until(cuts, &cuts->read[cuts->judged], end, &cut,
				 &is_cut))
			break;
		cuts->judged++;
		result->seen++;
		if (!is_cut)
			continue;
		if (result->told_count < CUTS_TOLD_MAX)
			result->told[result->told_count++] = cut;
		result->cut++;
	}
}

int cuts_turn(struct cuts *cuts, const struct flows *flows, uint64_t now_ns)
{
	if (cuts->judged < cuts->read_count)
		judge_some(cuts);
	else if (flows && !cuts->has_read_all)
		return read_some(cuts, flows, now_ns);
	if (cuts->judged < cuts->read_count || (flows && !cuts->has_read_all))
		return work_of(cuts) < WORK_MAX;
	cuts->result.is_whole = true;
	return 0;
}

const struct cuts_result *cuts_result(const struct cuts *cuts)
{
	return &cuts->result;
}
