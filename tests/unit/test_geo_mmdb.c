// SPDX-License-Identifier: GPL-2.0-or-later
/* MaxMind DB files, good ones and broken ones. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/geo_mmdb.h"
#include "rules/geo_mmdb_value.h"
#include "tests/support/mmdb_file.h"

/* "CN:PREFIX " of each, or with the number of a system. */
struct seen {
	int r;
	enum geo_kind kind;
	struct geo_mmdb_report report;
	char text[4096];
	int stop_at; /* the call that answers -ECANCELED; 0: none */
	int calls;
};

static int see(void *arg, uint32_t key, const struct prefix *prefix)
{
	struct seen *seen = arg;
	size_t used = strlen(seen->text);
	char text[PREFIX_TEXT_MAX], place[16];

	if (seen->kind == GEO_COUNTRY)
		(void)geo_letters_of_key(key, place);
	else
		(void)snprintf(place, sizeof(place), "%u", key);
	(void)snprintf(seen->text + used, sizeof(seen->text) - used, "%s%s:%s",
		       used > 0 ? " " : "", place,
		       prefix_to_text(prefix, text));
	return ++seen->calls == seen->stop_at ? -ECANCELED : 0;
}

/* From memory that ends where they do. */
static void read_bytes(const uint8_t *bytes, size_t len, struct seen *seen)
{
	uint8_t *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	seen->r =
		geo_mmdb_read(copy, len, seen->kind, see, seen, &seen->report);
	free(copy);
}

static struct seen sealed(struct mmdb_file *file, enum geo_kind kind)
{
	struct seen seen = {.kind = kind};

	mmdb_seal(file);
	read_bytes(file->bytes, file->len, &seen);
	return seen;
}

/* What is read of a file, which then is done. */
static void assert_read(struct mmdb_file *file, enum geo_kind kind,
			const char *expected)
{
	struct seen seen = sealed(file, kind);

	if (seen.r < 0)
		fail_msg("%d: %s", seen.r, seen.report.why);
	assert_null(seen.report.why);
	assert_string_equal(seen.text, expected);
	assert_int_equal(seen.report.networks, seen.calls);
	mmdb_done(file);
}

static void assert_refused(struct mmdb_file *file, int r, const char *why)
{
	struct seen seen = sealed(file, GEO_COUNTRY);

	assert_int_equal(seen.r, r);
	if (!strstr(seen.report.why, why))
		fail_msg("\"%s\" is not \"%s\"", seen.report.why, why);
	mmdb_done(file);
}

static void networks_are_read_whatever_the_size_of_records(void **state)
{
	static const unsigned int record_bits[] = {24, 28, 32};
	static const unsigned int versions[] = {4, 6};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(record_bits) * 2; i++) {
		struct mmdb_file file;
		uint32_t cn, de;

		mmdb_init(&file, versions[i % 2], record_bits[i / 2]);
		cn = mmdb_country(&file, "CN");
		de = mmdb_country(&file, "DE");
		mmdb_put_text(&file, "203.0.113.0/24", de);
		mmdb_put_text(&file, "1.0.1.0/24", cn);
		mmdb_put_text(&file, "203.0.113.7", cn);
		assert_read(&file, GEO_COUNTRY,
			    "CN:1.0.1.0/24 DE:203.0.113.0/30 DE:203.0.113.4/31 "
			    "DE:203.0.113.6 CN:203.0.113.7 DE:203.0.113.8/29 "
			    "DE:203.0.113.16/28 DE:203.0.113.32/27 "
			    "DE:203.0.113.64/26 DE:203.0.113.128/25");
	}
}

static void ipv6_and_a_half_of_all_addresses_are_read(void **state)
{
	struct mmdb_file file;
	uint32_t cn;

	(void)state;
	mmdb_init(&file, 6, 24);
	cn = mmdb_country(&file, "CN");
	mmdb_put_text(&file, "2001:250::/30", cn);
	mmdb_put_text(&file, "8000::/1", cn);
	mmdb_put_text(&file, "128.0.0.0/1", cn);
	assert_read(&file, GEO_COUNTRY,
		    "CN:128.0.0.0/1 CN:2001:250::/30 CN:8000::/1");
}

