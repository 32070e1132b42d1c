// SPDX-License-Identifier: GPL-2.0-or-later
/* Folders and files of rules: which are taken, and what is said of others. */
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

#include "daemon/rulebook.h"
#include "rules/detect/language.h"

#define PATH_ROOM 128

static const char good[] = "version: 1\n"
			   "rules:\n"
			   "  - name: odd\n"
			   "    event: exec\n"
			   "    action: alert\n"
			   "    match: {image: \"/odd\"}\n";
static const char unmet[] =
	"title: of another system\n"
	"logsource: {product: windows, category: registry_set}\n"
	"detection: {a: {TargetObject: x}, condition: a}\n";
static const char broken[] = "version: 1\nrules: [\n";

struct stand {
	char folder[32];
	struct rulebook *book;
};

static void path_of(const struct stand *stand, const char *name,
		    char path[PATH_ROOM])
{
	(void)snprintf(path, PATH_ROOM, "%s/%s", stand->folder, name);
}

static void put(const struct stand *stand, const char *name, const char *text)
{
	char path[PATH_ROOM];
	FILE *file;

	path_of(stand, name, path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static void set_mode(const struct stand *stand, const char *name, mode_t mode)
{
	char path[PATH_ROOM];

	path_of(stand, name, path);
	assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state)
{
	static struct stand stand;

	stand = (struct stand){.folder = "/tmp/fw-rulebook-XXXXXX"};
	assert_non_null(mkdtemp(stand.folder));
	put(&stand, "good.yml", good);
	*state = &stand;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"good.yml",	  "unmet.yml", "broken.yml",
		"above.yml",	  "long.yml",  "link.yml",
		"below/good.yml", "below",     "",
	};
	struct stand *stand = *state;
	char path[PATH_ROOM];

	rulebook_free(TAKE(stand->book));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		path_of(stand, names[i], path);
		(void)remove(path);
	}
	return 0;
}

static const struct rulebook *read_from(struct stand *stand,
					const char *shipped, const char *own,
					bool may_lack_own)
{
	const struct rulebook_order order = {
		.shipped = shipped,
		.own = own,
		.may_lack_own = may_lack_own,
		.resolvers = "",
	};
	char note[RULEBOOK_NOTE_MAX];

	rulebook_free(TAKE(stand->book));
	assert_int_equal(rulebook_read(&order, &stand->book, note), 0);
	return stand->book;
}

static const struct rulebook *read_own(struct stand *stand)
{
	return read_from(stand, "", stand->folder, false);
}

static void assert_said(const char *note, const char *words)
{
	if (!strstr(note, words))
		fail_msg("expected \"%s\" in: %s", words, note);
}

static void a_folder_of_ours_is_taken(void **state)
{
	const struct rulebook *book = read_own(*state);

	assert_int_equal(book->rule_count, 1);
	assert_int_equal(book->refused, 0);
	assert_string_equal(book->folder_note, "");
}

static void what_no_sensor_has_is_counted_and_not_broken(void **state)
{
	struct stand *stand = *state;
	const struct rulebook *book;

	put(stand, "unmet.yml", unmet);
	book = read_own(stand);
	assert_int_equal(book->refused, 1);
	assert_int_equal(book->broken, 0);
	assert_said(book->refused_note, "unmet.yml:");
}

static void what_is_no_file_or_too_long_is_broken(void **state)
{
	static char text[DETECT_BYTES_MAX + 2];
	struct stand *stand = *state;
	const struct rulebook *book;
	char path[PATH_ROOM];

	memset(text, '\n', sizeof(text) - 1);
	put(stand, "long.yml", text);
	assert_int_equal(read_own(stand)->broken, 1);
	path_of(stand, "link.yml", path);
	assert_int_equal(symlink("/", path), 0);
	book = read_own(stand);
	assert_int_equal(book->refused, 2);
	assert_int_equal(book->broken, 2);
	assert_said(book->refused_note, "link.yml:");
}

static void the_first_that_is_broken_is_named(void **state)
{
	struct stand *stand = *state;
	const struct rulebook *book;

	put(stand, "above.yml", unmet);
	put(stand, "broken.yml", broken);
	set_mode(stand, "good.yml", 0666);
	book = read_own(stand);
	assert_int_equal(book->refused, 3);
	assert_int_equal(book->broken, 2);
	assert_said(book->refused_note, "broken.yml:");
}

static void a_folder_that_is_missing_is_named(void **state)
{
	struct stand *stand = *state;
	const struct rulebook *book =
		read_from(stand, stand->folder, "/none/own", false);

	assert_string_equal(book->folder_note, "/none/own: it is not there");
	assert_int_equal(book->rule_count, 1);
	assert_int_equal(book->refused, 0);
	book = read_from(stand, "/none/shipped", "/none/own", false);
	assert_string_equal(book->folder_note,
			    "/none/shipped: it is not there; "
			    "/none/own: it is not there");
	book = read_from(stand, "", "/none/own", true);
	assert_string_equal(book->folder_note, "");
	book = read_from(stand, "/none/shipped", "/none/own", true);
	assert_string_equal(book->folder_note,
			    "/none/shipped: it is not there");
}

static void a_folder_that_others_may_write_is_left(void **state)
{
	struct stand *stand = *state;
	const struct rulebook *book;

	assert_int_equal(chmod(stand->folder, 0777), 0);
	book = read_own(stand);
	assert_int_equal(book->rule_count, 0);
	assert_said(book->folder_note, stand->folder);
	assert_said(book->folder_note, "mode 0777");
	assert_said(book->folder_note, "nobody else may write to");
	assert_int_equal(chmod(stand->folder, 0755), 0);
	assert_int_equal(read_own(stand)->rule_count, 1);
}

static void a_file_that_others_may_write_is_refused(void **state)
{
	struct stand *stand = *state;
	const struct rulebook *book;

	set_mode(stand, "good.yml", 0666);
	book = read_own(stand);
	assert_int_equal(book->rule_count, 0);
	assert_int_equal(book->broken, 1);
	assert_said(book->refused_note, "good.yml: others may change it");
}

static void a_file_in_a_folder_of_others_is_refused(void **state)
{
	struct stand *stand = *state;
	const struct rulebook *book;
	char path[PATH_ROOM];

	path_of(stand, "below", path);
	assert_int_equal(mkdir(path, 0700), 0);
	put(stand, "below/good.yml", good);
	assert_int_equal(read_own(stand)->rule_count, 2);
	assert_int_equal(chmod(path, 0770), 0);
	book = read_own(stand);
	assert_int_equal(book->rule_count, 1);
	assert_said(book->refused_note, "/below: others may change it");
	if (geteuid() != 0)
		return;
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_said(read_own(stand)->refused_note, "(user 65534, mode 0700)");
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_folder_of_ours_is_taken),
		test(what_no_sensor_has_is_counted_and_not_broken),
		test(what_is_no_file_or_too_long_is_broken),
		test(the_first_that_is_broken_is_named),
		test(a_folder_that_is_missing_is_named),
		test(a_folder_that_others_may_write_is_left),
		test(a_file_that_others_may_write_is_refused),
		test(a_file_in_a_folder_of_others_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
