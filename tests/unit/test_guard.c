// SPDX-License-Identifier: GPL-2.0-or-later
/* What daemon/merge/guard.h keeps from being blocked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/merge/guard.h"

static int setup(void **state)
{
	struct guard *guard = NULL;
	int r = guard_new(&guard);

	*state = guard;
	return r;
}

static int teardown(void **state)
{
	guard_free(*state);
	return 0;
}

static struct prefix net(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	return prefix;
}

static struct guard_entry entry_of(enum guard_source source, const char *text)
{
	struct guard_entry entry = {.source = source, .prefix = net(text)};

	(void)snprintf(entry.name, sizeof(entry.name), "name of %s", text);
	return entry;
}

static void add(struct guard *guard, enum guard_source source, const char *text)
{
	struct guard_entry entry = entry_of(source, text);

	assert_int_equal(guard_add(guard, &entry), 0);
}

/* The name of what a block of `text` would hit, or "". */
static const char *hit(const struct guard *guard, const char *text)
{
	struct prefix prefix = net(text);
	const struct guard_entry *entry = guard_find(guard, &prefix);

	return entry ? entry->name : "";
}

static void the_whole_of_a_family_is_never_blocked(void **state)
{
	assert_string_equal(hit(*state, "0.0.0.0/0"), "every address");
	assert_string_equal(hit(*state, "::/0"), "every address");
}

static void loopback_and_link_local_are_guarded_from_the_start(void **state)
{
	assert_string_equal(hit(*state, "127.0.0.53"), "loopback");
	assert_string_equal(hit(*state, "169.254.169.254"), "link-local");
	assert_string_equal(hit(*state, "fe80::1"), "link-local");
	assert_string_equal(hit(*state, "::1"), "loopback");
	assert_string_equal(hit(*state, "::"), "unspecified address");
	assert_string_equal(hit(*state, "0.0.0.0"), "unspecified address");
}

static void a_stranger_is_not_guarded(void **state)
{
	assert_string_equal(hit(*state, "198.51.100.7"), "");
	assert_string_equal(hit(*state, "2001:db8::/32"), "");
}

static void a_block_around_an_own_address_is_found(void **state)
{
	add(*state, GUARD_OWN, "192.0.2.1");
	assert_string_equal(hit(*state, "192.0.2.0/24"), "name of 192.0.2.1");
	assert_string_equal(hit(*state, "192.0.2.1"), "name of 192.0.2.1");
	assert_string_equal(hit(*state, "192.0.2.2"), "");
}

static void a_block_inside_a_management_net_is_found(void **state)
{
	add(*state, GUARD_MANAGEMENT, "10.0.0.0/8");
	assert_string_equal(hit(*state, "10.9.8.7"), "name of 10.0.0.0/8");
	assert_string_equal(hit(*state, "11.0.0.0"), "");
}

static void a_narrower_neighbour_does_not_hide_the_wide_net(void **state)
{
	add(*state, GUARD_MANAGEMENT, "10.0.0.0/8");
	add(*state, GUARD_MANAGEMENT, "10.1.0.0/16");
	add(*state, GUARD_MANAGEMENT, "10.1.1.0/24");
	add(*state, GUARD_MANAGEMENT, "10.2.3.4");
	assert_string_equal(hit(*state, "10.2.3.5"), "name of 10.0.0.0/8");
	assert_string_equal(hit(*state, "10.1.2.0"), "name of 10.1.0.0/16");
}

static void replacing_one_source_leaves_the_others(void **state)
{
	struct guard_entry entries[] = {
		entry_of(GUARD_OWN, "203.0.113.9"),
		entry_of(GUARD_OWN, "203.0.113.2"),
	};

	add(*state, GUARD_OWN, "192.0.2.1");
	add(*state, GUARD_NEXT_HOP, "192.0.2.254");
	assert_int_equal(guard_replace(*state, GUARD_OWN, entries, 2), 0);
	assert_string_equal(hit(*state, "192.0.2.1"), "");
	assert_string_equal(hit(*state, "192.0.2.254"), "name of 192.0.2.254");
	assert_string_equal(hit(*state, "203.0.113.9"), "name of 203.0.113.9");
}

static void deleting_takes_it_from_one_source_only(void **state)
{
	struct prefix prefix = net("192.0.2.1");

	add(*state, GUARD_OWN, "192.0.2.1");
	add(*state, GUARD_MANAGEMENT, "192.0.2.1");
	guard_del(*state, GUARD_OWN, &prefix);
	assert_int_equal(guard_find(*state, &prefix)->source, GUARD_MANAGEMENT);
	guard_del(*state, GUARD_MANAGEMENT, &prefix);
	assert_null(guard_find(*state, &prefix));
}

