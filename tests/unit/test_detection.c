// SPDX-License-Identifier: GPL-2.0-or-later
/* What rules remember of earlier events: trees, taints, chains, peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/detection.h"
#include "rules/detect/language.h"

#define SECOND DETECT_SECOND_NS

struct bench {
	struct detect_rule **rules;
	const struct detect_rule *lent[32];
	size_t count;
	struct detection *detection;
	char told[512]; /* titles, a comma behind each */
};

static const uint64_t seed[2] = {1, 2};

static void begin(struct bench *bench, const char *text)
{
	struct detect_note note;

	memset(bench, 0, sizeof(*bench));
	if (detect_read(text, strlen(text), 0, &bench->rules, &bench->count,
			&note) < 0)
		fail_msg("%u: %s", note.at.line, note.at.text);
	assert_in_range(bench->count, 1, ARRAY_LEN(bench->lent));
	for (size_t i = 0; i < bench->count; i++)
		bench->lent[i] = bench->rules[i];
	assert_int_equal(detection_new(bench->lent, bench->count, seed,
				       &bench->detection),
			 0);
}

static void end(struct bench *bench)
{
	detection_free(bench->detection);
	for (size_t i = 0; i < bench->count; i++)
		detect_rule_free(bench->rules[i]);
	free(bench->rules);
}

static void remember(void *arg, const struct detect_rule *rule, size_t index,
		     const struct event *event)
{
	struct bench *bench = arg;
	size_t len = strlen(bench->told);

	(void)event;
	assert_ptr_equal(bench->lent[index], rule);
	(void)snprintf(bench->told + len, sizeof(bench->told) - len, "%s,",
		       rule->title);
}

/* A process is its number; it began at that time. */
static struct event event_of(enum event_kind kind, uint32_t pid,
			     uint32_t parent, uint64_t time_ns)
{
	return (struct event){
		.kind = kind,
		.process = {pid, pid},
		.parent = {parent, parent},
		.time_ns = time_ns,
		.uid = 1000,
		.login_uid = 1000,
		.cgroup = 7,
	};
}

static void put(struct event *event, enum event_word word, const char *text)
{
	event->words[word].bytes = text;
	event->words[word].len = (uint32_t)strlen(text);
}

static void assert_tells(struct bench *bench, const struct event *event,
			 const char *titles)
{
	bench->told[0] = '\0';
	detection_hear(bench->detection, event, remember, bench);
	assert_string_equal(bench->told, titles);
}

static void opens(struct bench *bench, uint32_t pid, uint32_t parent,
		  uint64_t time_ns, const char *path, const char *titles)
{
	struct event event = event_of(EVENT_OPEN, pid, parent, time_ns);

	put(&event, EVENT_PATH, path);
	assert_tells(bench, &event, titles);
}

static void forks(struct bench *bench, uint32_t pid, uint32_t parent,
		  uint64_t time_ns)
{
	struct event event = event_of(EVENT_FORK, pid, parent, time_ns);

	assert_tells(bench, &event, "");
}

static void connects(struct bench *bench, uint32_t pid, uint32_t parent,
		     uint64_t time_ns, const char *titles)
{
	struct event event = event_of(EVENT_CONNECT, pid, parent, time_ns);

	event.peer = prefix_of_v4(0xc6336407, 32);
	event.peer_port = 443;
	put(&event, EVENT_IMAGE, "/usr/bin/talker");
	assert_tells(bench, &event, titles);
}

static const char exfiltration[] = "version: 1\n"
				   "rules:\n"
				   "  - name: secret\n"
				   "    event: open\n"
				   "    action: log\n"
				   "    taint: {name: secret, for: 60s}\n"
				   "    match: {filename: /secret}\n"
				   "  - name: sent\n"
				   "    event: connect\n"
				   "    action: alert\n"
				   "    match: {tainted: secret}\n";

static void who_read_a_secret_is_known_when_it_connects(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, exfiltration);
	connects(&bench, 10, 5, 0, "");
	opens(&bench, 10, 5, SECOND, "/secret", "secret,");
	connects(&bench, 10, 5, 2 * SECOND, "sent,");
	connects(&bench, 11, 5, 2 * SECOND, "");
	connects(&bench, 5, 4, 2 * SECOND, "");
	end(&bench);
}

