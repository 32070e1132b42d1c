// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What daemon/cuts.h says of one flow under two policies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cuts.h"
#include "tests/support/documents.h"
#include "tests/support/quiet_sink.h"

#define HEAD "version: 1\nzones: {wan: [wan0], lan: [lan0]}\n"

enum {
	USERS = 4,
	VERSION = 5
};

/* A gateway with two gates, 198.51.100.1 and 2001:db8::1 its own. */
struct world {
	struct ledger *ledger;
	struct guard *guard;
	char gates[2][RULE_NAME_MAX];
	struct policy before, after;
	uint64_t revision; /* of `before` */
	bool is_changed[4]; /* sets of `after` */
	struct cut cut; /* the last */
};

static struct prefix prefix(const char *text)
{
	struct prefix parsed;

	assert_int_equal(prefix_from_text(text, strlen(text), &parsed), 0);
	return parsed;
}

static void own(struct world *w, const char *text)
{
	const struct guard_entry entry = {
		.prefix = prefix(text),
		.source = GUARD_OWN,
		.name = "address of wan0",
	};

	assert_int_equal(guard_add(w->guard, &entry), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	assert_int_equal(ledger_new(&quiet_sink, NULL, &w->ledger), 0);
	assert_int_equal(guard_new(&w->guard), 0);
	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++)
		assert_int_equal(ledger_put_set(w->ledger, &set_builtins[i]),
				 0);
	own(w, "198.51.100.1");
	own(w, "2001:db8::1");
	strcpy(w->gates[0], "wan0");
	strcpy(w->gates[1], "lan0");
	policy_init(&w->before);
	policy_init(&w->after);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	policy_done(&w->before);
	policy_done(&w->after);
	guard_free(w->guard);
	ledger_free(w->ledger);
	free(w);
	return 0;
}

static void put_set(struct world *w, uint8_t id, const char *name,
		    enum set_action action)
{
	struct set set = {.id = id,
			  .action = (uint8_t)action,
			  .capacity = SET_CAPACITY_DEFAULT};

	(void)snprintf(set.name, sizeof(set.name), "%s", name);
	assert_int_equal(ledger_put_set(w->ledger, &set), 0);
}

static void put_member(struct world *w, uint8_t id, const char *text)
{
	const struct member member = {.prefix = prefix(text),
				      .evidence = {.reason = (char[]){""}}};

	assert_int_equal(ledger_claim(w->ledger, id, &member, 0), 0);
}

static void replace(struct policy *policy, const char *text)
{
	policy_done(policy);
	read_document(text, policy);
}

static bool is_cut(struct world *w, const struct flow *flow)
{
	const struct cuts_policy before = {&w->before, w->revision, NULL};
	const struct cuts_policy after = {&w->after, 0, w->is_changed};
	const struct cuts_machine machine = {w->ledger, w->guard, w->gates, 2};
	CLEANUP(cuts_freep) struct cuts *cuts = NULL;
	bool answer;

	assert_int_equal(cuts_new(&before, &after, &cuts), 0);
	assert_int_equal(cuts_look(cuts, &machine), 0);
	answer = cuts_judge(cuts, flow, &w->cut);
	if (w->cut.rule) /* lives as long as the cuts */
		w->cut.rule = strcmp(w->cut.rule, "x") == 0 ? "x" : "other";
	return answer;
}

/* Under a policy of these rules, is one cut that passes everywhere now? */
static bool is_cut_by(struct world *w, const char *rules,
		      const struct flow *flow)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), HEAD "rules:\n%s", rules);
	replace(&w->after, text);
	return is_cut(w, flow);
}

static struct flow flow(const char *starter, uint16_t starter_port,
			const char *other, uint16_t other_port)
{
	return (struct flow){
		.starter = prefix(starter),
		.other = prefix(other),
		.starter_port = starter_port,
		.other_port = other_port,
		.family = strchr(starter, ':') ? 6 : 4,
		.protocol = 6,
	};
}

static void a_rule_cuts_what_it_drops_and_passed(void **state)
{
	struct flow ssh = flow("203.0.113.9", 4711, "198.51.100.1", 22);

	assert_true(is_cut_by(*state,
			      "  - {id: x, action: drop,"
			      " destination_port: 22}\n",
			      &ssh));
	assert_string_equal(((struct world *)*state)->cut.rule, "x");
	assert_int_equal(((struct world *)*state)->cut.direction, DIRECTION_IN);
	assert_false(is_cut_by(*state,
			       "  - {id: x, action: drop,"
			       " destination_port: 23}\n",
			       &ssh));
	assert_false(is_cut_by(*state,
			       "  - {id: x, action: drop,"
			       " tcp_flags: syn}\n",
			       &ssh));
}

