// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/kept_notice.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"
#include "rules/codec.h"

#define PAGE_ROOM 4080 /* of a value in a page of its own of 4096 */

_Static_assert(KEPT_NOTICE_BYTES <= PAGE_ROOM, "");

static const char *const names[] = {
	[NOTICE_NEW] = "new",
	[NOTICE_ACKNOWLEDGED] = "acknowledged",
	[NOTICE_RESOLVED] = "resolved",
};
_Static_assert(ARRAY_LEN(names) == NOTICE_STATE_COUNT, "");

const char *notice_state_name(enum notice_state state)
{
	return names[state];
}

size_t kept_notice_put(uint8_t to[KEPT_NOTICE_BYTES],
		       const struct kept_notice *notice)
{
	size_t note_len = strlen(notice->note);
	uint8_t *at = to;

	assert(note_len < KEPT_NOTE_MAX);
	assert(notice->json_len < KEPT_JSON_MAX);

	memcpy(at, notice->id, KEPT_ID_BYTES);
	at += KEPT_ID_BYTES;
	at += codec_u64_put(at, notice->pattern);
	at += codec_u64_put(at, notice->wall_ns);
	at += codec_u64_put(at, notice->count);
	at += codec_u64_put(at, notice->changed_s);
	at += codec_u32_put(at, notice->changed_uid);
	*at++ = notice->level;
	*at++ = (uint8_t)notice->state;
	*at++ = (uint8_t)note_len;
	assert(at == to + KEPT_HEAD_BYTES);
	memcpy(at, notice->note, note_len);
	at += note_len;
	memcpy(at, notice->json, notice->json_len);
	return (size_t)(at - to) + notice->json_len;
}

int kept_notice_get(uint64_t seq, const uint8_t *from, size_t len,
		    struct kept_notice *ret_notice)
{
	const uint8_t *head = from + KEPT_ID_BYTES;
	size_t note_len;

	if (len < KEPT_HEAD_BYTES)
		return -EBADMSG;
	note_len = from[KEPT_HEAD_BYTES - 1];
	if (len < KEPT_HEAD_BYTES + note_len ||
	    len - KEPT_HEAD_BYTES - note_len >= KEPT_JSON_MAX ||
	    from[KEPT_HEAD_BYTES - 2] >= NOTICE_STATE_COUNT)
		return -EBADMSG;
	*ret_notice = (struct kept_notice){
		.seq = seq,
		.pattern = codec_u64_get(head),
		.wall_ns = codec_u64_get(head + 8),
		.count = codec_u64_get(head + 16),
		.changed_s = codec_u64_get(head + 24),
		.changed_uid = codec_u32_get(head + 32),
		.level = from[KEPT_HEAD_BYTES - 3],
		.state = (enum notice_state)from[KEPT_HEAD_BYTES - 2],
		.json = (const char *)from + KEPT_HEAD_BYTES + note_len,
		.json_len = len - KEPT_HEAD_BYTES - note_len,
	};
	memcpy(ret_notice->id, from, KEPT_ID_BYTES);
	memcpy(ret_notice->note, from + KEPT_HEAD_BYTES, note_len);
	return 0;
}

static int digit_of(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

int kept_id_from_text(const char *text, struct kept_id *ret_id)
{
	struct kept_id id = {.digits = 0};

	for (; *text; text++) {
		int digit = digit_of(*text);

		if (*text == '-')
			continue;
		if (digit < 0 || id.digits == KEPT_ID_DIGITS_MAX)
			return -EINVAL;
		id.bytes[id.digits / 2] |=
			(uint8_t)(id.digits % 2 ? digit : digit << 4);
		id.digits++;
	}
	if (id.digits == 0)
		return -EINVAL;
	*ret_id = id;
	return 0;
}

bool kept_id_meets(const struct kept_id *id, const uint8_t bytes[KEPT_ID_BYTES])
{
	size_t whole = id->digits / 2;

	if (memcmp(id->bytes, bytes, whole) != 0)
		return false;
	return id->digits % 2 == 0 ||
	       (id->bytes[whole] & 0xf0) == (bytes[whole] & 0xf0);
}
