// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_end.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commit.h"
#include "daemon/feed_files.h"
#include "daemon/feed_job.h"
#include "daemon/import.h"
#include "daemon/log.h"

struct ending {
	struct daemon *daemon;
	struct feed_slot *slot;
	struct feed_state state; /* when it stays */
	struct change change; /* of the store, with the members' end */
	bool is_drop;
	feed_end_fn *done;
	void *arg;
};

static void ended(struct import *import, int r, const char *why)
{
	struct ending *ending = import->arg;
	struct daemon *daemon = ending->daemon;
	struct feed_slot *slot = ending->slot;

	slot->is_busy = false;
	if (r < 0)
		log_errx("feed %s: %s", slot->feed.name, why);
	if (import->committed_ns && ending->is_drop) {
		feed_files_keep_state(daemon->config.state_dir, slot->feed.name,
				      NULL);
		feeds_forget(daemon, slot->feed.name);
	} else if (import->committed_ns) {
		slot->state = ending->state;
		feeds_alert(daemon, slot);
	}
	if (ending->done)
		ending->done(ending->arg, r, why);
	free(ending);
}

static int start(struct ending *ending, uint32_t uid)
{
	struct daemon *daemon = ending->daemon;
	const struct set *set =
		ledger_set_named(daemon->ledger, ending->slot->feed.name);
	struct import *import;
	int r = import_new(daemon, set, &import);

	if (r < 0)
		return r;
	import->is_replacing = true;
	import->drops_set = ending->is_drop;
	import->also = &ending->change;
	import->also_count = 1;
	import->entry.uid = uid;
	import->finished = ended;
	import->arg = ending;
	ending->slot->is_busy = true;
	import_start(import);
	return 0;
}

void feed_end_expire(struct daemon *daemon, struct feed_slot *slot)
{
	const char *why;
	struct ending *ending;

	if (feed_job_check(daemon, slot, &why) < 0)
		return; /* the next second comes */
	ending = calloc(1, sizeof(*ending));
	if (!ending)
		return;
	ending->daemon = daemon;
	ending->slot = slot;
	ending->state = slot->state;
	ending->state.version = 0;
	ending->state.entries = 0;
	ending->state.etag[0] = ending->state.modified[0] = '\0';
	(void)snprintf(ending->state.why, sizeof(ending->state.why),
		       "version %llu was too old to be believed: it lists "
		       "nothing until a new one comes",
		       (unsigned long long)slot->state.version);
	ending->change = feeds_change(slot, &ending->state);
	if (start(ending, 0) < 0)
		free(ending);
}

static void forgotten(void *arg, int r)
{
	struct ending *ending = arg;

	ending->slot->is_busy = false;
	if (r == 0) {
		feed_files_keep_state(ending->daemon->config.state_dir,
				      ending->slot->feed.name, NULL);
		feeds_forget(ending->daemon, ending->slot->feed.name);
	}
	ending->done(ending->arg, r, r < 0 ? strerror(-r) : NULL);
	free(ending);
}

/* A restore has taken the set. */
static int forget(struct ending *ending, uint32_t uid)
{
	struct change *change = malloc(sizeof(*change));

	if (!change)
		return -ENOMEM;
	*change = ending->change;
	ending->slot->is_busy = true;
	commit_submit(ending->daemon,
		      &(struct commit_order){.changes = change,
					     .count = 1,
					     .uid = uid,
					     .done = forgotten,
					     .arg = ending},
		      "feed %s: dropped", ending->slot->feed.name);
	return 0;
}

void feed_end_drop(struct daemon *daemon, struct feed_slot *slot, uint32_t uid,
		   feed_end_fn *done, void *arg)
{
	bool has_set = ledger_set_named(daemon->ledger, slot->feed.name);
	const char *why = "out of memory";
	struct ending *ending = NULL;
	int r = has_set ? feed_job_check(daemon, slot, &why) : 0;

	if (r == 0 && daemon->is_importing[0]) {
		r = -EBUSY;
		why = "a restore is under way, try again when it is done";
	}
	if (r == 0) {
		ending = calloc(1, sizeof(*ending));
		r = ending ? 0 : -ENOMEM;
	}
	if (r == 0) {
		*ending = (struct ending){
			.daemon = daemon,
			.slot = slot,
			.is_drop = true,
			.change = {.kind = CHANGE_FEED_DEL,
				   .feed_put = {.name = slot->feed.name}},
			.done = done,
			.arg = arg,
		};
		r = has_set ? start(ending, uid) : forget(ending, uid);
	}
	if (r < 0) {
		free(ending);
		done(arg, r, why);
	}
}
