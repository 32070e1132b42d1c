/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * language.h - rules in a text, in whichever of the languages it is.
 *
 * A document with `detection` is one Sigma rule; one with `version` a list of
 * rules of which the first decides (rules/detect/native.h); one with `rules`
 * alone is of sandtrace; and any other is taken for Sigma.
 *
 * Owns		detect_read() gives each rule to detect_rule_free(), and their
 *		array to free()
 * Errors	-EINVAL broken, -E2BIG above a limit, -ENOTSUP refused: each
 *		with a note; -ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include "rules/detect/note.h"
#include "rules/detect/rule.h"
#include "rules/tree.h"

#define DETECT_BYTES_MAX (256u << 10) /* of a text */

/* `kinds`: 1 << enum event_kind of each kind of event there will be. */
int detect_read(const char *text, size_t len, uint32_t kinds,
		struct detect_rule ***ret_rules, size_t *ret_count,
		struct detect_note *ret_note);

/* A text as a tree, or why it is none. */
int detect_tree_read(const char *text, size_t len, struct tree **ret_tree,
		     struct detect_note *ret_note);
