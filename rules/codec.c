// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/codec.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/*
 * First byte of a member's key. The v4-mapped range is in the middle of the
 * IPv6 space, so IPv6 needs a family on either side of it.
 */
enum family {
	FAMILY_BELOW, /* IPv6, before ::ffff:0:0 */
	FAMILY_V4,
	FAMILY_ABOVE, /* IPv6, after ::ffff:ffff:ffff */
	FAMILY_COUNT,
};

#define V4_AT	     12 /* where the IPv4 address is in struct prefix */
#define V4_KEY_BYTES 6
#define V6_KEY_BYTES 18

static const uint8_t v4_mapped[V4_AT] = {[10] = 0xff, [11] = 0xff};

size_t codec_u32_put(uint8_t *to, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
	return 4;
}

size_t codec_u64_put(uint8_t *to, uint64_t value)
{
	for (unsigned int i = 0; i < 8; i++)
		to[i] = (uint8_t)(value >> (56 - 8 * i));
	return 8;
}

uint32_t codec_u32_get(const uint8_t *from)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < 4; i++)
		value = value << 8 | from[i];
	return value;
}

uint64_t codec_u64_get(const uint8_t *from)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < 8; i++)
		value = value << 8 | from[i];
	return value;
}

static enum family family_of(const struct prefix *prefix)
{
	int order = memcmp(prefix->addr, v4_mapped, sizeof(v4_mapped));

	if (order == 0)
		return FAMILY_V4;
	return order < 0 ? FAMILY_BELOW : FAMILY_ABOVE;
}

static bool has_bits_past_length(const struct prefix *prefix)
{
	size_t byte = prefix->bits / 8;

	if (prefix->bits % 8 &&
	    (prefix->addr[byte++] & 0xff >> prefix->bits % 8))
		return true;
	for (; byte < sizeof(prefix->addr); byte++) {
		if (prefix->addr[byte])
			return true;
	}
	return false;
}

size_t codec_member_key_put(uint8_t to[CODEC_MEMBER_KEY_MAX],
			    const struct prefix *prefix)
{
	enum family family = family_of(prefix);
	size_t skip = family == FAMILY_V4 ? V4_AT : 0;
	size_t count = sizeof(prefix->addr) - skip;

	assert(prefix->bits <= 128);

	to[0] = (uint8_t)family;
	memcpy(to + 1, prefix->addr + skip, count);
	to[1 + count] = prefix->bits;
	return count + 2;
}

int codec_member_key_get(const uint8_t *from, size_t len,
			 struct prefix *ret_prefix)
{
	struct prefix prefix = {0};

	if (len == V4_KEY_BYTES) {
		memcpy(prefix.addr, v4_mapped, sizeof(v4_mapped));
		memcpy(prefix.addr + V4_AT, from + 1, 4);
	} else if (len == V6_KEY_BYTES) {
		memcpy(prefix.addr, from + 1, sizeof(prefix.addr));
	} else {
		return -EBADMSG;
	}
	prefix.bits = from[len - 1];

	if (prefix.bits > 128 || has_bits_past_length(&prefix))
		return -EBADMSG;
	if (family_of(&prefix) != from[0] ||
	    (from[0] == FAMILY_V4) != (len == V4_KEY_BYTES))
		return -EBADMSG;

	*ret_prefix = prefix;
	return 0;
}

