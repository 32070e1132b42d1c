/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * requests.h - what each request does: docs/protocol.md, in C.
 *
 * One function a request, found through one table; each answers its call once,
 * at once or when the worker is done.
 *
 * Threads	event loop only
 */
#pragma once

#include "daemon/control/server.h"
#include "daemon/daemon.h"

/* The server's handler; `arg` is the daemon. */
void requests_handle(void *arg, struct call *call);

/* By file. */
void request_add(struct daemon *daemon, struct call *call);
void request_del(struct daemon *daemon, struct call *call);
void request_why(struct daemon *daemon, struct call *call);
void request_set_list(struct daemon *daemon, struct call *call);
void request_set_show(struct daemon *daemon, struct call *call);
void request_set_new(struct daemon *daemon, struct call *call);
void request_set_drop(struct daemon *daemon, struct call *call);
void request_set_import(struct daemon *daemon, struct call *call);
void request_attach(struct daemon *daemon, struct call *call);
void request_detach(struct daemon *daemon, struct call *call);
void request_doctor(struct daemon *daemon, struct call *call);
void request_status(struct daemon *daemon, struct call *call);
void request_counters(struct daemon *daemon, struct call *call);
void request_events(struct daemon *daemon, struct call *call);
void request_log(struct daemon *daemon, struct call *call);
void request_backup(struct daemon *daemon, struct call *call);
void request_restore(struct daemon *daemon, struct call *call);
void request_policy_apply(struct daemon *daemon, struct call *call);
void request_policy_confirm(struct daemon *daemon, struct call *call);
void request_policy_rollback(struct daemon *daemon, struct call *call);
void request_policy_log(struct daemon *daemon, struct call *call);
void request_policy_show(struct daemon *daemon, struct call *call);
void request_policy_diff(struct daemon *daemon, struct call *call);
void request_explain(struct daemon *daemon, struct call *call);
void request_capture(struct daemon *daemon, struct call *call);
void request_feed_put(struct daemon *daemon, struct call *call);
void request_feed_drop(struct daemon *daemon, struct call *call);
void request_feed_list(struct daemon *daemon, struct call *call);
void request_feed_show(struct daemon *daemon, struct call *call);
void request_feed_import(struct daemon *daemon, struct call *call);
void request_feed_tried(struct daemon *daemon, struct call *call);
void request_feed_decide(struct daemon *daemon, struct call *call);
void request_feed_hits(struct daemon *daemon, struct call *call);
void request_feed_probe(struct daemon *daemon, struct call *call);
void request_crowdsec_take(struct daemon *daemon, struct call *call);
void request_crowdsec_tried(struct daemon *daemon, struct call *call);
void request_crowdsec_resync(struct daemon *daemon, struct call *call);
void request_crowdsec_status(struct daemon *daemon, struct call *call);
void request_detect_status(struct daemon *daemon, struct call *call);
void request_detect_hear(struct daemon *daemon, struct call *call);
void request_detect_scores(struct daemon *daemon, struct call *call);
void request_detect_reload(struct daemon *daemon, struct call *call);
void request_detect_release(struct daemon *daemon, struct call *call);
void request_detect_offences(struct daemon *daemon, struct call *call);
void request_detect_forgive(struct daemon *daemon, struct call *call);
void request_host_events(struct daemon *daemon, struct call *call);
void request_alert_list(struct daemon *daemon, struct call *call);
void request_alert_show(struct daemon *daemon, struct call *call);
void request_alert_mark(struct daemon *daemon, struct call *call);
void request_alert_watch(struct daemon *daemon, struct call *call);
void request_alert_status(struct daemon *daemon, struct call *call);

/* What the status says of the sensor; nothing when it is off. */
void request_host_status(const struct daemon *daemon, json_t *answer);

/*
 * Arguments, read and checked. A getter that fails has refused the call, so
 * the request returns at once.
 */

/* The set called args["set"]; if `change`, refused while an import holds it or
 * it is on trial. */
const struct set *args_set(struct daemon *daemon, struct call *call,
			   bool change);

/* -EALREADY, refused: a policy on trial has this set with other members, and
 * one of the two goes at its end. */
int args_untried(struct daemon *daemon, struct call *call, const char *name);

/* -EBUSY, refused: a restore is under way, after which ids and gates may be
 * others. For what does not name a set that is there. */
int args_settled(struct daemon *daemon, struct call *call);

/* A text of at most `max` bytes; `fallback` when absent, NULL: required. */
const char *args_text(struct call *call, const char *name, size_t max,
		      const char *fallback);

/* A number in 0..max; `fallback` when absent. */
int args_number(struct call *call, const char *name, uint64_t max,
		uint64_t fallback, uint64_t *ret_number);

/* One address or network. */
int args_prefix(struct call *call, const char *name, struct prefix *ret_prefix);
