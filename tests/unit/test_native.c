// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of rules of which the first that is met decides. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/detect.h"
#include "rules/detect/folder.h"
#include "rules/detect/language.h"

/* As Sysguard's documentation shows a policy. */
static const char sample[] = "version: 1\n"
			     "default_action: log\n"
			     "ignore:\n"
			     "  uids: [977]\n"
			     "  comm: ['chrony*']\n"
			     "  filename: [/proc/*]\n"
			     "  ports: [53]\n"
			     "  addr: ['127.*']\n"
			     "rules:\n"
			     "  - name: shells\n"
			     "    event: execve\n"
			     "    action: alert\n"
			     "    match: {comm: 'bash*'}\n"
			     "  - name: metadata\n"
			     "    event: connect\n"
			     "    action: block\n"
			     "    match: {addr: 169.254.169.254, port: 80}\n"
			     "  - name: one user\n"
			     "    event: any\n"
			     "    match: {uid: 0}\n";

struct told {
	const char *title; /* of the first */
	enum detect_action action;
	int count;
};

static void hear(void *arg, const struct detect_rule *rule, size_t index)
{
	struct told *told = arg;

	(void)index;
	told->title = rule->title;
	told->action = rule->action;
	told->count++;
}

static void free_rules(struct detect_rule **rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		detect_rule_free(rules[i]);
	free(rules);
}

/* "nothing": no rule is met. */
static void assert_decides(const char *text, const struct event *event,
			   const char *title, enum detect_action action)
{
	const struct detect_rule *lent[16];
	struct detect_rule **rules = NULL;
	struct detect_engine *engine = NULL;
	struct detect_scratch *scratch = NULL;
	struct detect_note note;
	struct told told = {.title = "nothing"};
	size_t count = 0;

	if (detect_read(text, strlen(text), 0, &rules, &count, &note) < 0)
		fail_msg("%u: %s", note.at.line, note.at.text);
	assert_in_range(count, 0, ARRAY_LEN(lent));
	for (size_t i = 0; i < count; i++) {
		rules[i]->list = 1;
		lent[i] = rules[i];
	}
	assert_int_equal(detect_new(lent, count, &engine), 0);
	assert_int_equal(detect_scratch_new(engine, &scratch), 0);
	detect_match(engine, event, scratch, hear, &told);
	assert_string_equal(told.title, title);
	assert_true(told.count <= 1);
	if (told.count > 0)
		assert_string_equal(detect_action_name(told.action),
				    detect_action_name(action));
	detect_scratch_free(scratch);
	detect_free(engine);
	free_rules(rules, count);
}

static void set(struct event *event, enum event_word word, const char *text)
{
	event->words[word].bytes = text;
	event->words[word].len = (uint32_t)strlen(text);
}

static struct event exec_of(uint32_t uid, const char *comm)
{
	struct event event = {.kind = EVENT_EXEC, .uid = uid};

	set(&event, EVENT_COMM, comm);
	return event;
}

static struct event connect_to(uint32_t addr, uint16_t port)
{
	return (struct event){
		.kind = EVENT_CONNECT,
		.uid = 1000,
		.peer = prefix_of_v4(addr, 32),
		.peer_port = port,
	};
}

static void the_first_rule_decides(void **state)
{
	struct event shell = exec_of(0, "bash");
	struct event other = exec_of(0, "id");
	struct event user = exec_of(1000, "id");

	(void)state;
	assert_decides(sample, &shell, "shells", DETECT_ALERT);
	assert_decides(sample, &other, "one user", DETECT_ALLOW);
	assert_decides(sample, &user, "default", DETECT_LOG_IT);
}

static void what_is_ignored_is_asked_first(void **state)
{
	struct event user = exec_of(977, "bash");
	struct event name = exec_of(0, "chronyd");
	struct event here = connect_to(0x7f000002, 80);
	struct event dns = connect_to(0xc0000201, 53);
	struct event file = {.kind = EVENT_OPEN};

	(void)state;
	set(&file, EVENT_PATH, "/proc/1/maps");
	assert_decides(sample, &user, "ignored", DETECT_IGNORE);
	assert_decides(sample, &name, "ignored", DETECT_IGNORE);
	assert_decides(sample, &here, "ignored", DETECT_IGNORE);
	assert_decides(sample, &dns, "ignored", DETECT_IGNORE);
	assert_decides(sample, &file, "ignored", DETECT_IGNORE);
}

static void all_of_a_match_must_be_met(void **state)
{
	struct event whole = connect_to(0xa9fea9fe, 80);
	struct event port = connect_to(0xa9fea9fe, 443);

	(void)state;
	assert_decides(sample, &whole, "metadata", DETECT_BLOCK);
	assert_decides(sample, &port, "default", DETECT_LOG_IT);
}

