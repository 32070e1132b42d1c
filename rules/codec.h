/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codec.h - how what the store holds looks as bytes.
 *
 * Keys are big-endian, so the order of the bytes is the order of the values
 * and a range of them is one scan. Values are as short as they can be: there
 * are millions of members.
 *
 *	member key	family (1), address (4 or 16), length (1); the families
 *			are ordered so that keys sort like prefix_cmp()
 *	member value	origin (1); uid, line, created, expires and the id of
 *			the reason, seven bits a byte, lowest first
 *
 * Errors	-EBADMSG for bytes that no _put() makes; all else cannot fail
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/member.h"
#include "rules/revision.h"
#include "rules/set.h"
#include "rules/store.h"

#define CODEC_MEMBER_KEY_MAX   18
#define CODEC_EVIDENCE_MAX     36
#define CODEC_SET_MAX	       (6 + SET_NAME_MAX)
#define CODEC_ATTACHMENT_BYTES 2
#define CODEC_JOURNAL_MAX      (12 + JOURNAL_TEXT_MAX)
#define CODEC_REVISION_MAX     (16 + REVISION_NOTE_MAX)
#define CODEC_PENDING_BYTES    (24 + BOOT_ID_BYTES)

/* Each _put() returns how many bytes it wrote. */
size_t codec_u32_put(uint8_t *to, uint32_t value);
size_t codec_u64_put(uint8_t *to, uint64_t value);
uint32_t codec_u32_get(const uint8_t *from);
uint64_t codec_u64_get(const uint8_t *from);

size_t codec_member_key_put(uint8_t to[CODEC_MEMBER_KEY_MAX],
			    const struct prefix *prefix);
int codec_member_key_get(const uint8_t *from, size_t len,
			 struct prefix *ret_prefix);

/* The reason is kept elsewhere, under an id; `reason` is NULL after a get. */
size_t codec_evidence_put(uint8_t to[CODEC_EVIDENCE_MAX],
			  const struct evidence *evidence, uint32_t reason_id);
int codec_evidence_get(const uint8_t *from, size_t len,
		       struct evidence *ret_evidence, uint32_t *ret_reason_id);

/* A set without its id, which is the key. */
size_t codec_set_put(uint8_t to[CODEC_SET_MAX], const struct set *set);
int codec_set_get(uint8_t id, const uint8_t *from, size_t len,
		  struct set *ret_set);

/* The name of the interface is the key. */
size_t codec_attachment_put(uint8_t to[CODEC_ATTACHMENT_BYTES],
			    const struct attachment *wish);
int codec_attachment_get(const void *key, size_t key_len, const uint8_t *from,
			 size_t len, struct attachment *ret_wish);

/* The sequence number is the key. */
size_t codec_journal_put(uint8_t to[CODEC_JOURNAL_MAX],
			 const struct journal_entry *entry);
int codec_journal_get(uint64_t seq, const uint8_t *from, size_t len,
		      struct journal_entry *ret_entry);

/* A revision without its text; the number is the key. */
size_t codec_revision_put(uint8_t to[CODEC_REVISION_MAX],
			  const struct revision *revision);
int codec_revision_get(uint64_t number, const uint8_t *from, size_t len,
		       struct revision *ret_revision);

/* Something is pending: its number is not 0. */
size_t codec_pending_put(uint8_t to[CODEC_PENDING_BYTES],
			 const struct pending *pending);
int codec_pending_get(const uint8_t *from, size_t len,
		      struct pending *ret_pending);
