// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/mmdb_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/geo_mmdb_value.h"

#define GAP 16

/* Bytes that grow. */
struct buffer {
	uint8_t **bytes;
	size_t *len, *room;
};

static void put(const struct buffer *buffer, const void *bytes, size_t len)
{
	if (*buffer->len + len > *buffer->room) {
		*buffer->room = (*buffer->len + len) * 2;
		*buffer->bytes = realloc(*buffer->bytes, *buffer->room);
		assert_non_null(*buffer->bytes);
	}
	memcpy(*buffer->bytes + *buffer->len, bytes, len);
	*buffer->len += len;
}

static void put_be(const struct buffer *buffer, uint64_t number,
		   unsigned int count)
{
	while (count-- > 0) {
		uint8_t byte = (uint8_t)(number >> (8 * count));

		put(buffer, &byte, 1);
	}
}

static void put_control(const struct buffer *buffer, unsigned int type,
			uint32_t size)
{
	unsigned int more = size < 29	   ? 0
			    : size < 285   ? 1
			    : size < 65821 ? 2
					   : 3;
	static const uint32_t bases[] = {0, 29, 285, 65821};
	uint32_t bits = more ? 28 + more : size;

	put_be(buffer, (type < 8 ? type << 5 : 0) | bits, 1);
	if (type >= 8)
		put_be(buffer, type - 7, 1);
	put_be(buffer, size - bases[more], more);
}

static void put_string(const struct buffer *buffer, const char *text)
{
	put_control(buffer, MMDB_STRING, (uint32_t)strlen(text));
	put(buffer, text, strlen(text));
}

/* Without leading zeros, as the format likes it. */
static void put_uint(const struct buffer *buffer, unsigned int type,
		     uint64_t number)
{
	unsigned int count = 0;

	while (count < 8 && number >> (8 * count))
		count++;
	put_control(buffer, type, count);
	put_be(buffer, number, count);
}

static struct buffer data_of(struct mmdb_file *file)
{
	return (struct buffer){&file->data, &file->data_len, &file->data_room};
}

static uint32_t add_node(struct mmdb_file *file, uint32_t record)
{
	if (file->node_count == file->node_room) {
		file->node_room = file->node_room * 2 + 64;
		file->nodes = realloc(file->nodes,
				      file->node_room * sizeof(*file->nodes));
		assert_non_null(file->nodes);
	}
	file->nodes[file->node_count][0] = record;
	file->nodes[file->node_count][1] = record;
	return (uint32_t)file->node_count++;
}

void mmdb_init(struct mmdb_file *file, unsigned int ip_version,
	       unsigned int record_bits)
{
	*file = (struct mmdb_file){
		.ip_version = ip_version,
		.record_bits = record_bits,
		.type = "Test-Country",
		.built_s = 1793000000, /* 2026-10-26 */
	};
	(void)add_node(file, MMDB_NOTHING);
}

void mmdb_done(struct mmdb_file *file)
{
	free(file->nodes);
	free(file->data);
	free(file->bytes);
}

uint32_t mmdb_control(struct mmdb_file *file, unsigned int type, uint32_t size)
{
	const struct buffer data = data_of(file);
	uint32_t at = (uint32_t)file->data_len;

	put_control(&data, type, size);
	return at;
}

uint32_t mmdb_string(struct mmdb_file *file, const char *text)
{
	const struct buffer data = data_of(file);
	uint32_t at = (uint32_t)file->data_len;

	put_string(&data, text);
	return at;
}

uint32_t mmdb_uint(struct mmdb_file *file, unsigned int type, uint64_t number)
{
	const struct buffer data = data_of(file);
	uint32_t at = (uint32_t)file->data_len;

	put_uint(&data, type, number);
	return at;
}

