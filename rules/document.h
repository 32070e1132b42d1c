/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * document.h - firewall.yml: a policy as YAML, and the description of both.
 *
 * What is written and what is meant follow from one table (rules/schema.h):
 *
 *	1. Nothing is ignored: an unknown key, a key given twice, a value that
 *	   is not understood, a name that stands for nothing refuses the whole
 *	   document, with the place, the text and what would be accepted.
 *	2. document_print() writes what document_read() reads back as an equal
 *	   policy (but for `line`), and printing that gives the same bytes.
 *	3. What has no order is put in one: names, sets, MACs and flags of a rule
 *	   sorted and each once, ranges sorted and merged, prefixes sorted and
 *	   each once but not merged; interfaces of a zone too. Rules, zones,
 *	   sets, limits and times keep theirs.
 *	4. An icmp, port or tcp_flags condition does not add a protocol to the
 *	   rule: RANGE_PROTOCOL stays empty, the condition itself is only met
 *	   by what has such a field.
 *	5. Sets that rules refer to need not be declared; zones and limits do.
 *
 * Owns		document_read() gives a policy to policy_done()
 * Errors	-EINVAL and -E2BIG (above a limit) with a note, -ENOMEM; -EIO
 *		when `out` fails
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "rules/document_note.h"
#include "rules/policy.h"

#define DOCUMENT_RULE_PREFIXES_MAX 65535 /* of one rule; of management */
#define DOCUMENT_PREFIXES_MAX	   4000000 /* of the whole document */
#define DOCUMENT_ITEMS_MAX	   4096 /* of another list */
#define DOCUMENT_FILE_MAX	   4096 /* bytes of a path with the NUL */

/* `ret_policy` need not be initialised; `ret_note` is written only when the
 * answer is -EINVAL or -E2BIG. */
int document_read(const char *text, size_t len, struct policy *ret_policy,
		  struct document_note *ret_note);

/*
 * Write the canonical form. -EINVAL, with part of it written, for a policy that
 * document_read() would not have made of any text: say a rule of both
 * directions with zones, or a limit written in two rules.
 */
int document_print(const struct policy *policy, FILE *out);

/* A JSON schema (draft 2020-12) for editors. It lets in all that the reader
 * does but a few ways to quote; it cannot say all that the reader refuses. */
int document_print_schema(FILE *out);

/* The key reference of firewall.yml(5), in mdoc, from one .Ss to the next. */
int document_print_man(FILE *out);