/* Seven bits a byte, lowest first, the top bit set on all but the last. */
static size_t varint_put(uint8_t *to, uint64_t value)
{
	size_t count = 0;

	while (value > 0x7f) {
		to[count++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	to[count++] = (uint8_t)value;
	return count;
}

struct reader {
	const uint8_t *at;
	const uint8_t *end;
};

/* Refuses what is cut, over `max`, or longer than need be. */
static int varint_get(struct reader *reader, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	uint8_t byte;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		if (reader->at == reader->end)
			return -EBADMSG;
		byte = *reader->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (shift == 63 && byte > 1)
			return -EBADMSG;
		if (byte & 0x80)
			continue;
		if (value > max || (shift > 0 && byte == 0))
			return -EBADMSG;

		*ret_value = value;
		return 0;
	}
	return -EBADMSG;
}

size_t codec_evidence_put(uint8_t to[CODEC_EVIDENCE_MAX],
			  const struct evidence *evidence, uint32_t reason_id)
{
	size_t count = 0;

	to[count++] = evidence->origin;
	count += varint_put(to + count, evidence->uid);
	count += varint_put(to + count, evidence->line);
	count += varint_put(to + count, evidence->created_s);
	count += varint_put(to + count, evidence->expires_s);
	count += varint_put(to + count, reason_id);
	assert(count <= CODEC_EVIDENCE_MAX);
	return count;
}

int codec_evidence_get(const uint8_t *from, size_t len,
		       struct evidence *ret_evidence, uint32_t *ret_reason_id)
{
	static const uint64_t max[] = {UINT32_MAX, UINT32_MAX, UINT64_MAX,
				       UINT64_MAX, UINT32_MAX};
	uint64_t values[ARRAY_LEN(max)];
	struct reader reader;
	int r;

	if (len == 0 || from[0] >= ORIGIN_COUNT)
		return -EBADMSG;

	reader = (struct reader){.at = from + 1, .end = from + len};
	for (size_t i = 0; i < ARRAY_LEN(max); i++) {
		r = varint_get(&reader, max[i], &values[i]);
		if (r < 0)
			return r;
	}
	if (reader.at != reader.end)
		return -EBADMSG;

	*ret_evidence = (struct evidence){
		.origin = from[0],
		.uid = (uint32_t)values[0],
		.line = (uint32_t)values[1],
		.created_s = values[2],
		.expires_s = values[3],
	};
	*ret_reason_id = (uint32_t)values[4];
	return 0;
}

size_t codec_set_put(uint8_t to[CODEC_SET_MAX], const struct set *set)
{
	size_t name_len = strnlen(set->name, sizeof(set->name));

	to[0] = set->action;
	to[1] = set->kind;
	codec_u32_put(to + 2, set->capacity);
	memcpy(to + 6, set->name, name_len);
	return 6 + name_len;
}

int codec_set_get(uint8_t id, const uint8_t *from, size_t len,
		  struct set *ret_set)
{
	struct set set = {.id = id};

	if (len < 6 || len >= CODEC_SET_MAX)
		return -EBADMSG;

	set.action = from[0];
	set.kind = from[1];
	set.capacity = codec_u32_get(from + 2);
	memcpy(set.name, from + 6, len - 6);
	if (id == 0 || set.action >= SET_ACTION_COUNT ||
	    set.kind >= SET_KIND_COUNT || strlen(set.name) != len - 6 ||
	    !set_name_is_storable(set.name))
		return -EBADMSG;

	*ret_set = set;
	return 0;
}

size_t codec_attachment_put(uint8_t to[CODEC_ATTACHMENT_BYTES],
			    const struct attachment *wish)
{
	to[0] = wish->mode;
	to[1] = wish->share;
	return CODEC_ATTACHMENT_BYTES;
}

int codec_attachment_get(const void *key, size_t key_len, const uint8_t *from,
			 size_t len, struct attachment *ret_wish)
{
	struct attachment wish = {0};

	if (key_len == 0 || key_len >= sizeof(wish.ifname) ||
	    len != CODEC_ATTACHMENT_BYTES)
		return -EBADMSG;

	memcpy(wish.ifname, key, key_len);
	if (strlen(wish.ifname) != key_len)
		return -EBADMSG;
	wish.mode = from[0];
	wish.share = from[1];
	if (wish.mode > ATTACHMENT_MODE_MAX ||
	    wish.share > ATTACHMENT_SHARE_MAX)
		return -EBADMSG;

	*ret_wish = wish;
	return 0;
}

size_t codec_journal_put(uint8_t to[CODEC_JOURNAL_MAX],
			 const struct journal_entry *entry)
{
	size_t text_len = strnlen(entry->text, sizeof(entry->text) - 1);

	codec_u64_put(to, entry->time_s);
	codec_u32_put(to + 8, entry->uid);
	memcpy(to + 12, entry->text, text_len);
	return 12 + text_len;
}

int codec_journal_get(uint64_t seq, const uint8_t *from, size_t len,
		      struct journal_entry *ret_entry)
{
	struct journal_entry entry = {.seq = seq};

	if (len < 12 || len >= CODEC_JOURNAL_MAX)
		return -EBADMSG;

	entry.time_s = codec_u64_get(from);
	entry.uid = codec_u32_get(from + 8);
	memcpy(entry.text, from + 12, len - 12);
	if (strlen(entry.text) != len - 12)
		return -EBADMSG;

	*ret_entry = entry;
	return 0;
}

size_t codec_revision_put(uint8_t to[CODEC_REVISION_MAX],
			  const struct revision *revision)
{
	size_t note_len = strnlen(revision->note, sizeof(revision->note) - 1);

	codec_u64_put(to, revision->time_s);
	codec_u32_put(to + 8, revision->uid);
	codec_u32_put(to + 12, revision->text_bytes);
	memcpy(to + 16, revision->note, note_len);
	return 16 + note_len;
}

int codec_revision_get(uint64_t number, const uint8_t *from, size_t len,
		       struct revision *ret_revision)
{
	struct revision revision = {.number = number};

	if (len < 16 || len >= CODEC_REVISION_MAX)
		return -EBADMSG;

	revision.time_s = codec_u64_get(from);
	revision.uid = codec_u32_get(from + 8);
	revision.text_bytes = codec_u32_get(from + 12);
	memcpy(revision.note, from + 16, len - 16);
	if (number == 0 || revision.text_bytes == 0 ||
	    revision.text_bytes > REVISION_TEXT_MAX ||
	    strlen(revision.note) != len - 16 ||
	    !revision_note_is_valid(revision.note))
		return -EBADMSG;

	*ret_revision = revision;
	return 0;
}

size_t codec_pending_put(uint8_t to[CODEC_PENDING_BYTES],
			 const struct pending *pending)
{
	codec_u64_put(to, pending->number);
	codec_u64_put(to + 8, pending->fallback);
	codec_u64_put(to + 16, pending->deadline_ns);
	memcpy(to + 24, pending->boot_id, BOOT_ID_BYTES);
	return CODEC_PENDING_BYTES;
}

int codec_pending_get(const uint8_t *from, size_t len,
		      struct pending *ret_pending)
{
	struct pending pending;

	if (len != CODEC_PENDING_BYTES)
		return -EBADMSG;

	pending.number = codec_u64_get(from);
	pending.fallback = codec_u64_get(from + 8);
	pending.deadline_ns = codec_u64_get(from + 16);
	memcpy(pending.boot_id, from + 24, BOOT_ID_BYTES);
	if (pending.number == 0)
		return -EBADMSG;

	*ret_pending = pending;
	return 0;
}
