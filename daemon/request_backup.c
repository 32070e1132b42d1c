// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about everything at once: backup, restore. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/bulk.h"
#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/generation.h"
#include "daemon/guarded.h"
#include "daemon/log.h"
#include "daemon/requests.h"
#include "rules/backup.h"

struct backup_job {
	struct job job; /* first: the worker's view of it */
	struct store *store;
	struct call *call;
	int fd; /* the client's memfd */
	json_int_t bytes, sets, members;
	int r;
};

static int count_set(void *arg, const struct set *set)
{
	struct backup_job *backup = arg;

	(void)set;
	backup->sets++;
	return 0;
}

static int write_all(struct backup_job *backup)
{
	struct store_usage usage;
	FILE *out;
	int r;

	if (ftruncate(backup->fd, 0) < 0)
		return -errno;
	out = fdopen(backup->fd, "w");
	if (!out)
		return -errno;
	backup->fd = -1; /* closed with `out` */
	r = backup_write(backup->store, out);
	if (r == 0 && fflush(out) != 0)
		r = -EIO;
	backup->bytes = ftell(out);
	if (fclose(out) != 0 && r == 0)
		r = -EIO;
	if (r == 0)
		r = store_each_set(backup->store, count_set, backup);
	if (r == 0)
		r = store_usage(backup->store, &usage);
	if (r == 0)
		backup->members = (json_int_t)usage.member_count;
	return r;
}

static void run_backup(struct job *job)
{
	struct backup_job *backup = (struct backup_job *)job;

	backup->r = write_all(backup);
	store_trim(backup->store);
}

static void backup_finished(struct job *job)
{
	struct backup_job *backup = (struct backup_job *)job;

	if (backup->r < 0)
		call_refuse(backup->call, backup->r,
			    "the backup could not be written: %s",
			    strerror(-backup->r));
	else
		call_done(backup->call,
			  json_pack("{s:I, s:I, s:I}", "bytes", backup->bytes,
				    "sets", backup->sets, "members",
				    backup->members));
	closep(&backup->fd);
	free(backup);
}

void request_backup(struct daemon *daemon, struct call *call)
{
	struct backup_job *backup;

	/* Only a memfd: writing to it never waits for somebody. */
	if (call->fd < 0 || fcntl(call->fd, F_GET_SEALS) < 0) {
		call_refuse(call, -EINVAL,
			    "expected a memfd to write the backup into");
		return;
	}
	backup = calloc(1, sizeof(*backup));
	if (!backup) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	backup->job.run = run_backup;
	backup->job.done = backup_finished;
	backup->store = daemon->store;
	backup->call = call;
	backup->fd = TAKE_FD(call->fd);
	worker_submit(daemon->worker, &backup->job);
}

struct restore_job {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct store *store;
	struct config config;
	struct guard *guard; /* its own copy, without management */
	struct gate_keep keep; /* a copy too: none is added meanwhile */
	struct call *call;
	char *text; /* the backup, mapped */
	size_t bytes;
	uint32_t uid;
	struct backup backup;
	struct change *drops; /* what is there now, to be deleted */
	size_t drop_count, drop_capacity;
	json_int_t sets, members;
	struct guarded guarded;
	struct store_usage usage;
	struct generation *generation; /* built from what was stored */
	bool is_tried; /* the store was asked, and `usage` is its answer */
	bool is_stored;
	char note[MAPS_NOTE_MAX];
	int r;
};

static int restore_drop(struct restore_job *restore,
			const struct change *change)
{
	if (restore->drop_count == restore->drop_capacity) {
		size_t capacity = restore->drop_capacity * 2 + 64;
		struct change *drops =
			reallocarray(restore->drops, capacity, sizeof(*drops));

		if (!drops)
			return -ENOMEM;
		restore->drops = drops;
		restore->drop_capacity = capacity;
	}
	restore->drops[restore->drop_count++] = *change;
	return 0;
}

static int drop_set(void *arg, const struct set *set)
{
	const struct change change = {
		.kind = CHANGE_SET_DEL,
		.set_id = set->id,
	};

	return set->id < SET_ID_FIRST_FREE ? 0 : restore_drop(arg, &change);
}

static int drop_member(void *arg, uint8_t set_id, const struct member *member)
{
	const struct change change = {
		.kind = CHANGE_MEMBER_DEL,
		.set_id = set_id,
		.member = {.prefix = member->prefix},
	};

	return restore_drop(arg, &change);
}

