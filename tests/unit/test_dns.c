// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of DNS, and the names that they teach. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/event/hostnames.h"
#include "rules/dns.h"

#define SECOND 1000000000ull
#define ASKER  7 /* socket */
#define SERVER 0xc0000235u /* 192.0.2.53 */
#define CLIENT 0xc0000201u
#define PORT   40000

static const uint64_t seed[2] = {5, 6};

struct bytes {
	uint8_t data[2048];
	size_t len;
};

static void put(struct bytes *bytes, const void *data, size_t len)
{
	assert_in_range(bytes->len + len, 0, sizeof(bytes->data));
	memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
}

static void put16(struct bytes *bytes, uint16_t number)
{
	const uint8_t data[] = {(uint8_t)(number >> 8), (uint8_t)number};

	put(bytes, data, sizeof(data));
}

static void put_name(struct bytes *bytes, const char *name)
{
	while (*name) {
		uint8_t len = (uint8_t)strcspn(name, ".");

		put(bytes, &len, 1);
		put(bytes, name, len);
		name += len + (name[len] == '.');
	}
	put(bytes, "", 1);
}

/* A question for the A or AAAA of a name, or the beginning of its answer. */
static struct bytes message(uint16_t id, const char *name, uint16_t type,
			    uint16_t answers)
{
	struct bytes bytes = {.len = 0};

	put16(&bytes, id);
	put16(&bytes, answers ? 0x8180 : 0x0100);
	put16(&bytes, 1);
	put16(&bytes, answers);
	put16(&bytes, 0);
	put16(&bytes, 0);
	put_name(&bytes, name);
	put16(&bytes, type);
	put16(&bytes, 1);
	return bytes;
}

static void put_record(struct bytes *bytes, uint16_t type, const void *data,
		       uint16_t len)
{
	put16(bytes, 0xc00c);
	put16(bytes, type);
	put16(bytes, 1);
	put16(bytes, 0);
	put16(bytes, 60);
	put16(bytes, len);
	put(bytes, data, len);
}

static struct bytes answer_of(uint16_t id, const char *name,
			      const uint8_t v4[4])
{
	struct bytes bytes = message(id, name, 1, 2);

	put_record(&bytes, 5, "\3www\xc0\x0c", 6); /* an alias first */
	put_record(&bytes, 1, v4, 4);
	return bytes;
}

/* Addresses that were told, one behind the other. */
struct told {
	char text[256];
};

static void tell(void *arg, const struct prefix *address)
{
	struct told *told = arg;
	char text[PREFIX_TEXT_MAX];
	size_t len = strlen(told->text);

	assert_int_equal(address->bits, 128);
	(void)snprintf(told->text + len, sizeof(told->text) - len, "%s ",
		       prefix_to_text(address, text));
}

static void a_question_has_a_name(void **state)
{
	const struct bytes bytes = message(7, "WWW.Ex-ample_1.org", 28, 0);
	struct dns_message said;
	struct told told = {""};

	(void)state;
	assert_int_equal(dns_read(bytes.data, bytes.len, &said, tell, &told),
			 0);
	assert_string_equal(said.name, "www.ex-ample_1.org");
	assert_int_equal(said.id, 7);
	assert_int_equal(said.type, 28);
	assert_false(said.is_answer);
	assert_string_equal(told.text, "");
}

static void an_answer_has_addresses_of_both_kinds(void **state)
{
	struct bytes bytes = message(7, "a.example", 1, 4);
	struct dns_message said;
	struct told told = {""};

	(void)state;
	put_record(&bytes, 5, "\1b\xc0\x0c", 4);
	put_record(&bytes, 1, "\xc6\x33\x64\x07", 4);
	put_record(&bytes, 28, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7", 16);
	put_record(&bytes, 1, "abc", 3); /* of no length that it can have */
	assert_int_equal(dns_read(bytes.data, bytes.len, &said, tell, &told),
			 0);
	assert_true(said.is_answer);
	assert_string_equal(told.text, "198.51.100.7 2001:db8::7 ");
}

static void bytes_of_a_name_are_told_plainly(void **state)
{
	struct bytes bytes = {.len = 0};
	struct dns_message said;
	struct told told = {""};

	(void)state;
	put(&bytes, "\0\1\1\0\0\1\0\0\0\0\0\0\4a\x1b. \0\0\1\0\1", 22);
	assert_int_equal(dns_read(bytes.data, bytes.len, &said, tell, &told),
			 0);
	assert_string_equal(said.name, "a???");
}

/* Every beginning of a message is none. */
static void what_ends_early_is_refused(void **state)
{
	const struct bytes bytes =
		answer_of(1, "a.example", (const uint8_t *)"abcd");
	struct dns_message said;
	struct told told = {""};

	(void)state;
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(dns_read(bytes.data, len, &said, tell, &told),
				 -EBADMSG);
}

static void a_question_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} wrong[] = {
		/* two questions, none, a pointer, another class */
		{"\0\1\1\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1\1a\0\0\1\0\1", 26},
		{"\0\1\1\0\0\0\0\0\0\0\0\0", 12},
		{"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", 18},
		{"\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\3", 19},
	};
	struct dns_message said;
	struct told told = {""};
	struct bytes bytes = message(1, "", 1, 0);
	char label[63];

	(void)state;
	memset(label, 'a', sizeof(label));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(dns_read((const uint8_t *)wrong[i].bytes,
					  wrong[i].len, &said, tell, &told),
				 -EBADMSG);
	/* longer than a name may be: five labels of 63 */
	bytes.len = 12;
	for (int i = 0; i < 5; i++) {
		put(&bytes, "\x3f", 1);
		put(&bytes, label, sizeof(label));
	}
	put(&bytes, "\0\0\1\0\1", 5);
	assert_int_equal(dns_read(bytes.data, bytes.len, &said, tell, &told),
			 -EBADMSG);
}

