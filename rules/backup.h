/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backup.h - sets, members, attachments, feeds and the policy as one text
 * document.
 *
 * Lines, in this order, fields parted by one blank:
 *
 *	portcullis-backup 1
 *	set ID NAME KIND ACTION CAPACITY
 *	attachment IFNAME MODE SHARE
 *	member SET-ID PREFIX ORIGIN UID LINE CREATED EXPIRES REASON...
 *	feed NAME VERSION NEWEST ENTRIES ACCEPTED GOOD SHADOW STOPPED DEAD
 *		ACCEPTED-COUNT HELD-COUNT BYTES		(one line)
 *	definition LINE-OF-THE-FEED
 *	policy BYTES TIME UID NOTE...
 *	text LINE-OF-THE-POLICY
 *	end LINES CRC32		(lines before this one; zlib's CRC-32, hex)
 *
 * The policy is the current revision, without its number, which is of one store
 * only; the newline of its last line is there if BYTES has room for it. Of a
 * feed the definition is there, and of its state what another machine could make
 * use of: what it lists is in the set of its name. With feeds the version is 3,
 * with a policy 2, and 1 without both, so that what knows of neither reads what
 * has none, and refuses what it would lose.
 *
 * Print, parse, print is a fixed point. A document without a good `end` line,
 * of another version, or with a line that does not parse is refused whole.
 *
 * Errors	-EBADMSG with a note of line and reason; nothing is given back
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rules/base.h"
#include "rules/store.h"

struct backup_feed {
	char name[SET_NAME_MAX];
	struct feed_state state;
	const char *text; /* its definition */
	size_t len;
};

struct backup {
	struct change *changes; /* SET_PUT, ATTACHMENT_PUT, MEMBER_PUT only */
	size_t change_count;
	struct backup_feed *feeds;
	size_t feed_count;
	char *text; /* what reasons and texts point into */
	struct revision *revision; /* of the policy; NULL: it has none */
	const char *revision_text;
};

void backup_done(struct backup *backup);

/* The policy, which is there, as a change that puts it as revision `number`. It
 * refers to the backup. */
struct change backup_policy(struct backup *backup, uint64_t number);

/* A feed as a change that puts it; refers to the backup. */
struct change backup_feed(const struct backup *backup, size_t index);

/* Write the document of one snapshot of `store`. -EIO when `out` fails. */
int backup_write(struct store *store, FILE *out);

/* Read `len` bytes; on -EBADMSG `note` says why ("line 7: ..."). The caller
 * owns *ret_backup and calls backup_done(). */
int backup_read(const char *text, size_t len, struct backup *ret_backup,
		char note[JOURNAL_TEXT_MAX]);
