// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of daemon/merge/ledger.h; tests/property/test_ledger.c has the
 * rest. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/merge/ledger.h"

enum {
	ALLOW = 2,
	BLOCK = 3,
	OTHER = 4
};

/* A sink that writes down what it is told, and refuses on demand. */
struct probe {
	struct ledger *ledger;
	char told[2000];
	size_t used;
	int refusal; /* 0, or the -errno to answer with */
	int define_refusal; /* the same, of define() */
};

static void tell(struct probe *probe, const char *line)
{
	size_t length = strlen(line);

	assert_true(probe->used + length < sizeof(probe->told));
	memcpy(probe->told + probe->used, line, length + 1);
	probe->used += length;
}

static int probe_set(void *arg, const struct prefix *prefix, uint16_t class_id)
{
	struct probe *probe = arg;
	char text[PREFIX_TEXT_MAX];
	char line[200];

	if (probe->refusal)
		return probe->refusal;
	(void)snprintf(line, sizeof(line), "set %s %u;",
		       prefix_to_text(prefix, text), (unsigned int)class_id);
	tell(probe, line);
	return 0;
}

static void probe_clear(void *arg, const struct prefix *prefix,
			const struct prefix *cover, uint16_t class_id)
{
	char text[PREFIX_TEXT_MAX];
	char around[PREFIX_TEXT_MAX] = "-";
	char line[200];

	if (cover)
		(void)prefix_to_text(cover, around);
	(void)snprintf(line, sizeof(line), "clear %s %s %u;",
		       prefix_to_text(prefix, text), around,
		       (unsigned int)class_id);
	tell(arg, line);
}

static int probe_define(void *arg, uint16_t class_id,
			const struct class_info *info)
{
	struct probe *probe = arg;
	char line[200];

	(void)snprintf(line, sizeof(line), "define %u %s by %u;",
		       (unsigned int)class_id, set_action_name(info->action),
		       (unsigned int)info->set_id);
	tell(arg, line);
	return probe->define_refusal;
}

static void put_set(struct probe *probe, uint8_t id, enum set_action action)
{
	struct set set = {.id = id, .action = (uint8_t)action, .capacity = 4};

	(void)snprintf(set.name, sizeof(set.name), "set-%u", (unsigned int)id);
	assert_int_equal(ledger_put_set(probe->ledger, &set), 0);
}

static int setup(void **state)
{
	static struct probe probe;
	const struct ledger_sink sink = {
		.set = probe_set,
		.clear = probe_clear,
		.define = probe_define,
	};
	int r;

	memset(&probe, 0, sizeof(probe));
	*state = &probe;
	r = ledger_new(&sink, &probe, &probe.ledger);
	if (r < 0)
		return r;
	put_set(&probe, ALLOW, SET_ALLOW);
	put_set(&probe, BLOCK, SET_DROP);
	put_set(&probe, OTHER, SET_DROP);
	return 0;
}

static int teardown(void **state)
{
	struct probe *probe = *state;

	ledger_free(probe->ledger);
	return 0;
}

static struct member member_of(const char *text)
{
	struct member member = {.evidence = {.reason = "test"}};

	assert_int_equal(prefix_from_text(text, strlen(text), &member.prefix),
			 0);
	return member;
}

static int claim(struct probe *probe, uint8_t set_id, const char *text)
{
	struct member member = member_of(text);

	return ledger_claim(probe->ledger, set_id, &member, 0);
}

static int claim_until(struct probe *probe, const char *text, uint64_t until_s)
{
	struct member member = member_of(text);

	return ledger_claim(probe->ledger, BLOCK, &member, until_s);
}

static int withdraw(struct probe *probe, uint8_t set_id, const char *text)
{
	struct member member = member_of(text);

	return ledger_withdraw(probe->ledger, set_id, &member.prefix);
}

/* Forget what has been told until now. */
static void hush(struct probe *probe)
{
	probe->used = 0;
	probe->told[0] = '\0';
}

static void a_class_is_defined_before_it_is_set(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim(p, BLOCK, "10.0.0.1"), 0);
	assert_string_equal(p->told, "define 1 drop by 3;set 10.0.0.1 1;");
}

