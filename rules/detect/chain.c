// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A chain under way is, of each step, when it was last met, and the last
 * beginning of a run of the steps before it that reaches it: a run goes on to
 * the next step when that was met later, and is complete at the last one.
 */
#include "rules/detect/chain.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/detect/sip.h"

#define PROBES_MAX 16 /* places where a chain can be */
#define STEPS_MAX  DETECT_CHAIN_STEPS_MAX

struct course {
	struct process_id who; /* a root, or a user as pid */
	uint32_t chain; /* its rule, from 1; 0: none */
	uint32_t met; /* steps that were, a bit each */
	uint32_t reached; /* steps that a run reaches */
	uint64_t last_ns; /* the latest of its events */
	uint64_t met_ns[STEPS_MAX];
	uint64_t begun_ns[STEPS_MAX]; /* when the run began */
	uint64_t reached_ns[STEPS_MAX];
};

/* That a rule is a step of a chain. */
struct part {
	uint32_t chain, step; /* place of the rule; of the step in it */
};

struct chains {
	const struct detect_rule *const *rules;
	uint32_t *starts; /* of each rule's parts */
	struct part *parts;
	struct course *places;
	uint32_t mask, used, hand;
	uint64_t crowded;
	uint64_t seed[2];
};

static size_t index_of(const struct detect_rule *const *rules, size_t count,
		       const struct detect_rule *rule)
{
	size_t i = 0;

	while (i < count && rules[i] != rule)
		i++;
	return i;
}

/* `fn` of each step of each chain, from the last chain on. */
static void each_part(const struct detect_rule *const *rules, size_t count,
		      void (*fn)(struct chains *, size_t, struct part),
		      struct chains *chains)
{
	for (uint32_t i = (uint32_t)count; i-- > 0;) {
		const struct detect_chain *chain = rules[i]->chain;

		for (uint32_t step = 0; chain && step < chain->count; step++) {
			size_t at = index_of(rules, count, chain->steps[step]);

			assert(at < count);
			fn(chains, at, (struct part){i, step});
		}
	}
}

static void count_part(struct chains *chains, size_t at, struct part part)
{
	(void)part;
	chains->starts[at + 1]++;
}

/* Backwards: chains in their order, and of one of them the last step first, so
 * that an event is not two of them. */
static void put_part(struct chains *chains, size_t at, struct part part)
{
	chains->parts[--chains->starts[at + 1]] = part;
}

static int index_parts(struct chains *chains, size_t count)
{
	uint32_t sum = 0;

	chains->starts = calloc(count + 2, sizeof(*chains->starts));
	if (!chains->starts)
		return -ENOMEM;
	each_part(chains->rules, count, count_part, chains);
	for (size_t i = 0; i <= count; i++) {
		sum += chains->starts[i];
		chains->starts[i] = sum;
	}
	chains->starts[count + 1] = sum;
	chains->parts = calloc((size_t)sum + 1, sizeof(*chains->parts));
	if (!chains->parts)
		return -ENOMEM;
	each_part(chains->rules, count, put_part, chains);
	return 0;
}

static int fill(struct chains *chains, size_t count, uint32_t capacity)
{
	uint32_t size = PROBES_MAX;
	int r = index_parts(chains, count);

	if (r < 0)
		return r;
	while (size < capacity)
		size *= 2;
	chains->places = calloc(size, sizeof(*chains->places));
	if (!chains->places)
		return -ENOMEM;
	chains->mask = size - 1;
	return 0;
}

int chains_new(const struct detect_rule *const *rules, size_t count,
	       uint32_t capacity, const uint64_t seed[2],
	       struct chains **ret_chains)
{
	struct chains *chains = calloc(1, sizeof(*chains));
	int r;

	assert(capacity <= 1u << 30);
	assert(ret_chains);

	if (!chains)
		return -ENOMEM;
	chains->rules = rules;
	memcpy(chains->seed, seed, sizeof(chains->seed));
	r = fill(chains, count, capacity);
	if (r < 0) {
		chains_free(chains);
		return r;
	}
	*ret_chains = chains;
	return 0;
}

void chains_free(struct chains *chains)
{
	if (!chains)
		return;
	free(chains->starts);
	free(chains->parts);
	free(chains->places);
	free(chains);
}

static uint64_t within_ns(const struct chains *chains,
			  const struct course *course)
{
	return chains->rules[course->chain - 1]->chain->within_ns;
}

static bool is_over(const struct chains *chains, const struct course *course,
		    uint64_t now_ns)
{
	return now_ns > course->last_ns &&
	       now_ns - course->last_ns > within_ns(chains, course);
}

static void forget(struct chains *chains, struct course *course)
{
	*course = (struct course){.chain = 0};
	chains->used--;
}

