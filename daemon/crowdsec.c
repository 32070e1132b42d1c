// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/crowdsec.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/apply.h"
#include "daemon/clock.h"
#include "daemon/expire.h"
#include "daemon/import.h"
#include "daemon/log.h"
#include "rules/duration.h"
#include "rules/feedfile/feedfile.h"

#define ALERT_CROWDSEC "crowdsec"

/* A reply says how long decisions last from when it was written. What is
 * stored ends at most so much sooner or later, and is not written anew. */
#define SLACK_S 10

struct taking {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct crowdsec_order order;
	char set[SET_NAME_MAX];
	uint64_t now_s;
	uint32_t uid;
	struct decisions *table;

	/* What came of it. */
	int r;
	struct feed_report report;
	uint64_t fresh, deleted, too_wide;
	bool has_changed;
	struct decision *held;
	size_t held_count;
	struct listed_array listed; /* `line` is the place in `held`, from 1 */
	char why[IMPORT_WHY_MAX];
};

static void taking_free(struct taking *taking)
{
	if (taking->order.text)
		(void)munmap(taking->order.text, taking->order.len);
	decisions_free(taking->table);
	listed_done(&taking->listed);
	freep(&taking->held);
	free(taking);
}

/* The worker's part. */

static bool is_too_wide(const struct crowdsec_order *order,
			const struct prefix *prefix)
{
	return prefix_len(prefix) <
	       (prefix_is_v4(prefix) ? order->widest_v4 : order->widest_v6);
}

static int take_entry(void *arg, const struct feed_entry *entry)
{
	struct taking *taking = arg;
	const struct decision decision = {
		.id = entry->id,
		.prefix = entry->prefix,
		.until_s = entry->until_s,
		.reason = entry->reason,
	};

	if (entry->id == 0)
		return -EBADMSG; /* it could not be deleted */
	if (entry->kind == FEED_DELETED) {
		taking->deleted++;
		return decisions_note_deleted(taking->table, entry->id);
	}
	if (is_too_wide(&taking->order, &entry->prefix)) {
		taking->too_wide++;
		return 0;
	}
	taking->fresh++;
	return decisions_note(taking->table, &decision);
}

static int list_held(struct taking *taking)
{
	int r = decisions_settle(taking->table, taking->now_s);

	if (r == 0)
		r = decisions_held(taking->table, &taking->held,
				   &taking->held_count);
	for (size_t i = 0; r == 0 && i < taking->held_count; i++)
		r = listed_add(&taking->listed, &taking->held[i].prefix,
			       (uint32_t)i + 1);
	return r;
}

static void explain(struct taking *taking)
{
	const struct feed_report *report = &taking->report;

	if (taking->r == -E2BIG)
		(void)snprintf(taking->why, sizeof(taking->why),
			       "more than %u decisions: nothing was changed; "
			       "raise decisions_max",
			       taking->order.max);
	else if (taking->r == -EBADMSG && report->instead == FEED_INSTEAD_NONE)
		(void)snprintf(taking->why, sizeof(taking->why),
			       "a decision has no id: nothing was changed");
	else if (taking->r == -EBADMSG)
		(void)snprintf(taking->why, sizeof(taking->why),
			       "no reply of a stream of decisions, but %s%s%s",
			       feedfile_instead_text(report->instead),
			       report->note_count ? ": " : "",
			       report->note_count ? report->notes[0].text : "");
	else
		(void)snprintf(taking->why, sizeof(taking->why),
			       "the decisions could not be read: %s",
			       strerror(-taking->r));
}

static void run_read(struct job *job)
{
	struct taking *taking = (struct taking *)job;
	const struct feed_options options = {
		.format = FEED_CROWDSEC_STREAM,
		.now_s = taking->now_s,
	};

	if (!taking->table)
		taking->r = decisions_new(taking->order.max, &taking->table);
	if (taking->r == 0)
		taking->r = feedfile_read(&options, taking->order.text,
					  taking->order.len, take_entry, taking,
					  &taking->report);
	taking->has_changed = taking->order.is_whole || taking->fresh > 0 ||
			      taking->deleted > 0;
	if (taking->r == 0 && taking->has_changed)
		taking->r = list_held(taking);
	if (taking->r < 0)
		explain(taking);
}

/* The loop's part. */

