// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that page through what happened: drop events, the journal. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/attribution.h"
#include "daemon/clock.h"
#include "daemon/json.h"
#include "daemon/requests.h"

#define EVENTS_PER_ANSWER 512

static const char *address_text(const struct fw_event *event,
				const uint8_t *address,
				char text[INET6_ADDRSTRLEN])
{
	int family = event->family == 4 ? AF_INET : AF_INET6;

	if (event->family == 0 ||
	    !inet_ntop(family, address, text, INET6_ADDRSTRLEN))
		return "";
	return text;
}

static const char *frag_name(uint8_t frag)
{
	return frag == FW_FRAG_FIRST   ? "first"
	       : frag == FW_FRAG_LATER ? "later"
				       : "none";
}

static json_t *json_of_event(struct daemon *daemon, uint64_t seq,
			     const struct logged_event *logged)
{
	const struct fw_event *event = &logged->event;
	const struct set *set = ledger_set(daemon->ledger, event->set_id);
	char source[INET6_ADDRSTRLEN], dest[INET6_ADDRSTRLEN];
	char ifname[IF_NAMESIZE] = "";
	json_t *process = attribution_knows(daemon)
				  ? attribution_json(daemon, &logged->owner)
				  : NULL;

	(void)if_indextoname(event->ifindex, ifname);
	return json_pack(
		"{s:I, s:I, s:s, s:s, s:s, s:i, s:I, s:s, s:s, s:i, s:i, s:i, "
		"s:i, s:s, s:s, s:s, s:o*}",
		"seq", (json_int_t)seq, "time_us",
		(json_int_t)clock_wall_us_of(event->time_ns), "iface", ifname,
		"reason", reason_name((enum fw_reason)event->reason), "set",
		set ? set->name : "", "class", (int)event->class_id, "len",
		(json_int_t)event->len, "src",
		address_text(event, event->saddr, source), "dst",
		address_text(event, event->daddr, dest), "proto",
		(int)event->l4_proto, "sport", (int)event->sport, "dport",
		(int)event->dport, "vlan",
		event->tags ? (int)(event->vlan[0] & 0xfff) : 0, "frag",
		frag_name(event->frag), "rule", logged->rule, "direction",
		event->direction == FW_OUT ? "out" : "in", "process", process);
}

/* The first number a watcher gets who has read up to `after` (0: nothing),
 * and how many it has lost. */
static uint64_t choose(const struct event_log *log, uint64_t after,
		       uint64_t *ret_lost)
{
	uint64_t oldest = event_log_oldest(log);
	uint64_t from = after ? after + 1 : log->next_seq;

	*ret_lost = from < oldest ? oldest - from : 0;
	return from < oldest ? oldest : from;
}

void request_events(struct daemon *daemon, struct call *call)
{
	json_t *events;
	uint64_t after, max, from, lost, seq;

	if (args_number(call, "after", INT64_MAX, 0, &after) < 0 ||
	    args_number(call, "max", WIRE_PAGE_MAX, WIRE_PAGE_MAX, &max) < 0)
		return;
	if (max > EVENTS_PER_ANSWER)
		max = EVENTS_PER_ANSWER;
	from = choose(&daemon->events, after, &lost);
	events = json_array();
	for (seq = from; seq < from + max; seq++) {
		const struct logged_event *event =
			event_log_get(&daemon->events, seq);

		if (!event)
			break;
		(void)json_array_append_new(events,
					    json_of_event(daemon, seq, event));
	}
	call_done(call,
		  json_pack("{s:o, s:I, s:I}", "events", events, "next",
			    (json_int_t)(seq - 1), "lost", (json_int_t)lost));
}

#define LOG_PER_ANSWER 1024

struct log_job {
	struct job job; /* first: the worker's view of it */
	struct store *store;
	struct call *call;
	uint64_t before;
	size_t max;
	struct journal_entry *entries; /* `max` of them */
	size_t count;
	int r;
};

static int take_line(void *arg, const struct journal_entry *entry)
{
	struct log_job *log = arg;

	log->entries[log->count++] = *entry;
	return 0;
}

static void run_log(struct job *job)
{
	struct log_job *log = (struct log_job *)job;

	log->r = store_each_journal(log->store, log->before, log->max,
				    take_line, log);
}

static void log_done(struct job *job)
{
	struct log_job *log = (struct log_job *)job;
	json_t *lines = json_array();
	json_t *answer = json_pack("{s:o}", "entries", lines);

	for (size_t i = 0; i < log->count; i++) {
		const struct journal_entry *entry = &log->entries[i];

		(void)json_array_append_new(
			lines,
			json_pack("{s:I, s:I, s:I, s:s}", "seq",
				  (json_int_t)entry->seq, "time",
				  (json_int_t)entry->time_s, "uid",
				  (json_int_t)entry->uid, "text", entry->text));
	}
	if (log->count == log->max && log->entries[log->count - 1].seq > 1)
		(void)json_object_set_new(
			answer, "next",
			json_integer(
				(json_int_t)log->entries[log->count - 1].seq));
	if (log->r < 0) {
		json_decref(answer);
		call_refuse(log->call, log->r, "the journal: %s",
			    strerror(-log->r));
	} else {
		call_done(log->call, answer);
	}
	free(log->entries);
	free(log);
}

void request_log(struct daemon *daemon, struct call *call)
{
	struct log_job *log;
	uint64_t before, max;

	if (args_number(call, "before", INT64_MAX, 0, &before) < 0 ||
	    args_number(call, "max", WIRE_PAGE_MAX, LOG_PER_ANSWER, &max) < 0)
		return;
	if (max == 0 || max > LOG_PER_ANSWER)
		max = LOG_PER_ANSWER;
	log = calloc(1, sizeof(*log));
	if (log)
		log->entries = calloc((size_t)max, sizeof(*log->entries));
	if (!log || !log->entries) {
		free(log);
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	log->job.run = run_log;
	log->job.done = log_done;
	log->store = daemon->store;
	log->call = call;
	log->before = before;
	log->max = (size_t)max;
	worker_submit(daemon->worker, &log->job);
}