static bool is_course(const struct course *course, uint32_t chain,
		      const struct process_id *who)
{
	return course->chain == chain + 1 && course->who.pid == who->pid &&
	       course->who.start_ns == who->start_ns;
}

/* Its place, or one for it; NULL: there is none. */
static struct course *find(struct chains *chains, uint32_t chain,
			   const struct process_id *who, uint64_t now_ns)
{
	struct course *free_place = NULL;
	struct sip sip = sip_begin(chains->seed);
	uint32_t start;

	sip_word(&sip, (uint64_t)chain << 32 | who->pid);
	sip_word(&sip, who->start_ns);
	start = (uint32_t)sip_half(&sip, 0xff);
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		struct course *at = &chains->places[(start + i) & chains->mask];

		if (is_course(at, chain, who))
			return at;
		if (at->chain != 0 && is_over(chains, at, now_ns))
			forget(chains, at);
		if (at->chain == 0 && !free_place)
			free_place = at;
	}
	if (free_place) {
		*free_place = (struct course){.who = *who, .chain = chain + 1};
		chains->used++;
	} else {
		chains->crowded++;
	}
	return free_place;
}

/* Does a run that reaches the step before reach this one at `time_ns`? The one
 * that began last stays. */
static void reach(struct course *course, uint32_t step, uint64_t time_ns,
		  uint64_t span_ns)
{
	uint64_t begun_ns = time_ns;

	if (step > 0) {
		if (!(course->reached >> (step - 1) & 1) ||
		    course->reached_ns[step - 1] > time_ns)
			return;
		begun_ns = course->begun_ns[step - 1];
	}
	if (time_ns - begun_ns > span_ns ||
	    ((course->reached >> step & 1) &&
	     course->begun_ns[step] >= begun_ns))
		return;
	course->reached |= 1u << step;
	course->begun_ns[step] = begun_ns;
	course->reached_ns[step] = time_ns;
}

static bool is_met_in_order(struct course *course,
			    const struct detect_chain *chain, uint32_t step)
{
	reach(course, step, course->met_ns[step], chain->within_ns);
	/* those that were heard before it, and happened after */
	for (uint32_t next = step + 1; next < chain->count; next++) {
		if (course->met >> next & 1)
			reach(course, next, course->met_ns[next],
			      chain->within_ns);
	}
	return course->reached >> (chain->count - 1) & 1;
}

static bool is_met_in_any_order(const struct course *course,
				const struct detect_chain *chain)
{
	uint64_t first_ns = UINT64_MAX, last_ns = 0;

	for (uint32_t step = 0; step < chain->count; step++) {
		if (!(course->met >> step & 1))
			return false;
		if (course->met_ns[step] < first_ns)
			first_ns = course->met_ns[step];
		if (course->met_ns[step] > last_ns)
			last_ns = course->met_ns[step];
	}
	return last_ns - first_ns <= chain->within_ns;
}

/* Is the chain complete? */
static bool step_on(struct course *course, const struct detect_chain *chain,
		    uint32_t step, uint64_t time_ns)
{
	bool is_newer =
		!(course->met >> step & 1) || course->met_ns[step] <= time_ns;

	if (is_newer) {
		course->met |= 1u << step;
		course->met_ns[step] = time_ns;
	}
	if (time_ns > course->last_ns)
		course->last_ns = time_ns;
	if (!is_newer)
		return false;
	return chain->is_ordered ? is_met_in_order(course, chain, step)
				 : is_met_in_any_order(course, chain);
}

void chains_hear(struct chains *chains, size_t index,
		 const struct process_id *root, const struct event *event,
		 detect_fn *fn, void *arg)
{
	for (uint32_t i = chains->starts[index + 1];
	     i < chains->starts[index + 2]; i++) {
		const struct part *part = &chains->parts[i];
		const struct detect_rule *rule = chains->rules[part->chain];
		const struct process_id user = {event->uid, 0};
		struct course *course = find(
			chains, part->chain,
			rule->chain->is_by_user ? &user : root, event->time_ns);

		if (!course ||
		    !step_on(course, rule->chain, part->step, event->time_ns))
			continue;
		forget(chains, course);
		fn(arg, rule, part->chain);
	}
}

void chains_tick(struct chains *chains, uint64_t now_ns, uint32_t budget)
{
	for (uint32_t i = 0; i < budget && i <= chains->mask; i++) {
		struct course *course = &chains->places[chains->hand];

		chains->hand = (chains->hand + 1) & chains->mask;
		if (course->chain != 0 && is_over(chains, course, now_ns))
			forget(chains, course);
	}
}

uint32_t chains_count(const struct chains *chains)
{
	return chains->used;
}

uint64_t chains_crowded(const struct chains *chains)
{
	return chains->crowded;
}