/* In the shortest form that has room for it. */
uint32_t mmdb_pointer(struct mmdb_file *file, uint32_t to)
{
	static const uint32_t bases[] = {0, 2048, 526336, 0};
	const struct buffer data = data_of(file);
	uint32_t at = (uint32_t)file->data_len;
	unsigned int count = to < 2048	      ? 0
			     : to < 526336    ? 1
			     : to < 134744064 ? 2
					      : 3;
	uint32_t rest = to - bases[count];
	uint32_t high = count < 3 ? rest >> (8 * (count + 1)) : 0;

	put_be(&data, 0x20u | count << 3 | high, 1);
	put_be(&data, rest, count + 1);
	return at;
}

/* {"code": "AS", "names": {"en": "Asia"}}, under a key */
static void put_continent(struct mmdb_file *file)
{
	(void)mmdb_string(file, "continent");
	(void)mmdb_control(file, MMDB_MAP, 2);
	(void)mmdb_string(file, "code");
	(void)mmdb_string(file, "AS");
	(void)mmdb_string(file, "names");
	(void)mmdb_control(file, MMDB_MAP, 1);
	(void)mmdb_string(file, "en");
	(void)mmdb_string(file, "Asia");
}

uint32_t mmdb_country(struct mmdb_file *file, const char *code)
{
	uint32_t text = mmdb_string(file, code);
	uint32_t record = mmdb_control(file, MMDB_MAP, 4);
	uint32_t key;

	put_continent(file);
	(void)mmdb_string(file, "registered_country");
	(void)mmdb_control(file, MMDB_MAP, 1);
	key = mmdb_string(file, "iso_code");
	(void)mmdb_string(file, "AQ");
	(void)mmdb_string(file, "country");
	(void)mmdb_control(file, MMDB_MAP, 3);
	(void)mmdb_string(file, "is_in_european_union");
	(void)mmdb_control(file, MMDB_BOOL, 1);
	(void)mmdb_string(file, "geoname_id");
	(void)mmdb_uint(file, MMDB_UINT32, 1814991);
	(void)mmdb_pointer(file, key);
	(void)mmdb_pointer(file, text);
	(void)mmdb_string(file, "traits");
	(void)mmdb_control(file, MMDB_ARRAY, 0);
	return record;
}

uint32_t mmdb_asn(struct mmdb_file *file, uint32_t number)
{
	uint32_t record = mmdb_control(file, MMDB_MAP, 2);

	(void)mmdb_string(file, "autonomous_system_organization");
	(void)mmdb_string(file, "Example Networks");
	(void)mmdb_string(file, "autonomous_system_number");
	(void)mmdb_uint(file, MMDB_UINT32, number);
	return record;
}

/* Bits of the address in the tree, and how many. */
static unsigned int path_of(const struct mmdb_file *file,
			    const struct prefix *network, uint8_t path[16])
{
	memcpy(path, network->addr, 16);
	if (!prefix_is_v4(network))
		return network->bits;
	memset(path, 0, 16);
	memcpy(path + (file->ip_version == 6 ? 12 : 0), network->addr + 12, 4);
	return file->ip_version == 6 ? network->bits : network->bits - 96u;
}

/* The record that a path ends at; nodes on the way are made. */
static uint32_t *record_at(struct mmdb_file *file, const uint8_t path[16],
			   unsigned int bits)
{
	uint32_t node = 0;

	assert_true(bits > 0);
	for (unsigned int i = 0;; i++) {
		unsigned int side = path[i / 8] >> (7 - i % 8) & 1;
		uint32_t next = file->nodes[node][side];

		if (i + 1 == bits)
			return &file->nodes[node][side];
		if (next == MMDB_NOTHING || next & MMDB_DATA) {
			next = add_node(file, next);
			file->nodes[node][side] = next;
		}
		node = next;
	}
}

void mmdb_put_path(struct mmdb_file *file, const uint8_t path[16],
		   unsigned int bits, uint32_t data)
{
	*record_at(file, path, bits) = data | MMDB_DATA;
}

