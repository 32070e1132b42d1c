// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/taint.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/detect/sip.h"

#define PROBES_MAX 8 /* places where a process can be */

/* A tree is its first process, and apart from that process. */
struct marked {
	struct process_id id; /* pid 0: nobody */
	bool is_tree;
	uint64_t until_ns[TAINT_NAMES_MAX]; /* 0: it has not that name */
};

struct taints {
	struct marked *places;
	const char *names[TAINT_NAMES_MAX];
	size_t name_count;
	uint32_t mask, used, hand;
	uint64_t crowded;
	uint64_t seed[2];
};

static size_t number_of(const struct taints *taints, const char *name)
{
	size_t i = 0;

	while (i < taints->name_count && strcmp(taints->names[i], name) != 0)
		i++;
	return i;
}

static int gather_names(struct taints *taints,
			const struct detect_rule *const *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = rules[i]->taint.name;

		if (!name || number_of(taints, name) < taints->name_count)
			continue;
		if (taints->name_count == TAINT_NAMES_MAX)
			return -E2BIG;
		taints->names[taints->name_count++] = name;
	}
	return 0;
}

static int fill(struct taints *taints, const struct detect_rule *const *rules,
		size_t count, uint32_t capacity)
{
	uint32_t size = PROBES_MAX;
	int r = gather_names(taints, rules, count);

	if (r < 0)
		return r;
	while (size < capacity)
		size *= 2;
	taints->places = calloc(size, sizeof(*taints->places));
	if (!taints->places)
		return -ENOMEM;
	taints->mask = size - 1;
	return 0;
}

int taints_new(const struct detect_rule *const *rules, size_t count,
	       uint32_t capacity, const uint64_t seed[2],
	       struct taints **ret_taints)
{
	struct taints *taints = calloc(1, sizeof(*taints));
	int r;

	assert(capacity <= 1u << 30);
	assert(ret_taints);

	if (!taints)
		return -ENOMEM;
	memcpy(taints->seed, seed, sizeof(taints->seed));
	r = fill(taints, rules, count, capacity);
	if (r < 0) {
		taints_free(taints);
		return r;
	}
	*ret_taints = taints;
	return 0;
}

void taints_free(struct taints *taints)
{
	if (!taints)
		return;
	free(taints->places);
	free(taints);
}

static uint32_t start_of(const struct taints *taints,
			 const struct process_id *id, bool is_tree)
{
	struct sip sip = sip_begin(taints->seed);

	sip_word(&sip, (uint64_t)id->pid << 1 | is_tree);
	sip_word(&sip, id->start_ns);
	return (uint32_t)sip_half(&sip, 0xff);
}

/* NULL: it has no mark. */
static struct marked *find(const struct taints *taints,
			   const struct process_id *id, bool is_tree)
{
	uint32_t start = start_of(taints, id, is_tree);

	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		struct marked *at = &taints->places[(start + i) & taints->mask];

		if (at->id.pid == id->pid && at->id.start_ns == id->start_ns &&
		    at->is_tree == is_tree)
			return at;
	}
	return NULL;
}

static bool is_over(const struct marked *marked, uint64_t now_ns)
{
	for (size_t i = 0; i < TAINT_NAMES_MAX; i++) {
		if (marked->until_ns[i] > now_ns)
			return false;
	}
	return true;
}

static void forget(struct taints *taints, struct marked *marked)
{
	*marked = (struct marked){.is_tree = false};
	taints->used--;
}

/* Its place, or one for it; NULL: there is none. */
static struct marked *put(struct taints *taints, const struct process_id *id,
			  bool is_tree, uint64_t now_ns)
{
	uint32_t start = start_of(taints, id, is_tree);
	struct marked *marked = find(taints, id, is_tree);

	for (uint32_t i = 0; i < PROBES_MAX && !marked; i++) {
		struct marked *at = &taints->places[(start + i) & taints->mask];

		if (at->id.pid != 0 && is_over(at, now_ns))
			forget(taints, at);
		if (at->id.pid != 0)
			continue;
		marked = at;
		*marked = (struct marked){.id = *id, .is_tree = is_tree};
		taints->used++;
	}
	taints->crowded += !marked;
	return marked;
}

void taints_follow(struct taints *taints, const struct event *event)
{
	struct marked *parent, *child;

	if (taints->used == 0)
		return;
	if (event->kind == EVENT_EXIT) {
		struct marked *gone = find(taints, &event->process, false);

		if (gone)
			forget(taints, gone);
	}
	if (event->kind != EVENT_FORK)
		return;
	parent = find(taints, &event->parent, false);
	if (!parent || is_over(parent, event->time_ns))
		return;
	child = put(taints, &event->process, false, event->time_ns);
	if (child)
		memcpy(child->until_ns, parent->until_ns,
		       sizeof(child->until_ns));
}

void taints_hear(struct taints *taints, const struct detect_rule *rule,
		 const struct event *event, const struct process_id *root)
{
	bool is_tree = rule->taint.is_of_tree;
	const struct process_id *id = is_tree ? root : &event->process;
	uint64_t until_ns = event->time_ns + rule->taint.span_ns;
	struct marked *marked;
	size_t number;

	if (!rule->taint.name || id->pid == 0)
		return;
	number = number_of(taints, rule->taint.name);
	assert(number < taints->name_count);
	marked = put(taints, id, is_tree, event->time_ns);
	if (marked && marked->until_ns[number] < until_ns)
		marked->until_ns[number] = until_ns;
}

struct event_text taints_text(const struct taints *taints,
			      const struct event *event,
			      const struct process_id *root,
			      char buf[TAINT_TEXT_MAX])
{
	const struct marked *marked[] = {NULL, NULL};
	int len = 0;

	if (taints->used == 0)
		return (struct event_text){NULL};
	marked[0] = find(taints, &event->process, false);
	marked[1] = find(taints, root, true);
	for (size_t name = 0; name < taints->name_count; name++) {
		bool has = false;

		for (size_t i = 0; i < ARRAY_LEN(marked); i++)
			has = has || (marked[i] && marked[i]->until_ns[name] >
							   event->time_ns);
		if (has)
			len += snprintf(buf + len,
					(size_t)(TAINT_TEXT_MAX - len), " %.*s",
					TAINT_NAME_BYTES - 1,
					taints->names[name]);
	}
	if (len > 0)
		buf[len++] = ' ';
	return (struct event_text){.bytes = buf, .len = (uint32_t)len};
}

void taints_tick(struct taints *taints, uint64_t now_ns, uint32_t budget)
{
	for (uint32_t i = 0; i < budget && i <= taints->mask; i++) {
		struct marked *marked = &taints->places[taints->hand];

		taints->hand = (taints->hand + 1) & taints->mask;
		if (marked->id.pid != 0 && is_over(marked, now_ns))
			forget(taints, marked);
	}
}

uint32_t taints_count(const struct taints *taints)
{
	return taints->used;
}

uint64_t taints_crowded(const struct taints *taints)
{
	return taints->crowded;
}