static void a_class_the_sink_cannot_define_is_not_made(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim(p, BLOCK, "10.0.0.1"), 0);
	p->define_refusal = -E2BIG;
	assert_int_equal(claim(p, ALLOW, "10.0.0.2"), -E2BIG);
	assert_int_equal(ledger_set_count(p->ledger, ALLOW), 0);
	p->define_refusal = 0;
	hush(p);
	assert_int_equal(claim(p, ALLOW, "10.0.0.2"), 0);
	assert_string_equal(p->told, "define 2 allow by 2;set 10.0.0.2 2;");
	hush(p);
	assert_int_equal(claim(p, BLOCK, "10.0.0.3"), 0);
	assert_string_equal(p->told, "set 10.0.0.3 1;");
}

static void an_outer_claim_reaches_all_that_is_inside(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim(p, BLOCK, "10.0.0.1"), 0);
	assert_int_equal(claim(p, BLOCK, "10.0.0.0/24"), 0);
	hush(p);
	assert_int_equal(claim(p, ALLOW, "10.0.0.0/8"), 0);
	assert_string_equal(p->told, "define 2 allow by 2;define 3 allow by 2;"
				     "set 10.0.0.0/8 2;set 10.0.0.0/24 3;"
				     "set 10.0.0.1 3;");
}

static void an_inner_claim_takes_over_what_is_around(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim(p, BLOCK, "10.0.0.0/8"), 0);
	hush(p);
	assert_int_equal(claim(p, OTHER, "10.0.0.1"), 0);
	assert_string_equal(p->told, "define 2 drop by 3;set 10.0.0.1 2;");
}

static void the_last_claim_clears_and_names_what_is_around(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim(p, BLOCK, "10.0.0.0/8"), 0);
	assert_int_equal(claim(p, OTHER, "10.0.0.1"), 0);
	hush(p);
	assert_int_equal(withdraw(p, OTHER, "10.0.0.1"), 0);
	assert_int_equal(withdraw(p, BLOCK, "10.0.0.0/8"), 0);
	assert_string_equal(p->told, "clear 10.0.0.1 10.0.0.0/8 1;"
				     "clear 10.0.0.0/8 - 0;");
}

static void one_claim_of_two_leaves_the_prefix_known(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim(p, BLOCK, "10.0.0.1"), 0);
	assert_int_equal(claim(p, ALLOW, "10.0.0.1"), 0);
	hush(p);
	assert_int_equal(withdraw(p, ALLOW, "10.0.0.1"), 0);
	assert_string_equal(p->told, "set 10.0.0.1 1;");
}

static void new_evidence_is_no_change_to_the_sink(void **state)
{
	struct probe *p = *state;
	struct member member = member_of("10.0.0.1");
	struct evidence evidence;

	assert_int_equal(claim(p, BLOCK, "10.0.0.1"), 0);
	hush(p);
	member.evidence = (struct evidence){.reason = "again", .uid = 7};
	assert_int_equal(ledger_claim(p->ledger, BLOCK, &member, 0), 0);
	assert_string_equal(p->told, "");
	assert_int_equal(
		ledger_get(p->ledger, BLOCK, &member.prefix, &evidence), 0);
	assert_string_equal(evidence.reason, "again");
	assert_int_equal(evidence.uid, 7);
	assert_int_equal(ledger_usage(p->ledger).claim_count, 1);
}

static void a_refused_first_claim_changes_nothing(void **state)
{
	struct probe *p = *state;
	struct member member = member_of("10.0.0.0/8");

	assert_int_equal(claim(p, BLOCK, "10.0.0.1"), 0);
	hush(p);
	p->refusal = -ENOSPC;
	assert_int_equal(claim(p, BLOCK, "10.0.0.0/8"), -ENOSPC);
	assert_int_equal(ledger_usage(p->ledger).claim_count, 1);
	assert_int_equal(ledger_set_count(p->ledger, BLOCK), 1);
	assert_int_equal(ledger_class(p->ledger, &member.prefix), CLASS_NONE);
	p->refusal = 0;
	assert_int_equal(claim(p, BLOCK, "10.0.0.0/8"), 0);
}

static void a_full_set_refuses_members_but_not_new_evidence(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim(p, BLOCK, "10.0.0.1"), 0);
	assert_int_equal(claim(p, BLOCK, "10.0.0.2"), 0);
	assert_int_equal(claim(p, BLOCK, "10.0.0.3"), 0);
	assert_int_equal(claim(p, BLOCK, "10.0.0.4"), 0);
	assert_int_equal(claim(p, BLOCK, "10.0.0.5"), -ENOSPC);
	assert_int_equal(claim(p, BLOCK, "10.0.0.4"), 0);
	assert_int_equal(claim(p, OTHER, "10.0.0.5"), 0);
}