/* Names. */

static struct bytes datagram(uint32_t from, uint16_t from_port, uint32_t to,
			     uint16_t to_port, const struct bytes *inside)
{
	struct bytes bytes = {.len = 0};

	put16(&bytes, 0x4500);
	put16(&bytes, (uint16_t)(28 + inside->len));
	put16(&bytes, 0);
	put16(&bytes, 0x4000);
	put16(&bytes, 64 << 8 | 17);
	put16(&bytes, 0);
	put16(&bytes, (uint16_t)(from >> 16));
	put16(&bytes, (uint16_t)from);
	put16(&bytes, (uint16_t)(to >> 16));
	put16(&bytes, (uint16_t)to);
	put16(&bytes, from_port);
	put16(&bytes, to_port);
	put16(&bytes, (uint16_t)(8 + inside->len));
	put16(&bytes, 0);
	put(&bytes, inside->data, inside->len);
	return bytes;
}

static void asks(struct hostnames *names, uint16_t id, const char *name,
		 uint64_t now_ns)
{
	const struct bytes question = message(id, name, 1, 0);
	const struct bytes packet =
		datagram(CLIENT, PORT, SERVER, 53, &question);

	hostnames_hear(names, ASKER, packet.data, packet.len, now_ns);
}

static void answers(struct hostnames *names, uint16_t id, const char *name,
		    uint64_t now_ns)
{
	const struct bytes answer =
		answer_of(id, name, (const uint8_t *)"\xc6\x33\x64\x07");
	const struct bytes packet = datagram(SERVER, 53, CLIENT, PORT, &answer);

	hostnames_hear(names, ASKER, packet.data, packet.len, now_ns);
}

static void assert_name(const struct hostnames *names, uint64_t now_ns,
			const char *expected)
{
	const struct prefix address = prefix_of_v4(0xc6336407, 32);
	struct event_text name = hostnames_of(names, &address, now_ns);

	assert_int_equal(name.len, strlen(expected));
	assert_memory_equal(name.len ? name.bytes : "", expected, name.len);
}

static struct hostnames *begin(void)
{
	struct hostnames *names;

	assert_int_equal(hostnames_new(seed, &names), 0);
	return names;
}

static void who_is_asked_for_has_a_name(void **state)
{
	struct hostnames *names = begin();

	(void)state;
	assert_name(names, 0, "");
	asks(names, 9, "C2.example", SECOND);
	assert_name(names, SECOND, "");
	answers(names, 9, "c2.example", 2 * SECOND);
	assert_name(names, 2 * SECOND, "c2.example");
	asks(names, 10, "other.example", 3 * SECOND);
	answers(names, 10, "other.example", 3 * SECOND);
	assert_name(names, 3 * SECOND, "other.example");
	assert_name(names, 3 * SECOND + HOSTNAME_KEPT_NS, "other.example");
	assert_name(names, 4 * SECOND + HOSTNAME_KEPT_NS, "");
	hostnames_free(names);
}

static void an_answer_that_nobody_asked_for_teaches_nothing(void **state)
{
	struct hostnames *names = begin();

	(void)state;
	answers(names, 9, "c2.example", 0); /* never */
	asks(names, 9, "c2.example", SECOND);
	answers(names, 8, "c2.example", SECOND); /* another id */
	answers(names, 9, "c3.example", SECOND); /* another name */
	assert_name(names, SECOND, "");
	answers(names, 9, "c2.example", SECOND + HOSTNAME_ASKED_NS + 1);
	assert_name(names, SECOND, "");
	assert_int_equal(hostnames_usage(names).unasked, 4);
	assert_int_equal(hostnames_usage(names).answers, 0);
	hostnames_free(names);
}

