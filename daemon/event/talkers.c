// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/talkers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/event/aging.h"
#include "rules/detect/sip.h"

struct kept_text {
	uint8_t len;
	bool is_cut;
	char bytes[TALKER_TEXT_MAX];
};
_Static_assert(TALKER_TEXT_MAX <= UINT8_MAX, "");

struct kept_talker {
	struct process_id id;
	uint32_t uid;
	uint64_t ended_ns;
	struct kept_text image, unit, container;
};

struct kept_talk {
	struct prefix peer;
	struct talk talk;
};

struct talkers {
	uint64_t seed[2];
	struct aging processes, talks;
	struct kept_talker *kept; /* by place */
	struct kept_talk *kept_talks;
};

int talkers_new(const uint64_t seed[2], struct talkers **ret_talkers)
{
	CLEANUP(talkers_freep) struct talkers *talkers = NULL;
	int r;

	assert(ret_talkers);

	talkers = calloc(1, sizeof(*talkers));
	if (!talkers)
		return -ENOMEM;
	memcpy(talkers->seed, seed, sizeof(talkers->seed));
	r = aging_init(&talkers->processes, TALKERS_MAX);
	if (r == 0)
		r = aging_init(&talkers->talks, TALKS_MAX);
	if (r < 0)
		return r;
	talkers->kept = calloc(TALKERS_MAX + 1, sizeof(*talkers->kept));
	talkers->kept_talks =
		calloc(TALKS_MAX + 1, sizeof(*talkers->kept_talks));
	if (!talkers->kept || !talkers->kept_talks)
		return -ENOMEM;
	*ret_talkers = TAKE(talkers);
	return 0;
}

void talkers_free(struct talkers *talkers)
{
	if (!talkers)
		return;

	aging_done(&talkers->processes);
	aging_done(&talkers->talks);
	free(talkers->kept);
	free(talkers->kept_talks);
	free(talkers);
}

static void keep_text(struct kept_text *kept, const struct event_text *text)
{
	kept->len = (uint8_t)(text->len < TALKER_TEXT_MAX ? text->len
							  : TALKER_TEXT_MAX);
	kept->is_cut = text->is_cut || text->len > TALKER_TEXT_MAX;
	if (kept->len)
		memcpy(kept->bytes, text->bytes, kept->len);
}

static struct event_text lent(const struct kept_text *kept)
{
	return (struct event_text){
		.bytes = kept->bytes,
		.len = kept->len,
		.is_cut = kept->is_cut,
	};
}

/* By the number alone, so that all who have had it lie side by side. */
static uint64_t hash_of_pid(const struct talkers *talkers, uint32_t pid)
{
	struct sip sip = sip_begin(talkers->seed);

	sip_word(&sip, pid);
	return sip_half(&sip, 0);
}

static uint64_t hash_of_peer(const struct talkers *talkers,
			     const struct prefix *peer)
{
	struct sip sip = sip_begin(talkers->seed);
	uint64_t words[2];

	memcpy(words, peer->addr, sizeof(words));
	sip_word(&sip, words[0]);
	sip_word(&sip, words[1]);
	return sip_half(&sip, 0);
}

static uint32_t find(const struct talkers *talkers, const struct process_id *id)
{
	uint32_t at =
		aging_first(&talkers->processes, hash_of_pid(talkers, id->pid));

	while (at && (talkers->kept[at].id.pid != id->pid ||
		      talkers->kept[at].id.start_ns != id->start_ns))
		at = aging_next(&talkers->processes, at);
	return at;
}

/* Whoever had the number before has ended, whether that was told or not. */
static void end_others(struct talkers *talkers, const struct process_id *id)
{
	uint32_t at =
		aging_first(&talkers->processes, hash_of_pid(talkers, id->pid));

	for (; at; at = aging_next(&talkers->processes, at)) {
		struct kept_talker *other = &talkers->kept[at];

		if (other->id.pid == id->pid && !other->ended_ns &&
		    other->id.start_ns < id->start_ns)
			other->ended_ns = id->start_ns;
	}
}

static void remember(struct talkers *talkers, const struct event *event)
{
	uint32_t at = find(talkers, &event->process);
	struct kept_talker *kept;

	if (at) {
		aging_touch(&talkers->processes, at);
		return;
	}
	end_others(talkers, &event->process);
	at = aging_put(&talkers->processes,
		       hash_of_pid(talkers, event->process.pid));
	kept = &talkers->kept[at];
	*kept = (struct kept_talker){.id = event->process, .uid = event->uid};
	keep_text(&kept->image, &event->words[EVENT_IMAGE]);
	if (kept->image.len == 0)
		keep_text(&kept->image, &event->words[EVENT_COMM]);
	keep_text(&kept->unit, &event->words[EVENT_UNIT]);
	keep_text(&kept->container, &event->words[EVENT_CONTAINER]);
}