static void count(struct crowdsec *crowdsec, const struct taking *taking,
		  const struct import *import)
{
	struct crowdsec_counts *counts = &crowdsec->counts;

	if (taking->order.is_whole) {
		*counts = (struct crowdsec_counts){0};
		crowdsec->whole_s = taking->now_s;
	}
	counts->fresh += taking->fresh;
	counts->deleted += taking->deleted;
	counts->others += taking->report.skipped[FEED_SKIP_TYPE];
	counts->too_wide += taking->too_wide;
	counts->rejects += taking->report.rejected;
	if (import)
		counts->guarded = import->guarded.count;
	crowdsec->decisions = decisions_count(taking->table);
	crowdsec->good_s = taking->now_s;
	crowdsec->failures = 0;
	crowdsec->why[0] = '\0';
}

static json_t *answer_of(const struct taking *taking,
			 const struct import *import, bool resync)
{
	return json_pack(
		"{s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"whole", taking->order.is_whole, "resync", resync, "new",
		(json_int_t)taking->fresh, "deleted",
		(json_int_t)taking->deleted, "others",
		(json_int_t)taking->report.skipped[FEED_SKIP_TYPE], "too_wide",
		(json_int_t)taking->too_wide, "rejects",
		(json_int_t)taking->report.rejected, "guarded",
		(json_int_t)(import ? import->guarded.count : 0), "added",
		(json_int_t)(import ? import->added : 0), "renewed",
		(json_int_t)(import ? import->renewed : 0), "removed",
		(json_int_t)(import ? import->removes.count : 0), "decisions",
		(json_int_t)decisions_count(taking->table));
}

static void finish(struct taking *taking, const struct import *import, int r,
		   const char *why)
{
	struct crowdsec *crowdsec = &taking->daemon->crowdsec;
	json_t *answer;

	crowdsec->is_busy = false;
	if (r < 0) {
		crowdsec_failed(taking->daemon, why);
		call_refuse(taking->order.call, r, "%s", why);
		taking_free(taking);
		return;
	}
	count(crowdsec, taking, import);
	answer = answer_of(taking, import, crowdsec->wants_whole);
	if (!crowdsec->wants_whole)
		crowdsec->held = TAKE(taking->table);
	crowdsec->wants_whole = false;
	call_done(taking->order.call, answer);
	taking_free(taking);
}

static void imported(struct import *import, int r, const char *why)
{
	struct taking *taking = import->arg;

	if (r == 0)
		log_notice("crowdsec: %s new=%llu deleted=%llu added=%zu "
			   "renewed=%zu removed=%zu guarded=%zu",
			   taking->order.is_whole ? "all decisions" : "changes",
			   (unsigned long long)taking->fresh,
			   (unsigned long long)taking->deleted, import->added,
			   import->renewed, import->removes.count,
			   import->guarded.count);
	finish(taking, import, r, why);
}

static void evidence_of(const struct import *import, uint32_t line,
			struct evidence *evidence)
{
	const struct taking *taking = import->arg;
	const struct decision *decision = &taking->held[line - 1];

	*evidence = (struct evidence){
		.origin = ORIGIN_CROWDSEC,
		.uid = taking->uid,
		.line = decision->id < UINT32_MAX ? (uint32_t)decision->id
						  : UINT32_MAX,
		.created_s = taking->now_s,
		.expires_s = decision->until_s,
		.reason = decision->reason,
	};
}

/* The set as it is by now, if it can be changed. */
static int find_set(struct taking *taking, const struct set **ret_set)
{
	struct daemon *daemon = taking->daemon;
	const struct set *set = ledger_set_named(daemon->ledger, taking->set);

	if (set && set->action != SET_ALLOW &&
	    !apply_tries_set(daemon, set->name)) {
		*ret_set = set;
		return 0;
	}
	(void)snprintf(taking->why, sizeof(taking->why),
		       "set %s has changed meanwhile: nothing was changed",
		       taking->set);
	return -EBUSY;
}

/* A rule may drop what is in a set that does nothing by itself. */
static int new_import(struct daemon *daemon, const struct set *set,
		      struct import **ret_import)
{
	struct import *import;
	int r = import_new(daemon, set, &import);

	if (r < 0)
		return r;
	r = import_guard(import);
	if (r < 0)
		import_cancel(import);
	else
		*ret_import = import;
	return r;
}

