// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_restore.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/feed_files.h"
#include "rules/feed.h"

struct listing {
	struct feed_restore *restore;
	struct backup *backup;
};

static int list_one(void *arg, const struct feed_put *put)
{
	const struct listing *listing = arg;
	struct feed_restore *restore = listing->restore;
	struct backup *backup = listing->backup;

	if (restore->count == FEEDS_MAX)
		return -ENOSPC;
	(void)snprintf(restore->names[restore->count++], SET_NAME_MAX, "%s",
		       put->name);
	for (size_t i = 0; i < backup->feed_count; i++) {
		struct feed_state *state = &backup->feeds[i].state;

		if (strcmp(backup->feeds[i].name, put->name) == 0 &&
		    state->newest < put->state->newest)
			state->newest = put->state->newest;
	}
	return 0;
}

/* A key is read as root and sent to the URL. */
static bool has_key(const struct backup_feed *feed)
{
	struct document_note note;
	struct feed read;

	return feed_read(feed->text, feed->len, &read, &note) == 0 &&
	       *read.key_file;
}

int feed_restore_list(struct feed_restore *restore, struct store *store,
		      struct backup *backup, uint32_t uid)
{
	struct listing listing = {restore, backup};

	if (backup->feed_count > FEEDS_MAX)
		return -ENOSPC;
	for (size_t i = 0; i < backup->feed_count; i++)
		if (uid != 0 && has_key(&backup->feeds[i]))
			return -EPERM;
	return store_each_feed(store, list_one, &listing);
}

struct change feed_restore_drop(const struct feed_restore *restore,
				size_t index)
{
	assert(index < restore->count);

	return (struct change){
		.kind = CHANGE_FEED_DEL,
		.feed_put = {.name = restore->names[index]},
	};
}

static bool is_known(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return false;
}

int feed_restore_read(struct feed_restore *restore, struct store *store,
		      const char *state_dir)
{
	feed_files_sweep(state_dir, is_known, NULL);
	return feeds_read(store, &restore->after);
}
