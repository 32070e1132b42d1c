/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backup_feed.h - the line of a feed in a backup, for its reader.
 *
 * Errors	-EBADMSG with the reason in the line, -ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include "rules/backup.h"
#include "rules/fields.h"

/* The next field, as a name of a set. */
int backup_take_name(struct fields *line, char name[SET_NAME_MAX]);

/* What stands behind the word; all but the text of it is filled in. */
int backup_take_feed(struct fields *line, struct backup_feed *feed);

/* In order of names. */
int backup_add_feed(struct backup *backup, const struct backup_feed *feed,
		    struct fields *line);
