// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/lineage.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rules/detect/sip.h"

#define PROBES_MAX 8 /* places where a process can be */
#define FIRST	   1
#define KERNEL	   2 /* kthreadd */

struct member {
	struct process_id id; /* pid 0: nobody */
	struct lineage_place place;
	uint64_t cgroup;
	uint32_t login_uid;
	uint64_t heard; /* the turn of its last event */
};

struct lineage {
	struct member *places;
	uint32_t mask;
	uint64_t turn, displaced;
	uint64_t seed[2];
};

int lineage_new(uint32_t capacity, const uint64_t seed[2],
		struct lineage **ret_lineage)
{
	struct lineage *lineage = calloc(1, sizeof(*lineage));
	uint32_t size = PROBES_MAX;

	assert(capacity <= 1u << 30);
	assert(ret_lineage);

	if (!lineage)
		return -ENOMEM;
	while (size < capacity)
		size *= 2;
	lineage->places = calloc(size, sizeof(*lineage->places));
	if (!lineage->places) {
		free(lineage);
		return -ENOMEM;
	}
	lineage->mask = size - 1;
	memcpy(lineage->seed, seed, sizeof(lineage->seed));
	*ret_lineage = lineage;
	return 0;
}

void lineage_free(struct lineage *lineage)
{
	if (!lineage)
		return;
	free(lineage->places);
	free(lineage);
}

static bool is_same(const struct process_id *a, const struct process_id *b)
{
	return a->pid == b->pid && a->start_ns == b->start_ns;
}

/* The place of a process, or of whom it would take the place. */
static struct member *place_of(struct lineage *lineage,
			       const struct process_id *id)
{
	struct sip sip = sip_begin(lineage->seed);
	struct member *oldest = NULL;
	uint64_t hash;

	sip_word(&sip, id->pid);
	sip_word(&sip, id->start_ns);
	hash = sip_half(&sip, 0xff);
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		struct member *at =
			&lineage->places[(uint32_t)(hash + i) & lineage->mask];

		if (is_same(&at->id, id))
			return at;
		if (!oldest || at->heard < oldest->heard)
			oldest = at;
	}
	return oldest;
}

static struct member *put(struct lineage *lineage, const struct process_id *id,
			  struct lineage_place place, const struct event *event)
{
	struct member *member = place_of(lineage, id);

	lineage->displaced += member->id.pid != 0;
	*member = (struct member){
		.id = *id,
		.place = place,
		.cgroup = event->cgroup,
		.login_uid = event->login_uid,
		.heard = lineage->turn,
	};
	return member;
}

/* Somebody who may have a tree in common with what it began. */
static bool is_parent(const struct process_id *id)
{
	return id->pid != 0 && id->pid != FIRST && id->pid != KERNEL;
}

static bool is_apart(const struct member *member, const struct event *event)
{
	return member->cgroup != event->cgroup ||
	       member->login_uid != event->login_uid;
}

static struct lineage_place first_of_tree(const struct process_id *id)
{
	return (struct lineage_place){*id, 0};
}

static struct lineage_place place_by_parent(struct lineage *lineage,
					    const struct event *event)
{
	struct member *parent;

	if (!is_parent(&event->parent))
		return first_of_tree(&event->process);
	parent = place_of(lineage, &event->parent);
	/* what was there before the first event, and shall be one tree */
	if (!is_same(&parent->id, &event->parent))
		parent = put(lineage, &event->parent,
			     first_of_tree(&event->parent), event);
	parent->heard = lineage->turn;
	if (is_apart(parent, event))
		return first_of_tree(&event->process);
	return (struct lineage_place){parent->place.root,
				      parent->place.depth + 1};
}

struct lineage_place lineage_hear(struct lineage *lineage,
				  const struct event *event)
{
	struct member *member;

	lineage->turn++;
	if (event->process.pid == 0)
		return first_of_tree(&event->process);
	member = place_of(lineage, &event->process);
	if (!is_same(&member->id, &event->process)) {
		member = put(lineage, &event->process,
			     place_by_parent(lineage, event), event);
	} else if (is_apart(member, event)) {
		member->place = first_of_tree(&event->process);
		member->cgroup = event->cgroup;
		member->login_uid = event->login_uid;
	}
	member->heard = lineage->turn;
	return member->place;
}

uint64_t lineage_displaced(const struct lineage *lineage)
{
	return lineage->displaced;
}
