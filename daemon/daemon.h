/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * daemon.h - the whole of fwd: what there is, and who is told of what.
 *
 * Modules below do not know each other. This folder's files do: they are the
 * requests (request_*.c), what they share (members, import, commit, gate_keep,
 * guard_keep) and the order of start and stop (daemon.c).
 *
 * Order of a change by a person: the ledger, and through its sink the table
 * that the kernel reads; then LMDB on the worker; then the answer. A commit
 * that fails takes the change back out of the ledger before the answer says
 * so.
 *
 * Threads	event loop only, but for `store`, which is the worker's
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "daemon/abandoned.h"
#include "daemon/acting.h"
#include "daemon/alert/alerts.h"
#include "daemon/awaited.h"
#include "daemon/config.h"
#include "daemon/control/server.h"
#include "daemon/crowdsec_state.h"
#include "daemon/denying.h"
#include "daemon/detecting.h"
#include "daemon/ended.h"
#include "daemon/event_log.h"
#include "daemon/feed_slot.h"
#include "daemon/flow_follow.h"
#include "daemon/gate_keep.h"
#include "daemon/generation.h"
#include "daemon/guard_keep.h"
#include "daemon/host.h"
#include "daemon/merge/guard.h"
#include "daemon/merge/latency.h"
#include "daemon/merge/ledger.h"
#include "daemon/owed.h"
#include "daemon/packet/attach.h"
#include "daemon/packet/hops.h"
#include "daemon/packet/maps.h"
#include "daemon/packet/netlink.h"
#include "daemon/packet/table.h"
#include "daemon/worker.h"
#include "rules/base.h"
#include "rules/store.h"

/* See is_stale. */
#define ALERT_STALE "stale"

struct apply;
struct diff;
struct prepared;
struct capturing;
struct settling;
struct notices;
struct notice_keep;

struct daemon {
	struct config config;
	const char *config_path; /* for reload; NULL: none was read */
	struct event_base *base;
	struct store *store; /* the worker's, once it runs */
	struct worker *worker;
	struct worker *ahead; /* brings memory in for the ledger */
	struct worker *files; /* writes versions of feeds */
	struct guard *guard;
	struct generation *live; /* the one that judges; the next three are
				  * its own */
	struct maps *maps;
	struct table *table;
	struct ledger *ledger;
	struct gates *gates;
	struct netlink *netlink;
	struct hops *hops;
	struct server *server;
	int pins_fd; /* while it is open, what is pinned is ours to change */

	uint32_t tick_us; /* from one `tick` to the next */
	struct event *tick; /* one of `sources` */
	struct event *sources[9]; /* timers, signals, descriptors */
	size_t source_count;
	uint64_t rest_ns, rest_cpu_ns; /* time, and our own, at the last rest */
	uint64_t started_s; /* CLOCK_BOOTTIME */

	struct gate_keep keep; /* interfaces the operator wants gates on */
	struct guard_keep guard_keep; /* how old the protected next hops are */
	struct event_log events;
	struct host host;
	struct detecting detecting;
	struct acting acting;
	struct abandoned abandoned;
	struct denying denying;
	struct notices *notices; /* of detections, on their way */
	struct notice_keep *notice_keep;
	struct alerts alerts;
	struct latency latency; /* a member decoded to stored in the table */
	struct table_need reserved; /* promised to imports under way */
	struct store_usage store_usage; /* as of the last commit */

	struct awaited awaited; /* edits whose commit is under way */
	struct owed owed; /* members the ledger is still to hold again */
	struct ended ended; /* members the store is still to forget */
	struct event *expire_turn; /* NULL before it is first needed */
	uint64_t expire_retry_s; /* wall clock; 0: all could go */

	struct apply *apply; /* under way, or NULL */
	struct settling *confirming; /* the same, of a trial's confirmation:
				      * until it is stored nothing ends it */
	struct diff *diff; /* the same, of a comparison of policies */
	struct prepared *prepared; /* what the last one has read, or NULL */
	uint64_t prepared_count; /* so far */
	struct capturing *capturing; /* the same */
	struct feeds feeds;
	struct crowdsec crowdsec;
	struct flow_follow flow_follow;
	uint64_t windows_s; /* of the wall clock, that rules' times are as of */
	bool is_importing[SET_ID_MAX + 1]; /* its members are not to change;
					    * [0]: a restore is under way */
	bool is_stale; /* a restore or a policy is stored that could not
			* judge: what is here is not what a start would load */
	bool is_stopping; /* what was begun is finished, nothing else begun */
	bool doubts_clock; /* nobody expires until it is set */
};

/*
 * Everything up to the first answered request: the store is open, what it
 * holds is in the table, the table judges on every gate that was found
 * pinned, and the socket listens. `note` says what failed.
 */
int daemon_new(const struct config *config, const char *config_path,
	       struct daemon **ret_daemon, char note[MAPS_NOTE_MAX]);

/* Let a generation judge on every gate in place of the one that does; takes
 * it. On failure the old one goes on. */
int daemon_make_live(struct daemon *daemon, struct generation *generation,
		     char note[MAPS_NOTE_MAX]);

/* Start the other threads, with the privileges of this moment. */
int daemon_start_workers(struct daemon *daemon);

/* Until SIGTERM or SIGINT, and then until what was begun is stored, in the
 * table, and answered. Gates stay attached. */
int daemon_run(struct daemon *daemon);

/* Is any set not to change now? */
bool daemon_is_importing(const struct daemon *daemon);

void daemon_free(struct daemon *daemon);
DEFINE_CLEANUP(struct daemon *, daemon_free)
