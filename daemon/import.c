// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/import.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/ahead.h"
#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/import_late.h"
#include "daemon/import_plan.h"
#include "daemon/log.h"
#include "daemon/members.h"

/* One turn of the loop is short, so a request does not wait long. */
#define TURN_NS	   200000u
#define AHEAD	   8 /* changes from fetching to using */
#define TURN_CHECK 32 /* changes between two looks at the clock */

#define LATE_US 5000 /* from one look at next hops that are read to another */

#define TOGETHER_MAX 8 /* imports in one transaction */

#define SET_ALERT_KEY "set %s"

static void import_free(struct import *import)
{
	if (!import)
		return;

	if (import->text)
		(void)munmap(import->text, import->text_bytes);
	if (import->turn)
		event_free(import->turn);
	guard_free(import->guard);
	freep(&import->evidence.reason);
	freep(&import->standings.list);
	freep(&import->listed.list);
	freep(&import->adds.list);
	freep(&import->leaves.list);
	freep(&import->removes.list);
	free(import);
}
DEFINE_CLEANUP(struct import *, import_free)

static void need_reserve(struct import *import, int sign)
{
	struct table_need *reserved = &import->daemon->reserved;

	reserved->hosts4 += (uint64_t)sign * import->need.hosts4;
	reserved->blocks4 += (uint64_t)sign * import->need.blocks4;
	reserved->entries6 += (uint64_t)sign * import->need.entries6;
}

struct trimming {
	struct job job; /* first: the worker's view of it */
	struct store *store;
};

static void run_trim(struct job *job)
{
	store_trim(((struct trimming *)job)->store);
}

static void trim_done(struct job *job)
{
	free(job);
}

/* What a commit and lists have taken is given back when nobody waits. */
static void trim(struct daemon *daemon)
{
	struct trimming *trimming;

	if (worker_pending(daemon->worker) > 0)
		return;
	trimming = calloc(1, sizeof(*trimming));
	if (!trimming)
		return;
	*trimming = (struct trimming){
		.job = {.run = run_trim, .done = trim_done},
		.store = daemon->store,
	};
	worker_submit(daemon->worker, &trimming->job);
}

static void finish(struct import *import, int r, const char *why)
{
	struct daemon *daemon = import->daemon;

	daemon->is_importing[import->set.id] = false;
	guard_keep_recheck(daemon);
	import->finished(import, r, why);
	import_free(import);
	trim(daemon);
}

/* The set's capacity counts at the end of an import, not on the way. */
static void set_capacity(struct import *import, uint32_t capacity)
{
	struct set set = import->set;

	set.capacity = capacity;
	(void)ledger_put_set(import->daemon->ledger, &set);
}

static void apply_put(struct import *import, const struct member *put)
{
	struct member member = *put;
	int r;

	r = ledger_claim(import->daemon->ledger, import->set.id, &member,
			 member.evidence.expires_s);
	owed_drop(&import->daemon->owed, import->set.id, &member.prefix);
	if (r < 0)
		import->apply_r = r;
}

static void apply_remove(struct import *import, const struct listed *entry)
{
	int r = ledger_withdraw(import->daemon->ledger, import->set.id,
				&entry->prefix);

	owed_drop(&import->daemon->owed, import->set.id, &entry->prefix);
	if (r < 0 && r != -ENOENT)
		import->apply_r = r;
}

static void apply_one(struct import *import, size_t index)
{
	size_t puts = import_put_count(import);
	struct member member;

	if (index + AHEAD < import->adds.count)
		table_expect(import->daemon->table,
			     &import->adds.list[index + AHEAD].prefix);
	if (index < puts) {
		import_put_at(import, index, &member);
		apply_put(import, &member);
	} else {
		apply_remove(import, &import->removes.list[index - puts]);
	}
}

static const char *why_not_applied(int r)
{
	switch (r) {
	case -ENOSPC:
		return "the address table is full";
	case -E2BIG:
		return "all class numbers are taken";
	default:
		return strerror(-r);
	}
}