/* ::ffff:0:0/96 and the like lead to the same nodes. */
static void other_ways_to_ipv4_are_not_gone(void **state)
{
	struct mmdb_file file;

	(void)state;
	mmdb_init(&file, 6, 28);
	mmdb_put_text(&file, "192.0.2.0/24", mmdb_country(&file, "CN"));
	mmdb_put_text(&file, "2001:db8::/32", mmdb_country(&file, "DE"));
	mmdb_alias(&file, "::ffff:0:0/96");
	mmdb_alias(&file, "2002::/16");
	mmdb_alias(&file, "2001::/32");
	assert_read(&file, GEO_COUNTRY, "CN:192.0.2.0/24 DE:2001:db8::/32");
}

/* Not by an alias: what stands at the mapped addresses themselves. */
static void mapped_addresses_are_not_given_again(void **state)
{
	struct prefix mapped = prefix_of_v4(0xc6336400, 24);
	struct mmdb_file file;
	uint32_t cn;

	(void)state;
	mmdb_init(&file, 6, 28);
	cn = mmdb_country(&file, "CN");
	mmdb_put_text(&file, "192.0.2.0/24", cn);
	mmdb_put_path(&file, mapped.addr, mapped.bits, cn);
	assert_read(&file, GEO_COUNTRY, "CN:192.0.2.0/24");
	mmdb_init(&file, 6, 28);
	mmdb_put_path(&file, mapped.addr, 95, mmdb_country(&file, "CN"));
	assert_refused(&file, -EBADMSG, "every IPv4 address");
}

static void systems_are_read_of_a_database_of_these(void **state)
{
	struct mmdb_file file;

	(void)state;
	mmdb_init(&file, 6, 28);
	file.type = "Test-ASN";
	mmdb_put_text(&file, "192.0.2.0/24", mmdb_asn(&file, 64496));
	mmdb_put_text(&file, "198.51.100.0/24", mmdb_asn(&file, 4294967295u));
	mmdb_put_text(&file, "203.0.113.0/24", mmdb_asn(&file, 0));
	assert_read(&file, GEO_ASN,
		    "64496:192.0.2.0/24 4294967295:198.51.100.0/24");
}

static void the_file_says_what_it_is_and_of_when(void **state)
{
	struct mmdb_file file;
	struct seen seen;

	(void)state;
	mmdb_init(&file, 4, 24);
	file.type = "GeoLite2-Country\n\xc3\xa4";
	mmdb_put_text(&file, "192.0.2.0/24", mmdb_country(&file, "CN"));
	seen = sealed(&file, GEO_COUNTRY);
	assert_int_equal(seen.r, 0);
	assert_string_equal(seen.report.type, "GeoLite2-Country???");
	assert_int_equal(seen.report.built_s, 1793000000);
	mmdb_done(&file);
}

static void the_functions_answer_ends_it(void **state)
{
	struct seen seen = {.stop_at = 2};
	struct mmdb_file file;
	uint32_t cn;

	(void)state;
	mmdb_init(&file, 4, 24);
	cn = mmdb_country(&file, "CN");
	mmdb_put_text(&file, "192.0.2.0/24", cn);
	mmdb_put_text(&file, "198.51.100.0/24", cn);
	mmdb_put_text(&file, "203.0.113.0/24", cn);
	mmdb_seal(&file);
	read_bytes(file.bytes, file.len, &seen);
	assert_int_equal(seen.r, -ECANCELED);
	assert_null(seen.report.why);
	assert_string_equal(seen.text, "CN:192.0.2.0/24 CN:198.51.100.0/24");
	mmdb_done(&file);
}

/* A record of `country`, a value that the caller puts next. */
static uint32_t start_country(struct mmdb_file *file)
{
	uint32_t record = mmdb_control(file, MMDB_MAP, 1);

	(void)mmdb_string(file, "country");
	return record;
}

static void records_without_the_key_are_of_nobody(void **state)
{
	struct mmdb_file file;
	uint32_t record;

	(void)state;
	mmdb_init(&file, 4, 24);
	mmdb_put_text(&file, "192.0.2.0", mmdb_asn(&file, 64496));
	mmdb_put_text(&file, "192.0.2.1", mmdb_string(&file, "CN"));
	record = start_country(&file);
	(void)mmdb_string(&file, "CN");
	mmdb_put_text(&file, "192.0.2.2", record);
	record = start_country(&file);
	(void)mmdb_control(&file, MMDB_MAP, 0);
	mmdb_put_text(&file, "192.0.2.3", record);
	record = start_country(&file);
	(void)mmdb_control(&file, MMDB_MAP, 1);
	(void)mmdb_string(&file, "iso_code");
	(void)mmdb_uint(&file, MMDB_UINT32, 7);
	mmdb_put_text(&file, "192.0.2.4", record);
	mmdb_put_text(&file, "192.0.2.5", mmdb_country(&file, "CHN"));
	mmdb_put_text(&file, "192.0.2.6", mmdb_country(&file, ""));
	mmdb_put_text(&file, "192.0.2.7", mmdb_country(&file, "FR"));
	assert_read(&file, GEO_COUNTRY, "FR:192.0.2.7");
}