/* In Sysguard 0 stands for every user where it blocks. */
static void user_0_is_root_alone(void **state)
{
	const char *text = "version: 1\n"
			   "rules:\n"
			   "  - {name: r, event: any, action: block,"
			   " match: {uid: 0}}\n";
	struct event root = exec_of(0, "x");
	struct event user = exec_of(1000, "x");

	(void)state;
	assert_decides(text, &root, "r", DETECT_BLOCK);
	assert_decides(text, &user, "nothing", DETECT_ALLOW);
}

static void the_case_of_letters_counts(void **state)
{
	struct event event = exec_of(1000, "Bash");

	(void)state;
	assert_decides(sample, &event, "default", DETECT_LOG_IT);
}

static void more_than_sysguard_has_is_understood(void **state)
{
	const char *text = "version: 1\n"
			   "rules:\n"
			   "  - name: v6\n"
			   "    event: connect\n"
			   "    action: alert\n"
			   "    match: {addr: ['2001:db8::/32', 10.0.0.0/8]}\n"
			   "  - name: listener\n"
			   "    event: listen\n"
			   "    action: alert\n"
			   "    match: {port: 4444, image: '*/nc'}\n";
	struct event v6 = {.kind = EVENT_SEND, .uid = 1};
	struct event v4 = connect_to(0x0a020304, 1);
	struct event listener = {.kind = EVENT_LISTEN, .local_port = 4444};

	(void)state;
	assert_int_equal(prefix_from_text("2001:db8::7", 11, &v6.peer), 0);
	set(&listener, EVENT_IMAGE, "/usr/bin/nc");
	assert_decides(text, &v6, "v6", DETECT_ALERT);
	assert_decides(text, &v4, "v6", DETECT_ALERT);
	assert_decides(text, &listener, "listener", DETECT_ALERT);
}

static void assert_refused(const char *text, uint32_t line,
			   enum detect_reason reason, const char *why)
{
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;
	int r = detect_read(text, strlen(text), 0, &rules, &count, &note);

	assert_true(r < 0);
	assert_string_equal(detect_reason_name(note.reason),
			    detect_reason_name(reason));
	if (note.at.line != line || !strstr(note.at.text, why))
		fail_msg("%u: %s", note.at.line, note.at.text);
}

static void what_is_wrong_has_its_place(void **state)
{
	(void)state;
	assert_refused("version: 2\n", 1, DETECT_BROKEN, "version is 1");
	assert_refused("version: 1\nrule: []\n", 2, DETECT_BROKEN, "\"rule\"");
	assert_refused("version: 1\nrules: {}\n", 2, DETECT_BROKEN, "a list");
	assert_refused("version: 1\ndefault_action: kill\n", 2, DETECT_BROKEN,
		       "allow, log");
	assert_refused("version: 1\nrules:\n  - {name: x}\n", 3, DETECT_BROKEN,
		       "\"event\"");
	assert_refused("version: 1\nrules:\n  - {name: x, event: fly}\n", 3,
		       DETECT_BROKEN, "\"fly\"");
	assert_refused("version: 1\nignore: {ports: [70000]}\n", 2,
		       DETECT_BROKEN, "65535");
	assert_refused("version: 1\nignore: {addr: [10.1]}\n", 2, DETECT_BROKEN,
		       "no address");
	assert_refused("version: 1\nignore: {colour: [red]}\n", 2,
		       DETECT_NO_FIELD, "\"colour\"");
	assert_refused("version: 1\ndedup: 10\n", 2, DETECT_BROKEN, "a span");
	assert_refused("version: 1\nrules:\n"
		       "  - {name: x, event: any, threshold: 0}\n",
		       3, DETECT_BROKEN, "a threshold");
	assert_refused("version: 1\nrules:\n"
		       "  - {name: x, event: any, group_by: [hue]}\n",
		       3, DETECT_NO_FIELD, "\"hue\"");
	assert_refused("version: 1\nrules:\n"
		       "  - {name: x, event: any, ttl: 1h}\n",
		       3, DETECT_BROKEN, "only a block");
	assert_refused("version: 1\nrules:\n"
		       "  - {name: x, event: any, ttl_grows: {by: 2}}\n",
		       3, DETECT_BROKEN, "only a block");
	assert_refused("version: 1\nrules:\n"
		       "  - {name: x, event: any, action: block,"
		       " ttl_grows: {by: 1}}\n",
		       3, DETECT_BROKEN, "from 2 to 100");
	assert_refused("version: 1\nrules:\n"
		       "  - {name: x, event: any, action: block,"
		       " ttl_grows: {to: 1h}}\n",
		       3, DETECT_BROKEN, "no key \"to\"");
	assert_refused(
		"version: 1\nrules:\n"
		"  - {name: x, event: any, action: block, steps: [fly]}\n",
		3, DETECT_BROKEN, "a step is");
	assert_refused("version: 1\nrules:\n"
		       "  - {name: x, event: any, action: block, steps: []}\n",
		       3, DETECT_BROKEN, "one or more");
	assert_refused("version: 1\nrules:\n"
		       "  - {name: x, event: any, level: loud}\n",
		       3, DETECT_BROKEN, "a level");
	assert_refused("version: 1\nrules:\n"
		       "  - {name: x, event: any, tags: attack}\n",
		       3, DETECT_BROKEN, "a list");
	assert_refused("version: 1\nrules:\n  - {name: x, event: []}\n", 3,
		       DETECT_BROKEN, "one event");
	assert_refused("version: 1\nrules:\n"
		       "  - {name: x, event: any, unless: {hue: red}}\n",
		       3, DETECT_NO_FIELD, "\"hue\"");
	assert_refused("version: 1\nignore: {comm: ['']}\n", 2, DETECT_BROKEN,
		       "a text");
}