static void adding_again_replaces_the_name(void **state)
{
	struct guard_entry entry = entry_of(GUARD_OWN, "192.0.2.1");
	size_t count;

	add(*state, GUARD_OWN, "192.0.2.1");
	count = guard_count(*state);
	memcpy(entry.name, "renamed", 8);
	assert_int_equal(guard_add(*state, &entry), 0);
	assert_int_equal(guard_count(*state), count);
	assert_string_equal(hit(*state, "192.0.2.1"), "renamed");
}

static void entries_come_in_order_of_source_and_prefix(void **state)
{
	size_t fixed = guard_count(*state);

	add(*state, GUARD_MANAGEMENT, "10.0.0.1");
	add(*state, GUARD_OWN, "10.0.0.9");
	add(*state, GUARD_OWN, "10.0.0.5");
	assert_string_equal(guard_entry(*state, fixed)->name,
			    "name of 10.0.0.5");
	assert_string_equal(guard_entry(*state, fixed + 1)->name,
			    "name of 10.0.0.9");
	assert_string_equal(guard_entry(*state, fixed + 2)->name,
			    "name of 10.0.0.1");
}

static void a_copy_goes_its_own_way(void **state)
{
	struct guard *copy = NULL;

	add(*state, GUARD_OWN, "192.0.2.1");
	assert_int_equal(guard_copy(*state, &copy), 0);
	add(*state, GUARD_OWN, "192.0.2.2");
	assert_string_equal(hit(copy, "192.0.2.1"), "name of 192.0.2.1");
	assert_string_equal(hit(copy, "192.0.2.2"), "");
	guard_free(copy);
}

static void a_change_is_a_new_version(void **state)
{
	struct guard_entry entries[] = {
		entry_of(GUARD_OWN, "192.0.2.1"),
		entry_of(GUARD_OWN, "192.0.2.2"),
	};
	uint64_t version = guard_version(*state);

	assert_int_equal(guard_replace(*state, GUARD_OWN, entries, 2), 0);
	assert_int_not_equal(guard_version(*state), version);
	version = guard_version(*state);
	assert_int_equal(guard_replace(*state, GUARD_OWN, entries, 2), 0);
	assert_int_equal(guard_version(*state), version);
	assert_int_equal(guard_replace(*state, GUARD_OWN, entries, 1), 0);
	assert_int_not_equal(guard_version(*state), version);
	version = guard_version(*state);
	add(*state, GUARD_MANAGEMENT, "10.0.0.0/8");
	assert_int_not_equal(guard_version(*state), version);
	version = guard_version(*state);
	guard_del(*state, GUARD_MANAGEMENT, &entries[0].prefix);
	assert_int_equal(guard_version(*state), version);
}

static void explain(const struct guard *guard, const char *text,
		    const char *why)
{
	struct prefix prefix = net(text);
	char found[GUARD_TEXT_MAX];

	assert_string_equal(
		guard_explain(&prefix, guard_find(guard, &prefix), found), why);
}

static void what_is_refused_is_explained(void **state)
{
	add(*state, GUARD_MANAGEMENT, "192.0.2.0/24");
	explain(*state, "192.0.2.0/24",
		"192.0.2.0/24 is protected (name of 192.0.2.0/24)");
	explain(*state, "192.0.0.0/16",
		"192.0.0.0/16 would cover 192.0.2.0/24, which is protected "
		"(name of 192.0.2.0/24)");
	explain(*state, "192.0.2.7",
		"192.0.2.7 is inside 192.0.2.0/24, which is protected (name of "
		"192.0.2.0/24)");
	explain(*state, "0.0.0.0/0",
		"0.0.0.0/0 is every address: no set holds it");
	explain(*state, "::/64",
		"::/64 has every IPv4 address in it: no set holds it");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_whole_of_a_family_is_never_blocked),
		TEST(loopback_and_link_local_are_guarded_from_the_start),
		TEST(a_stranger_is_not_guarded),
		TEST(a_block_around_an_own_address_is_found),
		TEST(a_block_inside_a_management_net_is_found),
		TEST(a_narrower_neighbour_does_not_hide_the_wide_net),
		TEST(replacing_one_source_leaves_the_others),
		TEST(deleting_takes_it_from_one_source_only),
		TEST(adding_again_replaces_the_name),
		TEST(entries_come_in_order_of_source_and_prefix),
		TEST(a_copy_goes_its_own_way),
		TEST(a_change_is_a_new_version),
		TEST(what_is_refused_is_explained),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
