// SPDX-License-Identifier: GPL-2.0-or-later
/* Notices to syslog and to the journal, who are sockets of this test. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/alert/outlet_journal.h"
#include "daemon/alert/outlet_syslog.h"
#include "rules/base.h"
#include "tests/support/notices.h"

#define PID 17u

/* The pattern's id is of its text: "exec", the image, "run <n>", the peer. */
static const char expected[] =
	"<83>1 2026-11-30T04:00:00.000007Z gateway portcullis 17 alert "
	"[portcullis@32473 id=\"6e89946b-4145-540a-ad4e-5fdeac791df2\" "
	"level=\"high\" pattern=\"0aba5ae4d65bde34\" count=\"1\" pid=\"4711\" "
	"rule=\"shell\" executable=\"/bin/a\\\"\\]\\\\b\\\\xff\" "
	"peer=\"192.0.2.7\" done=\"table,cut\"] "
	"\xef\xbb\xbf"
	"A shell: exec by /bin/a\"]\\b\\xff to 192.0.2.7";

struct place {
	struct notices *notices;
	char path[64];
	int fd; /* a datagram socket at `path` */
};

static int setup(void **state)
{
	static struct place place;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(place.path, sizeof(place.path), "/tmp/syslog-test.%d",
		       (int)getpid());
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		       place.path);
	place.fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	place.notices = notices_new_fixed();
	*state = &place;
	return bind(place.fd, (const struct sockaddr *)&address,
		    sizeof(address));
}

static int teardown(void **state)
{
	struct place *place = *state;

	notices_free(place->notices);
	(void)close(place->fd);
	(void)unlink(place->path);
	return 0;
}

static const char *received(int fd)
{
	static char bytes[8192];
	ssize_t len = recv(fd, bytes, sizeof(bytes) - 1, MSG_DONTWAIT);

	bytes[len < 0 ? 0 : len] = '\0';
	return bytes;
}

static void add_syslog(struct place *place, struct outlet_syslog *syslog,
		       const char *target_text)
{
	const struct notice_outlet outlet = {
		.name = "syslog", .fn = outlet_syslog_tell, .arg = syslog};
	struct syslog_target target;

	assert_int_equal(syslog_target_from_text(target_text, &target), 0);
	assert_int_equal(outlet_syslog_open(&target, "gateway", PID, syslog),
			 0);
	notices_add_outlet(place->notices, &outlet);
}

static void where_to_is_a_path_or_a_literal_address(void **state)
{
	static const char *const wrong[] = {
		"",
		"dev/log",
		"udp:",
		"udp:192.0.2.1",
		"udp:192.0.2.1:0",
		"udp:192.0.2.1:65536",
		"udp:host.example:514",
		"udp:2001:db8::1:514",
		"udp:[2001:db8::1]",
		"udp:[192.0.2.1]:514",
		"udp:192.0.2.1:5x",
		"tcp:192.0.2.1:514",
		"udp:[]:1",
	};
	struct syslog_target target;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(syslog_target_from_text(wrong[i], &target),
				 -EINVAL);
	assert_int_equal(syslog_target_from_text("udp:192.0.2.1:514", &target),
			 0);
	assert_int_equal(target.v4.sin_port, htons(514));
	assert_int_equal(target.v4.sin_addr.s_addr, htonl(0xc0000201));
	assert_int_equal(
		syslog_target_from_text("udp:[2001:db8::1]:1514", &target), 0);
	assert_int_equal(target.v6.sin6_port, htons(1514));
	assert_int_equal(target.v6.sin6_addr.s6_addr[15], 1);
}

static void a_line_is_as_rfc_5424_has_it(void **state)
{
	struct place *place = *state;
	struct outlet_syslog syslog;

	add_syslog(place, &syslog, place->path);
	notices_put_numbered(place->notices, 7);
	(void)notices_turn(place->notices);
	assert_string_equal(received(place->fd), expected);
	outlet_syslog_close(&syslog);
}