static void what_it_begins_later_is_tainted(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, exfiltration);
	forks(&bench, 11, 10, 0);
	opens(&bench, 10, 5, SECOND, "/secret", "secret,");
	forks(&bench, 12, 10, 2 * SECOND);
	forks(&bench, 13, 12, 3 * SECOND);
	connects(&bench, 11, 10, 4 * SECOND, "");
	connects(&bench, 12, 10, 4 * SECOND, "sent,");
	connects(&bench, 13, 12, 4 * SECOND, "sent,");
	end(&bench);
}

static void a_taint_ends_with_its_span_for_descendants_too(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, exfiltration);
	opens(&bench, 10, 5, 0, "/secret", "secret,");
	forks(&bench, 12, 10, 50 * SECOND);
	connects(&bench, 12, 10, 59 * SECOND, "sent,");
	connects(&bench, 12, 10, 60 * SECOND, "");
	connects(&bench, 10, 5, 60 * SECOND, "");
	end(&bench);
}

static void a_number_used_again_is_not_tainted(void **state)
{
	struct bench bench;
	struct event exit = event_of(EVENT_EXIT, 10, 5, SECOND);

	(void)state;
	begin(&bench, exfiltration);
	opens(&bench, 10, 5, 0, "/secret", "secret,");
	assert_int_equal(detection_usage(bench.detection).tainted, 1);
	assert_tells(&bench, &exit, "");
	assert_int_equal(detection_usage(bench.detection).tainted, 0);
	end(&bench);
}

static void a_taint_of_a_tree_is_of_those_beside_too(void **state)
{
	struct bench bench;
	struct event service = event_of(EVENT_CONNECT, 40, 6, 2 * SECOND);

	(void)state;
	begin(&bench, "version: 1\n"
		      "rules:\n"
		      "  - name: secret\n"
		      "    event: open\n"
		      "    taint: {name: secret, for: 60s, of: tree}\n"
		      "    match: {filename: /secret}\n"
		      "  - name: sent\n"
		      "    event: connect\n"
		      "    match: {tainted: true}\n");
	forks(&bench, 6, 1, 0);
	forks(&bench, 10, 6, 0);
	forks(&bench, 11, 6, 0);
	forks(&bench, 20, 1, 0);
	opens(&bench, 10, 6, SECOND, "/secret", "secret,");
	connects(&bench, 11, 6, 2 * SECOND, "sent,");
	connects(&bench, 20, 1, 2 * SECOND, "");
	service.cgroup = 8;
	assert_tells(&bench, &service, "");
	service.process.pid = 41;
	service.cgroup = 7;
	service.login_uid = 1001;
	assert_tells(&bench, &service, "");
	service.process.pid = 42;
	service.login_uid = 1000;
	assert_tells(&bench, &service, "sent,");
	end(&bench);
}

static const char chained[] =
	"version: 1\n"
	"rules:\n"
	"  - {name: a, event: open, match: {filename: /a}}\n"
	"  - {name: b, event: open, match: {filename: /b}}\n"
	"  - {name: c, event: open, match: {filename: /c}}\n"
	"  - name: ordered\n"
	"    chain: {steps: [a, b, c], ordered: true,"
	" within: 10s}\n"
	"  - name: any\n"
	"    chain: {steps: [c, a], within: 10s}\n";

static void an_ordered_chain_needs_its_order(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, chained);
	opens(&bench, 10, 5, 1 * SECOND, "/b", "b,");
	opens(&bench, 10, 5, 2 * SECOND, "/a", "a,");
	opens(&bench, 10, 5, 3 * SECOND, "/c", "c,any,");
	opens(&bench, 10, 5, 4 * SECOND, "/b", "b,");
	opens(&bench, 10, 5, 5 * SECOND, "/c", "c,ordered,");
	/* what made it complete does not count again */
	opens(&bench, 10, 5, 6 * SECOND, "/c", "c,");
	end(&bench);
}

static void only_what_lies_within_its_span_counts(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, chained);
	opens(&bench, 10, 5, 0, "/a", "a,");
	opens(&bench, 10, 5, 9 * SECOND, "/b", "b,");
	opens(&bench, 10, 5, 11 * SECOND, "/c", "c,");
	end(&bench);
	/* the beginning that came last is the one that counts */
	begin(&bench, chained);
	opens(&bench, 10, 5, 0, "/a", "a,");
	opens(&bench, 10, 5, 5 * SECOND, "/a", "a,");
	opens(&bench, 10, 5, 6 * SECOND, "/b", "b,");
	/* and a later one that is not gone on with hides nothing */
	opens(&bench, 10, 5, 7 * SECOND, "/a", "a,");
	opens(&bench, 10, 5, 15 * SECOND, "/c", "c,ordered,any,");
	end(&bench);
}