/* The store and the table, do they agree? */
static int compare(struct import *import, char why[IMPORT_WHY_MAX])
{
	struct daemon *daemon = import->daemon;
	size_t stored = import->added + import->renewed + import->kept +
			import->leaves.count + import->late_added -
			import->late_removed;
	size_t held = ledger_set_count(daemon->ledger, import->set.id);
	char key[ALERT_KEY_MAX];

	(void)snprintf(key, sizeof(key), SET_ALERT_KEY, import->set.name);
	if (import->apply_r == 0 && held >= stored) {
		(void)alerts_clear(&daemon->alerts, key);
		return 0;
	}
	(void)snprintf(
		why, IMPORT_WHY_MAX,
		"set %s: %zu members are stored, and %zu are enforced%s%s",
		import->set.name, stored, held, import->apply_r < 0 ? ": " : "",
		import->apply_r < 0 ? why_not_applied(import->apply_r) : "");
	(void)alerts_raise(&daemon->alerts, clock_wall_s(), key, "%s", why);
	log_errx("%s", why);
	return import->apply_r < 0 ? import->apply_r : -ENODATA;
}

static void conclude(struct import *import)
{
	struct daemon *daemon = import->daemon;
	char why[IMPORT_WHY_MAX];
	int r;

	set_capacity(import, import->set.capacity);
	r = compare(import, why);
	if (import->drops_set)
		(void)ledger_drop_set(daemon->ledger, import->set.id);
	if (import->set.id == SET_ID_MANAGEMENT)
		members_guard(daemon);
	need_reserve(import, -1);
	import->applied_ns = clock_mono_ns();
	finish(import, r, r < 0 ? why : NULL);
}

static void late_stored(void *arg, int r)
{
	const struct timeval at_once = {0};
	struct import *import = arg;

	if (r < 0)
		import->apply_r = r;
	(void)event_add(import->turn, &at_once);
}

/* What became protected on the way goes, until nothing more does. */
static void applied(struct import *import)
{
	const struct timeval soon = {.tv_usec = LATE_US};
	struct commit_order order = {
		.uid = import->entry.uid,
		.done = late_stored,
		.arg = import,
	};
	int r;

	if (import_late_waits(import)) {
		(void)event_add(import->turn, &soon);
		return;
	}
	r = import_late_take(import, &order.changes, &order.count);
	if (r < 0)
		import->apply_r = r;
	if (order.count == 0) {
		conclude(import);
		return;
	}
	log_notice("set %s: what became protected during an import is taken "
		   "out members=%zu",
		   import->set.name, import->late_removed);
	commit_submit(import->daemon, &order,
		      "import %s: %zu became protected meanwhile",
		      import->set.name, import->late_removed);
}

static void apply_turn(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval at_once = {0};
	struct import *import = arg;
	size_t count = import_put_count(import) + import->removes.count;
	uint64_t start_ns = clock_mono_ns();
	uint64_t now_ns = start_ns;

	(void)fd;
	(void)what;
	while (import->applied < count && now_ns - start_ns <= TURN_NS) {
		apply_one(import, import->applied++);
		if (import->applied % TURN_CHECK == 0 ||
		    import->applied == count)
			now_ns = clock_mono_ns();
	}
	import->apply_ns += now_ns - start_ns;
	if (import->applied < count)
		(void)event_add(import->turn, &at_once);
	else
		applied(import);
}

/* The first few; what is behind them. */
static struct job *commit_some(struct job *first)
{
	struct store *store = ((struct import *)first)->store;
	struct store_part parts[TOGETHER_MAX];
	struct import *imports[TOGETHER_MAX];
	uint64_t took_ns, start_ns = clock_mono_ns();
	struct store_usage usage = {0};
	size_t count = 0;

