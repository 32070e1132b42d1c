// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of Falco and of the journal, as events. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/heard.h"
#include "rules/base.h"
#include "rules/wire.h"

typedef int heard_fn(const char *line, size_t len, json_t **ret_event,
		     char *ret_why);

static void assert_heard(heard_fn *read, const char *line, const char *expected)
{
	char why[HEARD_WHY_MAX] = "";
	json_t *event = NULL;
	char *text;

	if (read(line, strlen(line), &event, why) < 0)
		fail_msg("%s: %s", line, why);
	text = event ? json_dumps(event, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	assert_string_equal(text ? text : "", expected);
	free(text);
	json_decref(event);
}

static void assert_refused(heard_fn *read, const char *line, const char *what)
{
	char why[HEARD_WHY_MAX] = "";
	json_t *event = NULL;

	assert_int_equal(read(line, strlen(line), &event, why), -EINVAL);
	assert_null(event);
	assert_non_null(strstr(why, what));
}

static void falco_says_who_and_with_whom(void **state)
{
	(void)state;
	assert_heard(
		heard_falco,
		"{\"hostname\":\"h\",\"output\":\"a shell\",\"priority\":"
		"\"Notice\",\"rule\":\"Shell\",\"source\":\"syscall\","
		"\"tags\":[\"shell\"],\"time\":\"2026-01-01T00:00:00Z\","
		"\"output_fields\":{\"proc.exepath\":\"/usr/bin/dash\","
		"\"proc.cmdline\":\"sh -i\",\"proc.pid\":4242,"
		"\"user.name\":\"www-data\",\"container.id\":\"4f1a\","
		"\"fd.rip\":\"198.51.100.7\",\"fd.rport\":4444,"
		"\"fd.sip\":\"192.0.2.1\",\"evt.time\":1}}",
		"{\"command_line\":\"sh -i\",\"container\":\"4f1a\","
		"\"image\":\"/usr/bin/dash\",\"line\":\"Notice Shell: a "
		"shell\",\"peer\":\"198.51.100.7\",\"peer_port\":4444,"
		"\"pid\":4242,\"service\":\"falco\",\"user\":\"www-data\"}");
}

/* The server of a connection is the other end only for who connects. */
static void the_server_is_the_peer_of_who_connects(void **state)
{
	(void)state;
	assert_heard(heard_falco,
		     "{\"output\":\"o\",\"priority\":\"Error\",\"rule\":\"r\","
		     "\"output_fields\":{\"evt.type\":\"connect\","
		     "\"fd.sip\":\"2001:db8::7\",\"fd.sport\":443}}",
		     "{\"line\":\"Error r: o\",\"peer\":\"2001:db8::7\","
		     "\"peer_port\":443,\"service\":\"falco\"}");
	assert_heard(heard_falco,
		     "{\"output\":\"o\",\"priority\":\"Error\",\"rule\":\"r\","
		     "\"output_fields\":{\"evt.type\":\"accept4\","
		     "\"fd.sip\":\"192.0.2.1\",\"fd.sport\":443}}",
		     "{\"line\":\"Error r: o\",\"service\":\"falco\"}");
}

static void fields_of_other_kinds_are_left_out(void **state)
{
	(void)state;
	assert_heard(heard_falco,
		     "{\"output\":7,\"priority\":\"Error\",\"rule\":\"r\","
		     "\"output_fields\":{\"proc.exepath\":null,"
		     "\"proc.pid\":-3,\"container.id\":\"host\","
		     "\"fd.rip\":\"198.51.100.0/24\",\"fd.rport\":99999}}",
		     "{\"line\":\"Error r: \",\"service\":\"falco\"}");
	assert_heard(heard_falco,
		     "{\"output\":\"o\",\"priority\":\"Error\",\"rule\":\"r\","
		     "\"output_fields\":[1]}",
		     "{\"line\":\"Error r: o\",\"service\":\"falco\"}");
}

static void a_line_that_is_not_falcos_is_refused(void **state)
{
	(void)state;
	assert_refused(heard_falco, "16:31:56.7: Notice a shell", "JSON");
	assert_refused(heard_falco, "[]", "object");
	assert_refused(heard_falco, "{\"rule\":\"r\"}", "priority");
	assert_refused(heard_falco, "{\"priority\":\"Error\",\"rule\":5}",
		       "rule");
}

static void the_journal_says_who_wrote(void **state)
{
	(void)state;
	assert_heard(heard_journal,
		     "{\"MESSAGE\":\"Failed password for root\","
		     "\"SYSLOG_IDENTIFIER\":\"sshd\",\"_COMM\":\"sshd\","
		     "\"_EXE\":\"/usr/sbin/sshd\",\"_PID\":\"77\","
		     "\"_SYSTEMD_UNIT\":\"ssh.service\"}",
		     "{\"image\":\"/usr/sbin/sshd\",\"line\":\"Failed password "
		     "for root\",\"pid\":77,\"service\":\"sshd\",\"unit\":"
		     "\"ssh.service\"}");
	assert_heard(heard_journal,
		     "{\"MESSAGE\":\"m\",\"_COMM\":\"cron\",\"_PID\":\"x\"}",
		     "{\"line\":\"m\",\"service\":\"cron\"}");
	assert_heard(heard_journal,
		     "{\"MESSAGE\":\"m\",\"SYSLOG_IDENTIFIER\":\"falco\"}",
		     "{\"line\":\"m\",\"service\":\"falco of the journal\"}");
}

static void a_message_that_is_bytes_is_a_text(void **state)
{
	(void)state;
	assert_heard(heard_journal,
		     "{\"MESSAGE\":[104,105,255,10,92],\"_COMM\":\"c\"}",
		     "{\"line\":\"hi\\\\xff\\\\x0a\\\\\",\"service\":\"c\"}");
}

static void an_entry_without_a_message_says_nothing(void **state)
{
	(void)state;
	assert_heard(heard_journal, "{\"MESSAGE\":null,\"_COMM\":\"c\"}", "");
	assert_heard(heard_journal, "{\"_COMM\":\"c\"}", "");
	assert_heard(heard_journal, "{\"MESSAGE\":\"m\"}", "");
	assert_refused(heard_journal, "Nov 30 07:36:07 h sshd[1]: m", "JSON");
}

static void long_texts_are_cut_at_a_letter(void **state)
{
	enum {
		LETTERS = WIRE_HEARD_TEXT_MAX
	};
	static char line[2 * LETTERS + 64];
	char why[HEARD_WHY_MAX] = "";
	json_t *event = NULL;
	size_t len = 0;

	(void)state;
	len += (size_t)snprintf(line, sizeof(line), "{\"MESSAGE\":\"x");
	for (int i = 0; i < LETTERS; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len,
					"\xc3\xa4");
	(void)snprintf(line + len, sizeof(line) - len, "\",\"_COMM\":\"c\"}");
	assert_int_equal(heard_journal(line, strlen(line), &event, why), 0);
	assert_int_equal(json_string_length(json_object_get(event, "line")),
			 WIRE_HEARD_TEXT_MAX - 1);
	json_decref(event);
}

static void bytes_are_those_of_all_texts(void **state)
{
	json_t *event = json_pack("{s:s, s:s, s:i}", "line", "abc", "service",
				  "de", "pid", 12345);

	(void)state;
	assert_int_equal(heard_bytes(event), 5);
	json_decref(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(falco_says_who_and_with_whom),
		cmocka_unit_test(the_server_is_the_peer_of_who_connects),
		cmocka_unit_test(fields_of_other_kinds_are_left_out),
		cmocka_unit_test(a_line_that_is_not_falcos_is_refused),
		cmocka_unit_test(the_journal_says_who_wrote),
		cmocka_unit_test(a_message_that_is_bytes_is_a_text),
		cmocka_unit_test(an_entry_without_a_message_says_nothing),
		cmocka_unit_test(long_texts_are_cut_at_a_letter),
		cmocka_unit_test(bytes_are_those_of_all_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