static bool is_same(const struct kept_talk *kept, const struct event *event)
{
	const struct talk *talk = &kept->talk;

	return talk->id.pid == event->process.pid &&
	       talk->id.start_ns == event->process.start_ns &&
	       talk->kind == event->kind && talk->protocol == event->protocol &&
	       (event->kind == EVENT_ACCEPT
			? talk->local_port == event->local_port
			: talk->peer_port == event->peer_port);
}

/* The place of this talk, new or not. Of a peer that has as many as it may,
 * the one that is longest past is another from now on. */
static uint32_t place_of(struct talkers *talkers, const struct event *event)
{
	uint64_t hash = hash_of_peer(talkers, &event->peer);
	uint32_t at = aging_first(&talkers->talks, hash);
	uint32_t longest = 0;
	uint32_t count = 0;

	for (; at; at = aging_next(&talkers->talks, at)) {
		struct kept_talk *kept = &talkers->kept_talks[at];

		if (prefix_cmp(&kept->peer, &event->peer) != 0)
			continue;
		if (is_same(kept, event))
			return at;
		count++;
		if (!longest ||
		    kept->talk.last_ns <
			    talkers->kept_talks[longest].talk.last_ns)
			longest = at;
	}
	at = count < TALKS_PER_PEER ? aging_put(&talkers->talks, hash)
				    : longest;
	talkers->kept_talks[at] = (struct kept_talk){
		.peer = event->peer,
		.talk = {.id = event->process,
			 .kind = event->kind,
			 .protocol = event->protocol,
			 .first_ns = event->time_ns},
	};
	return at;
}

static void hear_talk(struct talkers *talkers, const struct event *event)
{
	uint32_t at;
	struct talk *talk;

	remember(talkers, event);
	if (event->peer.bits == 0)
		return;
	at = place_of(talkers, event);
	aging_touch(&talkers->talks, at);
	talk = &talkers->kept_talks[at].talk;
	talk->peer_port = event->peer_port;
	talk->local_port = event->local_port;
	talk->last_ns = event->time_ns;
	talk->count++;
}

void talkers_hear(struct talkers *talkers, const struct event *event)
{
	uint32_t at;

	switch (event->kind) {
	case EVENT_CONNECT:
	case EVENT_ACCEPT:
	case EVENT_SEND:
	case EVENT_BIND:
	case EVENT_LISTEN:
		hear_talk(talkers, event);
		break;
	case EVENT_EXEC:
		at = find(talkers, &event->process);
		if (at)
			keep_text(&talkers->kept[at].image,
				  &event->words[EVENT_IMAGE]);
		break;
	case EVENT_EXIT:
		at = find(talkers, &event->process);
		if (at)
			talkers->kept[at].ended_ns = event->time_ns;
		break;
	default:
		break;
	}
}

int talkers_process(struct talkers *talkers, const struct process_id *id,
		    struct talker *ret_talker)
{
	uint32_t at = find(talkers, id);
	const struct kept_talker *kept = &talkers->kept[at];

	if (!at)
		return -ENOENT;
	*ret_talker = (struct talker){
		.id = kept->id,
		.uid = kept->uid,
		.ended_ns = kept->ended_ns,
		.image = lent(&kept->image),
		.unit = lent(&kept->unit),
		.container = lent(&kept->container),
	};
	return 0;
}

/* In its place among those before it, newest first. */
static void insert(struct talk *talks, size_t count, const struct talk *talk)
{
	while (count > 0 && talks[count - 1].last_ns < talk->last_ns) {
		talks[count] = talks[count - 1];
		count--;
	}
	talks[count] = *talk;
}

size_t talkers_of(struct talkers *talkers, const struct prefix *peer,
		  struct talk talks[TALKS_PER_PEER])
{
	uint32_t at = aging_first(&talkers->talks, hash_of_peer(talkers, peer));
	size_t count = 0;

	for (; at && count < TALKS_PER_PEER;
	     at = aging_next(&talkers->talks, at)) {
		const struct kept_talk *kept = &talkers->kept_talks[at];

		if (prefix_cmp(&kept->peer, peer) == 0 &&
		    find(talkers, &kept->talk.id))
			insert(talks, count++, &kept->talk);
	}
	return count;
}

struct talkers_usage talkers_usage(const struct talkers *talkers)
{
	return (struct talkers_usage){
		.processes = talkers->processes.count,
		.talks = talkers->talks.count,
		.processes_evicted = talkers->processes.evicted,
		.talks_evicted = talkers->talks.evicted,
	};
}
