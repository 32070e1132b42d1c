// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about this host: what its processes do. */
#include <errno.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/event/kind.h"
#include "daemon/requests.h"

#define EVENTS_PER_ANSWER 512
#define BYTES_PER_ANSWER  (WIRE_FRAME_MAX / 2)

/* "exec,connect" as bits; all of them when it is empty. */
static int read_kinds(struct call *call, uint64_t *ret_kinds)
{
	const char *text = args_text(call, "kinds", 256, "");
	uint64_t kinds = 0;

	while (text && *text) {
		size_t len = strcspn(text, ",");
		enum event_kind kind;

		if (event_kind_from_name(text, len, &kind) < 0) {
			call_refuse(
				call, -EINVAL,
				"\"%.*s\" is no kind of event (exec, open, "
				"connect, ...: docs/sensor.md has them all)",
				(int)(len < 60 ? len : 60), text);
			return -EINVAL;
		}
		kinds |= 1ull << kind;
		text += len + (text[len] == ',');
	}
	*ret_kinds = kinds ? kinds : UINT64_MAX;
	return text ? 0 : -EINVAL;
}

/* A text takes six times its bytes at most, in JSON. */
static size_t bytes_of(const json_t *event)
{
	char *text = json_dumps(event, JSON_COMPACT);
	size_t len = text ? strlen(text) + 1 : 0;

	free(text);
	return len;
}

struct page {
	uint64_t kinds;
	uint64_t from, max;
	json_t *events;
	uint64_t next; /* the last that was looked at */
};

static void fill_page(const struct host_log *log, struct page *page)
{
	size_t bytes = 0;
	uint64_t seq;

	for (seq = page->from; json_array_size(page->events) < page->max;
	     seq++) {
		const struct logged_host_event *logged = host_log_get(log, seq);

		if (!logged)
			break;
		if (!(page->kinds & 1ull << logged->kind))
			continue;
		bytes += bytes_of(logged->json);
		if (bytes > BYTES_PER_ANSWER &&
		    json_array_size(page->events) > 0)
			break;
		(void)json_array_append(page->events, logged->json);
	}
	page->next = seq - 1;
}

void request_host_events(struct daemon *daemon, struct call *call)
{
	struct host_log *log = &daemon->host.log;
	uint64_t oldest = host_log_oldest(log);
	struct page page;
	uint64_t after;

	if (args_number(call, "after", INT64_MAX, 0, &after) < 0 ||
	    args_number(call, "max", WIRE_PAGE_MAX, EVENTS_PER_ANSWER,
			&page.max) < 0 ||
	    read_kinds(call, &page.kinds) < 0)
		return;
	if (!daemon->host.reader) {
		call_refuse(call, -ENOENT,
			    daemon->config.sensor
				    ? "the sensor did not start: fwctl status "
				      "says why"
				    : "the sensor is off: fwd.yml turns it on "
				      "with \"sensor: true\"");
		return;
	}
	host_log_watch(log, clock_boot_ns());
	if (page.max > EVENTS_PER_ANSWER)
		page.max = EVENTS_PER_ANSWER;
	page.from = after ? after + 1 : log->next_seq;
	after = page.from < oldest ? oldest - page.from : 0;
	if (page.from < oldest)
		page.from = oldest;
	page.events = json_array();
	fill_page(log, &page);
	call_done(call,
		  json_pack("{s:o, s:I, s:I}", "events", page.events, "next",
			    (json_int_t)page.next, "lost", (json_int_t)after));
}

static json_t *counts_of(const struct fw_sensor_counts *counts)
{
	json_t *kinds = json_array();

	for (int sense = FW_SENSE_EXEC; sense < FW_SENSE_COUNT; sense++) {
		const struct fw_sensor_count *count = &counts->kinds[sense];

		if (!count->sent && !count->suppressed && !count->lost)
			continue;
		(void)json_array_append_new(
			kinds,
			json_pack("{s:s, s:I, s:I, s:I}", "kind",
				  event_kind_name(event_kind_of_sense(
					  (enum fw_sense)sense)),
				  "seen", (json_int_t)count->sent, "suppressed",
				  (json_int_t)count->suppressed, "lost",
				  (json_int_t)count->lost));
	}
	return kinds;
}

static json_t *json_of_talkers(const struct talkers *talkers)
{
	const struct talkers_usage usage = talkers_usage(talkers);

	return json_pack("{s:I, s:I, s:I, s:I}", "processes",
			 (json_int_t)usage.processes, "processes_evicted",
			 (json_int_t)usage.processes_evicted, "talks",
			 (json_int_t)usage.talks, "talks_evicted",
			 (json_int_t)usage.talks_evicted);
}

static json_t *json_of_hostnames(const struct event_reader_info *info)
{
	const struct hostnames_usage *usage = &info->hostnames;

	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I}", "on",
			 info->hostnames_r == 0, "known",
			 (json_int_t)usage->count, "questions",
			 (json_int_t)usage->questions, "answers",
			 (json_int_t)usage->answers, "unasked",
			 (json_int_t)usage->unasked, "lost",
			 (json_int_t)info->hostnames_lost);
}

void request_host_status(const struct daemon *daemon, json_t *answer)
{
	struct event_reader_info info;
	json_t *places = json_array();

	if (!daemon->host.reader ||
	    event_reader_info(daemon->host.reader, &info) < 0) {
		json_decref(places);
		return;
	}
	for (size_t i = 0; info.places[i]; i++)
		(void)json_array_append_new(places,
					    json_string(info.places[i]));
	(void)json_object_set_new(
		answer, "sensor",
		json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o}",
			  "tracepoints", places, "kinds",
			  counts_of(&info.counts), "told",
			  (json_int_t)info.told, "lost",
			  (json_int_t)daemon->host.lost, "processes",
			  (json_int_t)info.processes, "unremembered",
			  (json_int_t)info.unremembered, "talkers",
			  json_of_talkers(daemon->host.talkers), "hostnames",
			  json_of_hostnames(&info)));
}
