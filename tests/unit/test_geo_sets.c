// SPDX-License-Identifier: GPL-2.0-or-later
/* Members of geo sets, from files of all kinds. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "daemon/apply_job.h"
#include "tests/support/mmdb_file.h"
#include "tests/support/scratch.h"

#define PATH_ROOM 256

struct bench {
	struct scratch scratch;
	struct apply apply;
	int r;
};

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	scratch_init(&bench->scratch, SCRATCH_MAP_BYTES);
	*state = bench;
	return 0;
}

static void drop_apply(struct bench *bench)
{
	judge_free(bench->apply.judge);
	free(bench->apply.sets);
	free(bench->apply.text);
	bench->apply = (struct apply){.store = bench->scratch.store};
}

static int teardown(void **state)
{
	static const char *const names[] = {"folder/ipv4/cn.cidr",
					    "folder/ipv6/cn.cidr",
					    "folder/de.txt",
					    "folder/LICENSE",
					    "folder/ipv4",
					    "folder/ipv6",
					    "folder",
					    "cn.cidr",
					    "c.mmdb",
					    "a.mmdb",
					    "a.csv",
					    "a.csv.gz",
					    "list.txt"};
	struct bench *bench = *state;
	char path[PATH_ROOM];

	drop_apply(bench);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s",
			       bench->scratch.directory, names[i]);
		if (unlink(path) < 0)
			(void)rmdir(path);
	}
	scratch_done(&bench->scratch);
	free(bench);
	return 0;
}

/* Written on 2026-10-26. */
static void write_bytes(struct bench *bench, const char *name,
			const void *bytes, size_t len)
{
	const struct timespec times[2] = {{.tv_sec = 1793000000},
					  {.tv_sec = 1793000000}};
	char path[PATH_ROOM];
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s/%s", bench->scratch.directory,
		       name);
	out = fopen(path, "we");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void write_text(struct bench *bench, const char *name, const char *text)
{
	write_bytes(bench, name, text, strlen(text));
}