static void a_database_of_something_else_is_told(void **state)
{
	struct mmdb_file file;

	(void)state;
	mmdb_init(&file, 4, 24);
	mmdb_put_text(&file, "192.0.2.0", mmdb_asn(&file, 64496));
	assert_refused(&file, -ENODATA, "country.iso_code");
	mmdb_init(&file, 4, 24);
	assert_refused(&file, -ENODATA, "country.iso_code");
}

/* As large as values are stored in four ways. */
static void sizes_of_all_forms_are_stepped_over(void **state)
{
	static const size_t sizes[] = {28, 29, 284, 285, 65820, 65821, 70000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *text = calloc(sizes[i] + 1, 1);
		struct mmdb_file file;
		uint32_t record;

		assert_non_null(text);
		memset(text, 'x', sizes[i]);
		mmdb_init(&file, 4, 32);
		record = mmdb_control(&file, MMDB_MAP, 2);
		(void)mmdb_string(&file, "names");
		(void)mmdb_string(&file, text);
		(void)mmdb_string(&file, "country");
		(void)mmdb_control(&file, MMDB_MAP, 1);
		(void)mmdb_string(&file, "iso_code");
		(void)mmdb_string(&file, "CN");
		mmdb_put_text(&file, "192.0.2.0", record);
		assert_read(&file, GEO_COUNTRY, "CN:192.0.2.0");
		free(text);
	}
}

/* The value at a place, of as many bytes of pointer as that takes. */
static void pointers_of_all_sizes_are_followed(void **state)
{
	static const size_t places[] = {0, 2047, 2048, 526335, 526336, 600000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct mmdb_file file;
		uint32_t code, record;

		mmdb_init(&file, 4, 32);
		while (file.data_len < places[i])
			(void)mmdb_control(&file, MMDB_MAP, 0);
		code = mmdb_string(&file, "CN");
		assert_int_equal(code, places[i]);
		record = start_country(&file);
		(void)mmdb_control(&file, MMDB_MAP, 1);
		(void)mmdb_string(&file, "iso_code");
		(void)mmdb_pointer(&file, code);
		mmdb_put_text(&file, "192.0.2.0", record);
		assert_read(&file, GEO_COUNTRY, "CN:192.0.2.0");
	}
}

/* Of four bytes, also where fewer would do. */
static void the_largest_pointer_may_lead_anywhere(void **state)
{
	struct mmdb_file file;
	uint32_t record;

	(void)state;
	mmdb_init(&file, 4, 32);
	(void)mmdb_string(&file, "CN");
	record = start_country(&file);
	(void)mmdb_control(&file, MMDB_MAP, 1);
	(void)mmdb_string(&file, "iso_code");
	(void)mmdb_control(&file, MMDB_POINTER, 3 << 3);
	for (int i = 0; i < 4; i++)
		(void)mmdb_control(&file, 0, 0); /* a byte of zero */
	mmdb_put_text(&file, "192.0.2.0", record);
	assert_read(&file, GEO_COUNTRY, "CN:192.0.2.0");
}

static void pointers_to_pointers_are_refused(void **state)
{
	struct mmdb_file file;
	uint32_t record, to;

	(void)state;
	mmdb_init(&file, 4, 24);
	record = mmdb_pointer(&file, 0); /* to itself */
	assert_int_equal(record, 0);
	mmdb_put_text(&file, "192.0.2.0", record);
	assert_refused(&file, -EBADMSG, "record of it is damaged");
	mmdb_init(&file, 4, 24);
	to = mmdb_pointer(&file, 2); /* two to each other */
	(void)mmdb_pointer(&file, to);
	mmdb_put_text(&file, "192.0.2.0", to);
	assert_refused(&file, -EBADMSG, "record of it is damaged");
	mmdb_init(&file, 4, 24);
	mmdb_put_text(&file, "192.0.2.0", mmdb_pointer(&file, 2000));
	assert_refused(&file, -EBADMSG, "record of it is damaged");
}