static void read_done(struct job *job)
{
	struct taking *taking = (struct taking *)job;
	struct import *import;
	const struct set *set;
	int r = taking->r;

	if (r < 0 || !taking->has_changed) {
		finish(taking, NULL, r, taking->why);
		return;
	}
	r = find_set(taking, &set);
	if (r < 0) {
		finish(taking, NULL, r, taking->why);
		return;
	}
	r = new_import(taking->daemon, set, &import);
	if (r < 0) {
		finish(taking, NULL, r,
		       r == -EBUSY ? "the set is being changed by others"
				   : strerror(-r));
		return;
	}
	import->listed = taking->listed;
	taking->listed = (struct listed_array){0};
	import->is_listed = true;
	import->is_replacing = true;
	import->evidence.origin = ORIGIN_CROWDSEC;
	import->evidence_of = evidence_of;
	import->is_shared = true;
	import->slack_s = SLACK_S;
	import->entry.uid = taking->uid;
	import->finished = imported;
	import->arg = taking;
	/* who has left is to have left the store as well, before it is read */
	expire_flush(taking->daemon);
	import_start(import);
}

int crowdsec_take(struct daemon *daemon, const struct crowdsec_order *order)
{
	struct crowdsec *crowdsec = &daemon->crowdsec;
	struct taking *taking = calloc(1, sizeof(*taking));

	assert(!crowdsec->is_busy);
	assert(order->is_whole || crowdsec->held);

	if (!taking) {
		(void)munmap(order->text, order->len);
		return -ENOMEM;
	}
	taking->daemon = daemon;
	taking->order = *order;
	taking->uid = order->call->uid;
	taking->now_s = clock_wall_s();
	memcpy(taking->set, order->set->name, sizeof(taking->set));
	if (order->is_whole) {
		decisions_free(crowdsec->held);
		crowdsec->step_s = (int64_t)(taking->now_s - clock_boot_s());
	} else {
		taking->table = crowdsec->held;
	}
	crowdsec->held = NULL;
	crowdsec->is_busy = true;
	crowdsec->wants_whole = false;
	taking->job.run = run_read;
	taking->job.done = read_done;
	worker_submit(daemon->worker, &taking->job);
	return 0;
}

void crowdsec_failed(struct daemon *daemon, const char *why)
{
	struct crowdsec *crowdsec = &daemon->crowdsec;

	if (crowdsec->failures++ == 0)
		log_warningx("crowdsec: %s, will retry", why);
	(void)snprintf(crowdsec->why, sizeof(crowdsec->why), "%s", why);
	crowdsec_resync(daemon);
}

void crowdsec_resync(struct daemon *daemon)
{
	struct crowdsec *crowdsec = &daemon->crowdsec;

	crowdsec->wants_whole = crowdsec->is_busy;
	decisions_free(TAKE(crowdsec->held));
}

/* As NTP does it on a machine that starts without the hour: ends of bans would
 * come at once, or late by as much. */
static void follow_clock(struct daemon *daemon, int64_t step_s)
{
	struct crowdsec *crowdsec = &daemon->crowdsec;
	int64_t by_s = step_s - crowdsec->step_s;

	if (!crowdsec->held && !crowdsec->is_busy)
		return;
	if (by_s <= SLACK_S && by_s >= -SLACK_S)
		return;
	crowdsec->step_s = step_s;
	crowdsec_resync(daemon);
	log_notice("crowdsec: the clock was stepped by_s=%lld, all decisions "
		   "are asked for",
		   (long long)by_s);
}

void crowdsec_tick(struct daemon *daemon, uint64_t now_s, uint64_t boot_s)
{
	const struct crowdsec *crowdsec = &daemon->crowdsec;
	uint64_t last_s =
		crowdsec->good_s ? crowdsec->good_s : crowdsec->since_s;
	char moment[MOMENT_TEXT_MAX];

	if (!*crowdsec->set)
		return;
	follow_clock(daemon, (int64_t)(now_s - boot_s));
	if (now_s <= last_s + crowdsec->alert_after_s) {
		(void)alerts_clear(&daemon->alerts, ALERT_CROWDSEC);
		return;
	}
	if (alerts_raise(&daemon->alerts, now_s, ALERT_CROWDSEC,
			 "crowdsec: no decisions since %s: %s; those there are "
			 "stay until their own end",
			 moment_to_text(last_s, moment),
			 *crowdsec->why ? crowdsec->why : "nothing was heard"))
		log_errx("crowdsec: no decisions since %s", moment);
}

void crowdsec_done(struct crowdsec *crowdsec)
{
	decisions_free(TAKE(crowdsec->held));
}
