// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A rule that lint says is never met is never met: by random packets under
 * random policies, as the oracle judges them.
 *
 *	property.lint [POLICIES [SEED]]
 *
 * Half of the policies have rules that are copies of earlier ones with one
 * condition taken from another rule, so that there is much to warn about and
 * much that is nearly so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/lint.h"
#include "rules/oracle.h"
#include "tests/support/invent.h"

#define POLICIES    1500
#define PACKETS	    400
#define RULES_MAX   24
#define MEMBERS_MAX 16
#define SEED	    20261129

struct held {
	struct prefix prefix;
	size_t set; /* index into invent_sets */
};

struct bench {
	struct policy policy;
	struct held held[MEMBERS_MAX];
	size_t held_count;
	bool is_hidden[RULES_MAX]; /* lint says so */
	bool is_met[RULES_MAX];
};

static int hide(void *arg, const struct lint_warning *warning)
{
	struct bench *bench = arg;

	for (size_t i = 0; i < bench->policy.rule_count; i++)
		if ((warning->kind == LINT_UNREACHABLE ||
		     warning->kind == LINT_NEVER) &&
		    strcmp(bench->policy.rules[i].id, warning->id) == 0)
			bench->is_hidden[i] = true;
	return 0;
}

static bool is_member(void *arg, const char *set, const struct prefix *address)
{
	const struct bench *bench = arg;

	for (size_t i = 0; i < bench->held_count; i++)
		if (strcmp(invent_sets[bench->held[i].set], set) == 0 &&
		    prefix_covers(&bench->held[i].prefix, address))
			return true;
	return false;
}

static enum set_action action_of(void *arg, const struct prefix *address)
{
	(void)arg;
	(void)address;
	return SET_NONE;
}

static bool is_awake(void *arg, size_t rule)
{
	(void)arg;
	(void)rule;
	return true;
}

static bool is_within(void *arg, size_t rule, const struct packet *packet)
{
	(void)packet;
	(void)arg;
	return rule % 2 == 0;
}

static void note_match(void *arg, size_t rule)
{
	((struct bench *)arg)->is_met[rule] = true;
}

/* The conditions of `from`, all but one of them, are those of `to` as well.
 * What is lent this way is taken back by return_loans(). */
static void lend(struct dice *dice, const struct rule *from, struct rule *to)
{
	struct rule own = *to;

	*to = *from;
	memcpy(to->id, own.id, sizeof(to->id));
	to->action = own.action;
	to->limit = own.limit;
	to->is_shadow = own.is_shadow;
	switch (dice_below(dice, 8)) {
	case 0:
		to->source = own.source;
		break;
	case 1:
		to->destination = own.destination;
		break;
	case 2:
		memcpy(to->ranges, own.ranges, sizeof(to->ranges));
		break;
	case 3:
		to->states = own.states;
		to->frags = own.frags;
		break;
	case 4:
		to->family = own.family;
		break;
	case 5:
		to->flags = own.flags;
		break;
	case 6:
		to->zones = own.zones;
		to->interfaces = own.interfaces;
		break;
	default:
		to->directions = own.directions;
		break;
	}
}

static void deal_members(struct bench *bench, struct dice *dice)
{
	bench->held_count = dice_below(dice, MEMBERS_MAX);
	for (size_t i = 0; i < bench->held_count; i++) {
		bench->held[i].prefix = invent_prefix(dice);
		bench->held[i].set = dice_below(dice, INVENT_SETS);
	}
}

static void judge_some(struct bench *bench, struct dice *dice)
{
	const struct oracle_world world = {
		.is_member = is_member,
		.action_of = action_of,
		.is_awake = is_awake,
		.is_within = is_within,
		.arg = bench,
	};

	for (int i = 0; i < PACKETS; i++) {
		struct invent_frame frame;
		struct packet packet;
		enum packet_reading reading;

		invent_frame(dice, &frame);
		reading = packet_read(frame.data, frame.len, &packet);
		packet.direction = (uint8_t)(1 + dice_below(dice, 2));
		packet.state = (uint8_t)dice_below(dice, FLOW_STATE_COUNT);
		(void)snprintf(
			packet.ifname, sizeof(packet.ifname), "%s",
			invent_ifnames[dice_below(dice, INVENT_IFNAMES)]);
		(void)oracle_judge(&bench->policy, &packet, reading, &world,
				   note_match);
	}
}

/* How many rules are hidden; fails for one that is met. */
static size_t try_policy(uint64_t seed)
{
	static const struct invent_config config = {
		.rules_max = RULES_MAX,
		.has_states = true,
		.has_limits = true,
	};
	struct dice dice = {.state = seed};
	struct bench bench = {0};
	struct rule owned[RULES_MAX];
	size_t hidden = 0, count;

	invent_policy(&dice, &config, &bench.policy);
	count = bench.policy.rule_count;
	assert_true(count <= RULES_MAX);
	memcpy(owned, bench.policy.rules, count * sizeof(*owned));
	for (size_t i = 1; i < count && seed % 2; i++)
		lend(&dice, &bench.policy.rules[dice_below(&dice, i)],
		     &bench.policy.rules[i]);
	assert_int_equal(lint(&bench.policy, hide, &bench), 0);
	deal_members(&bench, &dice);
	judge_some(&bench, &dice);
	for (size_t i = 0; i < count; i++) {
		if (bench.is_hidden[i] && bench.is_met[i])
			fail_msg("seed %llu: rule %zu (%s) is met",
				 (unsigned long long)seed, i,
				 bench.policy.rules[i].id);
		hidden += bench.is_hidden[i];
	}
	memcpy(bench.policy.rules, owned, count * sizeof(*owned));
	policy_done(&bench.policy);
	return hidden;
}

static uint64_t policies = POLICIES, first_seed = SEED;

static void a_rule_that_is_called_unreachable_is_never_met(void **state)
{
	size_t hidden = 0;

	(void)state;
	for (uint64_t i = 0; i < policies; i++)
		hidden += try_policy(first_seed + i);
	print_message("%zu rules unreachable in %llu policies\n", hidden,
		      (unsigned long long)policies);
	assert_true(hidden > policies);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_rule_that_is_called_unreachable_is_never_met),
	};

	if (argc > 1)
		policies = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