	for (; first && count < TOGETHER_MAX; first = first->next) {
		imports[count] = (struct import *)first;
		parts[count] = import_part(imports[count]);
		count++;
	}
	store_commit_many(store, parts, count);
	(void)store_usage(store, &usage);
	took_ns = clock_mono_ns() - start_ns;
	for (size_t i = 0; i < count; i++) {
		imports[i]->r = parts[i].r;
		imports[i]->usage = usage;
		imports[i]->commit_ns = took_ns / count;
	}
	return first;
}

/* Those that wait behind each other go to the disk together: it takes hardly
 * longer than one. */
static void run_commits(struct job *first)
{
	while (first)
		first = commit_some(first);
}

static void commit_done(struct job *job)
{
	struct import *import = (struct import *)job;
	char why[IMPORT_WHY_MAX];

	commit_report(import->daemon, import->r, &import->usage);
	if (import->r < 0) {
		need_reserve(import, -1);
		(void)snprintf(why, sizeof(why),
			       "set %s: the change could not be stored (%s), "
			       "nothing was changed",
			       import->set.name, strerror(-import->r));
		finish(import, import->r, why);
		return;
	}
	import->committed_ns = clock_mono_ns();
	set_capacity(import, UINT32_MAX);
	apply_turn(-1, 0, import);
}

static bool fits(uint64_t used, uint64_t reserved, uint64_t need,
		 uint64_t capacity)
{
	return used + reserved + need <= capacity;
}

static bool fits_table(const struct import *import)
{
	const struct table_need *reserved = &import->daemon->reserved;
	const struct table_need *need = &import->need;
	struct table_usage usage = table_usage(import->daemon->table);

	return fits(usage.v4.hosts, reserved->hosts4, need->hosts4,
		    usage.v4.hosts_capacity) &&
	       fits(usage.v4.blocks, reserved->blocks4, need->blocks4,
		    usage.v4.blocks_capacity) &&
	       fits(usage.v6.entries, reserved->entries6, need->entries6,
		    usage.v6.entries_capacity);
}

/* What was left out as protected is what was protected at the start. */
static int check_guard(const struct import *import, char why[IMPORT_WHY_MAX])
{
	if (!import->guard || import->drops_set ||
	    guard_version(import->daemon->guard) == import->guard_version)
		return 0;
	(void)snprintf(why, IMPORT_WHY_MAX,
		       "set %s: what is protected has changed meanwhile: "
		       "nothing was changed, import again",
		       import->set.name);
	return -EBUSY;
}

static int check_room(struct import *import, char why[IMPORT_WHY_MAX])
{
	struct daemon *daemon = import->daemon;
	/* of the store: the ledger may lack what the table had no room for */
	size_t after = import->stored + import->added - import->removes.count;
	struct table_usage usage = table_usage(daemon->table);

	if (after > import->set.capacity) {
		(void)snprintf(why, IMPORT_WHY_MAX,
			       "set %s holds at most %u members and would "
			       "have %zu: nothing was changed",
			       import->set.name, import->set.capacity, after);
		return -ENOSPC;
	}
	if (fits_table(import))
		return 0;
	(void)snprintf(
		why, IMPORT_WHY_MAX,
		"the address table has no room: hosts %u of %u and %llu more, "
		"blocks %u of %u and %llu more, IPv6 %u of %u and %llu more; "
		"nothing was changed; raise hosts4, blocks4 or entries6",
		usage.v4.hosts, usage.v4.hosts_capacity,
		(unsigned long long)import->need.hosts4, usage.v4.blocks,
		usage.v4.blocks_capacity,
		(unsigned long long)import->need.blocks4, usage.v6.entries,
		usage.v6.entries_capacity,
		(unsigned long long)import->need.entries6);
	return -ENOSPC;
}

static void run_plan(struct job *job)
{
	struct import *import = (struct import *)job;

	import->r = import_plan(import);
}

