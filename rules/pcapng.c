// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/pcapng.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rules/base.h"
#include "rules/rule.h"

#define ORDER_MAGIC   0x1a2b3c4du
#define LINK_ETHERNET 1
#define TSRESOL_NS    9
#define LEAD_BYTES    8 /* type and length of a block */
#define FIXED_MAX     32 /* bytes of any block's fixed part */
#define TEXTS_MAX     3
#define NUMBERS_MAX   2

/* draft-ietf-opsawg-pcapng, section 4 */
enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum option_code {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SHB_HARDWARE = 2,
	SHB_OS = 3,
	SHB_USERAPPL = 4,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	EPB_FLAGS = 2,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5,
};

struct text {
	uint16_t code;
	const char *value; /* NULL or "": left out */
};

struct number {
	uint16_t code;
	uint8_t bytes; /* 1, 4 or 8; 0: left out */
	uint64_t value;
};

/* A block before it is written. Between fixed part and options is a packet,
 * if there is one. */
struct block {
	uint32_t type;
	uint8_t fixed[FIXED_MAX];
	size_t fixed_bytes;
	const uint8_t *packet;
	size_t packet_bytes;
	struct text texts[TEXTS_MAX];
	struct number numbers[NUMBERS_MAX];
};

static size_t padded(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

static void put(uint8_t *at, size_t bytes, uint64_t value)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* The next field of the fixed part. */
static void add(struct block *block, size_t bytes, uint64_t value)
{
	assert(block->fixed_bytes + bytes <= FIXED_MAX);

	put(block->fixed + block->fixed_bytes, bytes, value);
	block->fixed_bytes += bytes;
}

static size_t text_bytes(const struct text *text)
{
	return text->value ? strnlen(text->value, PCAPNG_TEXT_MAX + 1) : 0;
}

static size_t options_bytes(const struct block *block)
{
	size_t bytes = 0;

	for (size_t i = 0; i < TEXTS_MAX; i++) {
		size_t len = text_bytes(&block->texts[i]);

		bytes += len > 0 ? 4 + padded(len) : 0;
	}
	for (size_t i = 0; i < NUMBERS_MAX; i++) {
		size_t len = block->numbers[i].bytes;

		bytes += len > 0 ? 4 + padded(len) : 0;
	}
	return bytes > 0 ? bytes + 4 : 0; /* and the end of options */
}

static void emit(struct pcapng *pcapng, const void *bytes, size_t len)
{
	if (pcapng->r >= 0 && len > 0)
		pcapng->r = pcapng->sink(pcapng->arg, bytes, len);
}

static void emit_padding(struct pcapng *pcapng, size_t len)
{
	static const uint8_t zeros[4];

	emit(pcapng, zeros, padded(len) - len);
}

static void emit_option(struct pcapng *pcapng, uint16_t code, const void *value,
			size_t len)
{
	uint8_t head[4];

	put(head, 2, code);
	put(head + 2, 2, len);
	emit(pcapng, head, sizeof(head));
	emit(pcapng, value, len);
	emit_padding(pcapng, len);
}

static void emit_options(struct pcapng *pcapng, const struct block *block)
{
	if (options_bytes(block) == 0)
		return;
	for (size_t i = 0; i < TEXTS_MAX; i++) {
		const struct text *text = &block->texts[i];
		size_t len = text_bytes(text);

		if (len > 0)
			emit_option(pcapng, text->code, text->value, len);
	}
	for (size_t i = 0; i < NUMBERS_MAX; i++) {
		const struct number *number = &block->numbers[i];
		uint8_t value[8];

		put(value, sizeof(value), number->value);
		if (number->bytes > 0)
			emit_option(pcapng, number->code, value, number->bytes);
	}
	emit_option(pcapng, OPTION_END, NULL, 0);
}

/* Check what of it may be too long, then write all of it. */
static int write_block(struct pcapng *pcapng, const struct block *block)
{
	uint8_t lead[LEAD_BYTES];
	size_t bytes;

	if (pcapng->r < 0)
		return pcapng->r;
	if (block->packet_bytes > PCAPNG_PACKET_MAX)
		return -E2BIG;
	for (size_t i = 0; i < TEXTS_MAX; i++) {
		if (text_bytes(&block->texts[i]) > PCAPNG_TEXT_MAX)
			return -E2BIG;
	}
	bytes = LEAD_BYTES + block->fixed_bytes + padded(block->packet_bytes) +
		options_bytes(block) + 4;
	put(lead, 4, block->type);
	put(lead + 4, 4, bytes);
	emit(pcapng, lead, sizeof(lead));
	emit(pcapng, block->fixed, block->fixed_bytes);
	emit(pcapng, block->packet, block->packet_bytes);
	emit_padding(pcapng, block->packet_bytes);
	emit_options(pcapng, block);
	emit(pcapng, lead + 4, 4);
	return pcapng->r < 0 ? pcapng->r : 0;
}

/* The time is written in halves, the upper one first whatever the order. */
static void add_time(struct block *block, uint64_t time_ns)
{
	add(block, 4, time_ns >> 32);
	add(block, 4, time_ns & UINT32_MAX);
}

int pcapng_to_file(void *file, const void *bytes, size_t len)
{
	assert(file);

	errno = 0;
	if (fwrite(bytes, 1, len, file) == len)
		return 0;
	return errno > 0 ? -errno : -EIO;
}

int pcapng_start(pcapng_sink_fn *sink, void *arg,
		 const struct pcapng_origin *origin, struct pcapng *ret_pcapng)
{
	struct pcapng pcapng = {.sink = sink,
				.arg = arg,
				.snaplen_bytes = origin->snaplen_bytes};
	struct block block = {
		.type = BLOCK_SECTION,
		.texts = {{SHB_HARDWARE, origin->hardware},
			  {SHB_OS, origin->os},
			  {SHB_USERAPPL, origin->application}},
	};
	int r;

	assert(sink);
	assert(ret_pcapng);

	add(&block, 4, ORDER_MAGIC);
	add(&block, 2, 1); /* version 1.0 */
	add(&block, 2, 0);
	add(&block, 8, UINT64_MAX); /* the section's length is not told */
	r = write_block(&pcapng, &block);
	if (r < 0)
		return r;
	*ret_pcapng = pcapng;
	return 0;
}

int pcapng_describe(struct pcapng *pcapng, const char *name,
		    uint32_t *ret_interface)
{
	struct block block = {
		.type = BLOCK_INTERFACE,
		.texts = {{IF_NAME, name}},
		.numbers = {{IF_TSRESOL, 1, TSRESOL_NS}},
	};
	int r;

	assert(pcapng);
	assert(ret_interface);

	if (pcapng->interface_count == PCAPNG_INTERFACES_MAX)
		return -EINVAL;
	add(&block, 2, LINK_ETHERNET);
	add(&block, 2, 0);
	add(&block, 4, pcapng->snaplen_bytes);
	r = write_block(pcapng, &block);
	if (r < 0)
		return r;
	*ret_interface = pcapng->interface_count++;
	return 0;
}

int pcapng_write(struct pcapng *pcapng, const struct pcapng_packet *packet)
{
	/* bits 0 and 1: 1 is inbound, 2 outbound */
	bool has_direction = packet->direction == DIRECTION_IN ||
			     packet->direction == DIRECTION_OUT;
	struct block block = {
		.type = BLOCK_ENHANCED,
		.packet = packet->bytes,
		.packet_bytes = packet->captured_bytes,
		.texts = {{OPTION_COMMENT, packet->comment}},
		.numbers = {{EPB_FLAGS, has_direction ? 4 : 0,
			     packet->direction == DIRECTION_IN ? 1 : 2}},
	};

	assert(pcapng);
	assert(packet->bytes || packet->captured_bytes == 0);

	if (packet->interface >= pcapng->interface_count)
		return -EINVAL;
	add(&block, 4, packet->interface);
	add_time(&block, packet->time_ns);
	add(&block, 4, packet->captured_bytes);
	add(&block, 4, packet->original_bytes);
	return write_block(pcapng, &block);
}

int pcapng_conclude(struct pcapng *pcapng, uint32_t interface, uint64_t time_ns,
		    const struct pcapng_count *count)
{
	struct block block = {
		.type = BLOCK_STATISTICS,
		.numbers = {{ISB_IFRECV, 8, count->received},
			    {ISB_IFDROP, 8, count->dropped}},
	};

	assert(pcapng);

	if (interface >= pcapng->interface_count)
		return -EINVAL;
	add(&block, 4, interface);
	add_time(&block, time_ns);
	return write_block(pcapng, &block);
}
