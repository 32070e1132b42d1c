// SPDX-License-Identifier: GPL-2.0-or-later
/* The request that brings a backup back. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/bulk.h"
#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/cookies.h"
#include "daemon/feed_restore.h"
#include "daemon/gate_follow.h"
#include "daemon/generation.h"
#include "daemon/guarded.h"
#include "daemon/log.h"
#include "daemon/named.h"
#include "daemon/requests.h"
#include "rules/backup.h"

/*
 * A restore is one commit and one generation: sets, members, feeds and the policy
 * of the backup judge from one moment on, with the members that its sets had, so
 * no list is read and nothing is said of sets that only the policy before had.
 *
 *	read	worker: the backup, whole; its policy, compiled. One that does
 *		not read is left out, and that is told; all the rest goes on
 *	commit	worker: what there is goes, what the backup has comes, its
 *		policy as a new revision that is current
 *	build	worker: the generation. If it does not come about, the revision
 *		before is current again, and it is tried with that; it is told
 *	swap	loop: every gate in one step, each
 *
 * Who is in the set management stays, so that no backup puts those out who are
 * there now, whatever judges afterwards.
 *
 * Without a policy in it, the one that is there stays. Refused before the
 * commit, nothing has changed; after it, what is stored is told.
 */
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
	struct set sets_of[SET_ID_MAX + 1]; /* of the backup; id 0: none */
	uint64_t revision; /* that its policy becomes; 0: none of it does */
	uint64_t revision_before; /* that judges now */
	char policy_why[JUDGE_NOTE_MAX]; /* it has one, and it does not judge */
	size_t next_own; /* change of the backup, from management's on */
	json_int_t kept; /* members of management that it does not have */
	struct change *drops; /* what is there now, to be deleted */
	size_t drop_count, drop_capacity;
	struct feed_restore feeds;
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
	const struct change change = {.kind = CHANGE_SET_DEL,
				      .set_id = set->id};

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

/* Both are in order, and no set of a backup comes before this one. */
static int keep_manager(void *arg, uint8_t set_id, const struct member *member)
{
	struct restore_job *restore = arg;
	const struct backup *backup = &restore->backup;

	for (; restore->next_own < backup->change_count; restore->next_own++) {
		const struct change *change =
			&backup->changes[restore->next_own];
		int order;

		if (change->kind != CHANGE_MEMBER_PUT)
			continue;
		if (change->set_id != set_id)
			break;
		order = prefix_cmp(&change->member.prefix, &member->prefix);
		if (order == 0)
			return 0;
		if (order > 0)
			break;
	}
	restore->kept++;
	return 0;
}