static void refuse_plan(struct import *import)
{
	const struct plain_note *note = &import->report.notes[0];
	char why[IMPORT_WHY_MAX];

	if (import->r == -EBADMSG && import->report.note_count > 0)
		(void)snprintf(why, sizeof(why),
			       "not an address list: line %u: %s: \"%s\"",
			       note->line, note->why, note->text);
	else
		(void)snprintf(why, sizeof(why),
			       "the list could not be read: %s",
			       strerror(-import->r));
	finish(import, import->r, why);
}

static void planned(struct import *import)
{
	struct pool_touch touch;
	char why[IMPORT_WHY_MAX];
	int r;

	if (import->r < 0) {
		refuse_plan(import);
		return;
	}
	import->planned_ns = clock_mono_ns();
	r = check_guard(import, why);
	if (r == 0)
		r = check_room(import, why);
	if (r == 0 && import->text && import->report.entries == 0) {
		r = -ENODATA;
		(void)snprintf(why, sizeof(why),
			       "the list has no entry (%u lines, %u rejects): "
			       "nothing was changed",
			       import->report.lines, import->report.rejects);
	}
	if (r < 0) {
		finish(import, r, why);
		return;
	}
	need_reserve(import, 1);
	touch = ahead_touch(import->daemon->ahead);
	ledger_prepare(import->daemon->ledger, import->added, &touch);
	table_prepare(import->daemon->table, import->added, &touch);
	(void)snprintf(import->entry.text, sizeof(import->entry.text),
		       "%s %s: added %zu, renewed %zu, removed %zu",
		       import->drops_set ? "drop" : "import", import->set.name,
		       import->added, import->renewed, import->removes.count);
	import->job.run = run_commits;
	import->job.run_many = run_commits;
	import->job.done = commit_done;
	worker_submit(import->daemon->worker, &import->job);
}

static void plan_done(struct job *job)
{
	planned((struct import *)job);
}

static bool may_lack_members(struct daemon *daemon, const struct set *set)
{
	char key[ALERT_KEY_MAX];

	(void)snprintf(key, sizeof(key), SET_ALERT_KEY, set->name);
	return alerts_have(&daemon->alerts, key) ||
	       alerts_have(&daemon->alerts, ALERT_TABLE_START) ||
	       alerts_have(&daemon->alerts, ALERT_CLASSES_START);
}

int import_guard(struct import *import)
{
	assert(import);

	return import->guard
		       ? 0
		       : guard_copy(import->daemon->guard, &import->guard);
}

int import_new(struct daemon *daemon, const struct set *set,
	       struct import **ret_import)
{
	CLEANUP(import_freep) struct import *import = NULL;
	int r = 0;

	assert(daemon);
	assert(set);

	if (daemon->is_importing[set->id])
		return -EBUSY;
	import = calloc(1, sizeof(*import));
	if (!import)
		return -ENOMEM;
	import->daemon = daemon;
	import->store = daemon->store;
	import->set = *set;
	import->is_repair = may_lack_members(daemon, set);
	import->guard_version = guard_version(daemon->guard);
	import->turn = evtimer_new(daemon->base, apply_turn, import);
	if (!import->turn)
		return -ENOMEM;
	if (set_is_guarded(set))
		r = import_guard(import);
	if (r < 0)
		return r;

	*ret_import = TAKE(import);
	return 0;
}

void import_cancel(struct import *import)
{
	if (import && import->is_held)
		import->daemon->is_importing[import->set.id] = false;
	import_free(import);
}

void import_hold(struct import *import)
{
	import->started_ns = clock_mono_ns();
	import->entry.time_s = clock_wall_s();
	import->daemon->is_importing[import->set.id] = true;
	import->is_held = true;
}

void import_go(struct import *import, int plan_r)
{
	assert(import->finished);
	assert(import->is_held);

	import->r = plan_r;
	planned(import);
}

void import_start(struct import *import)
{
	assert(import->finished);

	import_hold(import);
	import->job.run = run_plan;
	import->job.done = plan_done;
	worker_submit(import->daemon->worker, &import->job);
}
