// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the writer of captures writes, byte by byte, and as the own reader
 * reads it back.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "rules/base.h"
#include "rules/pcap.h"
#include "rules/pcapng.h"
#include "rules/rule.h"

#define FILE_MAX 16384

/* Takes what is written, and is full after `room` bytes. */
struct memory {
	uint8_t bytes[FILE_MAX];
	size_t len;
	size_t room;
	int calls;
	int fail_at; /* the call that fails; 0: none */
};

static int keep(void *arg, const void *bytes, size_t len)
{
	struct memory *memory = arg;

	if (++memory->calls == memory->fail_at)
		return -EIO;
	if (len > memory->room - memory->len)
		return -ENOSPC;
	memcpy(memory->bytes + memory->len, bytes, len);
	memory->len += len;
	return 0;
}

static const struct pcapng_origin origin = {"x86", "Linux", "fwd 1", 256};

static void start(struct pcapng *pcapng, struct memory *memory)
{
	*memory = (struct memory){.room = FILE_MAX};
	assert_int_equal(pcapng_start(keep, memory, &origin, pcapng), 0);
}

static void describe(struct pcapng *pcapng, const char *name, uint32_t expected)
{
	uint32_t interface = UINT32_MAX;

	assert_int_equal(pcapng_describe(pcapng, name, &interface), 0);
	assert_int_equal(interface, expected);
}

static const struct pcapng_packet first = {
	.interface = 1,
	.time_ns = 0x1122334455667788,
	.direction = DIRECTION_IN,
	.comment = "dropped by ssh-limit",
	.bytes = (const uint8_t *)"abcde",
	.captured_bytes = 5,
	.original_bytes = 1500,
};

struct seen {
	struct pcap_report report;
	struct pcap_packet packets[4];
	char ifname[4][PCAP_IFNAME_MAX];
	uint64_t count;
};

static int see(void *arg, const struct pcap_packet *packet)
{
	struct seen *seen = arg;

	assert_true(seen->count < ARRAY_LEN(seen->packets));
	seen->packets[seen->count] = *packet;
	(void)snprintf(seen->ifname[seen->count], PCAP_IFNAME_MAX, "%s",
		       packet->ifname);
	seen->count++;
	return 0;
}

static struct seen read_back(const struct memory *memory)
{
	struct seen seen = {0};

	assert_int_equal(pcap_each_packet(memory->bytes, memory->len, see,
					  &seen, &seen.report),
			 0);
	return seen;
}

static void what_was_written_is_read_back(void **state)
{
	struct pcapng_packet second = {
		.direction = DIRECTION_OUT,
		.bytes = (const uint8_t *)"xyz!",
		.captured_bytes = 4,
		.original_bytes = 4,
	};
	struct memory memory;
	struct pcapng pcapng;
	struct seen seen;

	(void)state;
	start(&pcapng, &memory);
	describe(&pcapng, "eth0", 0);
	describe(&pcapng, "wan", 1);
	assert_int_equal(pcapng_write(&pcapng, &first), 0);
	assert_int_equal(pcapng_write(&pcapng, &second), 0);
	assert_int_equal(
		pcapng_conclude(&pcapng, 0, 1, &(struct pcapng_count){10, 2}),
		0);
	seen = read_back(&memory);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.packets[0].time_ns, first.time_ns);
	assert_int_equal(seen.packets[0].link, PCAP_LINK_ETHERNET);
	assert_int_equal(seen.packets[0].original_bytes, 1500);
	assert_int_equal(seen.packets[0].captured_bytes, 5);
	assert_memory_equal(seen.packets[0].bytes, "abcde", 5);
	assert_int_equal(seen.packets[0].interface, 1);
	assert_int_equal(seen.packets[0].direction, DIRECTION_IN);
	assert_string_equal(seen.ifname[0], "wan");
	assert_int_equal(seen.packets[1].direction, DIRECTION_OUT);
	assert_string_equal(seen.ifname[1], "eth0");
}

/* Four bytes a word, as they stand in the file. */
static void assert_bytes(const uint8_t *bytes, size_t len, const char *expected)
{
	char text[512];
	size_t used = 0;

	for (size_t i = 0; i < len && used + 4 < sizeof(text); i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s%02x",
			i > 0 && i % 4 == 0 ? " " : "", bytes[i]);
	assert_string_equal(text, expected);
}

static void assert_rest(const struct memory *memory, size_t at,
			const char *expected)
{
	assert_bytes(memory->bytes + at, memory->len - at, expected);
}

#define SECTION                                                           \
	"0a0d0d0a 40000000 4d3c2b1a 01000000 ffffffff ffffffff 02000300 " \
	"78383600 03000500 4c696e75 78000000 04000500 66776420 31000000 " \
	"00000000 40000000"