static void what_is_dropped_now_is_not_cut(void **state)
{
	struct world *w = *state;
	struct flow ssh = flow("203.0.113.9", 4711, "198.51.100.1", 22);

	replace(&w->before, HEAD "rules: [{id: y, action: drop}]\n");
	assert_false(is_cut_by(w, "  - {id: x, action: drop}\n", &ssh));
	replace(&w->before, HEAD "rules: [{id: y, action: drop, shadow: "
				 "true}]\n");
	assert_true(is_cut_by(w, "  - {id: x, action: drop}\n", &ssh));
}

static void the_answers_are_judged_on_their_way(void **state)
{
	struct world *w = *state;
	struct flow ssh = flow("203.0.113.9", 4711, "198.51.100.1", 22);
	struct flow web = flow("198.51.100.1", 4711, "203.0.113.9", 80);

	assert_true(is_cut_by(w,
			      "  - {id: x, action: drop, out: any,"
			      " source_port: 22}\n",
			      &ssh));
	assert_true(w->cut.is_reply);
	assert_int_equal(w->cut.direction, DIRECTION_OUT);
	/* what we send does not come in */
	assert_false(is_cut_by(w,
			       "  - {id: x, action: drop, in: any,"
			       " source: 198.51.100.1}\n",
			       &web));
	assert_true(is_cut_by(w,
			      "  - {id: x, action: drop, in: any,"
			      " source: 203.0.113.9}\n",
			      &web));
	/* and what comes to us does not go out */
	assert_false(is_cut_by(w,
			       "  - {id: x, action: drop, out: any,"
			       " destination: 198.51.100.1}\n",
			       &ssh));
}

static void what_goes_through_is_judged_both_ways_at_each_gate(void **state)
{
	struct world *w = *state;
	struct flow far = flow("10.0.0.5", 4711, "203.0.113.9", 80);

	assert_true(is_cut_by(w,
			      "  - {id: x, action: drop, out: wan,"
			      " source: 10.0.0.0/8}\n",
			      &far));
	assert_string_equal(w->cut.ifname, "wan0");
	assert_true(is_cut_by(w, "  - {id: x, action: drop, interface: lan0}\n",
			      &far));
	assert_string_equal(w->cut.ifname, "lan0");
	assert_false(is_cut_by(w,
			       "  - {id: x, action: drop,"
			       " interface: lan1}\n",
			       &far));
}

static void rules_for_other_states_do_not_count(void **state)
{
	struct flow ssh = flow("203.0.113.9", 4711, "198.51.100.1", 22);

	assert_false(is_cut_by(*state,
			       "  - {id: x, action: drop,"
			       " state: [new, invalid, related]}\n",
			       &ssh));
	assert_false(is_cut_by(*state,
			       "  - {id: e, action: pass,"
			       " state: established}\n"
			       "  - {id: x, action: drop}\n",
			       &ssh));
	assert_true(is_cut_by(*state,
			      "  - {id: n, action: pass, state: new}\n"
			      "  - {id: x, action: drop}\n",
			      &ssh));
	assert_string_equal(((struct world *)*state)->cut.rule, "x");
}

static void a_limit_cuts_nobody(void **state)
{
	struct flow ssh = flow("203.0.113.9", 4711, "198.51.100.1", 22);

	assert_false(is_cut_by(*state,
			       "  - {id: x, action: limit, limit: {rate: 1/s}"
			       "}\n",
			       &ssh));
}

static void answers_to_a_ping_are_of_their_own_type(void **state)
{
	struct world *w = *state;
	struct flow ping = flow("198.51.100.1", 7, "203.0.113.9", 7);
	struct flow ping6 = flow("2001:db8::1", 7, "2001:db8::9", 7);

	ping.protocol = 1;
	ping.kind = 8;
	ping6.protocol = 58;
	ping6.kind = 128;
	assert_true(is_cut_by(w,
			      "  - {id: x, action: drop,"
			      " icmp: echo-reply}\n",
			      &ping));
	assert_true(is_cut_by(w,
			      "  - {id: x, action: drop,"
			      " icmpv6: echo-reply}\n",
			      &ping6));
	assert_false(is_cut_by(w,
			       "  - {id: x, action: drop,"
			       " icmp: echo-request}\n",
			       &ping));
}

