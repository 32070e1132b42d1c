// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/capture_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void capture_put(struct capture_file *file, unsigned int bytes, uint64_t value)
{
	assert_true(file->len + bytes <= CAPTURE_FILE_MAX);
	for (unsigned int i = 0; i < bytes; i++) {
		unsigned int shift =
			8 * (file->is_big_endian ? bytes - 1 - i : i);

		file->bytes[file->len++] = (uint8_t)(value >> shift);
	}
}

static void put_bytes(struct capture_file *file, const char *bytes, size_t len)
{
	assert_true(file->len + len + 3 <= CAPTURE_FILE_MAX);
	memcpy(file->bytes + file->len, bytes, len);
	file->len += len;
}

void capture_put_padded(struct capture_file *file, const char *bytes,
			size_t len)
{
	put_bytes(file, bytes, len);
	capture_put(file, (unsigned int)(-len & 3), 0);
}

void capture_put_classic(struct capture_file *file, uint32_t magic)
{
	capture_put(file, 4, magic);
	capture_put(file, 2, 2);
	capture_put(file, 2, 4);
	capture_put(file, 4, 0);
	capture_put(file, 4, 0);
	capture_put(file, 4, 65535);
	capture_put(file, 4, PCAP_LINK_ETHERNET);
}

void capture_put_record(struct capture_file *file, uint32_t s,
			uint32_t fraction, const char *text)
{
	capture_put(file, 4, s);
	capture_put(file, 4, fraction);
	capture_put(file, 4, strlen(text));
	capture_put(file, 4, 1000);
	put_bytes(file, text, strlen(text));
}

void capture_begin(struct capture_file *file, uint32_t type)
{
	file->block = file->len;
	capture_put(file, 4, type);
	capture_put(file, 4, 0);
}

void capture_end(struct capture_file *file)
{
	size_t bytes = file->len + 4 - file->block;

	capture_put(file, 4, bytes);
	file->len = file->block + 4;
	capture_put(file, 4, bytes);
	file->len = file->block + bytes;
}

void capture_put_section(struct capture_file *file)
{
	capture_begin(file, 0x0a0d0d0a);
	capture_put(file, 4, 0x1a2b3c4d);
	capture_put(file, 2, 1);
	capture_put(file, 2, 0);
	capture_put(file, 8, UINT64_MAX);
	capture_end(file);
}

void capture_put_option(struct capture_file *file, uint16_t code,
			const char *value, uint16_t len)
{
	capture_put(file, 2, code);
	capture_put(file, 2, len);
	capture_put_padded(file, value, len);
}

void capture_put_interface(struct capture_file *file, uint16_t link,
			   uint32_t snaplen, const char *name, uint8_t tsresol)
{
	capture_begin(file, 1);
	capture_put(file, 2, link);
	capture_put(file, 2, 0);
	capture_put(file, 4, snaplen);
	capture_put_option(file, 1, "a comment", 9);
	if (name)
		capture_put_option(file, 2, name, (uint16_t)strlen(name));
	if (tsresol)
		capture_put_option(file, 9, (const char *)&tsresol, 1);
	capture_put_option(file, 0, "", 0);
	capture_end(file);
}

void capture_put_enhanced(struct capture_file *file, uint32_t interface,
			  uint64_t time, const char *text, uint32_t flags)
{
	capture_begin(file, 6);
	capture_put(file, 4, interface);
	capture_put(file, 4, time >> 32);
	capture_put(file, 4, time & UINT32_MAX);
	capture_put(file, 4, strlen(text));
	capture_put(file, 4, 1000);
	capture_put_padded(file, text, strlen(text));
	if (flags) {
		capture_put_option(file, 1, "abc", 3);
		capture_put(file, 2, 2);
		capture_put(file, 2, 4);
		capture_put(file, 4, flags);
		capture_put_option(file, 0, "", 0);
	}
	capture_end(file);
}

void capture_put_simple(struct capture_file *file, uint32_t original,
			const char *text)
{
	capture_begin(file, 3);
	capture_put(file, 4, original);
	capture_put_padded(file, text, strlen(text));
	capture_end(file);
}

static int take(void *arg, const struct pcap_packet *packet)
{
	struct capture_seen *seen = arg;
	size_t i = seen->count++;

	if (seen->count == seen->stop_at)
		return -ECANCELED;
	assert_true(i < CAPTURE_SEEN_MAX);
	seen->packets[i] = *packet;
	(void)snprintf(seen->text[i], sizeof(seen->text[i]), "%.*s",
		       (int)packet->captured_bytes,
		       (const char *)packet->bytes);
	(void)snprintf(seen->ifname[i], sizeof(seen->ifname[i]), "%s",
		       packet->ifname);
	return 0;
}

int capture_read(const uint8_t *bytes, size_t len, struct capture_seen *seen)
{
	uint8_t *copy = malloc(len + !len);
	int r;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	r = pcap_each_packet(copy, len, take, seen, &seen->report);
	free(copy);
	return r;
}
