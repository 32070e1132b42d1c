// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/geo_mmdb.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "rules/base.h"
#include "rules/geo_mmdb_value.h"

#define METADATA_MAX (128u << 10) /* how far from the end it may begin */
#define DATA_GAP     16 /* zeros between the tree and the data */
#define DEPTH_MAX    128
#define KNOWN_COUNT  4096 /* records remembered, a power of two */
#define KNOWN_SHIFT  20 /* of 32 bits, leaves as many */

static const uint8_t marker[] = "\xab\xcd\xefMaxMind.com";
#define MARKER_LEN (sizeof(marker) - 1)

static const char why_no_mmdb[] = "not a MaxMind DB file";
static const char why_metadata[] = "what it says of itself is damaged";
static const char why_format[] = "a format that is not known";
static const char why_tree[] = "its tree is damaged";
static const char why_record[] = "a record of it is damaged";
static const char why_all_v4[] = "a record has every IPv4 address in it";
static const char why_key[] = "a number of a system that has more than 32 bits";

static const char *const why_nothing[] = {
	[GEO_COUNTRY] = "no record of it has country.iso_code",
	[GEO_ASN] = "no record of it has autonomous_system_number",
};
_Static_assert(ARRAY_LEN(why_nothing) == GEO_KIND_COUNT, "");

struct known {
	uint32_t record; /* 0: none, for that is a node */
	uint32_t key;
};

struct reader {
	const uint8_t *tree;
	struct mmdb_section data;
	uint32_t node_count;
	unsigned int record_bits; /* of two in a node */
	bool is_v6;
	uint32_t v4_node; /* where IPv4 begins; node_count: nowhere */
	uint8_t *is_seen; /* a bit for each node */
	struct known *known;
	enum geo_kind kind;
	geo_fn *fn;
	void *arg;
	struct geo_mmdb_report *report;
};

/* What is reached by the first `depth` bits of an address. */
struct place {
	uint32_t record;
	unsigned int depth;
	uint8_t addr[16];
};

static int refuse(const struct reader *reader, const char *why)
{
	reader->report->why = why;
	return -EBADMSG;
}

static void reader_done(struct reader *reader)
{
	free(reader->is_seen);
	free(reader->known);
}

static uint32_t read_be(const uint8_t *bytes, unsigned int count)
{
	uint32_t number = 0;

	while (count-- > 0)
		number = number << 8 | *bytes++;
	return number;
}

/* One of the two records of a node. */
static uint32_t record_of(const struct reader *reader, uint32_t node,
			  unsigned int side)
{
	const uint8_t *at =
		reader->tree + (size_t)node * reader->record_bits / 4;

	switch (reader->record_bits) {
	case 24:
		return read_be(at + side * 3ul, 3);
	case 28: /* their highest four bits share the byte between them */
		return read_be(at + side * 4ul, 3) |
		       (uint32_t)(side ? at[3] & 0x0f : at[3] >> 4) << 24;
	default:
		return read_be(at + side * 4ul, 4);
	}
}

static int metadata_number(const struct mmdb_section *section,
			   const struct mmdb_value *map, const char *key,
			   uint64_t *ret_number)
{
	uint32_t values_left = GEO_MMDB_VALUES_MAX;
	struct mmdb_value value;
	int r = mmdb_map_find(section, map, key, &values_left, &value);

	return r < 0 ? r : mmdb_number(section, &value, ret_number);
}

/* What kind of file it is, and of when; neither is needed. */
static void read_title(struct geo_mmdb_report *report,
		       const struct mmdb_section *section,
		       const struct mmdb_value *map)
{
	uint32_t values_left = GEO_MMDB_VALUES_MAX;
	struct mmdb_value type;

	if (metadata_number(section, map, "build_epoch", &report->built_s) < 0)
		report->built_s = 0;
	if (mmdb_map_find(section, map, "database_type", &values_left, &type) <
		    0 ||
	    type.type != MMDB_STRING)
		return;
	for (size_t i = 0; i < type.size && i < GEO_MMDB_TYPE_MAX - 1; i++) {
		uint8_t c = section->bytes[type.at + i];

		report->type[i] = (char)(c > 0x20 && c < 0x7f ? c : '?');
	}
}

