/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * native_reader.h - what the parts of native_read() share; nobody else includes
 * it.
 *
 * Errors	as native_read()
 */
#pragma once

#include "rules/detect/native.h"

struct native_reader {
	struct detect_rule **rules;
	size_t count, room;
	uint32_t value_count;
	struct detect_rule *rule; /* under way; in `rules` */
	uint64_t cooldown_ns; /* of rules that do not say */
	struct detect_note *note;
};

#define native_refuse(reader, why, code, ...) \
	((reader)->note->reason = (why),      \
	 document_note_write(&(reader)->note->at, __VA_ARGS__), (code))
#define native_break(reader, ...) \
	native_refuse(reader, DETECT_BROKEN, -EINVAL, __VA_ARGS__)

/* native_limits.c: group_by, threshold, window, cooldown, renotify. */
int native_read_span(struct native_reader *reader, const struct node *value,
		     uint64_t *ret_ns);
int native_read_limits(struct native_reader *reader, const struct node *node);

/* native_about.c: id, level, tags; and of a block observe, ttl, steps. */
int native_read_about(struct native_reader *reader, const struct node *node);
int native_read_block(struct native_reader *reader, const struct node *node);
