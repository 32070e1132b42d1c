// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is blocked by a rule that counts peers, what becomes of a block and of its
 * set when the store refuses them, and rules that are to be read anew while
 * they are. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "daemon/alert/notices.h"
#include "daemon/clock.h"
#include "daemon/detecting.h"
#include "daemon/offending.h"
#include "tests/support/desk.h"
#include "tests/support/notices.h"

#define RULES_MAX    128 /* bytes of a path */
#define THRESHOLD    3
#define ALERT_FAILED "detection blocks"
#define ALERT_SET    "detection set"
#define ALERT_RULES  "detection rules"
#define MINUTE_NS    60000000000ull

static const char rule_text[] = "version: 1\n"
				"rules:\n"
				"  - name: guessing\n"
				"    event: exit\n"
				"    action: block\n"
				"    steps: [table]\n"
				"    ttl: 10m\n"
				"    ttl_grows: {by: 4}\n"
				"    group_by: [addr]\n"
				"    threshold: 3\n"
				"    match: {user: sshd, addr: \"*\"}\n";

struct stand {
	struct desk desk;
	struct generation live; /* without a policy */
	char rules[RULES_MAX];
};

static void write_rules(const struct stand *stand, const char *name,
			const char *text)
{
	char path[RULES_MAX + 16];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", stand->rules, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void read_rules(struct stand *stand, const char *text)
{
	const struct rulebook_order order = {
		.shipped = "",
		.own = stand->rules,
		.resolvers = "",
	};
	char note[RULEBOOK_NOTE_MAX];
	struct daemon *daemon = &stand->desk.daemon;

	write_rules(stand, "own.yml", text);
	assert_int_equal(rulebook_read(&order, &daemon->detecting.book, note),
			 0);
	assert_int_equal(daemon->detecting.book->rule_count, 1);
}

static int setup(void **state)
{
	static struct stand stand;
	struct daemon *daemon = &stand.desk.daemon;
	const char *directory;

	memset(&stand, 0, sizeof(stand));
	desk_init(&stand.desk);
	desk_open(&stand.desk);
	directory = stand.desk.scratch.directory;
	daemon->live = &stand.live;
	daemon->config.detect_block = true;
	daemon->config.detect_blocks_per_minute = 100;
	(void)snprintf(daemon->config.state_dir,
		       sizeof(daemon->config.state_dir), "%s", directory);
	daemon->acting.steps = DETECT_STEP_TABLE;
	daemon->notices = notices_new_fixed();
	assert_int_equal(offending_start(daemon), 0);
	(void)snprintf(stand.rules, sizeof(stand.rules), "%s/rules", directory);
	assert_int_equal(mkdir(stand.rules, 0700), 0);
	read_rules(&stand, rule_text);
	*state = &stand;
	return 0;
}

static int teardown(void **state)
{
	struct stand *stand = *state;

	desk_commit(&stand->desk);
	detecting_stop(&stand->desk.daemon.detecting);
	notices_free(stand->desk.daemon.notices);
	desk_done(&stand->desk);
	return 0;
}

/* What was submitted is committed, and more may be. */
static void commit(struct stand *stand)
{
	struct daemon *daemon = &stand->desk.daemon;

	desk_commit(&stand->desk);
	assert_int_equal(worker_new(daemon->base, &daemon->worker), 0);
}

/* A login from there has failed, in a container or, "", in none. */
static void guess_in(struct stand *stand, const char *container,
		     const char *peer)
{
	struct event event = {
		.kind = EVENT_EXIT,
		.time_ns = clock_boot_ns(),
		.process = {4711, 1},
		.peer = desk_prefix(peer),
	};

	event.words[EVENT_USER].bytes = "sshd";
	event.words[EVENT_USER].len = 4;
	event.words[EVENT_CONTAINER].bytes = container;
	event.words[EVENT_CONTAINER].len = (uint32_t)strlen(container);
	detecting_event(&stand->desk.daemon, &event);
}

static void guess(struct stand *stand, const char *peer)
{
	guess_in(stand, "", peer);
}

static void guess_often(struct stand *stand, const char *peer)
{
	for (int i = 0; i < THRESHOLD; i++)
		guess(stand, peer);
}

static bool is_member(struct stand *stand, const char *text)
{
	const struct set *set =
		ledger_set_named(stand->desk.daemon.ledger, BLOCKING_SET);

	return set && desk_holds(&stand->desk, set->id, text);
}

static json_int_t bans(struct stand *stand, const char *peer)
{
	const struct prefix prefix = desk_prefix(peer);
	json_t *offence = offending_json(&stand->desk.daemon, &prefix);
	json_int_t count = json_integer_value(json_object_get(offence, "bans"));

	json_decref(offence);
	return count;
}

static bool has_alert(struct stand *stand, const char *key)
{
	return alerts_have(&stand->desk.daemon.alerts, key);
}

static void addresses_of_one_ipv6_network_count_together(void **state)
{
	struct stand *stand = *state;

	guess(stand, "2001:db8:1::1");
	guess(stand, "2001:db8:1::2");
	guess(stand, "2001:db8:1:1::3");
	assert_false(is_member(stand, "2001:db8:1::2"));
	guess(stand, "2001:db8:1::dead:beef:0:3");
	assert_true(is_member(stand, "2001:db8:1:0:dead:beef:0:3"));
	assert_false(is_member(stand, "2001:db8:1::/64"));
	assert_false(is_member(stand, "2001:db8:1:1::3"));
}

static void the_second_address_of_a_network_blocks_all_of_it(void **state)
{
	struct stand *stand = *state;
	const struct blocking *blocking =
		&stand->desk.daemon.detecting.blocking;

	guess_often(stand, "2001:db8:1::1");
	assert_true(is_member(stand, "2001:db8:1::1"));
	guess(stand, "2001:db8:1::1");
	assert_false(is_member(stand, "2001:db8:1::/64"));
	guess(stand, "2001:db8:1::2");
	assert_true(is_member(stand, "2001:db8:1::/64"));
	assert_false(is_member(stand, "2001:db8:1::2"));
	guess(stand, "2001:db8:1::3");
	guess(stand, "2001:db8:1::1");
	assert_int_equal(blocking->put, 2);
	commit(stand);
	assert_int_equal(bans(stand, "2001:db8:1::77"), 2);
	assert_int_equal(bans(stand, "2001:db8:1:1::77"), 0);
}

/* How many notices there are by now, and the count of matches in the last. */
static uint64_t told(struct stand *stand, uint64_t *ret_count)
{
	struct notices *notices = stand->desk.daemon.notices;
	uint64_t cursor = 1, lost = 0, number = 0;
	const struct told *told;

	while ((told = notices_next(notices, &cursor, &lost))) {
		number++;
		*ret_count = told->count;
	}
	return number;
}

static void a_network_that_is_blocked_anew_is_told(void **state)
{
	struct stand *stand = *state;
	uint64_t count = 0;

	guess_often(stand, "2001:db8:1::1");
	assert_int_equal(told(stand, &count), 1);
	assert_int_equal(count, THRESHOLD);
	guess(stand, "2001:db8:1::1");
	assert_int_equal(told(stand, &count), 1);
	guess(stand, "2001:db8:1::2");
	assert_true(is_member(stand, "2001:db8:1::/64"));
	assert_int_equal(told(stand, &count), 2);
	assert_int_equal(count, 2); /* the one hushed, and this */
	guess(stand, "2001:db8:1::3");
	assert_int_equal(told(stand, &count), 2);
}

static void a_peer_that_is_let_go_and_blocked_again_is_told(void **state)
{
	struct stand *stand = *state;
	const struct prefix peer = desk_prefix("192.0.2.1");
	struct ledger *ledger = stand->desk.daemon.ledger;
	uint64_t count = 0;

	guess_often(stand, "192.0.2.1");
	guess(stand, "192.0.2.1");
	assert_int_equal(told(stand, &count), 1);
	assert_int_equal(
		ledger_withdraw(ledger,
				ledger_set_named(ledger, BLOCKING_SET)->id,
				&peer),
		0);
	guess(stand, "192.0.2.1");
	assert_true(is_member(stand, "192.0.2.1"));
	assert_int_equal(told(stand, &count), 2);
	assert_int_equal(count, 2);
}

static void ipv4_is_counted_and_blocked_by_address(void **state)
{
	struct stand *stand = *state;

	guess(stand, "192.0.2.1");
	guess(stand, "192.0.2.2");
	guess(stand, "::ffff:192.0.2.3");
	assert_int_equal(stand->desk.daemon.detecting.blocking.put, 0);
	guess(stand, "::ffff:192.0.2.1");
	guess(stand, "192.0.2.1");
	assert_true(is_member(stand, "192.0.2.1"));
	guess_often(stand, "192.0.2.2");
	assert_true(is_member(stand, "192.0.2.2"));
	assert_int_equal(stand->desk.daemon.detecting.blocking.put, 2);
}

static void a_network_with_somebody_protected_is_never_blocked(void **state)
{
	struct stand *stand = *state;
	struct daemon *daemon = &stand->desk.daemon;
	const struct guard_entry own = {
		.prefix = desk_prefix("2001:db8:1::ff"),
		.source = GUARD_OWN,
		.name = "of the test",
	};
	const struct member allowed = {
		.prefix = desk_prefix("2001:db8:2::ff"),
		.evidence = {.reason = ""},
	};

	assert_int_equal(guard_add(daemon->guard, &own), 0);
	assert_int_equal(
		ledger_claim(daemon->ledger, SET_ID_ALLOW, &allowed, 0), 0);
	guess_often(stand, "2001:db8:1::1");
	guess(stand, "2001:db8:1::2");
	guess_often(stand, "2001:db8:2::1");
	guess(stand, "2001:db8:2::2");
	assert_true(is_member(stand, "2001:db8:1::2"));
	assert_true(is_member(stand, "2001:db8:2::2"));
	assert_false(is_member(stand, "2001:db8:1::/64"));
	assert_false(is_member(stand, "2001:db8:2::/64"));
}

static void root_of_a_container_leaves_half_of_the_blocks(void **state)
{
	struct stand *stand = *state;
	struct daemon *daemon = &stand->desk.daemon;

	daemon->config.detect_blocks_per_minute = 2;
	for (int i = 0; i < THRESHOLD; i++) {
		guess_in(stand, "cafe", "192.0.2.1");
		guess_in(stand, "cafe", "192.0.2.2");
	}
	assert_true(is_member(stand, "192.0.2.1"));
	assert_false(is_member(stand, "192.0.2.2"));
	assert_int_equal(daemon->alerts.count, 1);
	assert_non_null(strstr(daemon->alerts.list[0].text,
			       "more than 1 times a minute for what is in "
			       "cafe: no more"));
	guess_often(stand, "192.0.2.3");
	assert_true(is_member(stand, "192.0.2.3"));
}

/* Rules of the steps that have no table. */
static void shut_in_instead(struct stand *stand)
{
	struct daemon *daemon = &stand->desk.daemon;

	daemon->acting.steps = DETECT_STEP_QUARANTINE;
	daemon->config.detect_blocks_per_minute = 1;
	rulebook_free(daemon->detecting.book);
	read_rules(stand, "version: 1\n"
			  "rules:\n"
			  "  - name: shut in\n"
			  "    event: exit\n"
			  "    action: block\n"
			  "    steps: [quarantine]\n"
			  "    match: {user: sshd}\n");
}

static void who_is_in_quarantine_is_not_put_there_again(void **state)
{
	struct stand *stand = *state;
	struct acting *acting = &stand->desk.daemon.acting;

	shut_in_instead(stand);
	acting->trees[0].id = (struct process_id){4711, 1};
	acting->tree_count = 1;
	guess_often(stand, "192.0.2.1");
	assert_int_equal(stand->desk.daemon.detecting.blocking.over, 0);
	acting->tree_count = 0;
	guess_often(stand, "192.0.2.1");
	assert_int_equal(stand->desk.daemon.detecting.blocking.over,
			 THRESHOLD - 1);
}

/* From now on no file may be written, or any again. */
static void refuse_writes(bool refuses)
{
	struct rlimit limit;

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = refuses ? 1 : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What was submitted is refused by the store. */
static void fail_to_commit(struct stand *stand)
{
	refuse_writes(true);
	commit(stand);
	refuse_writes(false);
}

static void a_block_that_is_not_stored_is_an_alert_and_no_offence(void **state)
{
	struct stand *stand = *state;
	struct daemon *daemon = &stand->desk.daemon;

	guess_often(stand, "192.0.2.1");
	assert_true(is_member(stand, "192.0.2.1"));
	fail_to_commit(stand);
	assert_false(is_member(stand, "192.0.2.1"));
	assert_int_equal(bans(stand, "192.0.2.1"), 0);
	assert_int_equal(daemon->detecting.blocking.failed, 1);
	assert_true(has_alert(stand, ALERT_FAILED));
	blocking_tick(daemon, clock_boot_ns() + MINUTE_NS / 2);
	assert_true(has_alert(stand, ALERT_FAILED));
	blocking_tick(daemon, clock_boot_ns() + MINUTE_NS);
	assert_false(has_alert(stand, ALERT_FAILED));
}

static void a_set_that_is_not_stored_is_tried_again(void **state)
{
	struct stand *stand = *state;
	struct daemon *daemon = &stand->desk.daemon;
	char *text;

	guess_often(stand, "192.0.2.1");
	fail_to_commit(stand);
	assert_true(has_alert(stand, ALERT_SET));
	blocking_tick(daemon, clock_boot_ns() + MINUTE_NS);
	fail_to_commit(stand);
	assert_true(has_alert(stand, ALERT_SET));
	blocking_tick(daemon, clock_boot_ns()); /* too soon */
	commit(stand);
	assert_true(has_alert(stand, ALERT_SET));
	blocking_tick(daemon, clock_boot_ns() + MINUTE_NS);
	commit(stand);
	assert_false(has_alert(stand, ALERT_SET));
	text = scratch_text(daemon->store);
	assert_non_null(strstr(text, BLOCKING_SET));
	free(text);
	guess(stand, "192.0.2.1");
	commit(stand);
	assert_true(is_member(stand, "192.0.2.1"));
	assert_int_equal(bans(stand, "192.0.2.1"), 1);
}

/* A file of rules that is written by the worker, behind what it has. */
struct late_rules {
	struct job job; /* first: the worker's view of it */
	const struct stand *stand;
};

static void write_late(struct job *job)
{
	write_rules(((struct late_rules *)job)->stand, "late.yml", rule_text);
}

static void is_written(struct job *job)
{
	(void)job;
}

/* Rules are to be read of this folder, while the sensor is there. */
static void begin_reading(struct stand *stand, const char *folder)
{
	struct daemon *daemon = &stand->desk.daemon;

	(void)snprintf(daemon->config.detect_rules,
		       sizeof(daemon->config.detect_rules), "%s", folder);
	/* only that it is there */
	daemon->host.reader = (struct event_reader *)stand;
	detecting_reload(daemon, NULL);
}

static void rules_that_cannot_be_read_leave_those_before(void **state)
{
	struct stand *stand = *state;
	struct daemon *daemon = &stand->desk.daemon;
	char folder[RULES_MAX + 16];

	(void)snprintf(folder, sizeof(folder), "%s/own.yml/x", stand->rules);
	begin_reading(stand, folder);
	commit(stand);
	assert_true(has_alert(stand, ALERT_RULES));
	assert_int_equal(daemon->detecting.book->rule_count, 1);
	begin_reading(stand, stand->rules);
	commit(stand);
	assert_false(has_alert(stand, ALERT_RULES));
	daemon->host.reader = NULL;
}

/* So many signals come at once, and behind the first reading a rule. Returns
 * how many rules are in force then. */
static size_t signal_often(struct stand *stand, int count)
{
	struct daemon *daemon = &stand->desk.daemon;
	struct late_rules late = {
		.job = {.run = write_late, .done = is_written},
		.stand = stand,
	};

	begin_reading(stand, stand->rules);
	worker_submit(daemon->worker, &late.job);
	for (int i = 1; i < count; i++)
		detecting_reload(daemon, NULL);
	commit(stand);
	daemon->host.reader = NULL;
	assert_false(daemon->detecting.is_reading);
	assert_false(daemon->detecting.is_wanted);
	return daemon->detecting.book->rule_count;
}

static void one_signal_has_rules_read_once(void **state)
{
	assert_int_equal(signal_often(*state, 1), 1);
}

static void a_signal_while_rules_are_read_has_them_read_once_more(void **state)
{
	assert_int_equal(signal_often(*state, 4), 2);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(addresses_of_one_ipv6_network_count_together),
		test(the_second_address_of_a_network_blocks_all_of_it),
		test(a_network_that_is_blocked_anew_is_told),
		test(a_peer_that_is_let_go_and_blocked_again_is_told),
		test(ipv4_is_counted_and_blocked_by_address),
		test(a_network_with_somebody_protected_is_never_blocked),
		test(root_of_a_container_leaves_half_of_the_blocks),
		test(who_is_in_quarantine_is_not_put_there_again),
		test(a_block_that_is_not_stored_is_an_alert_and_no_offence),
		test(a_set_that_is_not_stored_is_tried_again),
		test(rules_that_cannot_be_read_leave_those_before),
		test(one_signal_has_rules_read_once),
		test(a_signal_while_rules_are_read_has_them_read_once_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
