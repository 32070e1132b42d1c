/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sigma.h - rules in the Sigma format (specification 2), as they are.
 *
 *	1. A rule is loaded as its author meant it, or not at all. What could
 *	   not be honoured (a field, a modifier, a form of condition, a log
 *	   source) refuses it, with the place and the name of the reason.
 *	2. Nothing of `detection` and `logsource` is passed over. Of the other
 *	   keys only title, id, level, author and tags are read.
 *	3. Letters' case is not told apart, of ASCII letters, but by `re` and
 *	   `cased`. `*` and `?` are wildcards, a backslash takes their meaning.
 *	4. Modifiers: contains startswith endswith re (and re|i) cidr all cased
 *	   exists. Conditions: and or not ( ) "1 of x*" "any of" "all of"
 *	   "them".
 *	5. A rule part of which can never be met here, because a record that it
 *	   names comes from no sensor, is loaded with a remark.
 *
 * Owns		sigma_read() gives a rule to detect_rule_free()
 * Errors	-EINVAL broken, -E2BIG above a limit, -ENOTSUP refused: each
 *		with a note; -ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include "rules/detect/event.h"
#include "rules/detect/note.h"
#include "rules/detect/rule.h"
#include "rules/tree.h"

#define SIGMA_NODES_MAX	     16384 /* of a condition, written out */
#define SIGMA_SELECTIONS_MAX 128
#define SIGMA_LINE_MAX	     1024 /* of a title, an author, a tag */

/* The kinds of events there are without a source of log lines. */
#define DETECT_KINDS_KERNEL ((1u << EVENT_KIND_COUNT) - 1 - (1u << EVENT_LOG))
#define DETECT_KINDS_ALL    ((1u << EVENT_KIND_COUNT) - 1)

/* `kinds`: 1 << enum event_kind of each kind of event there will be. */
int sigma_read_root(const struct node *root, uint32_t kinds,
		    struct detect_rule **ret_rule,
		    struct detect_note *ret_note);

/* The same of a text, which is one document of YAML. */
int sigma_read(const char *text, size_t len, uint32_t kinds,
	       struct detect_rule **ret_rule, struct detect_note *ret_note);
