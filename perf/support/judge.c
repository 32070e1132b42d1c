// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/judge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_ether.h>

#include "perf/support/testrun.h"
#include "perf/support/traffic.h"
#include "rules/oracle.h"
#include "rules/packet.h"

#define SET_ID 1

static int put_prefix(struct match_address *match, uint32_t addr, uint32_t mask)
{
	if (!mask)
		return 0;
	match->prefixes = calloc(1, sizeof(*match->prefixes));
	if (!match->prefixes)
		return -ENOMEM;
	match->prefixes[0] =
		prefix_of_v4(addr, (unsigned int)__builtin_popcount(mask));
	match->prefix_count = 1;
	return 0;
}

static int put_range(struct match_ranges *match, uint16_t first, uint16_t last)
{
	if (first == 0 && last == UINT16_MAX)
		return 0;
	match->ranges = calloc(1, sizeof(*match->ranges));
	if (!match->ranges)
		return -ENOMEM;
	match->ranges[0] = (struct range){.first = first, .last = last};
	match->count = 1;
	return 0;
}

static int put_flags(struct match_flags *match, const struct plain_rule *plain)
{
	if (!plain->flags_mask)
		return 0;
	match->flags = calloc(1, sizeof(*match->flags));
	if (!match->flags)
		return -ENOMEM;
	match->flags[0] = (struct flags){
		.mask = plain->flags_mask,
		.value = plain->flags & plain->flags_mask,
	};
	match->count = 1;
	return 0;
}

/* What was put before a failure is rule_done()'s. */
static int put_rule(const struct plain_rule *plain, struct rule *rule)
{
	static const uint8_t actions[] = {
		[PLAIN_PASS] = RULE_PASS,
		[PLAIN_DROP] = RULE_DROP,
		[PLAIN_COUNT] = RULE_COUNT,
	};
	int r = put_prefix(&rule->source, plain->source, plain->source_mask);

	rule->action = actions[plain->act];
	rule->directions = DIRECTION_IN;
	if (r == 0)
		r = put_prefix(&rule->destination, plain->destination,
			       plain->destination_mask);
	if (r == 0 && plain->protocol_mask)
		r = put_range(&rule->ranges[RANGE_PROTOCOL], plain->protocol,
			      plain->protocol);
	if (r == 0)
		r = put_range(&rule->ranges[RANGE_SOURCE_PORT],
			      plain->source_port_first,
			      plain->source_port_last);
	if (r == 0)
		r = put_range(&rule->ranges[RANGE_DESTINATION_PORT],
			      plain->destination_port_first,
			      plain->destination_port_last);
	return r < 0 ? r : put_flags(&rule->flags, plain);
}

static int put_listed(struct rule *rule)
{
	rule->action = RULE_DROP;
	rule->directions = DIRECTION_IN;
	rule->source.sets = calloc(1, sizeof(*rule->source.sets));
	if (!rule->source.sets)
		return -ENOMEM;
	memcpy(rule->source.sets[0], JUDGE_SET, sizeof(JUDGE_SET));
	rule->source.set_count = 1;
	return 0;
}

static int load(struct judge *judge)
{
	struct program_class listed = {.reason = FW_NEXT, .set_id = SET_ID};
	char note[MAPS_NOTE_MAX] = "";
	int r = compile(&judge->policy, &judge->compiled, note);

	if (r == 0)
		r = program_load(judge->stand->maps,
				 &(struct program_config){
					 .policy = &judge->policy,
					 .compiled = judge->compiled,
					 .counters = judge->counters,
				 },
				 &judge->program, note);
	if (r < 0) {
		(void)fprintf(stderr, "%zu rules: %s %s\n",
			      judge->policy.rule_count, strerror(-r), note);
		return r;
	}
	listed.sets.words[0] = 1; /* the only set that rules name */
	return program_put_class(judge->program, STAND_CLASS, &listed);
}

static bool is_member(void *arg, const char *set, const struct prefix *address)
{
	const struct judge *judge = arg;

	return strcmp(set, JUDGE_SET) == 0 &&
	       table_lookup(judge->stand->table, address) != 0;
}

static enum set_action no_action(void *arg, const struct prefix *address)
{
	(void)arg;
	(void)address;
	return SET_NONE;
}

