/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * native.h - lists of rules of which the first that is met decides.
 *
 *	version: 1
 *	default_action: log
 *	ignore:
 *	  comm: ["systemd*"]
 *	rules:
 *	  - name: metadata
 *	    event: connect
 *	    action: block
 *	    match: {addr: 169.254.169.254, port: 80}
 *
 * That is the format of Sysguard's policies, version 1, and files of it are
 * read as they are. What is more here: a value may be a list, of which one is
 * enough; there are more fields and events; addresses may be IPv6; a rule
 * may say what does not meet it (unless), what it is (id, level, tags), how it
 * blocks (steps, ttl, ttl_grows, observe), what it remembers (chain, taint) and when its matches are told
 * (rules/detect/alarm.h), by group_by, threshold, window, cooldown and
 * renotify, the list by dedup, the cooldown of rules that do not say.
 *
 *	1. A list is read as its author meant it, or not at all.
 *	2. All fields of a match must be met. `*` is any text and `?` one byte,
 *	   and the case of letters counts.
 *	3. What is ignored is asked first, and what meets no rule gets the
 *	   default, `allow` if none is given.
 *	4. "any" and the default are about execve, openat and connect.
 *
 * The rules come as struct detect_rule, all of list 1, in order: what is ignored
 * first, the default last; what would change nothing is left out. Behind them
 * come steps that stand in chains themselves, of no list.
 *
 * Owns		native_read() gives its rules to detect_rule_free(), each, and
 *		their array to free()
 * Errors	as sigma_read()
 * Threads	no state; any thread
 */
#pragma once

#include "rules/detect/note.h"
#include "rules/detect/rule.h"
#include "rules/tree.h"

#define NATIVE_RULES_MAX  4096 /* of a list */
#define NATIVE_VALUES_MAX 65536 /* of a list */

/* Does it look like such a list? */
bool native_is_list(const struct node *root);

int native_read(const struct node *root, struct detect_rule ***ret_rules,
		size_t *ret_count, struct detect_note *ret_note);
