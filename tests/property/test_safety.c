// SPDX-License-Identifier: GPL-2.0-or-later
/* Whatever rules say and processes do, detection blocks nobody that it must
 * not: random rules and events, and after each event what the ledger holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/alert/notices.h"
#include "daemon/clock.h"
#include "daemon/detecting.h"
#include "daemon/enforce/protect.h"
#include "daemon/offending.h"
#include "perf/support/dice.h"
#include "tests/support/desk.h"
#include "tests/support/notices.h"

#define ROUNDS	    12
#define EVENTS	    1000
#define RULES	    12
#define BUDGET	    40 /* that is soon spent, */
#define WIDE_BUDGET 100000 /* and that is not */
#define FILE_MAX    128
#define MINUTE_NS   60000000000ull

/* Nobody of these may be blocked, whoever asks for it. */
static const char *const untouchable[] = {
	"127.0.0.1",
	"127.9.9.9",
	"::1",
	"fe80::1",
	"169.254.3.4",
	"0.0.0.0",
	"::",
	"198.51.100.1",
	"2001:db8:51::1",
	"198.51.100.2",
	"10.1.2.3",
	"10.1.255.255",
	"2001:db8:77::5",
	"192.0.2.66",
	"192.0.2.130",
	"2001:db8:aa::1",
	"2001:db8:cc::ff:1",
	"203.0.113.53",
	"2001:db8:53::53",
	"::ffff:127.0.0.1",
	"::ffff:198.51.100.1",
	"::ffff:10.1.9.9",
};

/* Nor more than an address at once, or the /64 of several. */
static const char *const wide[] = {
	"0.0.0.0/0",	   "::/0",	    "203.0.113.0/24",
	"203.0.113.64/31", "2001:db8::/32", "2001:db8:1::/127",
	"198.51.0.0/16",   "8.0.0.0/8",	    "2001:db8:9::/64",
	"2001:db8:9::/65",
};

/* Networks of length 64 beside whom is blocked whoever may be: in the first
 * nobody is untouchable. */
static const char *const sites[] = {"bad", "bad", "bad", "51", "53", "cc"};

static const uint32_t users[] = {0, 1, 1000, 1001, 4242};

struct stand {
	struct desk desk;
	struct generation live; /* without a policy */
	struct dice dice;
	char rules[FILE_MAX], resolvers[FILE_MAX];
	uint64_t began_ns, began_s;
	uint64_t put_by[ARRAY_LEN(users)]; /* blocks of each */
	uint64_t members, networks; /* of all rounds */
};

static void add_guard(struct daemon *daemon, const char *text,
		      enum guard_source source)
{
	struct guard_entry entry = {
		.prefix = desk_prefix(text),
		.source = source,
		.name = "of the test",
	};

	assert_int_equal(guard_add(daemon->guard, &entry), 0);
}

static void hold(struct daemon *daemon, uint8_t set_id, const char *text)
{
	const struct member member = {
		.prefix = desk_prefix(text),
		.evidence = {.reason = ""},
	};

	assert_int_equal(ledger_claim(daemon->ledger, set_id, &member, 0), 0);
}

