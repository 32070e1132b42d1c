// SPDX-License-Identifier: GPL-2.0-or-later
/* fwd.yml, good and bad, and what reload and --set make of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config.h"

#define LONGEST (CONFIG_PATH_MAX - 1)

struct desk {
	char path[32];
	struct config config;
	char note[CONFIG_NOTE_MAX];
};

static int setup(void **state)
{
	static struct desk desk;
	int fd;

	desk = (struct desk){
		.path = "/tmp/fw-config-XXXXXX",
		.config = config_defaults,
		.note = "left from before",
	};
	fd = mkstemp(desk.path);
	assert_true(fd >= 0);
	(void)close(fd);
	*state = &desk;
	return 0;
}

static int teardown(void **state)
{
	struct desk *desk = *state;

	(void)unlink(desk->path);
	return 0;
}

static void write_bytes(const struct desk *desk, const char *text, size_t len)
{
	FILE *file = fopen(desk->path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static int read_text(struct desk *desk, const char *text)
{
	write_bytes(desk, text, strlen(text));
	return config_read(desk->path, false, &desk->config, desk->note);
}

static int reload_text(struct desk *desk, const char *text)
{
	write_bytes(desk, text, strlen(text));
	return config_read(desk->path, true, &desk->config, desk->note);
}

static void assert_noted(const struct desk *desk, const char *words)
{
	if (!strstr(desk->note, words))
		fail_msg("expected \"%s\" in: %s", words, desk->note);
}

/* Refused with this line and these words, and nothing has changed. */
static void assert_refused(struct desk *desk, const char *text,
			   unsigned int line, const char *words)
{
	const struct config before = desk->config;
	char where[64];

	assert_int_equal(read_text(desk, text), -EINVAL);
	(void)snprintf(where, sizeof(where), "%s:%u: ", desk->path, line);
	assert_noted(desk, where);
	assert_noted(desk, words);
	assert_memory_equal(&desk->config, &before, sizeof(before));
}

static void every_item_of_a_file_is_taken(void **state)
{
	struct desk *desk = *state;
	const struct config *config = &desk->config;

	assert_int_equal(read_text(desk, "# all of them\n"
					 "state_dir: /s\n"
					 "pin_dir: \"/p\"\n"
					 "socket: '/c'\n"
					 "change_group: g\n"
					 "view_group: v\n"
					 "store_mib: 8\n"
					 "hosts4: 1\n"
					 "blocks4: 2\n"
					 "entries6: 3\n"
					 "events_per_second: 0\n"
					 "cpu_latency_us: 20\n"
					 "log_level: debug\n"
					 "allow_shared: true\n"
					 "realtime: false\n"
					 "sandbox: false # for now\n"),
			 0);
	assert_string_equal(desk->note, "");
	assert_string_equal(config->state_dir, "/s");
	assert_string_equal(config->pin_dir, "/p");
	assert_string_equal(config->socket, "/c");
	assert_string_equal(config->change_group, "g");
	assert_string_equal(config->view_group, "v");
	assert_int_equal(config->store_mib, 8);
	assert_int_equal(config->hosts4, 1);
	assert_int_equal(config->blocks4, 2);
	assert_int_equal(config->entries6, 3);
	assert_int_equal(config->events_per_second, 0);
	assert_int_equal(config->cpu_latency_us, 20);
	assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
	assert_true(config->allow_shared);
	assert_false(config->realtime);
	assert_false(config->sandbox);
}

static void what_a_file_does_not_name_stays(void **state)
{
	struct desk *desk = *state;
	struct config expected = config_defaults;

	expected.hosts4 = 77;
	expected.blocks4 = 88; /* set before */
	desk->config.blocks4 = 88;
	assert_int_equal(read_text(desk, "hosts4: 77\n"), 0);
	assert_memory_equal(&desk->config, &expected, sizeof(expected));
}

static void a_file_that_says_nothing_changes_nothing(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(read_text(desk, ""), 0);
	assert_int_equal(read_text(desk, "\n# hosts4: 5\n\n"), 0);
	assert_int_equal(read_text(desk, "{}"), 0);
	assert_memory_equal(&desk->config, &config_defaults,
			    sizeof(config_defaults));
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(config_read("/nonexistent/fwd.yml", false,
				     &desk->config, desk->note),
			 -ENOENT);
	assert_noted(desk, "/nonexistent/fwd.yml: No such file");
}