static void udp_takes_the_same_line(void **state)
{
	struct place *place = *state;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr =
					      htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct outlet_syslog syslog;
	char target[64];

	assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(target, sizeof(target), "udp:127.0.0.1:%u",
		       ntohs(address.sin_port));
	add_syslog(place, &syslog, target);
	notices_put_numbered(place->notices, 7);
	(void)notices_turn(place->notices);
	assert_string_equal(received(fd), expected);
	(void)close(fd);
	outlet_syslog_close(&syslog);
}

static void nobody_there_is_a_loss_and_no_more(void **state)
{
	struct place *place = *state;
	struct outlet_syslog syslog;
	struct notice_counts counts;

	add_syslog(place, &syslog, "/tmp/there-is-no-such-socket");
	notices_put_numbered(place->notices, 7);
	(void)notices_turn(place->notices);
	assert_true(notices_counts(place->notices, 0, &counts));
	assert_int_equal(counts.lost, 1);
	assert_int_equal(counts.error, -ENOENT);
	outlet_syslog_close(&syslog);
}

static void one_that_does_not_read_is_not_waited_for(void **state)
{
	struct place *place = *state;
	struct outlet_journal journal;
	const struct notice_outlet outlet = {
		.name = "journal", .fn = outlet_journal_tell, .arg = &journal};
	struct notice_counts counts;
	uint64_t first;

	assert_int_equal(outlet_journal_open(place->path, &journal), 0);
	notices_add_outlet(place->notices, &outlet);
	for (uint64_t i = 0; i < 1000; i++)
		notices_put_numbered(place->notices, i);
	while (notices_turn(place->notices))
		;
	assert_true(notices_counts(place->notices, 0, &counts));
	first = counts.told;
	assert_in_range(first, 1, 999);
	assert_int_equal(counts.lost, 0);
	while (*received(place->fd))
		;
	(void)notices_turn(place->notices);
	assert_true(notices_counts(place->notices, 0, &counts));
	assert_true(counts.told > first);
	outlet_journal_close(&journal);
}

static void the_journal_is_told_fields(void **state)
{
	static const char *const lines[] = {
		"PRIORITY=3\n",
		"SYSLOG_IDENTIFIER=portcullis\n",
		"PORTCULLIS_LEVEL=high\n",
		"PORTCULLIS_COUNT=1\n",
		"PORTCULLIS_PID=4711\n",
		"PORTCULLIS_RULE_ID=shell\n",
		"PORTCULLIS_RULE=A shell\n",
		"PORTCULLIS_EXECUTABLE=/bin/a\"]\\b\\xff\n",
		"PORTCULLIS_PEER=192.0.2.7\n",
		"PORTCULLIS_DONE=table,cut\n",
		"\nMESSAGE=A shell: exec by /bin/a\"]\\b\\xff to 192.0.2.7\n",
		"PORTCULLIS_JSON={\"@timestamp\":\"2026-11-30T04:00:00.000007Z",
	};
	struct place *place = *state;
	struct outlet_journal journal;
	const struct notice_outlet outlet = {
		.name = "journal", .fn = outlet_journal_tell, .arg = &journal};
	const char *fields;

	assert_int_equal(outlet_journal_open(place->path, &journal), 0);
	notices_add_outlet(place->notices, &outlet);
	notices_put_numbered(place->notices, 7);
	(void)notices_turn(place->notices);
	fields = received(place->fd);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (!strstr(fields, lines[i]))
			fail_msg("no %s in %s", lines[i], fields);
	/* a line is a field: no text may begin another */
	for (const char *at = fields; *at; at = strchr(at, '\n') + 1)
		assert_true(strcspn(at, "=") < strcspn(at, "\n"));
	outlet_journal_close(&journal);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_to_is_a_path_or_a_literal_address),
		TEST(a_line_is_as_rfc_5424_has_it),
		TEST(udp_takes_the_same_line),
		TEST(nobody_there_is_a_loss_and_no_more),
		TEST(one_that_does_not_read_is_not_waited_for),
		TEST(the_journal_is_told_fields),
	};

	return cmocka_run_group_tests_name("syslog", tests, NULL, NULL);
}