/* Its own address, next hops, the management's, and who is allowed. */
static void furnish(struct daemon *daemon)
{
	add_guard(daemon, "198.51.100.1", GUARD_OWN);
	add_guard(daemon, "2001:db8:51::1", GUARD_OWN);
	add_guard(daemon, "198.51.100.2", GUARD_NEXT_HOP);
	add_guard(daemon, "10.1.0.0/16", GUARD_MANAGEMENT);
	add_guard(daemon, "2001:db8:77::/64", GUARD_MANAGEMENT);
	hold(daemon, SET_ID_ALLOW, "192.0.2.66");
	hold(daemon, SET_ID_ALLOW, "192.0.2.128/25");
	hold(daemon, SET_ID_ALLOW, "2001:db8:aa::/48");
	hold(daemon, SET_ID_ALLOW, "2001:db8:cc::ff:1");
	/* a block of these says less than who allows them */
	hold(daemon, SET_ID_BLOCK, "192.0.2.0/24");
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static const char *pick(struct dice *dice, const char *const *list,
			size_t count)
{
	return list[dice_below(dice, count)];
}

#define PICK(dice, list) pick(dice, list, ARRAY_LEN(list))

static void put_rule(FILE *file, struct dice *dice, int number)
{
	static const char *const events[] = {
		"connect",
		"send",
		"[connect, send, accept]",
		"any",
		"exit",
		"[execve, openat, connect]",
		"[fork, setuid]",
	};
	static const char *const steps[] = {
		"[table]",  "[table, refuse]",
		"[refuse]", "[table, refuse, cut, end, quarantine]",
		"[end]",
	};
	static const char *const spans[] = {"1s", "1h", "30d"};
	static const char *const grows[] = {"{}", "{by: 100, until: 30d}",
					    "{by: 2, forget: 1h}"};
	/* only what any event may have */
	static const char *const matches[] = {
		"{uid: [0, 1, 1000, 1001]}",
		"{comm: \"*\"}",
		"{image: \"*a*\"}",
		"{image: \"*sh\"}",
	};

	(void)fprintf(file, "  - name: rule %d\n    action: block\n", number);
	(void)fprintf(file, "    level: %s\n",
		      dice_below(dice, 2) ? "critical" : "low");
	(void)fprintf(file, "    steps: %s\n    ttl: %s\n", PICK(dice, steps),
		      PICK(dice, spans));
	if (dice_below(dice, 3) == 0)
		(void)fprintf(file, "    ttl_grows: %s\n", PICK(dice, grows));
	if (dice_below(dice, 4) == 0)
		(void)fprintf(file, "    observe: true\n");
	if (dice_below(dice, 4) == 0) {
		(void)fprintf(file, "    score: %d\n",
			      (int)dice_below(dice, 200) + 1);
		return;
	}
	(void)fprintf(file, "    event: %s\n    match: %s\n",
		      PICK(dice, events), PICK(dice, matches));
	if (dice_below(dice, 3) == 0)
		(void)fprintf(file, "    group_by: [addr]\n    threshold: %d\n",
			      (int)dice_below(dice, 4) + 1);
}

/* Each rule is a list of its own: all that are met are asked. */
static void write_rules(struct stand *stand)
{
	for (int i = 0; i < RULES; i++) {
		char path[FILE_MAX + 32];
		FILE *file;

		(void)snprintf(path, sizeof(path), "%s/rule%d.yml",
			       stand->rules, i);
		file = fopen(path, "we");
		assert_non_null(file);
		(void)fputs("version: 1\nrules:\n", file);
		put_rule(file, &stand->dice, i);
		assert_int_equal(fclose(file), 0);
	}
}

static void read_rules(struct stand *stand)
{
	const struct rulebook_order order = {
		.shipped = "",
		.own = stand->rules,
		.resolvers = stand->resolvers,
	};
	char note[RULEBOOK_NOTE_MAX];
	struct daemon *daemon = &stand->desk.daemon;

	rulebook_free(TAKE(daemon->detecting.book));
	assert_int_equal(rulebook_read(&order, &daemon->detecting.book, note),
			 0);
	if (daemon->detecting.book->refused)
		fail_msg("%s", daemon->detecting.book->refused_note);
	assert_int_equal(daemon->detecting.book->rule_count, RULES);
}

static struct prefix random_peer(struct dice *dice)
{
	char text[PREFIX_TEXT_MAX];

	switch (dice_below(dice, 6)) {
	case 0:
	case 1:
		return desk_prefix(PICK(dice, untouchable));
	case 2:
		return desk_prefix(PICK(dice, wide));
	case 3:
		(void)snprintf(text, sizeof(text), "2001:db8:%s::%x",
			       PICK(dice, sites),
			       (unsigned int)dice_below(dice, 300));
		return desk_prefix(text);
	default:
		(void)snprintf(text, sizeof(text), "203.0.113.%u",
			       (unsigned int)dice_below(dice, 256));
		return desk_prefix(text);
	}
}

static void put_word(struct event *event, enum event_word word,
		     const char *text)
{
	event->words[word].bytes = text;
	event->words[word].len = (uint32_t)strlen(text);
}

static struct event random_event(struct dice *dice, uint64_t now_ns)
{
	static const char *const images[] = {"/usr/bin/dash", "/bin/bash",
					     "/tmp/a", "/usr/sbin/nginx"};
	const uint32_t pid = 2 + (uint32_t)dice_below(dice, 500);
	struct event event = {
		.kind = (enum event_kind)dice_below(dice, EVENT_KIND_COUNT),
		.time_ns = now_ns,
		.process = {pid, 1000u + pid},
		.parent = {2 + pid / 2, 1002u + pid / 2},
		.uid = users[dice_below(dice, ARRAY_LEN(users))],
		.login_uid = UINT32_MAX,
		.result = (int32_t)dice_below(dice, 3) - 1,
	};

	put_word(&event, EVENT_IMAGE, PICK(dice, images));
	put_word(&event, EVENT_COMM, "any");
	put_word(&event, EVENT_COMMAND_LINE, "sh -c anything");
	if (dice_below(dice, 8))
		event.peer = random_peer(dice);
	event.peer_port = (uint16_t)dice_below(dice, 65536);
	return event;
}

struct look {
	const struct stand *stand;
	uint64_t now_s;
	uint64_t count, networks;
};

static int look_at_member(void *arg, const struct set *set,
			  const struct member *member)
{
	struct look *look = arg;
	const struct daemon *daemon = &look->stand->desk.daemon;
	const struct prefix *prefix = &member->prefix;
	char text[PREFIX_TEXT_MAX];

	(void)set;
	(void)prefix_to_text(prefix, text);
	look->count++;
	if (!prefix_is_address(prefix)) {
		look->networks++;
		if (strcmp(text, "2001:db8:bad::/64") != 0)
			fail_msg("%s is wider than an address", text);
	}
	if (guard_find(daemon->guard, prefix))
		fail_msg("%s is protected", text);
	if (rulebook_knows(daemon->detecting.book, prefix))
		fail_msg("%s is a resolver", text);
	if (member->evidence.expires_s < look->stand->began_s ||
	    member->evidence.expires_s > look->now_s + BLOCKING_TTL_MAX)
		fail_msg("%s ends at %llu", text,
			 (unsigned long long)member->evidence.expires_s);
	return 0;
}

static struct look look_at_members(const struct stand *stand)
{
	const struct daemon *daemon = &stand->desk.daemon;
	const struct set *set = ledger_set_named(daemon->ledger, BLOCKING_SET);
	struct look look = {stand, clock_wall_s(), 0, 0};

	if (set)
		assert_true(ledger_each_after(daemon->ledger, set->id, NULL,
					      INT32_MAX, look_at_member,
					      &look) >= 0);
	return look;
}

/* Whatever it was before, none of these is dropped for detection's sake. */
static void look_at_untouchable(const struct stand *stand)
{
	struct ledger *ledger = stand->desk.daemon.ledger;
	const struct set *set = ledger_set_named(ledger, BLOCKING_SET);

	for (size_t i = 0; set && i < ARRAY_LEN(untouchable); i++) {
		const struct prefix peer = desk_prefix(untouchable[i]);
		uint16_t class_id = ledger_class(ledger, &peer);

		assert_false(desk_holds(&stand->desk, set->id, untouchable[i]));
		assert_true(
			class_id == CLASS_NONE ||
			classes_info(ledger_classes(ledger), class_id).action !=
				SET_DROP);
	}
}

/* So many minutes may have begun since. */
static uint64_t minutes(const struct stand *stand)
{
	return 1 + (clock_boot_ns() - stand->began_ns) / MINUTE_NS;
}

/* Each minute has its budget, and users other than root half of it. */
static void look_at_budget(const struct stand *stand)
{
	const struct blocking *blocking =
		&stand->desk.daemon.detecting.blocking;
	uint64_t budget = stand->desk.daemon.config.detect_blocks_per_minute;

	assert_true(blocking->budget.spent <= budget);
	assert_true(blocking->put <= budget * minutes(stand));
	for (size_t i = 0; i < ARRAY_LEN(users); i++)
		if (users[i] != 0)
			assert_true(stand->put_by[i] <=
				    budget / 2 * minutes(stand));
}

static void hear_one(struct stand *stand, uint64_t now_ns)
{
	const struct event event = random_event(&stand->dice, now_ns);
	struct daemon *daemon = &stand->desk.daemon;
	const struct blocking *blocking = &daemon->detecting.blocking;
	uint64_t before = blocking->put;

	detecting_event(daemon, &event);
	for (size_t i = 0; i < ARRAY_LEN(users); i++)
		if (users[i] == event.uid)
			stand->put_by[i] += blocking->put - before;
	look_at_budget(stand);
	if (blocking->put != before)
		(void)look_at_members(stand);
}

static void open_round(struct stand *stand)
{
	struct daemon *daemon = &stand->desk.daemon;
	const char *directory;

	desk_init(&stand->desk);
	desk_open(&stand->desk);
	directory = stand->desk.scratch.directory;
	daemon->live = &stand->live;
	daemon->config.detect_block = true;
	daemon->config.detect_blocks_per_minute =
		stand->dice.state % 2 ? BUDGET : WIDE_BUDGET;
	(void)snprintf(daemon->config.state_dir,
		       sizeof(daemon->config.state_dir), "%s", directory);
	/* asked of by rules, and done by nobody */
	daemon->acting.steps = DETECT_STEP_TABLE | DETECT_STEP_REFUSE |
			       DETECT_STEP_CUT | DETECT_STEP_END |
			       DETECT_STEP_QUARANTINE;
	daemon->notices = notices_new_fixed();
	assert_int_equal(offending_start(daemon), 0);
	(void)snprintf(stand->rules, FILE_MAX, "%s/rules", directory);
	(void)snprintf(stand->resolvers, FILE_MAX, "%s/resolvers", directory);
	assert_int_equal(mkdir(stand->rules, 0700), 0);
	write_text(stand->resolvers, "203.0.113.53\n2001:db8:53::53\n");
	memset(stand->put_by, 0, sizeof(stand->put_by));
	stand->began_ns = clock_boot_ns();
	stand->began_s = clock_wall_s();
}

static void close_round(struct stand *stand)
{
	struct daemon *daemon = &stand->desk.daemon;

	desk_commit(&stand->desk); /* what was ordered is written */
	detecting_stop(&daemon->detecting);
	notices_free(daemon->notices);
	desk_done(&stand->desk);
}

static void run_round(struct stand *stand)
{
	struct look look;

	open_round(stand);
	furnish(&stand->desk.daemon);
	write_rules(stand);
	read_rules(stand);
	for (uint64_t i = 0; i < EVENTS; i++)
		hear_one(stand, stand->began_ns + i * 1000000);
	look_at_untouchable(stand);
	look = look_at_members(stand);
	assert_int_equal(look.count, stand->desk.daemon.detecting.blocking.put);
	stand->members += look.count;
	stand->networks += look.networks;
	close_round(stand);
}

static void nobody_is_blocked_who_may_not_be(void **state)
{
	static struct stand stand;

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		stand.dice.state = seed;
		(void)printf("seed %llu\n", (unsigned long long)seed);
		run_round(&stand);
	}
	assert_true(stand.members > (uint64_t)ROUNDS * 5); /* others are */
	assert_true(stand.networks > 0);
}