#define INTERFACE                                                         \
	"01000000 28000000 01000000 00010000 02000300 77616e00 09000100 " \
	"09000000 00000000 28000000"

#define ENHANCED                                                          \
	"06000000 4c000000 01000000 44332211 88776655 05000000 dc050000 " \
	"61626364 65000000 01001400 64726f70 70656420 62792073 73682d6c " \
	"696d6974 02000400 01000000 00000000 4c000000"

#define STATISTICS                                                        \
	"05000000 34000000 00000000 02000000 01000000 04000800 07000000 " \
	"00000000 05000800 03000000 01000000 00000000 34000000"

static void the_section_says_who_wrote_it(void **state)
{
	struct memory memory;
	struct pcapng pcapng;

	(void)state;
	start(&pcapng, &memory);
	assert_rest(&memory, 0, SECTION);
}

static void an_interface_has_a_name_and_nanoseconds(void **state)
{
	struct memory memory;
	struct pcapng pcapng;
	uint32_t interface;
	size_t at;

	(void)state;
	start(&pcapng, &memory);
	at = memory.len;
	assert_int_equal(pcapng_describe(&pcapng, "wan", &interface), 0);
	assert_rest(&memory, at, INTERFACE);
}

static void a_packet_has_a_comment_and_a_direction(void **state)
{
	struct memory memory;
	struct pcapng pcapng;
	size_t at;

	(void)state;
	start(&pcapng, &memory);
	describe(&pcapng, "eth0", 0);
	describe(&pcapng, "wan", 1);
	at = memory.len;
	assert_int_equal(pcapng_write(&pcapng, &first), 0);
	assert_rest(&memory, at, ENHANCED);
}

static void the_end_counts_what_was_received_and_dropped(void **state)
{
	struct memory memory;
	struct pcapng pcapng;
	size_t at;

	(void)state;
	start(&pcapng, &memory);
	describe(&pcapng, "eth0", 0);
	at = memory.len;
	assert_int_equal(
		pcapng_conclude(&pcapng, 0, 0x200000001,
				&(struct pcapng_count){7, 0x100000003}),
		0);
	assert_rest(&memory, at, STATISTICS);
}

static void libpcap_reads_what_was_written(void **state)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	struct memory memory;
	struct pcapng pcapng;
	pcap_t *pcap;
	FILE *file;

	(void)state;
	start(&pcapng, &memory);
	describe(&pcapng, "eth0", 0);
	describe(&pcapng, "wan", 1);
	assert_int_equal(pcapng_write(&pcapng, &first), 0);
	assert_int_equal(
		pcapng_conclude(&pcapng, 0, 1, &(struct pcapng_count){10, 2}),
		0);
	file = fmemopen(memory.bytes, memory.len, "r");
	assert_non_null(file);
	pcap = pcap_fopen_offline(file, error);
	if (!pcap)
		fail_msg("%s", error);
	assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
	assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
	assert_int_equal(header->caplen, 5);
	assert_int_equal(header->len, 1500);
	assert_memory_equal(bytes, "abcde", 5);
	assert_int_equal(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
	pcap_close(pcap);
}

static void what_is_not_given_is_left_out(void **state)
{
	struct pcapng_packet packet = {.comment = ""};
	struct memory memory = {.room = FILE_MAX};
	struct pcapng pcapng;
	size_t at;

	(void)state;
	assert_int_equal(pcapng_start(keep, &memory,
				      &(struct pcapng_origin){.os = ""},
				      &pcapng),
			 0);
	assert_int_equal(memory.len, 28);
	describe(&pcapng, NULL, 0);
	assert_int_equal(memory.len, 28 + 20 + 8 + 4);
	at = memory.len;
	assert_int_equal(pcapng_write(&pcapng, &packet), 0);
	assert_int_equal(memory.len - at, 32);
	assert_int_equal(read_back(&memory).packets[0].direction, 0);
}

static void what_is_wrong_writes_nothing(void **state)
{
	static char text[PCAPNG_TEXT_MAX + 2];
	struct pcapng_packet packet = first;
	struct pcapng_count count = {0};
	struct memory memory;
	struct pcapng pcapng;
	uint32_t interface = 7;
	size_t len;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	start(&pcapng, &memory);
	describe(&pcapng, "eth0", 0);
	len = memory.len;
	assert_int_equal(pcapng_write(&pcapng, &packet), -EINVAL);
	assert_int_equal(pcapng_conclude(&pcapng, 1, 0, &count), -EINVAL);
	packet.interface = 0;
	packet.comment = text;
	assert_int_equal(pcapng_write(&pcapng, &packet), -E2BIG);
	packet.comment = NULL;
	packet.captured_bytes = PCAPNG_PACKET_MAX + 1;
	assert_int_equal(pcapng_write(&pcapng, &packet), -E2BIG);
	assert_int_equal(pcapng_describe(&pcapng, text, &interface), -E2BIG);
	assert_int_equal(interface, 7);
	assert_int_equal(memory.len, len);
	/* and all goes on after that */
	text[PCAPNG_TEXT_MAX] = '\0';
	packet.captured_bytes = 5;
	packet.comment = text;
	assert_int_equal(pcapng_write(&pcapng, &packet), 0);
	assert_int_equal(read_back(&memory).count, 1);
}