static void an_answer_to_another_socket_teaches_nothing(void **state)
{
	const struct bytes answer =
		answer_of(9, "c2.example", (const uint8_t *)"\xc6\x33\x64\x07");
	const struct bytes packet = datagram(SERVER, 53, CLIENT, PORT, &answer);
	struct hostnames *names = begin();

	(void)state;
	asks(names, 9, "c2.example", 0);
	hostnames_hear(names, ASKER + 1, packet.data, packet.len, 0);
	assert_name(names, 0, "");
	assert_int_equal(hostnames_usage(names).unasked, 1);
	hostnames_free(names);
}

static void addresses_that_are_translated_do_not_matter(void **state)
{
	const struct bytes question = message(9, "c2.example", 1, 0);
	const struct bytes packet =
		datagram(CLIENT + 1, PORT + 1, SERVER + 1, 53, &question);
	struct hostnames *names = begin();

	(void)state;
	hostnames_hear(names, ASKER, packet.data, packet.len, 0);
	answers(names, 9, "c2.example", 0);
	assert_name(names, 0, "c2.example");
	hostnames_free(names);
}

static void the_second_answer_teaches_nothing(void **state)
{
	const struct bytes second =
		answer_of(9, "c2.example", (const uint8_t *)"\1\1\1\1");
	const struct bytes packet = datagram(SERVER, 53, CLIENT, PORT, &second);
	const struct prefix address = prefix_of_v4(0x01010101, 32);
	struct hostnames *names = begin();

	(void)state;
	asks(names, 9, "c2.example", 0);
	answers(names, 9, "c2.example", 0);
	hostnames_hear(names, ASKER, packet.data, packet.len, 0);
	assert_int_equal(hostnames_of(names, &address, 0).len, 0);
	assert_name(names, 0, "c2.example");
	hostnames_free(names);
}

static void a_packet_that_is_cut_anywhere_is_none(void **state)
{
	const struct bytes answer =
		answer_of(9, "c2.example", (const uint8_t *)"\xc6\x33\x64\x07");
	const struct bytes packet = datagram(SERVER, 53, CLIENT, PORT, &answer);
	struct bytes fragment = packet;
	struct hostnames *names = begin();

	(void)state;
	asks(names, 9, "c2.example", 0);
	for (size_t len = 0; len < packet.len; len++)
		hostnames_hear(names, ASKER, packet.data, len, 0);
	fragment.data[6] = 0x20;
	hostnames_hear(names, ASKER, fragment.data, fragment.len, 0);
	assert_name(names, 0, "");
	answers(names, 9, "c2.example", 0);
	assert_name(names, 0, "c2.example");
	hostnames_free(names);
}

static void the_tables_never_grow(void **state)
{
	struct hostnames *names = begin();
	char name[32];

	(void)state;
	for (uint32_t i = 0; i < 2 * HOSTNAMES_MAX; i++) {
		const uint8_t v4[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
		struct bytes answer, packet;

		(void)snprintf(name, sizeof(name), "n%u.example", i);
		asks(names, (uint16_t)i, name, 0);
		answer = answer_of((uint16_t)i, name, v4);
		packet = datagram(SERVER, 53, CLIENT, PORT, &answer);
		hostnames_hear(names, ASKER, packet.data, packet.len, 0);
	}
	assert_int_equal(hostnames_usage(names).count, HOSTNAMES_MAX);
	assert_int_equal(hostnames_usage(names).answers, 2 * HOSTNAMES_MAX);
	hostnames_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_has_a_name),
		cmocka_unit_test(an_answer_has_addresses_of_both_kinds),
		cmocka_unit_test(bytes_of_a_name_are_told_plainly),
		cmocka_unit_test(what_ends_early_is_refused),
		cmocka_unit_test(a_question_that_is_none_is_refused),
		cmocka_unit_test(who_is_asked_for_has_a_name),
		cmocka_unit_test(
			an_answer_that_nobody_asked_for_teaches_nothing),
		cmocka_unit_test(an_answer_to_another_socket_teaches_nothing),
		cmocka_unit_test(addresses_that_are_translated_do_not_matter),
		cmocka_unit_test(the_second_answer_teaches_nothing),
		cmocka_unit_test(a_packet_that_is_cut_anywhere_is_none),
		cmocka_unit_test(the_tables_never_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
