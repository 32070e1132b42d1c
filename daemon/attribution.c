// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/attribution.h"

#include <string.h>

#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "daemon/event/kind.h"
#include "daemon/host_json.h"
#include "rules/packet.h"

#define PROTOCOL_TCP 6
#define FLAG_SYN     2
#define FLAG_ACK     16

bool attribution_knows(const struct daemon *daemon)
{
	return daemon->host.reader != NULL;
}

bool attribution_is_own(const struct daemon *daemon,
			const struct prefix *address)
{
	const struct guard_entry *entry = guard_find(daemon->guard, address);

	return entry &&
	       (entry->source == GUARD_OWN || entry->source == GUARD_FIXED);
}

static struct owner ask(const struct daemon *daemon,
			const struct attribution_flow *flow, bool may_listen,
			uint64_t when_ns)
{
	const struct owner_question question = {
		.local = flow->is_out ? flow->source : flow->destination,
		.peer = flow->is_out ? flow->destination : flow->source,
		.local_port = flow->is_out ? flow->source_port
					   : flow->destination_port,
		.peer_port = flow->is_out ? flow->destination_port
					  : flow->source_port,
		.protocol = flow->protocol,
		.may_listen = may_listen && !flow->is_out,
		.when_ns = when_ns,
	};
	struct owner owner = {0};

	if (attribution_knows(daemon) &&
	    attribution_is_own(daemon, &question.local))
		(void)event_reader_owner(daemon->host.reader, &question,
					 &owner);
	return owner;
}

/* A segment that begins a connection, as far as can be seen: the flags of one
 * of IPv6 whose ports were not read lie behind its head. */
static bool may_begin(const struct fw_event *event, const struct packet *packet)
{
	uint8_t flags = event->l4_read ? event->tcp_flags : packet->flags;

	if (packet->protocol != PROTOCOL_TCP)
		return true;
	if (!event->l4_read && packet->family == 6)
		return true;
	return (flags & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN;
}

/* What was dropped by its address alone had no ports read: they are in the
 * head that came along, which may end amid the header they are in. */
struct owner attribution_of_event(const struct daemon *daemon,
				  const struct fw_event *event)
{
	struct attribution_flow flow;
	struct packet packet;
	uint8_t frame[2 * FW_EVENT_HEAD] = {0};

	if (!attribution_knows(daemon))
		return (struct owner){0};
	memcpy(frame, event->head, sizeof(event->head));
	(void)packet_read(
		frame, event->len < sizeof(frame) ? event->len : sizeof(frame),
		&packet);
	if (!packet.family || !packet.has_ports)
		return (struct owner){0};
	flow = (struct attribution_flow){
		.source = packet.source,
		.destination = packet.destination,
		.source_port = packet.source_port,
		.destination_port = packet.destination_port,
		.protocol = packet.protocol,
		.is_out = event->direction == FW_OUT,
	};
	return ask(daemon, &flow, may_begin(event, &packet), event->time_ns);
}

struct owner attribution_of_flow(const struct daemon *daemon,
				 const struct attribution_flow *flow)
{
	return ask(daemon, flow, true, 0);
}

static void put_text(json_t *object, const char *name,
		     const struct event_text *text)
{
	if (text->len)
		(void)json_object_set_new(object, name,
					  host_json_of_text(text));
}

static void put_process(const struct daemon *daemon,
			const struct process_id *id, json_t *object)
{
	struct talker talker;

	if (!daemon->host.talkers ||
	    talkers_process(daemon->host.talkers, id, &talker) < 0)
		return;
	put_text(object, "image", &talker.image);
	put_text(object, "unit", &talker.unit);
	put_text(object, "container", &talker.container);
	if (talker.ended_ns)
		(void)json_object_set_new(
			object, "ended_us",
			json_integer(
				(json_int_t)clock_wall_us_of(talker.ended_ns)));
	if (!json_object_get(object, "uid"))
		(void)json_object_set_new(object, "uid",
					  json_integer(talker.uid));
}

json_t *attribution_json(const struct daemon *daemon, const struct owner *owner)
{
	json_t *object = json_pack("{s:s}", "how", owner_how_name(owner->how));

	if (owner->how == OWNER_UNKNOWN)
		return object;
	(void)json_object_update_new(
		object,
		json_pack("{s:I, s:I, s:I}", "pid", (json_int_t)owner->id.pid,
			  "uid", (json_int_t)owner->uid, "since_us",
			  (json_int_t)clock_wall_us_of(owner->since_ns)));
	put_process(daemon, &owner->id, object);
	return object;
}

static json_t *json_of_talk(const struct daemon *daemon,
			    const struct talk *talk)
{
	json_t *process = json_pack("{s:I}", "pid", (json_int_t)talk->id.pid);

	put_process(daemon, &talk->id, process);
	return json_pack("{s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:o}", "kind",
			 event_kind_name(talk->kind), "protocol",
			 (int)talk->protocol, "peer_port", (int)talk->peer_port,
			 "local_port", (int)talk->local_port, "first_us",
			 (json_int_t)clock_wall_us_of(talk->first_ns),
			 "last_us", (json_int_t)clock_wall_us_of(talk->last_ns),
			 "count", (json_int_t)talk->count, "process", process);
}

json_t *attribution_talks(const struct daemon *daemon,
			  const struct prefix *peer)
{
	struct talk talks[TALKS_PER_PEER];
	json_t *list = json_array();
	size_t count = 0;

	if (daemon->host.talkers)
		count = talkers_of(daemon->host.talkers, peer, talks);
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list,
					    json_of_talk(daemon, &talks[i]));
	return list;
}
