// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about CrowdSec's decisions: take a reply, say that none came. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bulk.h"
#include "daemon/clock.h"
#include "daemon/crowdsec.h"
#include "daemon/requests.h"

/* A failure has refused the call. */
static int hear(struct daemon *daemon, struct call *call)
{
	struct crowdsec *crowdsec = &daemon->crowdsec;
	const char *set = args_text(call, "set", SET_NAME_MAX - 1, NULL);
	uint64_t alert_after_s;

	if (!set || args_number(call, "alert_after", UINT32_MAX, 900,
				&alert_after_s) < 0)
		return -EINVAL;
	(void)snprintf(crowdsec->set, sizeof(crowdsec->set), "%s", set);
	crowdsec->alert_after_s = alert_after_s;
	if (!crowdsec->since_s)
		crowdsec->since_s = clock_wall_s();
	return 0;
}

static int read_bound(struct call *call, const char *name, uint64_t max,
		      uint64_t fallback, uint32_t *ret_bound)
{
	uint64_t number;
	int r = args_number(call, name, max, fallback, &number);

	if (r == 0)
		*ret_bound = (uint32_t)number;
	return r;
}

static int read_order(struct call *call, struct crowdsec_order *order)
{
	uint64_t is_whole;

	if (args_number(call, "whole", 1, 0, &is_whole) < 0 ||
	    read_bound(call, "widest_v4", 32, 16, &order->widest_v4) < 0 ||
	    read_bound(call, "widest_v6", 128, 32, &order->widest_v6) < 0 ||
	    read_bound(call, "max", SET_CAPACITY_MAX, 200000, &order->max) < 0)
		return -EINVAL;
	order->is_whole = is_whole;
	return 0;
}

/* 0, or it is refused. */
static int check_set(struct call *call, const struct set *set)
{
	if (set->action != SET_ALLOW)
		return 0;
	call_refuse(call, -EPERM, "set %s lets in what is in it", set->name);
	return -EPERM;
}

void request_crowdsec_take(struct daemon *daemon, struct call *call)
{
	struct crowdsec_order order = {.call = call};

	if (hear(daemon, call) < 0 || read_order(call, &order) < 0)
		return;
	order.set = args_set(daemon, call, true);
	if (!order.set || check_set(call, order.set) < 0)
		return;
	if (daemon->crowdsec.is_busy) {
		call_refuse(call, -EBUSY, "another reply is being taken");
		return;
	}
	if (!order.is_whole && !daemon->crowdsec.held) {
		call_done(call, json_pack("{s:b}", "resync", 1));
		return;
	}
	if (bulk_map(call, "reply", &order.text, &order.len) < 0)
		return;
	if (crowdsec_take(daemon, &order) < 0)
		call_refuse(call, -ENOMEM, "out of memory");
}

void request_crowdsec_tried(struct daemon *daemon, struct call *call)
{
	const char *error =
		args_text(call, "error", CROWDSEC_WHY_MAX - 1, NULL);

	if (!error || hear(daemon, call) < 0)
		return;
	crowdsec_failed(daemon, error);
	call_done(call, NULL);
}

void request_crowdsec_resync(struct daemon *daemon, struct call *call)
{
	crowdsec_resync(daemon);
	call_done(call,
		  json_pack("{s:b}", "heard", daemon->crowdsec.since_s > 0));
}

void request_crowdsec_status(struct daemon *daemon, struct call *call)
{
	const struct crowdsec *crowdsec = &daemon->crowdsec;
	const struct crowdsec_counts *counts = &crowdsec->counts;
	const struct set *set = ledger_set_named(daemon->ledger, crowdsec->set);

	call_done(
		call,
		json_pack("{s:s, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:s, s:I, "
			  "s:I, s:I, s:I, s:I, s:I}",
			  "set", crowdsec->set, "members",
			  (json_int_t)(set ? ledger_set_count(daemon->ledger,
							      set->id)
					   : 0),
			  "decisions", (json_int_t)crowdsec->decisions,
			  "resync", !crowdsec->held && !crowdsec->is_busy,
			  "since", (json_int_t)crowdsec->since_s, "good",
			  (json_int_t)crowdsec->good_s, "whole",
			  (json_int_t)crowdsec->whole_s, "failures",
			  (json_int_t)crowdsec->failures, "why", crowdsec->why,
			  "new", (json_int_t)counts->fresh, "deleted",
			  (json_int_t)counts->deleted, "others",
			  (json_int_t)counts->others, "too_wide",
			  (json_int_t)counts->too_wide, "rejects",
			  (json_int_t)counts->rejects, "guarded",
			  (json_int_t)counts->guarded));
}
