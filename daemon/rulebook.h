/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rulebook.h - the detection rules as they were at one moment: those that are
 * shipped, those of this site, the engine made of both, and what it has heard.
 *
 * A file that is refused takes nothing from the others. It is broken, or only
 * needs what no sensor here has; the first one that is broken is named, or the
 * first of the others. Nor does a folder that is not there or may not be
 * trusted take anything from the other one.
 *
 * Rules decide who is blocked, so files and folders are taken that are the
 * user's fwd runs as, and that nobody else may write to.
 *
 * With them are read the addresses that no rule may have blocked, beside the
 * protected set: the resolvers and time servers this machine uses, and those
 * the world does.
 *
 * Owns		all of it, until rulebook_free()
 * Errors	negative errno with a note: a folder that cannot be read, rules
 *		that are too many for an engine, memory
 * Threads	reading: any; afterwards whoever has it
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/feed_intake.h"
#include "rules/base.h"
#include "rules/detect/alarm.h"
#include "rules/detect/detection.h"
#include "rules/detect/folder.h"

#define RULEBOOK_NOTE_MAX 400 /* bytes with the NUL */

struct rulebook_order {
	const char *shipped; /* "": none of them */
	const char *own;
	bool may_lack_own; /* that it is not there is nothing to tell */
	const char *resolvers;
	bool has_logs; /* take rules about lines of logs */
};

struct rulebook {
	struct detect_folder folders[2];
	const struct detect_rule **rules; /* of both, the shipped ones first */
	const char **files; /* of each rule its path */
	size_t rule_count;
	size_t file_count, refused, broken; /* files */
	char refused_note[RULEBOOK_NOTE_MAX]; /* of the first, or "" */
	char folder_note[RULEBOOK_NOTE_MAX]; /* what is wrong with one, or "" */
	struct detection *detection; /* what they have heard so far */
	struct alarms *alarms; /* and what was told */
	struct prefix_list known; /* that no rule may have blocked */
};

int rulebook_read(const struct rulebook_order *order,
		  struct rulebook **ret_book, char note[RULEBOOK_NOTE_MAX]);
void rulebook_free(struct rulebook *book);
DEFINE_CLEANUP(struct rulebook *, rulebook_free)

/* Is it, or is a part of it, one of the known addresses? */
bool rulebook_knows(const struct rulebook *book, const struct prefix *peer);