void mmdb_put(struct mmdb_file *file, const struct prefix *network,
	      uint32_t data)
{
	uint8_t path[16];
	unsigned int bits = path_of(file, network, path);

	mmdb_put_path(file, path, bits, data);
}

void mmdb_put_text(struct mmdb_file *file, const char *network, uint32_t data)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(network, strlen(network), &prefix),
			 0);
	mmdb_put(file, &prefix, data);
}

void mmdb_alias(struct mmdb_file *file, const char *network)
{
	static const uint8_t zeros[16];
	struct prefix prefix;
	uint32_t v4 = *record_at(file, zeros, 96);

	assert_true(v4 < file->node_count);
	/* not by prefix_from_text(), to which ::ffff:0:0/96 is 0.0.0.0/0 */
	if (strcmp(network, "::ffff:0:0/96") == 0) {
		prefix = (struct prefix){.bits = 96};
		memset(prefix.addr + 10, 0xff, 2);
	} else {
		assert_int_equal(
			prefix_from_text(network, strlen(network), &prefix), 0);
	}
	*record_at(file, prefix.addr, prefix.bits) = v4;
}

static uint32_t written(const struct mmdb_file *file, uint32_t record)
{
	uint32_t nodes = (uint32_t)file->node_count;

	if (record == MMDB_NOTHING)
		return nodes;
	return record & MMDB_DATA ? nodes + GAP + (record & ~MMDB_DATA)
				  : record;
}

static void put_node(const struct buffer *out, const struct mmdb_file *file,
		     size_t node)
{
	uint32_t left = written(file, file->nodes[node][0]);
	uint32_t right = written(file, file->nodes[node][1]);

	switch (file->record_bits) {
	case 24:
		put_be(out, left, 3);
		put_be(out, right, 3);
		break;
	case 28:
		put_be(out, left, 3);
		put_be(out, (left >> 24) << 4 | right >> 24, 1);
		put_be(out, right, 3);
		break;
	default:
		put_be(out, left, 4);
		put_be(out, right, 4);
	}
}

static void put_pair(const struct buffer *out, const char *key,
		     unsigned int type, uint64_t number)
{
	put_string(out, key);
	put_uint(out, type, number);
}

static void put_metadata(const struct buffer *out, const struct mmdb_file *file)
{
	uint64_t nodes = file->told_nodes ? file->told_nodes : file->node_count;
	uint64_t bits = file->told_bits ? file->told_bits : file->record_bits;
	uint64_t version =
		file->told_version ? file->told_version : file->ip_version;
	uint64_t format = file->told_format ? file->told_format : 2;

	put(out, "\xab\xcd\xefMaxMind.com", 14);
	put_control(out, MMDB_MAP, 9);
	put_pair(out, "node_count", MMDB_UINT32, nodes);
	put_pair(out, "record_size", MMDB_UINT16, bits);
	put_pair(out, "ip_version", MMDB_UINT16, version);
	put_string(out, "database_type");
	put_string(out, file->type);
	put_string(out, "languages");
	put_control(out, MMDB_ARRAY, 1);
	put_string(out, "en");
	put_pair(out, "binary_format_major_version", MMDB_UINT16, format);
	put_pair(out, "binary_format_minor_version", MMDB_UINT16, 0);
	put_pair(out, "build_epoch", MMDB_UINT64, file->built_s);
	put_string(out, "description");
	put_control(out, MMDB_MAP, 1);
	put_string(out, "en");
	put_string(out, "Made by a test");
}

void mmdb_seal(struct mmdb_file *file)
{
	static const uint8_t zeros[GAP];
	size_t room = 0;
	struct buffer out = {&file->bytes, &file->len, &room};

	free(file->bytes);
	file->bytes = NULL;
	file->len = 0;
	for (size_t i = 0; i < file->node_count; i++)
		put_node(&out, file, i);
	put(&out, zeros, GAP);
	if (file->data_len > 0)
		put(&out, file->data, file->data_len);
	put_metadata(&out, file);
}