/* What only a map around it keeps from being looked at. */
static uint32_t put_nest(struct mmdb_file *file, unsigned int type,
			 uint32_t depth)
{
	uint32_t record = mmdb_control(file, MMDB_MAP, 2);

	(void)mmdb_string(file, "deep");
	for (uint32_t i = 0; i < depth; i++) {
		(void)mmdb_control(file, type, 1);
		if (type == MMDB_MAP)
			(void)mmdb_string(file, "");
	}
	(void)mmdb_string(file, "");
	(void)mmdb_string(file, "country");
	(void)mmdb_control(file, MMDB_MAP, 1);
	(void)mmdb_string(file, "iso_code");
	(void)mmdb_string(file, "CN");
	return record;
}

static void depth_costs_nothing_but_values(void **state)
{
	struct mmdb_file file;

	(void)state;
	mmdb_init(&file, 4, 24);
	mmdb_put_text(&file, "192.0.2.0",
		      put_nest(&file, MMDB_ARRAY, GEO_MMDB_VALUES_MAX - 10));
	assert_read(&file, GEO_COUNTRY, "CN:192.0.2.0");
	mmdb_init(&file, 4, 24);
	mmdb_put_text(&file, "192.0.2.0", put_nest(&file, MMDB_MAP, 2000));
	assert_read(&file, GEO_COUNTRY, "CN:192.0.2.0");
	mmdb_init(&file, 4, 24);
	mmdb_put_text(&file, "192.0.2.0", put_nest(&file, MMDB_ARRAY, 1000000));
	assert_refused(&file, -EBADMSG, "record of it is damaged");
}

/* More than there is: items, pairs, bytes. */
static void sizes_that_reach_too_far_are_refused(void **state)
{
	static const unsigned int types[] = {MMDB_STRING, MMDB_BYTES,
					     MMDB_DOUBLE, MMDB_UINT128,
					     MMDB_MAP,	  MMDB_ARRAY};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct mmdb_file file;
		uint32_t record;

		mmdb_init(&file, 4, 24);
		record = mmdb_control(&file, MMDB_MAP, 2);
		(void)mmdb_string(&file, "names");
		(void)mmdb_control(&file, types[i], 16000000);
		mmdb_put_text(&file, "192.0.2.0", record);
		assert_refused(&file, -EBADMSG, "record of it is damaged");
	}
}

static void a_key_that_is_no_text_is_refused(void **state)
{
	struct mmdb_file file;
	uint32_t record;

	(void)state;
	mmdb_init(&file, 4, 24);
	record = mmdb_control(&file, MMDB_MAP, 1);
	(void)mmdb_uint(&file, MMDB_UINT32, 7);
	(void)mmdb_uint(&file, MMDB_UINT32, 7);
	mmdb_put_text(&file, "192.0.2.0", record);
	assert_refused(&file, -EBADMSG, "record of it is damaged");
}

static void a_tree_that_is_none_is_refused(void **state)
{
	struct mmdb_file file;

	(void)state;
	mmdb_init(&file, 4, 24);
	file.nodes[0][0] = 0; /* a circle */
	assert_refused(&file, -EBADMSG, "tree is damaged");
	mmdb_init(&file, 6, 24);
	file.nodes[0][1] = 0;
	assert_refused(&file, -EBADMSG, "tree is damaged");
	mmdb_init(&file, 4, 24);
	mmdb_put_text(&file, "192.0.2.0/24", mmdb_country(&file, "CN"));
	file.nodes[0][0] = file.nodes[0][1]; /* one node in two places */
	assert_refused(&file, -EBADMSG, "tree is damaged");
	mmdb_init(&file, 6, 24); /* deeper than IPv4 has bits */
	mmdb_put_text(&file, "::1:0:0/96", mmdb_country(&file, "CN"));
	file.told_version = 4;
	assert_refused(&file, -EBADMSG, "tree is damaged");
}

static void all_of_ipv4_in_a_record_is_refused(void **state)
{
	static const char *const networks[] = {"::/1", "::/2", "::/95"};
	struct prefix all = prefix_of_v4(0, 0);
	struct mmdb_file file;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
		mmdb_init(&file, 6, 24);
		mmdb_put_text(&file, networks[i], mmdb_country(&file, "CN"));
		assert_refused(&file, -EBADMSG, "every IPv4 address");
	}
	mmdb_init(&file, 6, 24);
	mmdb_put(&file, &all, mmdb_country(&file, "CN"));
	assert_refused(&file, -EBADMSG, "every IPv4 address");
	/* of nobody it does no harm */
	mmdb_init(&file, 6, 24);
	mmdb_put_text(&file, "::/1", mmdb_asn(&file, 7));
	mmdb_put_text(&file, "8000::/1", mmdb_country(&file, "CN"));
	assert_read(&file, GEO_COUNTRY, "CN:8000::/1");
}