static void a_directory_is_no_file(void **state)
{
	struct desk *desk = *state;

	assert_true(config_read("/tmp", false, &desk->config, desk->note) < 0);
	assert_noted(desk, "/tmp");
}

static void an_unknown_item_is_refused_by_name(void **state)
{
	assert_refused(*state, "hosts4: 5\nhosts: 6\n", 2,
		       "unknown item \"hosts\"");
	assert_refused(*state, "Hosts4: 5\n", 1, "unknown item \"Hosts4\"");
}

static void an_item_given_twice_is_refused(void **state)
{
	assert_refused(*state, "hosts4: 5\nblocks4: 5\nhosts4: 5\n", 3,
		       "twice");
}

static void what_is_no_plain_value_is_refused(void **state)
{
	assert_refused(*state, "hosts4: 5\nsocket: [a, b]\n", 2, "plain value");
	assert_refused(*state, "hosts4: 5\nsocket:\n  - a\n", 3, "plain value");
	assert_refused(*state, "socket: {a: b}\n", 1, "plain value");
}

static void anchors_and_what_refers_to_them_are_refused(void **state)
{
	assert_refused(*state, "hosts4: &a 5\nblocks4: 6\n", 1, "plain value");
	assert_refused(*state, "\nhosts4: 5\nblocks4: *a\n", 3, "plain value");
	assert_refused(*state, "&a hosts4: 5\n", 1, "name: value");
}

static void what_is_no_mapping_is_refused(void **state)
{
	assert_refused(*state, "- hosts4: 5\n", 1, "name: value");
	assert_refused(*state, "\n\njust words\n", 3, "name: value");
}

static void a_second_document_is_refused(void **state)
{
	assert_refused(*state, "hosts4: 5\n---\nblocks4: 6\n", 2,
		       "nothing after");
	assert_refused(*state, "hosts4: 5\n...\nblocks4: 6\n", 3,
		       "nothing after");
}

static void what_is_no_yaml_is_refused_with_its_line(void **state)
{
	assert_refused(*state, "hosts4: 5\nsocket: \"abc\n", 3, "");
	assert_refused(*state, "hosts4: 5\n\tblocks4: 6\n", 2, "");
	assert_refused(*state, "hosts4: 5\n- blocks4\n", 2, "");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	struct desk *desk = *state;
	static const char bytes[] = "hosts4: 5\nsocket: a\0b\n";

	write_bytes(desk, bytes, sizeof(bytes) - 1);
	assert_int_equal(
		config_read(desk->path, false, &desk->config, desk->note),
		-EINVAL);
	assert_noted(desk, desk->path);
}

static void a_bad_number_is_refused_with_its_range(void **state)
{
	static const char *const bad[] = {
		"7",
		"65537",
		"-8",
		"+8",
		"8x",
		"x",
		"8.5",
		"1e3",
		"0x10",
		"",
		"~",
		"8 9",
		"1000000000000000",
		"18446744073709551624",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char text[64], said[80];

		(void)snprintf(text, sizeof(text), "\nstore_mib: %s\n", bad[i]);
		(void)snprintf(said, sizeof(said),
			       "\"%s\" is not a number from 8 to 65536",
			       bad[i]);
		assert_refused(*state, text, 2, said);
	}
}

static void the_ends_of_a_range_belong_to_it(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(read_text(desk, "store_mib: 8\n"), 0);
	assert_int_equal(desk->config.store_mib, 8);
	assert_int_equal(read_text(desk, "store_mib: 65536\n"), 0);
	assert_int_equal(desk->config.store_mib, 65536);
}

static void only_true_and_false_are_truths(void **state)
{
	assert_refused(*state, "sandbox: yes\n", 1, "\"yes\" is neither");
	assert_refused(*state, "sandbox: True\n", 1, "\"True\" is neither");
	assert_refused(*state, "sandbox: 1\n", 1, "\"1\" is neither");
}

static void an_unknown_log_level_is_refused(void **state)
{
	assert_refused(*state, "log_level: loud\n", 1, "\"loud\" is not err");
}

