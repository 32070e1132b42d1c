// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/policies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHECK_SAME(a, b, field)                                    \
	do {                                                       \
		if ((a)->field != (b)->field)                      \
			fail_msg("%s: %s differs", where, #field); \
	} while (0)

static void check_bytes(const char *where, const void *a, const void *b,
			size_t size)
{
	if (size > 0 && memcmp(a, b, size) != 0)
		fail_msg("%s differs", where);
}

static void check_text(const char *where, const char *a, const char *b)
{
	if (strcmp(a, b) != 0)
		fail_msg("%s: \"%s\" is not \"%s\"", where, a, b);
}

static void check_names(const char *where, const struct match_names *a,
			const struct match_names *b)
{
	CHECK_SAME(a, b, count);
	CHECK_SAME(a, b, is_negated);
	for (size_t i = 0; i < a->count; i++)
		check_text(where, a->names[i], b->names[i]);
}

static void check_prefixes(const char *where, const struct prefix *a,
			   const struct prefix *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (prefix_cmp(&a[i], &b[i]) != 0)
			fail_msg("%s: prefix %zu differs", where, i);
	}
}

static void check_address(const char *where, const struct match_address *a,
			  const struct match_address *b)
{
	CHECK_SAME(a, b, prefix_count);
	CHECK_SAME(a, b, set_count);
	CHECK_SAME(a, b, is_negated);
	check_prefixes(where, a->prefixes, b->prefixes, a->prefix_count);
	for (size_t i = 0; i < a->set_count; i++)
		check_text(where, a->sets[i], b->sets[i]);
}

static void check_ranges(const char *where, const struct match_ranges *a,
			 const struct match_ranges *b)
{
	CHECK_SAME(a, b, count);
	CHECK_SAME(a, b, is_negated);
	for (size_t i = 0; i < a->count; i++) {
		CHECK_SAME(a, b, ranges[i].first);
		CHECK_SAME(a, b, ranges[i].last);
	}
}

static void check_windows(const char *where, const struct rule *a,
			  const struct rule *b)
{
	CHECK_SAME(a, b, window_count);
	for (size_t i = 0; i < a->window_count; i++) {
		CHECK_SAME(a, b, windows[i].days);
		CHECK_SAME(a, b, windows[i].from_min);
		CHECK_SAME(a, b, windows[i].to_min);
	}
}

static void check_rule(const struct rule *a, const struct rule *b)
{
	const char *where = a->id;

	check_text(where, a->id, b->id);
	check_text(where, a->comment, b->comment);
	CHECK_SAME(a, b, action);
	CHECK_SAME(a, b, is_shadow);
	CHECK_SAME(a, b, limit);
	CHECK_SAME(a, b, directions);
	CHECK_SAME(a, b, family);
	CHECK_SAME(a, b, frags);
	CHECK_SAME(a, b, states);
	check_names(where, &a->zones, &b->zones);
	check_names(where, &a->interfaces, &b->interfaces);
	check_address(where, &a->source, &b->source);
	check_address(where, &a->destination, &b->destination);
	for (size_t i = 0; i < RANGE_COUNT; i++)
		check_ranges(where, &a->ranges[i], &b->ranges[i]);
	CHECK_SAME(a, b, flags.count);
	check_bytes(where, a->flags.flags, b->flags.flags,
		    a->flags.count * sizeof(struct flags));
	CHECK_SAME(a, b, macs.count);
	CHECK_SAME(a, b, macs.is_negated);
	check_bytes(where, a->macs.macs, b->macs.macs,
		    a->macs.count * sizeof(struct mac));
	check_windows(where, a, b);
}

static void check_files(const char *where, char *const *a, char *const *b,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_text(where, a[i], b[i]);
}

static void check_set(const struct policy_set *a, const struct policy_set *b)
{
	const char *where = a->set.name;

	check_text(where, a->set.name, b->set.name);
	CHECK_SAME(a, b, set.id);
	CHECK_SAME(a, b, set.action);
	CHECK_SAME(a, b, set.kind);
	CHECK_SAME(a, b, set.capacity);
	CHECK_SAME(a, b, member_count);
	CHECK_SAME(a, b, file_count);
	check_prefixes(where, a->members, b->members, a->member_count);
	check_files(where, a->files, b->files, a->file_count);
}

static void check_limit(const struct limit *a, const struct limit *b)
{
	const char *where = a->name[0] ? a->name : "limit in a rule";

	check_text(where, a->name, b->name);
	CHECK_SAME(a, b, rate);
	CHECK_SAME(a, b, seconds);
	CHECK_SAME(a, b, burst);
	CHECK_SAME(a, b, unit);
	CHECK_SAME(a, b, per);
}

static void check_zone(const struct zone *a, const struct zone *b)
{
	const char *where = a->name;

	check_text(where, a->name, b->name);
	CHECK_SAME(a, b, interface_count);
	for (size_t i = 0; i < a->interface_count; i++)
		check_text(where, a->interfaces[i], b->interfaces[i]);
}

void assert_same_policy(const struct policy *a, const struct policy *b)
{
	const char *where = "policy";

	CHECK_SAME(a, b, zone_count);
	CHECK_SAME(a, b, set_count);
	CHECK_SAME(a, b, limit_count);
	CHECK_SAME(a, b, rule_count);
	CHECK_SAME(a, b, management_count);
	CHECK_SAME(a, b, default_in);
	CHECK_SAME(a, b, default_out);
	CHECK_SAME(a, b, default_other);
	CHECK_SAME(a, b, essentials);
	check_bytes("thresholds", &a->thresholds, &b->thresholds,
		    sizeof(a->thresholds));
	check_prefixes("management", a->management, b->management,
		       a->management_count);
	for (size_t i = 0; i < a->zone_count; i++)
		check_zone(&a->zones[i], &b->zones[i]);
	for (size_t i = 0; i < a->set_count; i++)
		check_set(&a->sets[i], &b->sets[i]);
	for (size_t i = 0; i < GEO_KIND_COUNT; i++) {
		CHECK_SAME(a, b, geo[i].file_count);
		check_files("geo", a->geo[i].files, b->geo[i].files,
			    a->geo[i].file_count);
	}
	for (size_t i = 0; i < a->limit_count; i++)
		check_limit(&a->limits[i], &b->limits[i]);
	for (size_t i = 0; i < a->rule_count; i++)
		check_rule(&a->rules[i], &b->rules[i]);
}