static void what_it_says_of_itself_is_checked(void **state)
{
	struct mmdb_file file;

	(void)state;
	mmdb_init(&file, 4, 24);
	file.told_bits = 20;
	assert_refused(&file, -EBADMSG, "not known");
	mmdb_init(&file, 4, 24);
	file.told_version = 5;
	assert_refused(&file, -EBADMSG, "not known");
	mmdb_init(&file, 4, 24);
	file.told_format = 3;
	assert_refused(&file, -EBADMSG, "not known");
	mmdb_init(&file, 4, 24);
	file.told_nodes = 100;
	assert_refused(&file, -EBADMSG, "tree is damaged");
	mmdb_init(&file, 4, 24);
	file.told_nodes = UINT64_MAX / 12 + 1; /* times 6 is few again */
	assert_refused(&file, -EBADMSG, "tree is damaged");
}

/* Cut behind every byte, and each byte changed in turn: refused or read, and
 * nothing outside it is touched. */
static void damage_anywhere_is_survived(void **state)
{
	struct mmdb_file file;
	size_t refused = 0;

	(void)state;
	mmdb_init(&file, 6, 28);
	mmdb_put_text(&file, "192.0.2.0/24", mmdb_country(&file, "CN"));
	mmdb_put_text(&file, "2001:db8::/32", mmdb_country(&file, "DE"));
	mmdb_alias(&file, "2002::/16");
	mmdb_seal(&file);
	for (size_t len = 0; len < file.len; len++) {
		struct seen seen = {0};

		read_bytes(file.bytes, len, &seen);
		refused += seen.r < 0;
	}
	/* the end is a description that nobody reads */
	assert_true(refused > file.len - 100);
	for (size_t i = 0; i < file.len * 4; i++) {
		static const uint8_t flips[] = {0xff, 0x01, 0x20, 0x80};
		struct seen seen = {0};

		file.bytes[i / 4] ^= flips[i % 4];
		read_bytes(file.bytes, file.len, &seen);
		assert_true(seen.r == 0 || seen.r == -EBADMSG ||
			    seen.r == -ENODATA);
		assert_int_equal(seen.r == 0, seen.report.why == NULL);
		file.bytes[i / 4] ^= flips[i % 4];
	}
	mmdb_done(&file);
}

static void what_is_no_database_is_told(void **state)
{
	static const char *const texts[] = {"", "192.0.2.0/24\n",
					    "\xab\xcd\xefMaxMind.co"};
	struct seen seen = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		read_bytes((const uint8_t *)texts[i], strlen(texts[i]), &seen);
		assert_int_equal(seen.r, -EBADMSG);
		assert_string_equal(seen.report.why, "not a MaxMind DB file");
	}
	read_bytes((const uint8_t *)"\xab\xcd\xefMaxMind.com", 14, &seen);
	assert_int_equal(seen.r, -EBADMSG);
	assert_string_equal(seen.report.why,
			    "what it says of itself is damaged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			networks_are_read_whatever_the_size_of_records),
		cmocka_unit_test(ipv6_and_a_half_of_all_addresses_are_read),
		cmocka_unit_test(other_ways_to_ipv4_are_not_gone),
		cmocka_unit_test(mapped_addresses_are_not_given_again),
		cmocka_unit_test(systems_are_read_of_a_database_of_these),
		cmocka_unit_test(the_file_says_what_it_is_and_of_when),
		cmocka_unit_test(the_functions_answer_ends_it),
		cmocka_unit_test(records_without_the_key_are_of_nobody),
		cmocka_unit_test(a_database_of_something_else_is_told),
		cmocka_unit_test(sizes_of_all_forms_are_stepped_over),
		cmocka_unit_test(pointers_of_all_sizes_are_followed),
		cmocka_unit_test(the_largest_pointer_may_lead_anywhere),
		cmocka_unit_test(pointers_to_pointers_are_refused),
		cmocka_unit_test(depth_costs_nothing_but_values),
		cmocka_unit_test(sizes_that_reach_too_far_are_refused),
		cmocka_unit_test(a_key_that_is_no_text_is_refused),
		cmocka_unit_test(a_tree_that_is_none_is_refused),
		cmocka_unit_test(all_of_ipv4_in_a_record_is_refused),
		cmocka_unit_test(what_it_says_of_itself_is_checked),
		cmocka_unit_test(damage_anywhere_is_survived),
		cmocka_unit_test(what_is_no_database_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