static void a_text_is_refused_when_empty_or_too_long(void **state)
{
	struct desk *desk = *state;
	char text[CONFIG_PATH_MAX + 32];

	assert_refused(desk, "socket:\n", 1, "1 to 199 bytes");
	(void)snprintf(text, sizeof(text), "socket: /%0*d\n", LONGEST, 0);
	assert_refused(desk, text, 1, "1 to 199 bytes");
	(void)snprintf(text, sizeof(text), "socket: /%0*d\n", LONGEST - 1, 0);
	assert_int_equal(read_text(desk, text), 0);
	assert_int_equal(strlen(desk->config.socket), LONGEST);
}

static void a_text_that_is_not_of_its_form_is_refused(void **state)
{
	struct desk *desk = *state;

	assert_refused(desk, "alert_file: foo\n", 1,
		       "\"foo\" is not a path from / on, - or none");
	assert_refused(desk, "sensor: true\nalert_syslog: localhost:514\n", 2,
		       "\"localhost:514\" is not a path from / on, "
		       "udp:ADDR:PORT with a literal address, or none");
	assert_refused(desk, "alert_syslog: udp:localhost:514\n", 1,
		       "literal address");
	assert_refused(desk, "exec_denylist: denied\n", 1,
		       "\"denied\" is not a path");
	assert_refused(desk, "exec_denylist_places: tmp\n", 1,
		       "\"tmp\" is not paths from / on");
	assert_refused(desk, "exec_denylist_places: /,tmp\n", 1,
		       "\"/,tmp\" is not paths");
	assert_refused(desk, "exec_denylist_places: \"/,\"\n", 1,
		       "\"/,\" is not paths");
	assert_refused(desk,
		       "exec_denylist_places: "
		       "/,/,/,/,/,/,/,/,/,/,/,/,/,/,/,/,/\n",
		       1, "at most 16");
}

static void texts_of_their_form_are_taken(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(read_text(desk,
				   "alert_file: \"-\"\n"
				   "alert_syslog: udp:192.0.2.1:514\n"
				   "exec_denylist: /etc/denied\n"
				   "exec_denylist_places: "
				   "/,/,/,/,/,/,/,/,/,/,/,/,/,/,/,/tmp\n"),
			 0);
	assert_int_equal(read_text(desk, "alert_file: none\n"
					 "alert_syslog: /dev/log\n"
					 "exec_denylist: none\n"),
			 0);
}

static void a_file_of_far_too_many_lines_is_refused(void **state)
{
	char text[80 * 16];
	int len = 0;

	for (int i = 0; i < 80; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"a%d: 1\n", i);
	assert_refused(*state, text, 65, "too many");
}

static void a_reload_takes_what_can_change_while_running(void **state)
{
	struct desk *desk = *state;
	struct config expected = config_defaults;

	expected.events_per_second = 7;
	expected.log_level = LOG_LEVEL_ERR;
	assert_int_equal(reload_text(desk, "events_per_second: 7\n"
					   "log_level: err\n"
					   "hosts4: 1500000\n"),
			 0);
	assert_string_equal(desk->note, "");
	assert_memory_equal(&desk->config, &expected, sizeof(expected));
}

static void a_reload_names_what_has_to_wait_for_a_start(void **state)
{
	struct desk *desk = *state;
	struct config expected = config_defaults;

	expected.log_level = LOG_LEVEL_INFO;
	assert_int_equal(reload_text(desk, "hosts4: 9\n"
					   "log_level: info\n"
					   "blocks4: 400000\n"
					   "sandbox: false\n"
					   "socket: /elsewhere\n"),
			 0);
	assert_noted(desk, "hosts4");
	assert_noted(desk, "sandbox");
	assert_noted(desk, "socket");
	assert_null(strstr(desk->note, "log_level"));
	assert_null(strstr(desk->note, "blocks4"));
	assert_memory_equal(&desk->config, &expected, sizeof(expected));
}

static void a_reload_refuses_what_a_start_refuses(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(reload_text(desk, "log_level: err\nhosts4: x\n"),
			 -EINVAL);
	assert_noted(desk, ":2: \"x\" is not a number");
	assert_int_equal(desk->config.log_level, config_defaults.log_level);
}