static int list_drops(struct restore_job *restore)
{
	int r = store_each_set(restore->store, drop_set, restore);

	for (int id = 1; id < SET_ID_FIRST_FREE && r == 0; id++)
		r = store_each_member(restore->store, (uint8_t)id, drop_member,
				      restore);
	return r;
}

/* A gate that is there stays as it is. */
static bool has_gate(struct restore_job *restore,
		     const struct attachment *attachment)
{
	const struct wish *wish =
		gate_keep_find(&restore->keep, attachment->ifname);

	return wish && wish->ifindex;
}

static bool is_left_out(struct restore_job *restore,
			const struct set *const *sets,
			const struct change *change)
{
	const struct prefix *prefix = &change->member.prefix;
	const struct guard_entry *entry = NULL;
	const struct set *set;
	char where[SET_NAME_MAX + 8];

	if (change->kind == CHANGE_ATTACHMENT_PUT)
		return has_gate(restore, &change->attachment);
	if (change->kind != CHANGE_MEMBER_PUT)
		return false;
	set = sets[change->set_id];
	assert(set); /* backup_read() saw to it */
	if (set_is_guarded(set) || prefix_has_all_v4(prefix))
		entry = guard_find(restore->guard, prefix);
	if (!entry)
		return false;
	(void)snprintf(where, sizeof(where), "set %s", set->name);
	guarded_add(&restore->guarded, where, prefix, entry);
	return true;
}

/* Is there room for the gates that it adds? */
static int check_gates(struct restore_job *restore)
{
	const struct change *first_over = NULL;
	size_t count = restore->keep.count;

	for (size_t i = 0; i < restore->backup.change_count; i++) {
		const struct change *change = &restore->backup.changes[i];

		if (change->kind != CHANGE_ATTACHMENT_PUT ||
		    gate_keep_find(&restore->keep, change->attachment.ifname))
			continue;
		if (count++ == GATES_MAX)
			first_over = change;
	}
	if (!first_over)
		return 0;
	(void)snprintf(restore->note, sizeof(restore->note),
		       "interface %s finds no room, nothing was changed: %zu "
		       "interfaces have a gate or wait for one, the backup "
		       "adds %zu, and there can be %d",
		       first_over->attachment.ifname, restore->keep.count,
		       count - restore->keep.count, GATES_MAX);
	return -ENOSPC;
}

/*
 * Leave out what this machine must not block; it may be another one. Who is in
 * the backup's management set is allowed whatever else covers it, and who is in
 * today's will not be.
 */
static void sift(struct restore_job *restore)
{
	struct backup *backup = &restore->backup;
	/* by number; they come first and all stay, so none is moved */
	const struct set *sets[SET_ID_MAX + 1] = {0};
	size_t kept = 0;

	for (size_t i = 0; i < backup->change_count; i++) {
		const struct change *change = &backup->changes[i];

		if (change->kind == CHANGE_SET_PUT)
			sets[change->set.id] = &change->set;
	}
	for (size_t i = 0; i < backup->change_count; i++) {
		const struct change *change = &backup->changes[i];

		if (is_left_out(restore, sets, change))
			continue;
		restore->sets += change->kind == CHANGE_SET_PUT;
		restore->members += change->kind == CHANGE_MEMBER_PUT;
		backup->changes[kept++] = *change;
	}
	backup->change_count = kept;
}

static void change_at(void *arg, size_t index, struct change *ret_change)
{
	const struct restore_job *restore = arg;

	*ret_change =
		index < restore->drop_count
			? restore->drops[index]
			: restore->backup.changes[index - restore->drop_count];
}

static int store_all(struct restore_job *restore)
{
	struct journal_entry entry = {
		.time_s = clock_wall_s(),
		.uid = restore->uid,
	};
	uint64_t seq;

	(void)snprintf(entry.text, sizeof(entry.text),
		       "restore: %" JSON_INTEGER_FORMAT
		       " sets, %" JSON_INTEGER_FORMAT " members",
		       restore->sets, restore->members);
	return store_commit_each(restore->store,
				 restore->drop_count +
					 restore->backup.change_count,
				 change_at, restore, &entry, &seq);
}