static void an_event_that_is_heard_late_takes_its_place(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, chained);
	opens(&bench, 10, 5, 1 * SECOND, "/a", "a,");
	opens(&bench, 10, 5, 3 * SECOND, "/c", "c,any,");
	opens(&bench, 10, 5, 2 * SECOND, "/b", "b,ordered,");
	opens(&bench, 10, 5, 10 * SECOND, "/a", "a,");
	opens(&bench, 10, 5, 12 * SECOND, "/b", "b,");
	opens(&bench, 10, 5, 11 * SECOND, "/c", "c,any,");
	end(&bench);
}

static void trees_are_apart_and_one_tree_is_together(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, chained);
	forks(&bench, 10, 1, 0);
	forks(&bench, 20, 1, 0);
	forks(&bench, 11, 10, 0);
	forks(&bench, 12, 11, 0);
	opens(&bench, 10, 1, 1 * SECOND, "/a", "a,");
	opens(&bench, 20, 1, 2 * SECOND, "/b", "b,");
	opens(&bench, 20, 1, 2 * SECOND, "/c", "c,");
	opens(&bench, 12, 11, 3 * SECOND, "/b", "b,");
	opens(&bench, 11, 10, 4 * SECOND, "/c", "c,ordered,any,");
	end(&bench);
}

/* Those between may have ended, and been forgotten. */
static void who_is_left_of_a_tree_is_still_of_it(void **state)
{
	struct bench bench;
	struct event orphan = event_of(EVENT_OPEN, 12, 1, 3 * SECOND);

	(void)state;
	begin(&bench, chained);
	forks(&bench, 10, 1, 0);
	forks(&bench, 12, 10, 0);
	opens(&bench, 10, 1, 1 * SECOND, "/a", "a,");
	put(&orphan, EVENT_PATH, "/c");
	assert_tells(&bench, &orphan, "c,any,");
	end(&bench);
}

static void a_chain_of_a_user_is_of_all_its_processes(void **state)
{
	struct bench bench;
	struct event other = event_of(EVENT_OPEN, 30, 1, 2 * SECOND);

	(void)state;
	begin(&bench, "version: 1\n"
		      "rules:\n"
		      "  - name: both\n"
		      "    chain:\n"
		      "      of: user\n"
		      "      steps:\n"
		      "        - {event: open, match: {filename: /a}}\n"
		      "        - {event: open, match: {filename: /b},"
		      " unless: {comm: quiet}}\n");
	opens(&bench, 10, 1, 1 * SECOND, "/a", "");
	put(&other, EVENT_PATH, "/b");
	other.uid = 1001;
	assert_tells(&bench, &other, "");
	opens(&bench, 20, 1, 2 * SECOND, "/b", "both,");
	end(&bench);
}

static void a_peer_is_new_to_a_program_once(void **state)
{
	struct bench bench;
	struct event other = event_of(EVENT_CONNECT, 30, 1, 2 * SECOND);

	(void)state;
	begin(&bench,
	      "version: 1\n"
	      "rules:\n"
	      "  - {name: new, event: connect, match: {new_peer: true}}\n"
	      "  - {name: old, event: connect, match: {new_peer: false}}\n");
	connects(&bench, 10, 1, 0, "new,");
	connects(&bench, 11, 1, 0, "old,");
	other.peer = prefix_of_v4(0xc6336407, 32);
	put(&other, EVENT_IMAGE, "/usr/bin/other");
	assert_tells(&bench, &other, "new,");
	other.peer = prefix_of_v4(0xc6336408, 32);
	assert_tells(&bench, &other, "new,");
	end(&bench);
}

static void what_is_over_is_forgotten(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, chained);
	opens(&bench, 10, 5, 0, "/a", "a,");
	assert_int_equal(detection_usage(bench.detection).chains, 2);
	detection_tick(bench.detection, 10 * SECOND, UINT32_MAX);
	assert_int_equal(detection_usage(bench.detection).chains, 2);
	detection_tick(bench.detection, 11 * SECOND, UINT32_MAX);
	assert_int_equal(detection_usage(bench.detection).chains, 0);
	end(&bench);
}

