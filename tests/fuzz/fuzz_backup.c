// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a backup, as they are, and once more with an end line that is
 * right, or the sum would keep all of it from being parsed. What is given out
 * must be what backup.h promises.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "rules/backup.h"

#define END_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_change(const struct change *change)
{
	switch (change->kind) {
	case CHANGE_SET_PUT:
		assert(change->set.id > 0);
		assert(change->set.kind < SET_KIND_COUNT);
		assert(change->set.action < SET_ACTION_COUNT);
		assert(change->set.capacity <= SET_CAPACITY_MAX);
		assert(set_name_is_storable(change->set.name));
		break;
	case CHANGE_ATTACHMENT_PUT:
		assert(change->attachment.share <= 1);
		assert(memchr(change->attachment.ifname, '\0', IFNAME_MAX));
		assert(change->attachment.ifname[0]);
		break;
	default:
		assert(change->kind == CHANGE_MEMBER_PUT);
		assert(change->set_id > 0);
		assert(change->member.prefix.bits <= 128);
		assert(change->member.evidence.origin < ORIGIN_COUNT);
		assert(reason_is_valid(change->member.evidence.reason));
		break;
	}
}

static void check_policy(struct backup *backup)
{
	const struct revision *revision = backup->revision;
	struct change change = backup_policy(backup, 1);

	assert(change.kind == CHANGE_REVISION_PUT);
	assert(change.revision_put.revision == revision);
	assert(revision->text_bytes > 0);
	assert(revision->text_bytes <= REVISION_TEXT_MAX);
	assert(revision_note_is_valid(revision->note));
	/* all of it can be read */
	(void)memchr(change.revision_put.text, '\0', revision->text_bytes);
}

static void check(const char *text, size_t len)
{
	char note[JOURNAL_TEXT_MAX] = "";
	struct backup backup = {0};
	int r;

	r = backup_read(text, len, &backup, note);
	if (r < 0) {
		assert(r == -EBADMSG);
		assert(strncmp(note, "line ", 5) == 0);
		assert(!backup.changes && !backup.text && !backup.revision);
		return;
	}
	for (size_t i = 0; i < backup.change_count; i++) {
		assert(i == 0 ||
		       backup.changes[i].kind == backup.changes[i - 1].kind ||
		       backup.changes[i].kind != CHANGE_SET_PUT);
		check_change(&backup.changes[i]);
	}
	if (backup.revision)
		check_policy(&backup);
	backup_done(&backup);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *sealed = malloc(size + END_MAX);
	unsigned int lines = 0;
	int end_len;

	assert(sealed);
	if (size > 0)
		memcpy(sealed, data, size);
	check(sealed, size);

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	end_len = snprintf(sealed + size, END_MAX, "end %u %08lx\n", lines,
			   crc32_z(crc32(0, NULL, 0), data, size));
	assert(end_len > 0 && end_len < END_MAX);
	check(sealed, size + (size_t)end_len);
	free(sealed);
	return 0;
}