static int list_drops(struct restore_job *restore)
{
	int r = store_each_set(restore->store, drop_set, restore);

	if (r == 0)
		r = feed_restore_list(&restore->feeds, restore->store,
				      &restore->backup, restore->uid);
	for (size_t i = 0; i < restore->feeds.count && r == 0; i++) {
		const struct change change =
			feed_restore_drop(&restore->feeds, i);

		r = restore_drop(restore, &change);
	}
	if (r == 0)
		r = store_each_member(restore->store, SET_ID_MANAGEMENT,
				      keep_manager, restore);
	for (int id = SET_ID_MANAGEMENT + 1; id < SET_ID_FIRST_FREE && r == 0;
	     id++)
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

/* A set that a trial put beside another, and that trial is not in the backup */
static bool is_version(const struct set *set)
{
	return strchr(set->name, '.') != NULL;
}

static bool is_left_out(struct restore_job *restore,
			const struct change *change)
{
	const struct prefix *prefix = &change->member.prefix;
	const struct guard_entry *entry = NULL;
	const struct set *set;
	char where[SET_NAME_MAX + 8];

	if (change->kind == CHANGE_ATTACHMENT_PUT)
		return has_gate(restore, &change->attachment);
	if (change->kind != CHANGE_MEMBER_PUT)
		return is_version(&change->set);
	set = &restore->sets_of[change->set_id];
	assert(set->id); /* backup_read() saw to it */
	if (is_version(set))
		return true;
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
 * the set management, the backup's or today's, is allowed whatever else covers
 * it.
 */
static void sift(struct restore_job *restore)
{
	struct backup *backup = &restore->backup;
	size_t kept = 0;

	for (size_t i = 0; i < backup->change_count; i++) {
		const struct change *change = &backup->changes[i];

		if (change->kind == CHANGE_SET_PUT)
			restore->sets_of[change->set.id] = change->set;
	}
	for (size_t i = 0; i < backup->change_count; i++) {
		const struct change *change = &backup->changes[i];

		if (is_left_out(restore, change))
			continue;
		restore->sets += change->kind == CHANGE_SET_PUT;
		restore->members += change->kind == CHANGE_MEMBER_PUT;
		backup->changes[kept++] = *change;
	}
	backup->change_count = kept;
}

/* What the policy of the backup becomes here: a revision that is new. */
static void renew_revision(struct restore_job *restore)
{
	struct revision *revision = restore->backup.revision;

	(void)snprintf(revision->note, sizeof(revision->note),
		       "restored from backup");
	revision->time_s = clock_wall_s();
	revision->uid = restore->uid;
}

/* A built-in one is always there. */
static bool has_set(void *arg, const char *name)
{
	const struct restore_job *restore = arg;

	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++)
		if (strcmp(set_builtins[i].name, name) == 0)
			return true;
	for (size_t id = 1; id < ARRAY_LEN(restore->sets_of); id++)
		if (strcmp(restore->sets_of[id].name, name) == 0)
			return true;
	return false;
}

/* An apply would make a set that is declared; a restore makes none. */
static int check_names(struct restore_job *restore, const struct judge *judge)
{
	struct missing missing;

	if (!named_find_missing(judge, has_set, restore, &missing))
		return 0;
	if (missing.rule)
		(void)snprintf(restore->policy_why, sizeof(restore->policy_why),
			       "line %u: rule %s names @%s, and the backup has "
			       "no such set",
			       missing.rule->line, missing.rule->id,
			       missing.set);
	else
		(void)snprintf(
			restore->policy_why, sizeof(restore->policy_why),
			"line %u: set %s is declared, and the backup has "
			"no such set",
			missing.own->line, missing.set);
	return -ENOENT;
}

/* May its policy judge, as far as that is known before it is loaded? Not a
 * reason to refuse all the rest. */
static int check_policy(struct restore_job *restore)
{
	CLEANUP(judge_freep) struct judge *judge = NULL;
	struct backup *backup = &restore->backup;
	struct pending pending;
	uint64_t newest = 0;
	int r;

	if (!backup->revision)
		return 0;
	r = store_policy_state(restore->store, &restore->revision_before,
			       &pending);
	if (r == 0)
		r = store_revision_last(restore->store, &newest);
	if (r < 0)
		return r;
	r = judge_read(backup->revision_text, backup->revision->text_bytes,
		       newest + 1, &judge, restore->policy_why);
	if (r == 0)
		r = check_names(restore, judge);
	if (r == 0)
		r = cookies_check(&judge->policy, restore->policy_why);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	restore->revision = newest + 1;
	renew_revision(restore);
	return 0;
}

static void change_at(void *arg, size_t index, struct change *ret_change)
{
	struct restore_job *restore = arg;
	struct backup *backup = &restore->backup;
	size_t at = index - restore->drop_count;
	size_t feed_at = at - backup->change_count;

	if (index < restore->drop_count)
		*ret_change = restore->drops[index];
	else if (at < backup->change_count)
		*ret_change = backup->changes[at];
	else if (feed_at < backup->feed_count)
		*ret_change = backup_feed(backup, feed_at);
	else if (feed_at == backup->feed_count)
		*ret_change = backup_policy(backup, restore->revision);
	else
		*ret_change = (struct change){
			.kind = CHANGE_REVISION_CURRENT,
			.revision_number = restore->revision,
		};
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
					 restore->backup.change_count +
					 restore->backup.feed_count +
					 (restore->revision ? 2 : 0),
				 change_at, restore, &entry, &seq);
}