static void a_rule_says_when_it_is_told(void **state)
{
	const char *text = "version: 1\n"
			   "dedup: 10s\n"
			   "rules:\n"
			   "  - {name: a, event: any, group_by: [uid, port],"
			   " threshold: 5, window: 1m, renotify: 1h}\n"
			   "  - {name: b, event: any, cooldown: 2m}\n";
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;

	(void)state;
	assert_int_equal(
		detect_read(text, strlen(text), 0, &rules, &count, &note), 0);
	assert_int_equal(count, 2);
	assert_int_equal(rules[0]->limits.threshold, 5);
	assert_int_equal(rules[0]->limits.window_ns, 60 * DETECT_SECOND_NS);
	assert_int_equal(rules[0]->limits.cooldown_ns, 10 * DETECT_SECOND_NS);
	assert_int_equal(rules[0]->limits.renotify_ns, 3600 * DETECT_SECOND_NS);
	assert_int_equal(rules[0]->group_count, 2);
	assert_string_equal(rules[0]->group_by[1], "port");
	assert_int_equal(rules[1]->limits.cooldown_ns, 120 * DETECT_SECOND_NS);
	assert_int_equal(rules[1]->limits.threshold, 1);
	assert_null(rules[1]->group_by);
	free_rules(rules, count);
}

static void only_a_block_has_steps_and_a_span(void **state)
{
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;

	(void)state;
	assert_int_equal(
		detect_read(sample, strlen(sample), 0, &rules, &count, &note),
		0);
	assert_int_equal(count, 5);
	for (size_t i = 0; i < count; i++) {
		bool is_block = strcmp(rules[i]->title, "metadata") == 0;

		assert_int_equal(rules[i]->steps,
				 is_block ? DETECT_STEPS_DEFAULT : 0);
		assert_int_equal(rules[i]->ttl_s, is_block ? 3600 : 0);
		assert_int_equal(rules[i]->growth.by, 0);
		assert_false(rules[i]->is_observed);
	}
	free_rules(rules, count);
}

static const char rich[] = "version: 1\n"
			   "rules:\n"
			   "  - name: shell on a connection\n"
			   "    id: shell-1\n"
			   "    level: critical\n"
			   "    tags: [attack.execution, attack.t1059.004]\n"
			   "    event: exec\n"
			   "    action: block\n"
			   "    observe: true\n"
			   "    ttl: 10m\n"
			   "    ttl_grows: {by: 3, until: 2d}\n"
			   "    steps: [end, quarantine]\n"
			   "    match: {stdin: socket, stdout: socket}\n"
			   "    unless: {image: [/usr/sbin/inetd], uid: 33}\n"
			   "  - name: secret sent\n"
			   "    event: [connect, send]\n"
			   "    action: alert\n"
			   "    match: {tainted: secret, new_peer: true}\n"
			   "  - name: secret\n"
			   "    event: open\n"
			   "    taint: {name: secret}\n"
			   "    match: {filename: /secret}\n"
			   "  - name: any taint\n"
			   "    event: ptrace\n"
			   "    action: alert\n"
			   "    match: {tainted: true, flags: [16, 16902]}\n";

