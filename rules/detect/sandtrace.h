/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandtrace.h - rules about files and programs, in sandtrace's format.
 *
 *	rules:
 *	  - id: keys
 *	    name: Key read
 *	    severity: high
 *	    detection:
 *	      file_paths: ["~/.ssh/id_*"]
 *	      excluded_processes: [ssh, ssh-agent]
 *
 *	1. A file is read as its author meant it, or not at all.
 *	2. `~` is the home of everybody: /root, and what is in /home.
 *	3. A process is called as the file that runs or the path that was asked
 *	   for, not as it calls itself.
 *	4. Of conditions there is "process_spawn AND process_name IN names".
 *	   What asks for the content of files is refused.
 *	5. Where an alarm goes, and its words, are not the rule's business:
 *	   `alert` is passed over. A rule that is not `enabled` is left out.
 *
 * Owns		as native.h
 * Errors	as sigma_read()
 * Threads	no state; any thread
 */
#pragma once

#include "rules/detect/note.h"
#include "rules/detect/rule.h"
#include "rules/tree.h"

#define SANDTRACE_RULES_MAX 4096 /* of a file */

/* Does it look like such a file? */
bool sandtrace_is_file(const struct node *root);

int sandtrace_read(const struct node *root, struct detect_rule ***ret_rules,
		   size_t *ret_count, struct detect_note *ret_note);