static void run_restore(struct job *job)
{
	struct restore_job *restore = (struct restore_job *)job;
	char why[JOURNAL_TEXT_MAX];

	restore->r = backup_read(restore->text, restore->bytes,
				 &restore->backup, why);
	if (restore->r < 0) {
		(void)snprintf(restore->note, sizeof(restore->note),
			       "not a backup, nothing was changed: %s",
			       restore->r == -EBADMSG ? why
						      : strerror(-restore->r));
		return;
	}
	restore->r = check_gates(restore);
	if (restore->r < 0)
		return;
	sift(restore);
	restore->r = list_drops(restore);
	if (restore->r == 0) {
		restore->r = store_all(restore);
		restore->is_tried = true;
		(void)store_usage(restore->store, &restore->usage);
	}
	if (restore->r < 0) {
		(void)snprintf(restore->note, sizeof(restore->note),
			       "the backup could not be stored, nothing was "
			       "changed: %s",
			       strerror(-restore->r));
		return;
	}
	restore->is_stored = true;
	restore->r = generation_build(&restore->config, restore->store,
				      &restore->generation, restore->note);
}

static void all_busy(struct daemon *daemon, bool is_busy)
{
	memset(daemon->is_importing, is_busy, sizeof(daemon->is_importing));
}

static void restore_free(struct restore_job *restore)
{
	if (restore->text)
		(void)munmap(restore->text, restore->bytes);
	backup_done(&restore->backup);
	guard_free(restore->guard);
	generation_free(restore->generation);
	free(restore->drops);
	free(restore);
}

static void put_wishes(struct restore_job *restore)
{
	struct gate_keep *keep = &restore->daemon->keep;

	for (size_t i = 0; i < restore->backup.change_count; i++) {
		const struct change *change = &restore->backup.changes[i];
		const struct wish *wish;

		if (change->kind != CHANGE_ATTACHMENT_PUT)
			continue;
		/* an interface may have been called so since */
		wish = gate_keep_find(keep, change->attachment.ifname);
		if (wish && wish->ifindex)
			continue;
		if (gate_keep_put(keep, &change->attachment) < 0)
			log_warningx("gate %s: too many gates, ignoring",
				     change->attachment.ifname);
	}
}

/* The store is ahead of the ledger, and ids of sets may mean others there. */
static void turn_stale(struct daemon *daemon, const struct restore_job *restore)
{
	daemon->is_stale = true;
	log_err(restore->r, "restore: %s", restore->note);
	(void)alerts_raise(&daemon->alerts, clock_wall_s(), "restore",
			   "a restore is stored that does not judge yet (%s): "
			   "restart fwd",
			   restore->note);
}

static void restore_finished(struct job *job)
{
	struct restore_job *restore = (struct restore_job *)job;
	struct daemon *daemon = restore->daemon;

	all_busy(daemon, false);
	if (restore->is_tried)
		commit_report(daemon, restore->is_stored ? 0 : restore->r,
			      &restore->usage);
	if (restore->r == 0) {
		put_wishes(restore);
		restore->r = daemon_make_live(daemon, TAKE(restore->generation),
					      restore->note);
	}
	if (restore->r == 0)
		gate_keep_settle(daemon);
	if (restore->r < 0) {
		if (restore->is_stored)
			turn_stale(daemon, restore);
		call_refuse(restore->call, restore->r, "%s%s", restore->note,
			    restore->is_stored ? " (it is stored: restart fwd)"
					       : "");
	} else {
		daemon->is_stale = false;
		(void)alerts_clear(&daemon->alerts, "restore");
		log_notice("store: restored members=%" JSON_INTEGER_FORMAT
			   " guarded=%zu",
			   restore->members, restore->guarded.count);
		call_done(restore->call,
			  json_pack("{s:I, s:I, s:I, s:o}", "sets",
				    restore->sets, "members", restore->members,
				    "guarded",
				    (json_int_t)restore->guarded.count,
				    "guarded_by",
				    guarded_json(&restore->guarded)));
	}
	restore_free(restore);
}

/* Every set is busy until the new picture judges, so none changes between. */
void request_restore(struct daemon *daemon, struct call *call)
{
	struct restore_job *restore;

	if (daemon_is_importing(daemon)) {
		call_refuse(call, -EBUSY,
			    "an import is under way, try again "
			    "when it is done");
		return;
	}
	restore = calloc(1, sizeof(*restore));
	if (!restore || guard_copy(daemon->guard, &restore->guard) < 0 ||
	    guard_replace(restore->guard, GUARD_MANAGEMENT, NULL, 0) < 0) {
		free(restore);
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	if (bulk_map(call, &restore->text, &restore->bytes) < 0) {
		restore_free(restore);
		return;
	}
	restore->job.run = run_restore;
	restore->job.done = restore_finished;
	restore->daemon = daemon;
	restore->store = daemon->store;
	restore->config = daemon->config;
	restore->keep = daemon->keep;
	restore->call = call;
	restore->uid = call->uid;
	all_busy(daemon, true);
	worker_submit(daemon->worker, &restore->job);
}