static struct oracle_answer ask(struct judge *judge,
				const struct plain_packet *plain)
{
	const struct oracle_world world = {
		.is_member = is_member,
		.action_of = no_action,
		.arg = judge,
	};
	uint8_t frame[TESTRUN_FRAME_BYTES];
	struct plain_head head;
	enum packet_reading reading;
	struct packet packet;

	testrun_frame(frame);
	memcpy(&head, frame + ETH_HLEN, sizeof(head));
	plain_write(&head, plain);
	memcpy(frame + ETH_HLEN, &head, sizeof(head));
	reading = packet_read(frame, sizeof(frame), &packet);
	packet.direction = DIRECTION_IN;
	packet.state = FLOW_STATE_COUNT;
	return oracle_judge(&judge->policy, &packet, reading, &world, NULL);
}

/* The answer is `verdict`, by the last rule or by another one. */
static int expect(struct judge *judge, const struct plain_packet *packets,
		  size_t step, enum verdict verdict)
{
	bool by_last = verdict == VERDICT_DROP;

	for (size_t i = 0; i < PLAIN_PACKET_COUNT; i += step) {
		struct oracle_answer answer = ask(judge, &packets[i]);
		bool is_last = answer.rule == judge->policy.rule_count - 1;

		if (answer.end == ORACLE_RULE && answer.verdict == verdict &&
		    is_last == by_last)
			continue;
		(void)fprintf(stderr,
			      "%zu rules, packet %zu: end %d, verdict %d, by "
			      "rule %zu\n",
			      judge->policy.rule_count, i, (int)answer.end,
			      (int)answer.verdict, answer.rule);
		return -EBADMSG;
	}
	return 0;
}

static int make_packets(struct judge *judge, size_t step)
{
	const struct ruleset *ruleset = &judge->ruleset;
	const struct table *table = judge->stand->table;
	int r;

	judge->accepted = calloc(PLAIN_PACKET_COUNT, sizeof(*judge->accepted));
	judge->last = calloc(PLAIN_PACKET_COUNT, sizeof(*judge->last));
	if (!judge->accepted || !judge->last)
		return -ENOMEM;
	r = traffic_accepted(ruleset, table, judge->accepted);
	if (r == 0)
		r = traffic_last(ruleset, table, judge->last);
	if (r == 0)
		r = expect(judge, judge->accepted, step, VERDICT_PASS);
	return r < 0 ? r : expect(judge, judge->last, step, VERDICT_DROP);
}

int judge_make_policy(const struct ruleset *ruleset, struct policy *policy)
{
	int r;

	policy_init(policy);
	policy->default_in = VERDICT_DROP;
	policy->rules = calloc(ruleset->count + 1, sizeof(*policy->rules));
	if (!policy->rules)
		return -ENOMEM;
	policy->rule_count = ruleset->count + 1;
	r = put_listed(&policy->rules[0]);
	for (size_t i = 0; i < ruleset->count && r == 0; i++)
		r = put_rule(&ruleset->rules[i], &policy->rules[i + 1]);
	for (size_t i = 0; i < policy->rule_count; i++)
		(void)snprintf(policy->rules[i].id, RULE_ID_MAX, "r%zu", i);
	return r;
}

int judge_open(const struct stand *stand, size_t rule_count, size_t step,
	       struct judge *judge)
{
	int r;

	*judge = (struct judge){.stand = stand};
	for (size_t i = 0; i < POLICY_RULES_MAX; i++)
		judge->counters[i] = (uint16_t)i;
	r = ruleset_make(rule_count - 1, &judge->ruleset);
	if (r == 0)
		r = judge_make_policy(&judge->ruleset, &judge->policy);
	if (r == 0)
		r = load(judge);
	if (r == 0)
		r = make_packets(judge, step);
	if (r < 0)
		judge_close(judge);
	return r;
}

void judge_close(struct judge *judge)
{
	program_free(TAKE(judge->program));
	compiled_free(TAKE(judge->compiled));
	policy_done(&judge->policy);
	ruleset_done(&judge->ruleset);
	free(TAKE(judge->accepted));
	free(TAKE(judge->last));
}

uint64_t judge_passed(const struct judge *judge)
{
	struct fw_count counts[FW_REASON_COUNT];

	if (maps_reason_counts(judge->stand->maps, counts) < 0)
		return UINT64_MAX;
	return counts[FW_PASS_RULE].packets;
}

uint64_t judge_dropped(const struct judge *judge)
{
	size_t last = judge->policy.rule_count - 1;
	struct fw_count counts[POLICY_RULES_MAX];

	if (maps_rule_counts(judge->stand->maps, counts, (uint32_t)last + 1) <
	    0)
		return UINT64_MAX;
	return counts[last].packets;
}