/* The policy reads well and does not load, or so it seems: with the one before
 * it may do. A start would find it, too, and not come up. */
static int give_up_policy(struct restore_job *restore)
{
	const struct change change = {
		.kind = CHANGE_REVISION_CURRENT,
		.revision_number = restore->revision_before,
	};
	struct journal_entry entry = {.time_s = clock_wall_s(),
				      .uid = restore->uid};
	uint64_t seq;
	int r;

	(void)snprintf(restore->policy_why, sizeof(restore->policy_why), "%s",
		       restore->note);
	(void)snprintf(entry.text, sizeof(entry.text),
		       "policy: revision %" PRIu64 " did not come into force",
		       restore->revision);
	restore->revision = 0;
	r = store_commit(restore->store, &change, 1, &entry, &seq);
	return r < 0 ? r
		     : generation_build(&restore->config, restore->store,
					&restore->generation, restore->note);
}

static int build(struct restore_job *restore)
{
	int r = generation_build(&restore->config, restore->store,
				 &restore->generation, restore->note);

	return r < 0 && restore->revision ? give_up_policy(restore) : r;
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
	restore->r = check_policy(restore);
	if (restore->r == 0)
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
	restore->r = feed_restore_read(&restore->feeds, restore->store,
				       restore->config.state_dir);
	if (restore->r == 0)
		restore->r = build(restore);
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
	feeds_done(&restore->feeds.after);
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
	(void)alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_STALE,
			   "a restore is stored that does not judge yet (%s): "
			   "restart fwd",
			   restore->note);
}

static void answer(struct restore_job *restore)
{
	const char *why = restore->policy_why;

	feeds_take(restore->daemon, &restore->feeds.after);
	restore->daemon->is_stale = false;
	(void)alerts_clear(&restore->daemon->alerts, ALERT_STALE);
	log_notice("store: restored members=%" JSON_INTEGER_FORMAT
		   " guarded=%zu revision=%" PRIu64,
		   restore->members, restore->guarded.count, restore->revision);
	if (*why)
		log_errx("restore: the policy stays as it was: %s", why);
	call_done(restore->call,
		  json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:s*}", "sets",
			    restore->sets, "members", restore->members, "feeds",
			    (json_int_t)restore->backup.feed_count,
			    "management_kept", restore->kept, "guarded",
			    (json_int_t)restore->guarded.count, "guarded_by",
			    guarded_json(&restore->guarded), "revision",
			    (json_int_t)restore->revision, "policy_error",
			    *why ? why : NULL));
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
		/* what fails is an alert once it judges */
		(void)gate_follow_names(daemon, restore->generation->judge);
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
		answer(restore);
	}
	restore_free(restore);
}

/* 0, or it is refused: what is begun would end on what is no more there. */
static int check_idle(const struct daemon *daemon, struct call *call)
{
	const char *what = NULL;

	if (daemon->live->last) {
		call_refuse(call, -EALREADY,
			    "a policy is on trial: confirm it or roll it back "
			    "first");
		return -EALREADY;
	}
	if (daemon->apply)
		what = "an apply";
	else if (daemon->diff)
		what = "a comparison of policies";
	else if (daemon_is_importing(daemon) || feeds_are_busy(&daemon->feeds))
		what = "an import";
	if (!what)
		return 0;
	call_refuse(call, -EBUSY, "%s is under way, try again when it is done",
		    what);
	return -EBUSY;
}

/* Every set is busy until the new picture judges, so none changes between. */
void request_restore(struct daemon *daemon, struct call *call)
{
	struct restore_job *restore;

	if (check_idle(daemon, call) < 0)
		return;
	restore = calloc(1, sizeof(*restore));
	if (!restore || guard_copy(daemon->guard, &restore->guard) < 0 ||
	    guard_replace(restore->guard, GUARD_MANAGEMENT, NULL, 0) < 0) {
		free(restore);
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	if (bulk_map(call, "backup", &restore->text, &restore->bytes) < 0) {
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
