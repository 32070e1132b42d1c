/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kept_notice.h - a notice of a detection as it is kept, and what people have
 * said of it.
 *
 *	new -> acknowledged -> resolved, or at once to resolved; never back
 *
 * As bytes: the numbers in order, the note behind its length, then the line.
 * All of it fits into one page of LMDB, so that a store in long use need not
 * have pages side by side.
 *
 * Times	_ns, _s: since 1970; 0: never
 * Errors	-EBADMSG for bytes that kept_notice_put() does not make
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPT_ID_BYTES	   16
#define KEPT_NOTE_MAX	   256 /* bytes with the NUL */
#define KEPT_JSON_MAX	   3700 /* the same */
#define KEPT_HEAD_BYTES	   55
#define KEPT_NOTICE_BYTES  (KEPT_HEAD_BYTES + KEPT_NOTE_MAX + KEPT_JSON_MAX)
#define KEPT_ID_DIGITS_MAX ((size_t)2 * KEPT_ID_BYTES)

enum notice_state {
	NOTICE_NEW,
	NOTICE_ACKNOWLEDGED,
	NOTICE_RESOLVED,
	NOTICE_STATE_COUNT,
};

struct kept_notice {
	uint64_t seq; /* given by the store, in order */
	uint8_t id[KEPT_ID_BYTES];
	uint64_t pattern;
	uint64_t wall_ns;
	uint64_t count; /* matches it stands for */
	uint8_t level; /* enum detect_level */
	enum notice_state state;
	uint64_t changed_s; /* when its state last did, by whom, and why */
	uint32_t changed_uid;
	char note[KEPT_NOTE_MAX]; /* one line of UTF-8, or "" */
	const char *json; /* borrowed; `json_len` bytes, without a NUL */
	size_t json_len;
};

const char *notice_state_name(enum notice_state state);

/* How many bytes it wrote; the number is the key and not among them. */
size_t kept_notice_put(uint8_t to[KEPT_NOTICE_BYTES],
		       const struct kept_notice *notice);

/* `json` points into `from`. */
int kept_notice_get(uint64_t seq, const uint8_t *from, size_t len,
		    struct kept_notice *ret_notice);

/* The beginning of an id as people write it: hexadecimal digits, with or
 * without dashes. */
struct kept_id {
	uint8_t bytes[KEPT_ID_BYTES];
	size_t digits; /* 1 to KEPT_ID_DIGITS_MAX */
};

/* -EINVAL: it is none. */
int kept_id_from_text(const char *text, struct kept_id *ret_id);
bool kept_id_meets(const struct kept_id *id,
		   const uint8_t bytes[KEPT_ID_BYTES]);