static void a_rule_says_what_it_is_and_does(void **state)
{
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;

	(void)state;
	assert_int_equal(
		detect_read(rich, strlen(rich), 0, &rules, &count, &note), 0);
	assert_int_equal(count, 4);
	assert_string_equal(rules[0]->id, "shell-1");
	assert_int_equal(rules[0]->level, DETECT_CRITICAL);
	assert_int_equal(rules[0]->tag_count, 2);
	assert_string_equal(rules[0]->tags[1], "attack.t1059.004");
	assert_true(rules[0]->is_observed);
	assert_int_equal(rules[0]->ttl_s, 600);
	assert_int_equal(rules[0]->growth.by, 3);
	assert_int_equal(rules[0]->growth.until_s, 2 * 86400);
	assert_int_equal(rules[0]->growth.forget_s, 30 * 86400);
	assert_int_equal(rules[0]->steps,
			 DETECT_STEP_END | DETECT_STEP_QUARANTINE);
	assert_int_equal(rules[1]->level, DETECT_MEDIUM);
	assert_int_equal(rules[1]->kinds,
			 1u << EVENT_CONNECT | 1u << EVENT_SEND);
	free_rules(rules, count);
}

static void standard_files_that_are_sockets_are_asked(void **state)
{
	struct event event = exec_of(1000, "sh");

	(void)state;
	event.flags = EVENT_STDIN_SOCKET;
	assert_decides(rich, &event, "nothing", DETECT_ALLOW);
	event.flags |= EVENT_STDOUT_SOCKET;
	assert_decides(rich, &event, "shell on a connection", DETECT_BLOCK);
	event.kind = EVENT_CREATE; /* there they are flags of open */
	assert_decides(rich, &event, "nothing", DETECT_ALLOW);
}

static void unless_one_of_these_is_met(void **state)
{
	struct event event = exec_of(1000, "sh");

	(void)state;
	event.flags = EVENT_STDIN_SOCKET | EVENT_STDOUT_SOCKET;
	set(&event, EVENT_IMAGE, "/usr/sbin/inetd");
	assert_decides(rich, &event, "nothing", DETECT_ALLOW);
	set(&event, EVENT_IMAGE, "/usr/sbin/inetd2");
	assert_decides(rich, &event, "shell on a connection", DETECT_BLOCK);
	event.uid = 33;
	assert_decides(rich, &event, "nothing", DETECT_ALLOW);
}

static void taints_are_asked_by_their_whole_name(void **state)
{
	struct event peer = connect_to(0xc0000201, 443);
	struct event traced = {.kind = EVENT_PTRACE, .flags = 16};

	(void)state;
	peer.is_new_peer = true;
	assert_decides(rich, &peer, "nothing", DETECT_ALLOW);
	set(&peer, EVENT_TAINTS, " my-secret secrets ");
	assert_decides(rich, &peer, "nothing", DETECT_ALLOW);
	set(&peer, EVENT_TAINTS, " other secret ");
	assert_decides(rich, &peer, "secret sent", DETECT_ALERT);
	peer.is_new_peer = false;
	assert_decides(rich, &peer, "nothing", DETECT_ALLOW);
	assert_decides(rich, &traced, "nothing", DETECT_ALLOW);
	set(&traced, EVENT_TAINTS, " x ");
	assert_decides(rich, &traced, "any taint", DETECT_ALERT);
	traced.flags = 0;
	assert_decides(rich, &traced, "nothing", DETECT_ALLOW);
}

static void files_are_lists_of_their_own(void **state)
{
	struct detect_folder folder;

	(void)state;
	assert_int_equal(
		detect_folder_read(TEST_DATA_DIR "/sigma/list.yml", 0, &folder),
		0);
	assert_int_equal(folder.file_count, 1);
	assert_int_equal(folder.rule_count, 8);
	for (size_t i = 0; i < folder.rule_count; i++)
		assert_int_equal(folder.rules[i]->list, 1);
	assert_string_equal(folder.rules[0]->title, "ignored");
	assert_string_equal(folder.rules[7]->title, "default");
	detect_folder_done(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rule_decides),
		cmocka_unit_test(what_is_ignored_is_asked_first),
		cmocka_unit_test(all_of_a_match_must_be_met),
		cmocka_unit_test(user_0_is_root_alone),
		cmocka_unit_test(the_case_of_letters_counts),
		cmocka_unit_test(more_than_sysguard_has_is_understood),
		cmocka_unit_test(what_is_wrong_has_its_place),
		cmocka_unit_test(a_rule_says_when_it_is_told),
		cmocka_unit_test(only_a_block_has_steps_and_a_span),
		cmocka_unit_test(a_rule_says_what_it_is_and_does),
		cmocka_unit_test(standard_files_that_are_sockets_are_asked),
		cmocka_unit_test(unless_one_of_these_is_met),
		cmocka_unit_test(taints_are_asked_by_their_whole_name),
		cmocka_unit_test(files_are_lists_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