static void interfaces_are_bounded(void **state)
{
	struct memory memory;
	struct pcapng pcapng;
	uint32_t interface;

	(void)state;
	start(&pcapng, &memory);
	for (uint32_t i = 0; i < PCAPNG_INTERFACES_MAX; i++)
		describe(&pcapng, NULL, i);
	assert_int_equal(pcapng_describe(&pcapng, NULL, &interface), -EINVAL);
}

static void a_sink_that_failed_is_not_tried_again(void **state)
{
	struct memory memory;
	struct pcapng pcapng;
	uint32_t interface;
	int calls;

	(void)state;
	start(&pcapng, &memory);
	describe(&pcapng, "eth0", 0);
	describe(&pcapng, "wan", 1);
	memory.room = memory.len + 30;
	assert_int_equal(pcapng_write(&pcapng, &first), -ENOSPC);
	memory.room = FILE_MAX;
	calls = memory.calls;
	assert_int_equal(pcapng_write(&pcapng, &first), -ENOSPC);
	assert_int_equal(pcapng_describe(&pcapng, "lan", &interface), -ENOSPC);
	assert_int_equal(memory.calls, calls);
}

static void a_sink_that_failed_once_has_failed(void **state)
{
	static char text[PCAPNG_TEXT_MAX + 2];
	struct pcapng_packet packet = first;
	struct memory memory;
	struct pcapng pcapng;
	size_t len;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	start(&pcapng, &memory);
	describe(&pcapng, "eth0", 0);
	describe(&pcapng, "wan", 1);
	len = memory.len;
	memory.fail_at = memory.calls + 2;
	assert_int_equal(pcapng_write(&pcapng, &packet), -EIO);
	assert_int_equal(memory.len, len + 8);
	packet.comment = text;
	assert_int_equal(pcapng_write(&pcapng, &packet), -EIO);
	assert_int_equal(memory.len, len + 8);
}

static void a_start_that_failed_gives_no_writer(void **state)
{
	struct memory memory = {.room = 20};
	struct pcapng pcapng = {.interface_count = 99};

	(void)state;
	assert_int_equal(pcapng_start(keep, &memory, &origin, &pcapng),
			 -ENOSPC);
	assert_int_equal(pcapng.interface_count, 99);
}

static void a_file_is_a_sink(void **state)
{
	uint8_t bytes[64 + 1] = {0}; /* a NUL goes behind it */
	FILE *file = fmemopen(bytes, sizeof(bytes), "w");
	struct pcapng pcapng;

	(void)state;
	assert_non_null(file);
	assert_int_equal(pcapng_start(pcapng_to_file, file, &origin, &pcapng),
			 0);
	assert_int_equal(fclose(file), 0);
	assert_bytes(bytes, 64, SECTION);
}

static void a_full_file_says_why(void **state)
{
	FILE *file = fopen("/dev/full", "we");
	struct pcapng pcapng;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(setvbuf(file, NULL, _IONBF, 0), 0);
	assert_int_equal(pcapng_start(pcapng_to_file, file, &origin, &pcapng),
			 -ENOSPC);
	(void)fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_back),
		cmocka_unit_test(the_section_says_who_wrote_it),
		cmocka_unit_test(an_interface_has_a_name_and_nanoseconds),
		cmocka_unit_test(a_packet_has_a_comment_and_a_direction),
		cmocka_unit_test(the_end_counts_what_was_received_and_dropped),
		cmocka_unit_test(libpcap_reads_what_was_written),
		cmocka_unit_test(what_is_not_given_is_left_out),
		cmocka_unit_test(what_is_wrong_writes_nothing),
		cmocka_unit_test(interfaces_are_bounded),
		cmocka_unit_test(a_sink_that_failed_is_not_tried_again),
		cmocka_unit_test(a_sink_that_failed_once_has_failed),
		cmocka_unit_test(a_start_that_failed_gives_no_writer),
		cmocka_unit_test(a_file_is_a_sink),
		cmocka_unit_test(a_full_file_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