static void the_command_line_sets_one_item(void **state)
{
	struct desk *desk = *state;
	struct config expected = config_defaults;

	expected.hosts4 = 12;
	memcpy(expected.socket, "a=b", sizeof("a=b"));
	assert_int_equal(config_set("hosts4=12", &desk->config, desk->note), 0);
	assert_int_equal(config_set("socket=a=b", &desk->config, desk->note),
			 0);
	assert_memory_equal(&desk->config.hosts4, &expected.hosts4,
			    sizeof(expected.hosts4));
	assert_string_equal(desk->config.socket, "a=b");
}

static void assert_set_refused(struct desk *desk, const char *assignment,
			       const char *words)
{
	const struct config before = desk->config;

	assert_int_equal(config_set(assignment, &desk->config, desk->note),
			 -EINVAL);
	assert_noted(desk, words);
	assert_memory_equal(&desk->config, &before, sizeof(before));
}

static void the_command_line_is_refused_by_name(void **state)
{
	assert_set_refused(*state, "hosts=12", "--set \"hosts=12\": expected");
	assert_set_refused(*state, "hosts4", "--set \"hosts4\": expected");
	assert_set_refused(*state, "=5", "--set \"=5\": expected");
	assert_set_refused(*state, "", "expected NAME=VALUE");
	assert_set_refused(*state, "hosts4=", "--set hosts4: \"\" is not");
	assert_set_refused(*state, "hosts4=0", "--set hosts4: \"0\" is not");
	assert_set_refused(*state,
			   "a_name_that_is_longer_than_any_of_the_names_that_"
			   "there_are_by_far=1",
			   "expected NAME=VALUE");
}

static void help_has_each_item_with_its_default(void **state)
{
	static const char *const lines[] = {
		"allow_shared",	     "default: false",
		"blocks4",	     "default: 400000",
		"log_level",	     "default: notice",
		"state_dir",	     "default: /var/lib/portcullis",
		"reload applies it",
	};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	config_help(out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (!strstr(text, lines[i]))
			fail_msg("no \"%s\" in the help", lines[i]);
	free(text);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void watched_paths_are_absolute(void **state)
{
	struct desk *desk = *state;

	assert_refused(desk, "sensor_paths: keys\n", 1, "paths from / on");
	assert_refused(desk, "sensor_paths: /a,b\n", 1, "paths from / on");
	assert_refused(desk, "sensor_paths: /a,\n", 1, "paths from / on");
	assert_int_equal(read_text(desk, "sensor_paths: /a,/b/\n"), 0);
	assert_string_equal(desk->config.sensor_paths, "/a,/b/");
	assert_int_equal(read_text(desk, "sensor_paths: /srv/a\n"), 0);
	assert_int_equal(reload_text(desk, "sensor_paths: /srv/b\n"), 0);
	assert_noted(desk, "sensor_paths");
	assert_int_equal(read_text(desk, "sensor_paths: none\n"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(every_item_of_a_file_is_taken),
		test(what_a_file_does_not_name_stays),
		test(a_file_that_says_nothing_changes_nothing),
		test(a_file_that_is_not_there_is_named),
		test(a_directory_is_no_file),
		test(an_unknown_item_is_refused_by_name),
		test(an_item_given_twice_is_refused),
		test(what_is_no_plain_value_is_refused),
		test(anchors_and_what_refers_to_them_are_refused),
		test(what_is_no_mapping_is_refused),
		test(a_second_document_is_refused),
		test(what_is_no_yaml_is_refused_with_its_line),
		test(bytes_that_are_no_text_are_refused),
		test(a_bad_number_is_refused_with_its_range),
		test(the_ends_of_a_range_belong_to_it),
		test(only_true_and_false_are_truths),
		test(an_unknown_log_level_is_refused),
		test(a_text_is_refused_when_empty_or_too_long),
		test(a_text_that_is_not_of_its_form_is_refused),
		test(texts_of_their_form_are_taken),
		test(a_file_of_far_too_many_lines_is_refused),
		test(a_reload_takes_what_can_change_while_running),
		test(a_reload_names_what_has_to_wait_for_a_start),
		test(a_reload_refuses_what_a_start_refuses),
		test(the_command_line_sets_one_item),
		test(the_command_line_is_refused_by_name),
		test(help_has_each_item_with_its_default),
		test(watched_paths_are_absolute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