static void a_set_of_the_ledger_is_one_by_name(void **state)
{
	struct world *w = *state;
	struct flow ssh = flow("203.0.113.9", 4711, "198.51.100.1", 22);

	put_set(w, USERS, "bad", SET_NONE);
	put_member(w, USERS, "203.0.113.0/24");
	assert_true(is_cut_by(w,
			      "  - {id: x, action: drop,"
			      " source: '@bad'}\n",
			      &ssh));
	ssh.starter = prefix("203.0.112.9");
	assert_false(is_cut_by(w,
			       "  - {id: x, action: drop,"
			       " source: '@bad'}\n",
			       &ssh));
}

static void the_policy_in_force_sees_its_own_version_of_a_set(void **state)
{
	struct world *w = *state;
	struct flow ssh = flow("203.0.113.9", 4711, "198.51.100.1", 22);

	put_set(w, USERS, "bad", SET_NONE);
	put_set(w, VERSION, "bad.7", SET_NONE);
	put_member(w, VERSION, "203.0.113.9");
	replace(&w->before, HEAD "rules: [{id: y, action: drop,"
				 " source: '@bad'}]\n");
	assert_true(is_cut_by(w, "  - {id: x, action: drop}\n", &ssh));
	w->revision = 7;
	assert_false(is_cut_by(w, "  - {id: x, action: drop}\n", &ssh));
}

static void a_set_that_changes_has_the_members_of_the_document(void **state)
{
	struct world *w = *state;
	struct flow ssh = flow("203.0.113.9", 4711, "198.51.100.1", 22);

	put_set(w, USERS, "bad", SET_NONE);
	put_member(w, USERS, "203.0.113.9");
	replace(&w->after, HEAD "sets: {bad: {action: drop,"
				" members: [192.0.2.0/24]}}\n");
	w->is_changed[0] = true;
	assert_false(is_cut(w, &ssh));
	ssh.starter = prefix("192.0.2.77");
	assert_true(is_cut(w, &ssh));
	assert_string_equal(w->cut.set, "bad");
	assert_null(w->cut.rule);
}

static void a_set_goes_with_the_policy_that_declared_it(void **state)
{
	struct world *w = *state;
	struct flow ssh = flow("203.0.113.9", 4711, "198.51.100.1", 22);
	static const char *const good =
		HEAD "sets: {good: {action: allow, members: [203.0.113.9]}}\n"
		     "defaults: {in: drop}\n";

	put_set(w, USERS, "good", SET_ALLOW);
	put_member(w, USERS, "203.0.113.9");
	replace(&w->before, good);
	replace(&w->after, good);
	assert_false(is_cut(w, &ssh));
	replace(&w->after, HEAD "defaults: {in: drop}\n");
	assert_true(is_cut(w, &ssh));
	replace(&w->before, HEAD);
	assert_false(is_cut(w, &ssh)); /* it is the user's, and stays */
}

static void who_manages_is_not_cut(void **state)
{
	struct world *w = *state;
	struct flow ssh = flow("203.0.113.9", 4711, "198.51.100.1", 22);

	replace(&w->after, HEAD "defaults: {in: drop}\n");
	assert_true(is_cut(w, &ssh));
	assert_null(w->cut.rule);
	assert_string_equal(w->cut.set, "");
	replace(&w->after, HEAD "defaults: {in: drop}\n"
				"management: [203.0.113.0/24]\n");
	assert_false(is_cut(w, &ssh));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_rule_cuts_what_it_drops_and_passed),
		TEST(what_is_dropped_now_is_not_cut),
		TEST(the_answers_are_judged_on_their_way),
		TEST(what_goes_through_is_judged_both_ways_at_each_gate),
		TEST(rules_for_other_states_do_not_count),
		TEST(a_limit_cuts_nobody),
		TEST(answers_to_a_ping_are_of_their_own_type),
		TEST(a_set_of_the_ledger_is_one_by_name),
		TEST(the_policy_in_force_sees_its_own_version_of_a_set),
		TEST(a_set_that_changes_has_the_members_of_the_document),
		TEST(a_set_goes_with_the_policy_that_declared_it),
		TEST(who_manages_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