static void an_unknown_set_holds_nothing(void **state)
{
	assert_int_equal(claim(*state, 99, "10.0.0.1"), -ENOENT);
	assert_int_equal(withdraw(*state, 99, "10.0.0.1"), -ENOENT);
	assert_int_equal(claim(*state, 0, "10.0.0.1"), -ENOENT);
}

static void a_new_action_redefines_the_classes_of_the_set_only(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim(p, BLOCK, "10.0.0.1"), 0);
	assert_int_equal(claim(p, OTHER, "10.0.0.2"), 0);
	hush(p);
	put_set(p, BLOCK, SET_SHADOW);
	assert_string_equal(p->told, "define 1 shadow by 3;");
	hush(p);
	put_set(p, BLOCK, SET_SHADOW);
	assert_string_equal(p->told, "");
}

static void a_set_in_the_place_of_a_dropped_one_redefines(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim(p, OTHER, "10.0.0.2"), 0);
	assert_int_equal(ledger_drop_set(p->ledger, OTHER), -ENOTEMPTY);
	assert_int_equal(withdraw(p, OTHER, "10.0.0.2"), 0);
	assert_int_equal(ledger_drop_set(p->ledger, OTHER), 0);
	assert_int_equal(ledger_drop_set(p->ledger, OTHER), -ENOENT);
	hush(p);
	put_set(p, OTHER, SET_DROP);
	assert_string_equal(p->told, "define 1 drop by 4;");
}

static void two_sets_do_not_share_a_name(void **state)
{
	struct probe *p = *state;
	struct set set = *ledger_set_named(p->ledger, "set-3");

	set.id = 77;
	assert_int_equal(ledger_put_set(p->ledger, &set), -EEXIST);
	assert_null(ledger_set(p->ledger, 77));
}

static void the_claim_that_ends_first_is_due_first(void **state)
{
	struct probe *p = *state;
	struct member member = member_of("10.0.0.2");
	struct prefix prefix;
	uint8_t set_id;

	assert_int_equal(ledger_next_due_s(p->ledger), 0);
	assert_int_equal(claim_until(p, "10.0.0.1", 90), 0);
	assert_int_equal(claim_until(p, "10.0.0.2", 50), 0);
	assert_int_equal(ledger_next_due_s(p->ledger), 50);
	assert_int_equal(ledger_due(p->ledger, 49, &set_id, &prefix), -ENOENT);
	assert_int_equal(ledger_due(p->ledger, 50, &set_id, &prefix), 0);
	assert_int_equal(set_id, BLOCK);
	assert_int_equal(prefix_cmp(&prefix, &member.prefix), 0);
}

static void a_claim_renewed_is_due_later(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim_until(p, "10.0.0.1", 50), 0);
	assert_int_equal(claim_until(p, "10.0.0.1", 5000000000), 0);
	assert_int_equal(ledger_next_due_s(p->ledger), UINT32_MAX);
	assert_int_equal(claim_until(p, "10.0.0.1", 0), 0);
	assert_int_equal(ledger_next_due_s(p->ledger), 0);
}

static int stop_at_once(void *arg, const struct set *set,
			const struct member *member)
{
	(void)set;
	(void)member;
	(*(int *)arg)++;
	return -EPIPE;
}

static void a_visitor_can_stop_a_listing(void **state)
{
	struct probe *p = *state;
	struct member member = member_of("10.0.0.1");
	int count = 0;

	assert_int_equal(claim(p, BLOCK, "10.0.0.1"), 0);
	assert_int_equal(claim(p, OTHER, "10.0.0.1"), 0);
	assert_int_equal(ledger_each_after(p->ledger, BLOCK, NULL, 9,
					   stop_at_once, &count),
			 -EPIPE);
	assert_int_equal(ledger_each_covering(p->ledger, &member.prefix,
					      stop_at_once, &count),
			 -EPIPE);
	assert_int_equal(count, 2);
}

static int count_it(void *arg, const struct set *set,
		    const struct member *member)
{
	(void)set;
	(void)member;
	(*(int *)arg)++;
	return 0;
}

