// SPDX-License-Identifier: GPL-2.0-or-later
/* Chains and taints of a list of rules, as they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/event.h"
#include "rules/detect/language.h"

#define HEAD "version: 1\nrules:\n"

struct list {
	struct detect_rule **rules;
	size_t count;
	struct detect_note note;
};

static int read_list(const char *text, struct list *ret_list)
{
	memset(ret_list, 0, sizeof(*ret_list));
	return detect_read(text, strlen(text), 0, &ret_list->rules,
			   &ret_list->count, &ret_list->note);
}

static void done(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		detect_rule_free(list->rules[i]);
	free(list->rules);
}

static void a_chain_has_steps_by_name_and_of_its_own(void **state)
{
	const struct detect_chain *chain;
	struct list list;

	(void)state;
	assert_int_equal(
		read_list("version: 1\n"
			  "ignore: {uids: [977]}\n"
			  "default_action: log\n"
			  "rules:\n"
			  "  - name: both\n"
			  "    action: alert\n"
			  "    chain:\n"
			  "      ordered: true\n"
			  "      within: 10s\n"
			  "      of: user\n"
			  "      steps:\n"
			  "        - shell\n"
			  "        - {event: connect, match: {port: 4444}}\n"
			  "  - {name: shell, event: exec}\n",
			  &list),
		0);
	/* what is ignored, two rules, the default, the step */
	assert_int_equal(list.count, 5);
	chain = list.rules[1]->chain;
	assert_non_null(chain);
	assert_int_equal(chain->count, 2);
	assert_ptr_equal(chain->steps[0], list.rules[2]);
	assert_ptr_equal(chain->steps[1], list.rules[4]);
	assert_true(chain->is_ordered);
	assert_true(chain->is_by_user);
	assert_int_equal(chain->within_ns, 10 * DETECT_SECOND_NS);
	assert_int_equal(list.rules[1]->kinds,
			 1u << EVENT_CONNECT | 1u << EVENT_SEND);
	assert_true(list.rules[4]->is_step);
	assert_int_equal(list.rules[4]->list, 0);
	assert_false(list.rules[2]->is_step);
	done(&list);
}

static void it_is_of_any_order_within_a_minute_by_a_tree(void **state)
{
	struct list list;

	(void)state;
	assert_int_equal(read_list(HEAD
				   "  - {name: a, event: exec}\n"
				   "  - {name: b, event: open}\n"
				   "  - {name: c, chain: {steps: [a, b]}}\n",
				   &list),
			 0);
	assert_false(list.rules[2]->chain->is_ordered);
	assert_false(list.rules[2]->chain->is_by_user);
	assert_int_equal(list.rules[2]->chain->within_ns,
			 60 * DETECT_SECOND_NS);
	assert_int_equal(list.rules[2]->kinds,
			 1u << EVENT_EXEC | 1u << EVENT_OPEN);
	done(&list);
}

static void a_taint_has_a_name_and_a_span(void **state)
{
	struct list list;

	(void)state;
	assert_int_equal(
		read_list(HEAD "  - {name: a, event: open, taint: {name: t-1,"
			       " for: 5m, of: tree}}\n"
			       "  - {name: b, event: open, taint: {name: u}}\n"
			       "  - {name: c, event: open}\n",
			  &list),
		0);
	assert_string_equal(list.rules[0]->taint.name, "t-1");
	assert_int_equal(list.rules[0]->taint.span_ns, 300 * DETECT_SECOND_NS);
	assert_true(list.rules[0]->taint.is_of_tree);
	assert_false(list.rules[1]->taint.is_of_tree);
	assert_int_equal(list.rules[1]->taint.span_ns, 600 * DETECT_SECOND_NS);
	assert_null(list.rules[2]->taint.name);
	done(&list);
}

static void assert_refused(const char *rules, const char *why)
{
	struct list list;
	char text[1024];

	(void)snprintf(text, sizeof(text), HEAD "%s", rules);
	if (read_list(text, &list) == 0)
		fail_msg("was read: %s", rules);
	if (list.note.reason != DETECT_BROKEN ||
	    !strstr(list.note.at.text, why))
		fail_msg("%u: %s", list.note.at.line, list.note.at.text);
}

