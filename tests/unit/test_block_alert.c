// SPDX-License-Identifier: GPL-2.0-or-later
/* Which alert is that of a member, of many that are much alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/block_alert.h"
#include "daemon/detecting.h"
#include "tests/support/scratch.h"

#define NOW_S 1796011200ull
#define NS    1000000000ull

struct place {
	struct scratch scratch; /* for its directory, which is in memory */
	char path[SCRATCH_PATH_MAX + 8];
	struct notice_store *store;
	uint64_t count; /* of alerts that were put */
};

/* What an alert says, as far as somebody asks. */
struct said {
	const char *title, *end, *peer, *step;
	int pid;
	uint64_t wall_s;
};

static const struct said usual = {
	.title = "odd port",
	.end = "destination",
	.peer = "192.0.2.7",
	.step = "table",
	.pid = 4711,
	.wall_s = NOW_S,
};

static int setup(void **state)
{
	static struct place place;

	scratch_init(&place.scratch, SCRATCH_MAP_BYTES);
	(void)snprintf(place.path, sizeof(place.path), "%s/alerts",
		       place.scratch.directory);
	place.store = NULL;
	place.count = 0;
	*state = &place;
	return notice_store_open(place.path, &place.store);
}

static int teardown(void **state)
{
	struct place *place = *state;

	notice_store_close(place->store);
	scratch_done(&place->scratch);
	return 0;
}

/* Its event.id is how many there were before. */
static void put(struct place *place, const struct said *said)
{
	struct kept_notice notice = {.wall_ns = said->wall_s * NS};
	char json[KEPT_JSON_MAX];

	notice.json_len = (size_t)snprintf(
		json, sizeof(json),
		"{\"event\": {\"id\": %llu}, \"rule\": {\"name\": \"%s\"}, "
		"\"process\": {\"pid\": %d}, \"%s\": {\"ip\": \"%s\"}, "
		"\"portcullis\": {\"done\": [\"refuse\", \"%s\"]}}",
		(unsigned long long)place->count, said->title, said->pid,
		said->end, said->peer, said->step);
	notice.json = json;
	notice.id[0] = (uint8_t)(place->count >> 8);
	notice.id[1] = (uint8_t)place->count;
	place->count++;
	assert_int_equal(notice_store_put(place->store, &notice, 1, NOW_S), 0);
}

/* The number of the alert of a member, or -1. */
static int found_for(struct place *place, const char *peer, const char *reason)
{
	struct member member = {
		.evidence = {.origin = ORIGIN_DETECTION,
			     .created_s = NOW_S,
			     .reason = reason},
	};
	json_t *line;
	int number = -1;

	assert_int_equal(prefix_from_text(peer, strlen(peer), &member.prefix),
			 0);
	line = block_alert_find(place->store, &member);
	if (line)
		number = (int)json_integer_value(
			json_object_get(json_object_get(line, "event"), "id"));
	json_decref(line);
	return number;
}

static int found(struct place *place)
{
	return found_for(place, "192.0.2.7",
			 "rule odd port: /usr/bin/nc (pid 4711)");
}

static void the_newest_of_its_alerts_is_found(void **state)
{
	assert_int_equal(found(*state), -1);
	put(*state, &usual);
	put(*state, &usual);
	assert_int_equal(found(*state), 1);
}

static void one_that_is_not_about_the_member_is_passed_over(void **state)
{
	struct said other[6];

	put(*state, &usual);
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		other[i] = usual;
	other[0].title = "odd name";
	other[1].peer = "192.0.2.8";
	other[2].step = "cut";
	other[3].pid = 471;
	other[4].wall_s = NOW_S - 61;
	other[5].wall_s = NOW_S + 3;
	for (size_t i = 0; i < ARRAY_LEN(other); i++) {
		put(*state, &other[i]);
		assert_int_equal(found(*state), 0);
	}
}

static void it_may_be_a_little_older_or_newer(void **state)
{
	struct said old = usual, new = usual;

	old.wall_s = NOW_S - 60;
	put(*state, &old);
	assert_int_equal(found(*state), 0);
	new.wall_s = NOW_S + 2;
	put(*state, &new);
	assert_int_equal(found(*state), 1);
}

static void a_title_is_another_than_its_beginning(void **state)
{
	struct said whole = usual, half = usual;

	half.title = "odd";
	put(*state, &whole);
	put(*state, &half);
	assert_int_equal(found_for(*state, "192.0.2.7",
				   "rule odd port: /usr/bin/nc (pid 4711)"),
			 0);
	assert_int_equal(found_for(*state, "192.0.2.7",
				   "rule odd: /usr/bin/nc (pid 4711)"),
			 1);
	put(*state, &whole);
	assert_int_equal(found_for(*state, "192.0.2.7",
				   "rule odd: /usr/bin/nc (pid 4711)"),
			 1);
}

static void a_title_that_was_cut_or_changed_is_known(void **state)
{
	char title[DETECTING_TITLE_MAX + 20], reason[REASON_MAX];
	struct said said = usual;

	said.title = "odd \u00e9";
	put(*state, &said);
	assert_int_equal(found_for(*state, "192.0.2.7",
				   "rule odd ??: /usr/bin/nc (pid 4711)"),
			 0);
	memset(title, 'x', sizeof(title) - 1);
	title[sizeof(title) - 1] = '\0';
	said.title = title;
	put(*state, &said);
	(void)snprintf(reason, sizeof(reason),
		       "rule %.*s: /usr/bin/nc (pid 4711)",
		       DETECTING_TITLE_MAX - 1, title);
	assert_int_equal(found_for(*state, "192.0.2.7", reason), 1);
}

static void of_a_network_it_is_that_of_an_address_in_it(void **state)
{
	struct said said = usual;
	const char *reason = "rule odd port: /usr/bin/nc (pid 4711)";

	said.end = "source";
	said.peer = "2001:db8::7";
	put(*state, &said);
	assert_int_equal(found_for(*state, "2001:db8::/64", reason), 0);
	assert_int_equal(found_for(*state, "2001:db8::7", reason), 0);
	assert_int_equal(found_for(*state, "2001:db8:0:1::/64", reason), -1);
	assert_int_equal(found_for(*state, "2001:db8::8", reason), -1);
}

static void a_reason_of_somebody_else_has_none(void **state)
{
	put(*state, &usual);
	assert_int_equal(found_for(*state, "192.0.2.7", ""), -1);
	assert_int_equal(found_for(*state, "192.0.2.7", "odd port"), -1);
	assert_int_equal(found_for(*state, "192.0.2.7",
				   "role odd port: /usr/bin/nc (pid 4711)"),
			 -1);
}

static void no_more_than_so_many_are_looked_at(void **state)
{
	struct said other = usual;

	put(*state, &usual);
	other.pid = 1;
	for (int i = 1; i < BLOCK_ALERTS_LOOKED; i++)
		put(*state, &other);
	assert_int_equal(found(*state), 0);
	put(*state, &other);
	assert_int_equal(found(*state), -1);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_newest_of_its_alerts_is_found),
		test(one_that_is_not_about_the_member_is_passed_over),
		test(it_may_be_a_little_older_or_newer),
		test(a_title_is_another_than_its_beginning),
		test(a_title_that_was_cut_or_changed_is_known),
		test(of_a_network_it_is_that_of_an_address_in_it),
		test(a_reason_of_somebody_else_has_none),
		test(no_more_than_so_many_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