/* The tree and the data, by what the metadata say of them. */
static int place_sections(struct reader *reader, const uint8_t *bytes,
			  size_t len, uint64_t node_count, uint64_t record_bits)
{
	uint64_t tree_bytes = node_count * record_bits / 4;

	if (record_bits != 24 && record_bits != 28 && record_bits != 32)
		return refuse(reader, why_format);
	if (node_count == 0 || node_count >= UINT32_MAX || len < DATA_GAP ||
	    tree_bytes > len - DATA_GAP)
		return refuse(reader, why_tree);
	reader->tree = bytes;
	reader->node_count = (uint32_t)node_count;
	reader->record_bits = (unsigned int)record_bits;
	reader->data.bytes = bytes + tree_bytes + DATA_GAP;
	reader->data.len = len - tree_bytes - DATA_GAP;
	return 0;
}

static int read_metadata(struct reader *reader, const uint8_t *bytes,
			 const uint8_t *mark, size_t len)
{
	struct mmdb_section section = {.bytes = mark + MARKER_LEN};
	uint64_t version = 0, nodes = 0, record_bits = 0, ip_version = 0;
	struct mmdb_value map;
	int r;

	section.len = (size_t)(bytes + len - section.bytes);
	r = mmdb_value_at(&section, 0, &map);
	if (r == 0)
		r = metadata_number(&section, &map,
				    "binary_format_major_version", &version);
	if (r == 0)
		r = metadata_number(&section, &map, "node_count", &nodes);
	if (r == 0)
		r = metadata_number(&section, &map, "record_size",
				    &record_bits);
	if (r == 0)
		r = metadata_number(&section, &map, "ip_version", &ip_version);
	if (r < 0)
		return refuse(reader, why_metadata);
	if (version != 2 || (ip_version != 4 && ip_version != 6))
		return refuse(reader, why_format);
	reader->is_v6 = ip_version == 6;
	read_title(reader->report, &section, &map);
	return place_sections(reader, bytes, (size_t)(mark - bytes), nodes,
			      record_bits);
}

/* The last one: the data of a record may hold another. */
static const uint8_t *find_marker(const uint8_t *bytes, size_t len)
{
	size_t most = len < METADATA_MAX ? len : METADATA_MAX;

	for (size_t back = MARKER_LEN; back <= most; back++) {
		const uint8_t *at = bytes + len - back;

		if (memcmp(at, marker, MARKER_LEN) == 0)
			return at;
	}
	return NULL;
}

static void find_v4(struct reader *reader)
{
	uint32_t node = 0;

	for (unsigned int depth = 0;
	     depth < PREFIX_V4_BITS && node < reader->node_count; depth++)
		node = record_of(reader, node, 0);
	reader->v4_node = node < reader->node_count ? node : reader->node_count;
}

static int find_country(const struct reader *reader,
			const struct mmdb_value *record, uint32_t *ret_key)
{
	uint32_t values_left = GEO_MMDB_VALUES_MAX;
	struct mmdb_value country, code = {0};
	int r = mmdb_map_find(&reader->data, record, "country", &values_left,
			      &country);

	if (r == 0)
		r = mmdb_map_find(&reader->data, &country, "iso_code",
				  &values_left, &code);
	if (r < 0)
		return r;
	if (code.type != MMDB_STRING ||
	    geo_key_of_letters((const char *)reader->data.bytes + code.at,
			       code.size, ret_key) < 0)
		return -ENOENT;
	return 0;
}

static int find_asn(const struct reader *reader,
		    const struct mmdb_value *record, uint32_t *ret_key)
{
	uint32_t values_left = GEO_MMDB_VALUES_MAX;
	struct mmdb_value value;
	uint64_t number = 0;
	int r = mmdb_map_find(&reader->data, record, "autonomous_system_number",
			      &values_left, &value);

	if (r == 0)
		r = mmdb_number(&reader->data, &value, &number);
	if (r < 0)
		return r;
	if (number > UINT32_MAX)
		return refuse(reader, why_key);
	*ret_key = (uint32_t)number;
	return 0;
}

static int find_key(const struct reader *reader, uint32_t record,
		    uint32_t *ret_key)
{
	struct mmdb_value value;
	int r = -EBADMSG;

	if (record - reader->node_count >= DATA_GAP)
		r = mmdb_value_at(&reader->data,
				  record - reader->node_count - DATA_GAP,
				  &value);
	if (r == 0)
		r = reader->kind == GEO_COUNTRY
			    ? find_country(reader, &value, ret_key)
			    : find_asn(reader, &value, ret_key);
	if (r == -ENOENT || r == -EPROTOTYPE) {
		*ret_key = GEO_NOBODY;
		r = 0;
	}
	if (r == -EBADMSG && !reader->report->why)
		reader->report->why = why_record;
	return r;
}