static void what_is_no_chain_is_refused(void **state)
{
	(void)state;
	assert_refused("  - {name: c, chain: {steps: [a, b]}}\n", "no rule");
	assert_refused("  - {name: c, chain: {steps: [c, c]}}\n", "no rule");
	assert_refused("  - {name: a, event: exec}\n"
		       "  - {name: a, event: open}\n"
		       "  - {name: c, chain: {steps: [a, a]}}\n",
		       "two rules");
	assert_refused("  - {name: a, event: exec}\n"
		       "  - {name: c, chain: {steps: [a, a]}}\n",
		       "twice");
	assert_refused("  - {name: a, event: exec}\n"
		       "  - {name: c, chain: {steps: [a]}}\n",
		       "2 to 8");
	assert_refused("  - {name: c, chain: {steps: [{match: {uid: 1}},"
		       " {event: exec}]}}\n",
		       "\"event\"");
	assert_refused("  - {name: c, event: exec, chain: {steps: []}}\n",
		       "no \"event\"");
	assert_refused("  - {name: c, chain: {steps: [{event: exec},"
		       " {event: open}], of: host}}\n",
		       "tree or user");
	assert_refused("  - {name: c, chain: {steps: [{event: exec},"
		       " {event: open}], ordered: maybe}}\n",
		       "false or true");
	assert_refused("  - {name: c}\n", "\"event\"");
}

static void what_is_no_taint_is_refused(void **state)
{
	(void)state;
	assert_refused("  - {name: a, event: open, taint: {for: 1m}}\n",
		       "a name");
	assert_refused("  - {name: a, event: open, taint: {name: true}}\n",
		       "a name");
	assert_refused("  - {name: a, event: open, taint: {name: 'a b'}}\n",
		       "a name");
	assert_refused("  - {name: a, event: open, taint: x}\n", "a taint");
	assert_refused(
		"  - {name: a, event: open, taint: {name: x, of: all}}\n",
		"process or tree");
	assert_refused("  - {name: a, event: open, match: {tainted: secret}}\n",
		       "has the taint");
}

static void a_score_is_a_number_and_stands_for_the_event(void **state)
{
	static const char *const bad[] = {
		"{name: a, score: 0}",
		"{name: a, score: 10001}",
		"{name: a, score: -1}",
		"{name: a, score: 1x}",
		"{name: a, score: [1]}",
		"{name: a, score: 1, event: open}",
		"{name: a, score: 1, match: {uid: 0}}",
		"{name: a, score: 1, weight: 2}",
		"{name: a, score: 1, chain: {steps: [b, c]}}",
		"{name: a, event: open, weight: -1}",
		"{name: a, event: open, weight: }",
		"{name: a, event: open, weight: 99999999999999999999}",
	};
	struct list list;
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		(void)snprintf(text, sizeof(text), HEAD "  - %s\n", bad[i]);
		if (read_list(text, &list) != -EINVAL)
			fail_msg("%s is read", bad[i]);
	}
	assert_int_equal(read_list(HEAD
				   "  - {name: a, score: 150}\n"
				   "  - {name: b, event: open, weight: 0}\n"
				   "  - {name: c, event: open}\n",
				   &list),
			 0);
	assert_int_equal(list.rules[0]->score, 150);
	assert_false(list.rules[0]->has_weight);
	assert_true(list.rules[1]->has_weight);
	assert_int_equal(list.rules[1]->weight, 0);
	assert_false(list.rules[2]->has_weight);
	assert_int_equal(list.rules[2]->score, 0);
	done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_score_is_a_number_and_stands_for_the_event),
		cmocka_unit_test(a_chain_has_steps_by_name_and_of_its_own),
		cmocka_unit_test(it_is_of_any_order_within_a_minute_by_a_tree),
		cmocka_unit_test(a_taint_has_a_name_and_a_span),
		cmocka_unit_test(what_is_no_chain_is_refused),
		cmocka_unit_test(what_is_no_taint_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
