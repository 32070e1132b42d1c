// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes through the reader of captures: what it gives out must be what
 * its header promises, and of the input. What it read is written as pcapng
 * and read again.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/packet.h"
#include "rules/pcap.h"
#include "rules/pcapng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COPY_MAX (8u << 20)

struct seen {
	const uint8_t *data;
	size_t size;
	uint64_t packets, sum;
	struct pcapng pcapng;
	FILE *copy;
	size_t copied;
};

static uint64_t add(uint64_t sum, const struct pcap_packet *packet)
{
	sum = sum * 31 + packet->original_bytes;
	sum = sum * 31 + packet->direction;
	sum = sum * 31 + (packet->has_time ? packet->time_ns : 0);
	for (size_t i = 0; i < packet->captured_bytes; i++)
		sum = sum * 31 + packet->bytes[i];
	return sum;
}

static int check_packet(void *arg, const struct pcap_packet *packet)
{
	struct seen *seen = arg;
	struct packet facts;

	seen->packets++;
	assert(packet->number == seen->packets);
	assert(packet->bytes >= seen->data);
	assert(packet->captured_bytes <=
	       seen->size - (size_t)(packet->bytes - seen->data));
	assert(packet->offset < seen->size);
	assert(packet->direction <= 2);
	assert(strnlen(packet->ifname, PCAP_IFNAME_MAX) < PCAP_IFNAME_MAX);
	for (const char *c = packet->ifname; *c; c++)
		assert(*c >= 0x20 && *c < 0x7f);
	(void)packet_read(packet->bytes, packet->captured_bytes, &facts);
	seen->sum = add(seen->sum, packet);
	return 0;
}

static int copy_packet(void *arg, const struct pcap_packet *packet)
{
	struct seen *seen = arg;
	struct pcapng_packet copy = {
		.time_ns = packet->has_time ? packet->time_ns : 0,
		.direction = packet->direction,
		.comment = packet->ifname,
		.bytes = packet->bytes,
		.captured_bytes = packet->captured_bytes,
		.original_bytes = packet->original_bytes,
	};
	int r;

	seen->copied += packet->captured_bytes + 256;
	r = pcapng_write(&seen->pcapng, &copy);
	assert(r == 0);
	return seen->copied < COPY_MAX ? 0 : -ECANCELED;
}

/* Read the copy back; only if all of it was copied. */
static void check_copy(const struct seen *seen, const char *bytes, size_t len)
{
	struct seen again = {.data = (const uint8_t *)bytes, .size = len};
	struct pcap_report report;
	int r = pcap_each_packet(again.data, len, check_packet, &again,
				 &report);

	assert(r == 0);
	assert(again.packets == seen->packets);
	assert(again.sum == seen->sum);
}

static void copy_all(struct seen *seen)
{
	struct pcapng_origin origin = {.application = "fuzz"};
	struct pcap_report report;
	uint32_t interface;
	char *bytes = NULL;
	size_t len = 0;
	int r;

	seen->copy = open_memstream(&bytes, &len);
	assert(seen->copy);
	r = pcapng_start(pcapng_to_file, seen->copy, &origin, &seen->pcapng);
	assert(r == 0);
	r = pcapng_describe(&seen->pcapng, "eth0", &interface);
	assert(r == 0);
	r = pcap_each_packet(seen->data, seen->size, copy_packet, seen,
			     &report);
	(void)fclose(seen->copy);
	if (r != -ECANCELED)
		check_copy(seen, bytes, len);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {.data = data, .size = size};
	struct pcap_report report;
	int r = pcap_each_packet(data, size, check_packet, &seen, &report);

	assert(r == 0 || r == -EBADMSG || r == -ENODATA);
	assert(report.packets == seen.packets);
	assert(report.offset <= size);
	assert((r == 0) == (report.why == NULL));
	assert(r < 0 || report.offset == size);
	if (seen.packets > 0)
		copy_all(&seen);
	return 0;
}
