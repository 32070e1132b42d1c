// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A list of rules, and behind a line of dashes what happens: each byte an
 * event, whose texts are pieces of the list. Rules that are let in are asked
 * with what they remember, twice, and say the same; a chain says nothing that
 * no event of this turn completes.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "rules/detect/detection.h"
#include "rules/detect/language.h"
#include "rules/detect/sigma.h"

#define RULES_MAX  256
#define EVENTS_MAX 256
#define TEXT_MAX   200
#define SPLIT	   "\n----\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct hearing {
	size_t count; /* of rules */
	uint64_t told; /* a sum of what was told when */
	uint64_t number; /* of the event */
};

static void hear(void *arg, const struct detect_rule *rule, size_t index,
		 const struct event *event)
{
	struct hearing *hearing = arg;

	assert(index < hearing->count);
	assert(!rule->is_step);
	assert(!rule->chain || (rule->kinds >> event->kind & 1) ||
	       rule->chain->is_ordered);
	assert(event->words[EVENT_TAINTS].len == 0 ||
	       event->words[EVENT_TAINTS].bytes[0] == ' ');
	assert((rule->score > 0) == (event->words[EVENT_SCORE].len > 0));
	hearing->told = hearing->told * 31 + index + hearing->number;
}

static struct event_text piece(const char *text, size_t size, size_t at)
{
	size_t from = size ? at % size : 0;
	size_t len = size - from < TEXT_MAX ? size - from : TEXT_MAX;

	return (struct event_text){text + from,
				   (uint32_t)(len - at % 7 % (len + 1)), false};
}

static struct event event_of(const char *text, size_t size, uint8_t byte,
			     uint64_t number)
{
	struct event event = {
		.kind = byte % EVENT_KIND_COUNT,
		.number = number,
		.time_ns = number * (byte % 5) * DETECT_SECOND_NS,
		.process = {byte % 7, byte % 3},
		.parent = {byte % 5, byte % 3},
		.uid = byte % 4,
		.cgroup = byte % 2,
		.flags = byte,
		.peer = prefix_of_v4(0x0a000001 + byte % 3, 32),
	};

	for (size_t i = 0; i < EVENT_WORD_COUNT; i++)
		event.words[i] = piece(text, size, (i + byte) * 37);
	return event;
}

static uint64_t play(const struct detect_rule *const *rules, size_t count,
		     const char *text, size_t size, const uint8_t *events,
		     size_t event_count)
{
	static const uint64_t seed[2] = {1, 2};
	CLEANUP(detection_freep) struct detection *detection = NULL;
	struct hearing hearing = {.count = count};
	int r = detection_new(rules, count, seed, &detection);

	assert(r == 0 || r == -E2BIG);
	for (size_t i = 0; r == 0 && i < event_count; i++) {
		struct event event = event_of(text, size, events[i], i);

		hearing.number = i;
		detection_hear(detection, &event, hear, &hearing);
		if (events[i] == 0)
			detection_tick(detection, event.time_ns, 64);
	}
	return hearing.told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *split = memmem(text, size, SPLIT, strlen(SPLIT));
	size_t len = split ? (size_t)(split - text) : size;
	const uint8_t *events = data + (split ? len + strlen(SPLIT) : size);
	size_t event_count = (size_t)(data + size - events);
	const struct detect_rule *lent[RULES_MAX];
	struct detect_rule **rules = NULL;
	struct detect_note note;
	size_t count = 0;

	if (detect_read(text, len, DETECT_KINDS_ALL, &rules, &count, &note) < 0)
		return 0;
	if (event_count > EVENTS_MAX)
		event_count = EVENTS_MAX;
	for (size_t i = 0; i < count && i < RULES_MAX; i++)
		lent[i] = rules[i];
	if (count <= RULES_MAX)
		assert(play(lent, count, text, len, events, event_count) ==
		       play(lent, count, text, len, events, event_count));
	for (size_t i = 0; i < count; i++)
		detect_rule_free(rules[i]);
	free(rules);
	return 0;
}