static void make_folder(struct bench *bench, const char *name)
{
	char path[PATH_ROOM];

	(void)snprintf(path, sizeof(path), "%s/%s", bench->scratch.directory,
		       name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void write_mmdb(struct bench *bench, const char *name,
		       struct mmdb_file *file)
{
	mmdb_seal(file);
	write_bytes(bench, name, file->bytes, file->len);
	mmdb_done(file);
}

/* Countries and systems, in a file each. */
static void write_databases(struct bench *bench)
{
	struct mmdb_file file;

	mmdb_init(&file, 6, 28);
	mmdb_put_text(&file, "203.0.113.0/24", mmdb_country(&file, "CN"));
	mmdb_put_text(&file, "2001:db8:c::/48", mmdb_country(&file, "CN"));
	mmdb_put_text(&file, "198.51.100.0/24", mmdb_country(&file, "DE"));
	write_mmdb(bench, "c.mmdb", &file);
	mmdb_init(&file, 6, 28);
	file.type = "Test-ASN";
	mmdb_put_text(&file, "203.0.113.0/25", mmdb_asn(&file, 64496));
	mmdb_put_text(&file, "198.51.100.0/24", mmdb_asn(&file, 64497));
	write_mmdb(bench, "a.mmdb", &file);
}

/* Prepare a document of these sources (D/ is the directory) and this rule. */
static void prepare(struct bench *bench, const char *country, const char *asn,
		    const char *source)
{
	const char *dir = bench->scratch.directory;

	drop_apply(bench);
	bench->apply.len = (size_t)asprintf(
		&bench->apply.text,
		"version: 1\ngeo: {country: %s%s, asn: %s%s}\n"
		"rules:\n- {id: a, action: drop, source: %s}\n",
		*country ? dir : "", *country ? country : "[]", *asn ? dir : "",
		*asn ? asn : "[]", source);
	bench->r = apply_prepare(&bench->apply);
}

/* "NAME PREFIX... (reason)" of each set. */
static void assert_sets(struct bench *bench, const char *expected)
{
	char text[1024] = "";

	if (bench->r < 0)
		fail_msg("%d: %s", bench->r, bench->apply.why);
	for (size_t i = 0; i < bench->apply.set_count; i++) {
		const struct apply_set *set = &bench->apply.sets[i];
		char prefix[PREFIX_TEXT_MAX];
		size_t used = strlen(text);

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s",
					 set->own->set.name);
		for (size_t k = 0; k < set->own->member_count; k++)
			used += (size_t)snprintf(
				text + used, sizeof(text) - used, " %s",
				prefix_to_text(&set->own->members[k], prefix));
		(void)snprintf(text + used, sizeof(text) - used, " (%s)\n",
			       set->reason);
	}
	assert_string_equal(text, expected);
}

static void assert_refused(struct bench *bench, int r, const char *why)
{
	assert_int_equal(bench->r, r);
	if (!strstr(bench->apply.why, why))
		fail_msg("\"%s\" is not \"%s\"", bench->apply.why, why);
}

static void databases_give_all_sets_in_one_reading(void **state)
{
	struct bench *bench = *state;

	write_databases(bench);
	prepare(bench, "/c.mmdb", "/a.mmdb", "[geo:CN, geo:DE, asn:64496]");
	assert_sets(bench, "asn:64496 203.0.113.0/25 (policy: Test-ASN built "
			   "2026-10-26)\n"
			   "geo:CN 203.0.113.0/24 2001:db8:c::/48 (policy: "
			   "Test-Country built 2026-10-26)\n"
			   "geo:DE 198.51.100.0/24 (policy: Test-Country built "
			   "2026-10-26)\n");
	assert_true(bench->apply.sets[0].is_changed);
}

static void folders_have_a_list_for_each_country(void **state)
{
	struct bench *bench = *state;

	make_folder(bench, "folder");
	make_folder(bench, "folder/ipv4");
	make_folder(bench, "folder/ipv6");
	write_text(bench, "folder/ipv4/cn.cidr", "203.0.113.0/24\n");
	write_text(bench, "folder/ipv6/cn.cidr", "2001:db8:c::/48\n");
	write_text(bench, "folder/de.txt", "no list, and not read\n");
	write_text(bench, "folder/LICENSE", "as you like\n");
	prepare(bench, "/folder", "", "geo:CN");
	assert_sets(bench, "geo:CN 203.0.113.0/24 2001:db8:c::/48 (policy: "
			   "cn.cidr written 2026-10-26)\n");
	prepare(bench, "/folder", "", "geo:DE");
	assert_refused(bench, -EBADMSG, "/de.txt, line 1: not an address");
	prepare(bench, "/folder", "", "geo:FR");
	assert_refused(bench, -ENOENT,
		       "4:33: no network of geo:FR is in the files of "
		       "\"geo: {country: ...}\"");
	assert_refused(bench, -ENOENT, "they list 2 countries: CN, DE");
	prepare(bench, "/folder/ipv6/../ipv4", "", "geo:CN");
	assert_int_equal(bench->r, 0);
}

static void a_list_has_its_country_in_its_name(void **state)
{
	struct bench *bench = *state;

	write_text(bench, "cn.cidr", "# China\n203.0.113.0/24\n203.0.113.0\n");
	write_text(bench, "list.txt", "203.0.113.0/24\n");
	prepare(bench, "/cn.cidr", "", "geo:CN");
	assert_sets(bench, "geo:CN 203.0.113.0/24 203.0.113.0 (policy: "
			   "cn.cidr written 2026-10-26)\n");
	prepare(bench, "/list.txt", "", "geo:CN");
	assert_refused(bench, -EINVAL, "nor the list of a country");
}

static void tables_of_systems_may_be_compressed(void **state)
{
	static const char table[] = "203.0.113.0,203.0.113.191,64496\n"
				    "198.51.100.0,198.51.100.255,64497\n";
	struct bench *bench = *state;
	char path[PATH_ROOM];
	gzFile out;

	write_text(bench, "a.csv", table);
	prepare(bench, "", "/a.csv", "asn:64496");
	assert_sets(bench, "asn:64496 203.0.113.0/25 203.0.113.128/26 (policy: "
			   "a.csv written 2026-10-26)\n");
	(void)snprintf(path, sizeof(path), "%s/a.csv.gz",
		       bench->scratch.directory);
	out = gzopen(path, "we");
	assert_non_null(out);
	assert_int_equal(gzwrite(out, table, sizeof(table) - 1),
			 sizeof(table) - 1);
	assert_int_equal(gzclose(out), Z_OK);
	prepare(bench, "", "/a.csv.gz", "asn:64497");
	assert_int_equal(bench->r, 0);
	assert_int_equal(bench->apply.sets[0].own->member_count, 1);
	write_text(bench, "a.csv", "203.0.113.0,64496\nwhat\n");
	prepare(bench, "", "/a.csv", "asn:64496");
	assert_refused(bench, -EBADMSG, "/a.csv, line 2: not an address");
}

static void what_no_file_lists_is_refused(void **state)
{
	struct bench *bench = *state;

	write_databases(bench);
	prepare(bench, "/c.mmdb", "", "[geo:CN, geo:KP]");
	assert_refused(bench, -ENOENT, "4:42: no network of geo:KP");
	assert_refused(bench, -ENOENT, "they list 2 countries: CN, DE");
	prepare(bench, "/c.mmdb", "/a.mmdb", "asn:7");
	assert_refused(bench, -ENOENT, "4:33: no network of asn:7");
}

static void files_that_are_none_are_refused(void **state)
{
	struct bench *bench = *state;

	write_databases(bench);
	prepare(bench, "/gone.mmdb", "", "geo:CN");
	assert_refused(bench, -ENOENT, "/gone.mmdb: No such file");
	prepare(bench, "/gone", "", "geo:CN");
	assert_refused(bench, -EINVAL, "/gone: neither a database");
	prepare(bench, "/a.mmdb", "", "geo:CN");
	assert_refused(bench, -ENODATA, "no record of it has country.iso_code");
	write_text(bench, "c.mmdb", "203.0.113.0/24\n");
	prepare(bench, "/c.mmdb", "", "geo:CN");
	assert_refused(bench, -EBADMSG, "/c.mmdb: not a MaxMind DB file");
	write_text(bench, "c.mmdb", "");
	prepare(bench, "/c.mmdb", "", "geo:CN");
	assert_refused(bench, -ENODATA, "/c.mmdb: it is empty");
	make_folder(bench, "folder");
	prepare(bench, "/folder", "", "geo:CN");
	assert_refused(bench, -ENOENT, "no list of a country is in it");
	prepare(bench, "", "/folder", "asn:7");
	assert_refused(bench, -EINVAL, "/folder: not a file");
}

static void what_nobody_names_is_not_read(void **state)
{
	struct bench *bench = *state;

	write_databases(bench);
	prepare(bench, "/gone.mmdb", "/a.mmdb", "asn:64496");
	assert_int_equal(bench->r, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(databases_give_all_sets_in_one_reading),
		TEST(folders_have_a_list_for_each_country),
		TEST(a_list_has_its_country_in_its_name),
		TEST(tables_of_systems_may_be_compressed),
		TEST(what_no_file_lists_is_refused),
		TEST(files_that_are_none_are_refused),
		TEST(what_nobody_names_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
