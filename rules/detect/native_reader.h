/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * native_reader.h - what the parts of native_read() share; nobody else includes
 * it.
 *
 * Errors	as native_read()
 */
#pragma once

#include "rules/detect/event.h"
#include "rules/detect/native.h"

/* What "any" is: executions, openings of files, connections and datagrams. */
#define NATIVE_KINDS_ANY                                           \
	(1u << EVENT_EXEC | 1u << EVENT_OPEN | 1u << EVENT_WRITE | \
	 1u << EVENT_CREATE | 1u << EVENT_CONNECT | 1u << EVENT_SEND)

struct native_reader {
	struct detect_rule **rules;
	size_t count, room;
	uint32_t value_count;
	struct detect_rule *rule; /* under way; in `rules` */
	uint64_t cooldown_ns; /* of rules that do not say */
	const struct node *rules_node; /* the list of rules, or NULL */
	const struct node *ignore; /* what is not looked at, or NULL */
	struct detect_note *note;
};

#define native_refuse(reader, why, code, ...) \
	((reader)->note->reason = (why),      \
	 document_note_write(&(reader)->note->at, __VA_ARGS__), (code))
#define native_break(reader, ...) \
	native_refuse(reader, DETECT_BROKEN, -EINVAL, __VA_ARGS__)

/* native.c: the next rule, which is the one under way then. */
int native_new_rule(struct native_reader *reader, struct mark mark,
		    const char *name);

/* native_condition.c: its event, match and unless; parts of it that need one of
 * some fields, or none of them. */
int native_read_condition(struct native_reader *reader,
			  const struct node *node);
int native_read_either(struct native_reader *reader, const struct node *fields,
		       struct detect_node *parent);
int native_read_unless(struct native_reader *reader, const struct node *unless);

/* native_chain.c: of the rule under way; and the chain of any rule, whose
 * steps have names of the first `named` rules. */
int native_read_taint(struct native_reader *reader, const struct node *node);
/* Does a rule of the list mark with this name? */
bool native_has_taint(const struct native_reader *reader, const char *name);
int native_read_chain(struct native_reader *reader, struct detect_rule *rule,
		      const struct node *node, size_t named);

/* native_limits.c: group_by, threshold, window, cooldown, renotify. */
int native_read_span(struct native_reader *reader, const struct node *value,
		     uint64_t *ret_ns);
int native_read_limits(struct native_reader *reader, const struct node *node);

/* native_about.c: id, level, tags, weight, and of a block observe, ttl,
 * ttl_grows, steps; the score it is about. */
int native_read_about(struct native_reader *reader, const struct node *node);
int native_read_score(struct native_reader *reader, const struct node *value);