static void put_names(struct subject *subject, const char *exe,
		      const char *cgroup)
{
	(void)snprintf(subject->exe, sizeof(subject->exe), "%s", exe);
	(void)snprintf(subject->cgroup, sizeof(subject->cgroup), "%s", cgroup);
}

/* 0: it may be touched; else it is protected, or nobody knows. */
static int looks(const struct protect_list *list, const struct subject *subject)
{
	const char *why = NULL;
	int r = protect_look(list, subject, &why);

	return r < 0 ? r : why != NULL;
}

static void whoever_keeps_the_host_is_never_touched(void **state)
{
	static const char *const exes[] = {
		"/usr/sbin/sshd", "/bin/sh", "/usr/lib/systemd/systemd",
		"/usr/sbin/sshd (deleted)", "/tmp/a"};
	static const char *const groups[] = {
		"/system.slice/ssh.service", "/init.scope", "/",
		"/user.slice/user-0.slice/session-1.scope",
		"/system.slice/ssh.service/sub"};
	struct dice dice = {.state = 7};
	static struct subject subject;
	struct protect_list list;

	(void)state;
	protect_init(&list, NULL, 0);
	assert_true(list.ancestor_count > 0);
	for (int i = 0; i < 20000; i++) {
		const char *exe = PICK(&dice, exes);
		const char *group = PICK(&dice, groups);
		bool is_listener =
			strstr(exe, "sshd") && strstr(group, "/ssh.");
		bool is_systemd =
			strstr(exe, "systemd") && strstr(group, "init.scope");

		subject.is_known = dice_below(&dice, 8) != 0;
		put_names(&subject, exe, group);
		subject.id = (struct process_id){1, dice_roll(&dice)};
		assert_true(looks(&list, &subject) != 0);
		subject.id.pid = (uint32_t)getpid();
		assert_true(looks(&list, &subject) != 0);
		for (size_t j = 0; j < list.ancestor_count; j++) {
			subject.id = list.ancestors[j];
			assert_true(looks(&list, &subject) != 0);
		}
		subject.id = (struct process_id){
			.pid = 5000000 + (uint32_t)dice_below(&dice, 1000)};
		assert_int_equal(looks(&list, &subject) != 0,
				 !subject.is_known || is_listener ||
					 is_systemd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_blocked_who_may_not_be),
		cmocka_unit_test(whoever_keeps_the_host_is_never_touched),
	};

	return cmocka_run_group_tests_name("safety", tests, NULL, NULL);
}