/* Most networks share a few records. */
static int key_of(const struct reader *reader, uint32_t record,
		  uint32_t *ret_key)
{
	struct known *known =
		&reader->known[record * 2654435761u >> KNOWN_SHIFT];
	int r = 0;

	if (known->record != record)
		r = find_key(reader, record, &known->key);
	known->record = r < 0 ? 0 : record;
	*ret_key = known->key;
	return r;
}

/* The network in our form; 0, or 1 if it is one of IPv4 given elsewhere. */
static int network_of(const struct reader *reader, const struct place *place,
		      struct prefix *ret_network)
{
	static const uint8_t zeros[12];
	struct prefix network = {.bits = (uint8_t)place->depth};

	memcpy(network.addr, place->addr, sizeof(network.addr));
	if (!reader->is_v6) {
		network = prefix_of_v4(read_be(place->addr, 4), place->depth);
	} else if (memcmp(place->addr, zeros, sizeof(zeros)) == 0) {
		/* what is wider than ::/96, too: they all have it first */
		if (place->depth <= PREFIX_V4_BITS)
			return refuse(reader, why_all_v4);
		network = prefix_of_v4(read_be(place->addr + sizeof(zeros), 4),
				       place->depth - PREFIX_V4_BITS);
	} else if (prefix_has_all_v4(&network)) {
		return refuse(reader, why_all_v4);
	} else if (prefix_is_v4(&network)) {
		return 1;
	}
	*ret_network = network;
	return 0;
}

static int give(const struct reader *reader, const struct place *place)
{
	struct prefix network;
	uint32_t key;
	int r = key_of(reader, place->record, &key);

	if (r < 0 || key == GEO_NOBODY)
		return r;
	r = network_of(reader, place, &network);
	if (r != 0)
		return r < 0 ? r : 0;
	reader->report->networks++;
	return reader->fn(reader->arg, key, &network);
}

static bool is_first(const struct place *place)
{
	static const uint8_t zeros[16];

	return place->depth == PREFIX_V4_BITS &&
	       memcmp(place->addr, zeros, sizeof(zeros)) == 0;
}

/* Its two halves, the lower on top. */
static int open_node(struct reader *reader, const struct place *place,
		     struct place halves[2])
{
	uint32_t node = place->record;
	uint8_t bit = (uint8_t)(1u << (node & 7));

	if (place->depth == (reader->is_v6 ? DEPTH_MAX : 32) ||
	    reader->is_seen[node / 8] & bit)
		return refuse(reader, why_tree);
	reader->is_seen[node / 8] |= bit;
	for (unsigned int side = 0; side < 2; side++) {
		struct place *half = &halves[1 - side];

		*half = *place;
		half->record = record_of(reader, node, side);
		half->depth++;
		if (side)
			half->addr[place->depth / 8] |=
				(uint8_t)(0x80u >> place->depth % 8);
	}
	return 0;
}

static int walk(struct reader *reader)
{
	struct place stack[DEPTH_MAX + 1] = {{0}}; /* one a bit, and one */
	size_t count = 1;

	reader->is_seen = calloc(reader->node_count / 8 + 1, 1);
	reader->known = calloc(KNOWN_COUNT, sizeof(*reader->known));
	if (!reader->is_seen || !reader->known)
		return -ENOMEM;
	find_v4(reader);
	while (count > 0) {
		struct place place = stack[--count];
		int r = 0;

		if (place.record > reader->node_count) {
			r = give(reader, &place);
		} else if (place.record < reader->node_count) {
			if (reader->is_v6 && place.record == reader->v4_node &&
			    !is_first(&place))
				continue; /* another way to IPv4 */
			r = open_node(reader, &place, &stack[count]);
			count += 2;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int geo_mmdb_read(const void *bytes, size_t len, enum geo_kind kind, geo_fn *fn,
		  void *arg, struct geo_mmdb_report *ret_report)
{
	struct reader reader = {
		.kind = kind,
		.fn = fn,
		.arg = arg,
		.report = ret_report,
	};
	const uint8_t *mark;
	int r;

	assert(bytes || len == 0);
	assert(kind < GEO_KIND_COUNT);
	assert(fn);
	assert(ret_report);

	*ret_report = (struct geo_mmdb_report){0};
	mark = find_marker(bytes, len);
	r = mark ? read_metadata(&reader, bytes, mark, len)
		 : refuse(&reader, why_no_mmdb);
	if (r == 0)
		r = walk(&reader);
	reader_done(&reader);
	if (r == 0 && ret_report->networks == 0) {
		ret_report->why = why_nothing[kind];
		r = -ENODATA;
	}
	return r;
}
