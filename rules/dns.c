// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/dns.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define HEADER_BYTES 12
#define FLAG_ANSWER  0x8000
#define LABEL_MAX    63
#define POINTER	     0xc0
#define TYPE_A	     1
#define TYPE_AAAA    28
#define CLASS_IN     1
#define ANSWERS_MAX  64 /* records that are looked at */

struct reader {
	const uint8_t *bytes;
	size_t len, at;
};

static int read16(struct reader *reader, uint16_t *ret_number)
{
	if (reader->len - reader->at < 2)
		return -EBADMSG;
	*ret_number = (uint16_t)(reader->bytes[reader->at] << 8 |
				 reader->bytes[reader->at + 1]);
	reader->at += 2;
	return 0;
}

static int skip(struct reader *reader, size_t bytes)
{
	if (reader->len - reader->at < bytes)
		return -EBADMSG;
	reader->at += bytes;
	return 0;
}

static char plain(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return (char)(byte + ('a' - 'A'));
	if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
	    byte == '-' || byte == '_')
		return (char)byte;
	return '?';
}

/* A name that is written out: the one of a question is. */
static int read_name(struct reader *reader, char name[DNS_NAME_MAX])
{
	size_t at = 0;

	for (;;) {
		uint8_t label;

		if (reader->at == reader->len)
			return -EBADMSG;
		label = reader->bytes[reader->at++];
		if (label == 0)
			break;
		if (label > LABEL_MAX || reader->len - reader->at < label ||
		    at + label + 2 > DNS_NAME_MAX)
			return -EBADMSG;
		if (at > 0)
			name[at++] = '.';
		for (uint8_t i = 0; i < label; i++)
			name[at++] = plain(reader->bytes[reader->at++]);
	}
	name[at] = '\0';
	return 0;
}

/* Nothing of it is of interest, and a pointer ends it. */
static int skip_name(struct reader *reader)
{
	while (reader->at < reader->len) {
		uint8_t label = reader->bytes[reader->at++];

		if (label == 0)
			return 0;
		if ((label & POINTER) == POINTER)
			return skip(reader, 1);
		if (label > LABEL_MAX || skip(reader, label) < 0)
			return -EBADMSG;
	}
	return -EBADMSG;
}

static int read_record(struct reader *reader, dns_address_fn *fn, void *arg)
{
	uint16_t type, class, len;
	struct prefix address = {.bits = 128};
	const uint8_t *data;

	if (skip_name(reader) < 0 || read16(reader, &type) < 0 ||
	    read16(reader, &class) < 0 || skip(reader, 4) < 0 ||
	    read16(reader, &len) < 0)
		return -EBADMSG;
	data = reader->bytes + reader->at;
	if (skip(reader, len) < 0)
		return -EBADMSG;
	if (class != CLASS_IN)
		return 0;
	if (type == TYPE_A && len == 4) {
		uint32_t v4 = (uint32_t)data[0] << 24 |
			      (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 |
			      data[3];

		address = prefix_of_v4(v4, 32);
		fn(arg, &address);
	} else if (type == TYPE_AAAA && len == 16) {
		memcpy(address.addr, data, 16);
		fn(arg, &address);
	}
	return 0;
}

static int read_question(struct reader *reader, struct dns_message *message)
{
	uint16_t class;

	if (read_name(reader, message->name) < 0 ||
	    read16(reader, &message->type) < 0 || read16(reader, &class) < 0 ||
	    class != CLASS_IN)
		return -EBADMSG;
	return 0;
}

int dns_read(const uint8_t *bytes, size_t len, struct dns_message *ret_message,
	     dns_address_fn *fn, void *arg)
{
	struct reader reader = {bytes, len, 0};
	uint16_t flags, questions, answers;

	assert(bytes);
	assert(ret_message);
	assert(fn);

	if (len < HEADER_BYTES)
		return -EBADMSG;
	(void)read16(&reader, &ret_message->id);
	(void)read16(&reader, &flags);
	(void)read16(&reader, &questions);
	(void)read16(&reader, &answers);
	(void)skip(&reader, 4);
	ret_message->is_answer = flags & FLAG_ANSWER;
	if (questions != 1 || read_question(&reader, ret_message) < 0)
		return -EBADMSG;
	for (uint16_t i = 0; i < answers && i < ANSWERS_MAX; i++) {
		if (read_record(&reader, fn, arg) < 0)
			return -EBADMSG;
	}
	return 0;
}
