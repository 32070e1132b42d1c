/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sigma_reader.h - what the parts of sigma_read() share; nobody else includes
 * it.
 *
 * Errors	as sigma_read()
 */
#pragma once

#include <errno.h>

#include "rules/detect/sigma.h"

struct sigma_selection {
	const char *name;
	struct detect_node *node;
	uint32_t node_count; /* nodes of it */
};

struct sigma_reader {
	struct detect_rule *rule;
	struct detect_note *note;
	struct sigma_selection selections[SIGMA_SELECTIONS_MAX];
	size_t selection_count;
	uint32_t node_count; /* a selection counts each time it is meant */
};

/* Write the note and answer; a macro so that who reads the caller, clang-tidy
 * too, sees what it answers. */
#define sigma_break(reader, ...)                 \
	((reader)->note->reason = DETECT_BROKEN, \
	 document_note_write(&(reader)->note->at, __VA_ARGS__), -EINVAL)
#define sigma_refuse(reader, why, ...)   \
	((reader)->note->reason = (why), \
	 document_note_write(&(reader)->note->at, __VA_ARGS__), -ENOTSUP)
#define sigma_refuse_size(reader, ...)              \
	((reader)->note->reason = DETECT_TOO_LARGE, \
	 document_note_write(&(reader)->note->at, __VA_ARGS__), -E2BIG)

/* sigma.c: a node of the rule, counted. */
int sigma_add(struct sigma_reader *reader, struct detect_node *parent,
	      enum detect_op op, struct mark mark,
	      struct detect_node **ret_node);

/* sigma_item.c: `FIELD|MODIFIER...: values` as a part of `parent`. `name` NULL:
 * keywords, without a key. */
int sigma_read_item(struct sigma_reader *reader, const struct node *name,
		    const struct node *value, struct detect_node *parent);

/* sigma_condition.c: what `condition` says of the selections. */
int sigma_read_condition(struct sigma_reader *reader, const struct node *value,
			 struct detect_node *parent);
