// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Request explain: frames through the programs that judge now, as if they came.
 *
 * What asks the kernel is a job for the worker, for a program is loaded first.
 * It holds the tables itself, so the judge may change meanwhile; then its
 * answer is nobody's any more. A judge keeps its explainer from one request to
 * the next.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/explained.h"
#include "daemon/packet/explainer.h"
#include "daemon/requests.h"

#define PACKETS_MAX 16 /* of one request, so that the answer has room */
#define FRAME_MAX   65549

struct asked {
	uint8_t *frame;
	size_t len;
	bool is_out;
	uint8_t flow;
	uint32_t ifindex;
	char ifname[IF_NAMESIZE];
	int r;
	struct fw_trace trace;
};

struct explain_job {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct call *call;
	struct explainer *explainer;
	struct asked asked[PACKETS_MAX];
	size_t count;
};

static void job_free(struct explain_job *explain)
{
	for (size_t i = 0; i < explain->count; i++)
		free(explain->asked[i].frame);
	explainer_free(explain->explainer);
	free(explain);
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int read_frame(const char *hex, struct asked *asked)
{
	size_t digits = strlen(hex);

	if (digits == 0 || digits % 2 || digits / 2 > FRAME_MAX)
		return -EINVAL;
	asked->len = digits / 2;
	asked->frame = malloc(asked->len);
	if (!asked->frame)
		return -ENOMEM;
	for (size_t i = 0; i < asked->len; i++) {
		int high = digit_of(hex[2 * i]);
		int low = digit_of(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		asked->frame[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static bool find_iface(struct asked *asked, const char *name)
{
	if (strlen(name) >= sizeof(asked->ifname))
		return false;
	asked->ifindex = if_nametoindex(name);
	(void)snprintf(asked->ifname, sizeof(asked->ifname), "%s", name);
	return asked->ifindex != 0;
}

/* An interface, or of a zone the first one that is there. */
static int read_gate(const struct daemon *daemon, const char *name,
		     struct asked *asked)
{
	const struct policy *policy = &daemon->live->judge->policy;

	if (find_iface(asked, name))
		return 0;
	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct zone *zone = &policy->zones[i];

		if (strcmp(zone->name, name) != 0)
			continue;
		for (size_t k = 0; k < zone->interface_count; k++)
			if (find_iface(asked, zone->interfaces[k]))
				return 0;
	}
	return -ENODEV;
}

static int read_state(const json_t *item, struct asked *asked)
{
	const char *name = json_string_value(json_object_get(item, "state"));

	asked->flow = FW_TRACE_FLOW_LIVE;
	if (!name)
		return json_object_get(item, "state") ? -EINVAL : 0;
	for (int i = 0; i < FLOW_STATE_COUNT; i++)
		if (strcmp(flow_state_name((enum flow_state)i), name) == 0)
			asked->flow = (uint8_t)i;
	return asked->flow == FW_TRACE_FLOW_LIVE ? -EINVAL : 0;
}

/* A failure has refused the call. */
static int read_packet(struct explain_job *explain, const json_t *item)
{
	struct asked *asked = &explain->asked[explain->count++];
	const char *hex = json_string_value(json_object_get(item, "frame"));
	const char *name = json_string_value(json_object_get(item, "iface"));
	const char *way = json_string_value(json_object_get(item, "direction"));
	int r = hex && name && way ? read_frame(hex, asked) : -EINVAL;

	if (r == 0 && strcmp(way, "in") != 0 && strcmp(way, "out") != 0)
		r = -EINVAL;
	if (r == 0)
		r = read_state(item, asked);
	if (r < 0) {
		call_refuse(explain->call, r,
			    "packet %zu: expected \"frame\", 1 to %d bytes as "
			    "lower-case hexadecimal digits; \"direction\", in "
			    "or out; \"iface\"; and perhaps \"state\"",
			    explain->count, FRAME_MAX);
		return r;
	}
	asked->is_out = strcmp(way, "out") == 0;
	r = read_gate(explain->daemon, name, asked);
	if (r < 0)
		call_refuse(explain->call, r,
			    "no interface is called \"%s\", and no zone that "
			    "has one which is there",
			    name);
	return r;
}

static int read_packets(struct explain_job *explain, const json_t *list)
{
	size_t count = json_array_size(list);
	int r = 0;

	if (count == 0 || count > PACKETS_MAX) {
		call_refuse(explain->call, -EINVAL,
			    "\"packets\": expected a list of 1 to %d",
			    PACKETS_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < count && r == 0; i++)
		r = read_packet(explain, json_array_get(list, i));
	return r;
}

static void run_explain(struct job *job)
{
	struct explain_job *explain = (struct explain_job *)job;

	for (size_t i = 0; i < explain->count; i++) {
		struct asked *asked = &explain->asked[i];
		const struct explainer_question question = {
			.frame = asked->frame,
			.len = asked->len,
			.is_out = asked->is_out,
			.ifindex = asked->ifindex,
			.flow = asked->flow,
		};

		asked->r = explainer_run(explain->explainer, &question,
					 &asked->trace);
	}
}

static bool has_gate(const struct daemon *daemon, const struct asked *asked)
{
	const struct gate_keep *keep = &daemon->keep;

	if (asked->is_out && !judge_needs_egress(daemon->live->judge))
		return false;
	for (size_t i = 0; i < keep->count; i++)
		if (keep->wishes[i].ifindex == (int)asked->ifindex)
			return true;
	return false;
}

static const char *why_not(int r)
{
	if (r == -EMSGSIZE)
		return "the kernel runs no frame of this length, or without an "
		       "IP header, outside of an interface";
	if (r == -EOPNOTSUPP)
		return "without a policy nothing is judged on the way out";
	return strerror(-r);
}

static json_t *json_of_asked(const struct daemon *daemon,
			     const struct asked *asked)
{
	json_t *packet =
		asked->r < 0 ? json_pack("{s:s}", "error", why_not(asked->r))
			     : explained_trace(daemon, &asked->trace);

	(void)json_object_set_new(packet, "iface", json_string(asked->ifname));
	(void)json_object_set_new(packet, "direction",
				  json_string(asked->is_out ? "out" : "in"));
	(void)json_object_set_new(packet, "gate",
				  json_boolean(has_gate(daemon, asked)));
	return packet;
}

static void answer(struct explain_job *explain)
{
	const struct judge *judge = explain->daemon->live->judge;
	json_t *packets = json_array();

	for (size_t i = 0; i < explain->count; i++)
		(void)json_array_append_new(
			packets,
			json_of_asked(explain->daemon, &explain->asked[i]));
	call_done(explain->call,
		  json_pack("{s:o, s:I, s:b}", "packets", packets, "revision",
			    (json_int_t)judge->revision, "trial",
			    judge->is_trial));
}

static void explain_done(struct job *job)
{
	struct explain_job *explain = (struct explain_job *)job;
	struct judge *judge = explain->daemon->live->judge;

	if (explainer_program_id(explain->explainer) !=
	    program_info(judge->program).program_id) {
		call_refuse(explain->call, -EBUSY,
			    "another policy judges since: ask again");
	} else {
		answer(explain);
		if (!judge->explainer)
			judge->explainer = TAKE(explain->explainer);
	}
	job_free(explain);
}

void request_explain(struct daemon *daemon, struct call *call)
{
	struct judge *judge = daemon->live->judge;
	struct explain_job *explain = calloc(1, sizeof(*explain));
	int r = 0;

	if (!explain) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	explain->daemon = daemon;
	explain->call = call;
	explain->job.run = run_explain;
	explain->job.done = explain_done;
	if (read_packets(explain, json_object_get(call->args, "packets")) < 0) {
		job_free(explain);
		return;
	}
	explain->explainer = TAKE(judge->explainer);
	if (!explain->explainer)
		r = explainer_open(judge->program, &explain->explainer);
	if (r == 0) {
		worker_submit(daemon->worker, &explain->job);
		return;
	}
	call_refuse(call, r, "the programs could not be opened: %s",
		    strerror(-r));
	job_free(explain);
}