static void a_page_is_short_among_many_others(void **state)
{
	struct probe *p = *state;
	struct set set = *ledger_set(p->ledger, OTHER);
	struct member member = member_of("10.0.0.0");
	struct ledger_page page = {.max = 9};
	int pages = 0, count = 0, before;

	set.capacity = 100000;
	assert_int_equal(ledger_put_set(p->ledger, &set), 0);
	for (uint32_t i = 0; i < 2 * LEDGER_PAGE_VISITS; i++) {
		member.prefix = prefix_of_v4((10u << 24) + i, 32);
		assert_int_equal(ledger_claim(p->ledger, OTHER, &member, 0), 0);
		p->used = 0;
	}
	assert_int_equal(claim(p, BLOCK, "9.0.0.1"), 0);
	assert_int_equal(claim(p, BLOCK, "11.0.0.1"), 0);

	do {
		page.after = pages++ ? &page.next : NULL;
		before = count;
	} while (ledger_page(p->ledger, BLOCK, &page, count_it, &count) == 1);
	assert_int_equal(before, 1);
	assert_int_equal(count, 2);
	assert_int_equal(pages, 3);
}

static void reasons_are_kept_once_and_gone_with_the_last(void **state)
{
	struct probe *p = *state;
	struct set set = *ledger_set(p->ledger, BLOCK);
	struct member member = member_of("10.0.0.0");
	struct evidence evidence;
	char reason[32];

	set.capacity = 100000;
	assert_int_equal(ledger_put_set(p->ledger, &set), 0);
	for (uint32_t i = 0; i < 5000; i++) {
		member.prefix = prefix_of_v4(i * 4099, 32);
		(void)snprintf(reason, sizeof(reason), "reason %u", i % 1000);
		member.evidence.reason = reason;
		p->used = 0;
		assert_int_equal(ledger_claim(p->ledger, BLOCK, &member, 0), 0);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		member.prefix = prefix_of_v4(i * 4099, 32);
		(void)snprintf(reason, sizeof(reason), "reason %u", i % 1000);
		p->used = 0;
		assert_int_equal(
			ledger_get(p->ledger, BLOCK, &member.prefix, &evidence),
			0);
		assert_string_equal(evidence.reason, reason);
		assert_int_equal(
			ledger_withdraw(p->ledger, BLOCK, &member.prefix), 0);
	}
	assert_int_equal(ledger_usage(p->ledger).prefix_count, 0);
}

static bool meets(struct probe *probe, uint8_t set_id, const char *text)
{
	struct member member = member_of(text);

	return ledger_meets(probe->ledger, set_id, &member.prefix);
}

static void a_set_meets_what_is_inside_and_around_its_members(void **state)
{
	struct probe *p = *state;

	assert_int_equal(claim(p, BLOCK, "10.0.8.0/24"), 0);
	assert_int_equal(claim(p, OTHER, "10.0.9.1"), 0);
	assert_true(meets(p, BLOCK, "10.0.8.7"));
	assert_true(meets(p, BLOCK, "10.0.8.0/24"));
	assert_true(meets(p, BLOCK, "10.0.0.0/8"));
	assert_false(meets(p, BLOCK, "10.0.9.0/24"));
	assert_false(meets(p, BLOCK, "10.0.9.1"));
	assert_false(meets(p, OTHER, "10.0.8.0/24"));
	assert_true(meets(p, OTHER, "10.0.8.0/23"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_class_is_defined_before_it_is_set),
		TEST(a_class_the_sink_cannot_define_is_not_made),
		TEST(an_outer_claim_reaches_all_that_is_inside),
		TEST(an_inner_claim_takes_over_what_is_around),
		TEST(the_last_claim_clears_and_names_what_is_around),
		TEST(one_claim_of_two_leaves_the_prefix_known),
		TEST(new_evidence_is_no_change_to_the_sink),
		TEST(a_refused_first_claim_changes_nothing),
		TEST(a_full_set_refuses_members_but_not_new_evidence),
		TEST(an_unknown_set_holds_nothing),
		TEST(a_new_action_redefines_the_classes_of_the_set_only),
		TEST(a_set_in_the_place_of_a_dropped_one_redefines),
		TEST(two_sets_do_not_share_a_name),
		TEST(the_claim_that_ends_first_is_due_first),
		TEST(a_claim_renewed_is_due_later),
		TEST(a_visitor_can_stop_a_listing),
		TEST(a_page_is_short_among_many_others),
		TEST(a_set_meets_what_is_inside_and_around_its_members),
		TEST(reasons_are_kept_once_and_gone_with_the_last),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