/* Each ends when it has begun the next, as who does not want to be followed. */
static void a_taint_is_kept_ten_thousand_generations_down(void **state)
{
	struct bench bench;
	struct event event;
	uint32_t pid;

	(void)state;
	begin(&bench, exfiltration);
	opens(&bench, 10, 5, SECOND, "/secret", "secret,");
	for (pid = 10; pid < 10010; pid++) {
		forks(&bench, pid + 1, pid, SECOND + pid);
		event = event_of(EVENT_EXIT, pid, pid - 1, SECOND + pid);
		assert_tells(&bench, &event, "");
	}
	connects(&bench, pid, pid - 1, 2 * SECOND, "sent,");
	end(&bench);
}

/* More than there is room for, and none ends: who is not followed is counted. */
static void a_taint_that_finds_no_place_is_said(void **state)
{
	struct bench bench;
	struct detection_usage usage;

	(void)state;
	begin(&bench, exfiltration);
	opens(&bench, 10, 5, SECOND, "/secret", "secret,");
	for (uint32_t pid = 10; pid < 10010; pid++)
		forks(&bench, pid + 1, pid, SECOND + pid);
	usage = detection_usage(bench.detection);
	assert_true(usage.tainted <= DETECTION_TAINTED);
	assert_true(usage.tainted_crowded > 0);
	end(&bench);
}

/* More trees than there is room for: those that find none are counted. */
static void a_full_table_is_said(void **state)
{
	struct bench bench;
	struct detection_usage usage;

	(void)state;
	begin(&bench, chained);
	for (uint32_t pid = 100; pid < 100 + 2 * DETECTION_CHAINS; pid++)
		opens(&bench, pid, 1, SECOND, "/a", "a,");
	usage = detection_usage(bench.detection);
	assert_true(usage.chains <= DETECTION_CHAINS);
	assert_true(usage.chains > DETECTION_CHAINS / 2);
	assert_int_equal(usage.chains + usage.chains_crowded,
			 4 * DETECTION_CHAINS);
	end(&bench);
}

static const char scored[] = "version: 1\n"
			     "rules:\n"
			     "  - name: sum\n"
			     "    action: alert\n"
			     "    score: 60\n"
			     "  - name: secret\n"
			     "    event: open\n"
			     "    action: log\n"
			     "    weight: 40\n"
			     "    match: {filename: /secret}\n"
			     "  - name: key\n"
			     "    event: open\n"
			     "    action: allow\n"
			     "    weight: 40\n"
			     "    match: {filename: /key}\n"
			     "  - name: talks\n"
			     "    event: connect\n"
			     "    action: log\n"
			     "    weight: 20\n"
			     "  - name: both\n"
			     "    action: log\n"
			     "    weight: 30\n"
			     "    chain: {steps: [secret, talks]}\n";

/* 11 is begun by 10: 40, and of the other 20 and for the generation 5 and for
 * the sequence 15; the chain adds too, but only once. */
static void what_a_tree_meets_adds_up(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, scored);
	opens(&bench, 10, 5, 0, "/secret", "secret,");
	opens(&bench, 10, 5, 0, "/key", "key,");
	forks(&bench, 11, 10, 0);
	connects(&bench, 11, 10, 0, "talks,sum,both,sum,");
	connects(&bench, 11, 10, 0, "talks,");
	/* of another tree */
	connects(&bench, 20, 1, 0, "talks,");
	end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_tree_meets_adds_up),
		cmocka_unit_test(who_read_a_secret_is_known_when_it_connects),
		cmocka_unit_test(what_it_begins_later_is_tainted),
		cmocka_unit_test(
			a_taint_ends_with_its_span_for_descendants_too),
		cmocka_unit_test(a_number_used_again_is_not_tainted),
		cmocka_unit_test(a_taint_of_a_tree_is_of_those_beside_too),
		cmocka_unit_test(an_ordered_chain_needs_its_order),
		cmocka_unit_test(only_what_lies_within_its_span_counts),
		cmocka_unit_test(an_event_that_is_heard_late_takes_its_place),
		cmocka_unit_test(trees_are_apart_and_one_tree_is_together),
		cmocka_unit_test(who_is_left_of_a_tree_is_still_of_it),
		cmocka_unit_test(a_chain_of_a_user_is_of_all_its_processes),
		cmocka_unit_test(a_peer_is_new_to_a_program_once),
		cmocka_unit_test(what_is_over_is_forgotten),
		cmocka_unit_test(a_full_table_is_said),
		cmocka_unit_test(a_taint_is_kept_ten_thousand_generations_down),
		cmocka_unit_test(a_taint_that_finds_no_place_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
