/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folder.h - the rules in a file, or in all *.yml and *.yaml below a folder.
 *
 * One bad file takes nothing from the others: it is there with its note.
 * Files stand in the order of their paths; hidden ones are passed over, links
 * to files are followed, those to folders are not.
 *
 * Owns		rules, paths and notes, until detect_folder_done()
 * Errors	negative errno where `path` itself cannot be read; -E2BIG above
 *		DETECT_FILES_MAX; -ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include "rules/detect/note.h"
#include "rules/detect/rule.h"

#define DETECT_FILES_MAX 20000

struct detect_file {
	char *path;
	struct detect_rule **rules;
	size_t rule_count;
	bool is_refused;
	int error; /* why: -EINVAL, -E2BIG, -ENOTSUP with a note, or another */
	struct detect_note note;
};

struct detect_folder {
	struct detect_file *files;
	size_t file_count;
	const struct detect_rule **rules; /* of all files, in their order */
	size_t rule_count;
};

/* `kinds` as detect_read() has it. Each list of rules gets a number. */
int detect_folder_read(const char *path, uint32_t kinds,
		       struct detect_folder *ret_folder);
void detect_folder_done(struct detect_folder *folder);
