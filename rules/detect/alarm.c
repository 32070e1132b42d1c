// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/alarm.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/detect/sip.h"
#include "rules/detect/view.h"

#define PROBES_MAX 32 /* places where a key can be */

struct alarm {
	struct alarm_key key; /* both 0: nobody */
	const struct detect_rule *rule;
	uint64_t window_start_ns, heard_ns, said_ns;
	uint64_t count; /* matches of the window, or since it was raised */
	uint64_t unsaid; /* of before that, and never said */
	bool is_raised;
};

struct alarms {
	struct alarm *places;
	uint32_t mask, used, hand;
	uint64_t crowded;
	uint64_t seed[2];
};

int alarms_new(uint32_t capacity, const uint64_t seed[2],
	       struct alarms **ret_alarms)
{
	struct alarms *alarms = calloc(1, sizeof(*alarms));
	uint32_t size = PROBES_MAX;

	assert(capacity <= 1u << 30);
	assert(ret_alarms);

	if (!alarms)
		return -ENOMEM;
	while (size < capacity)
		size *= 2;
	alarms->places = calloc(size, sizeof(*alarms->places));
	if (!alarms->places) {
		free(alarms);
		return -ENOMEM;
	}
	alarms->mask = size - 1;
	memcpy(alarms->seed, seed, sizeof(alarms->seed));
	*ret_alarms = alarms;
	return 0;
}

void alarms_free(struct alarms *alarms)
{
	if (!alarms)
		return;
	free(alarms->places);
	free(alarms);
}

static const struct detect_view *view_of(const struct detect_rule *rule,
					 const struct event *event)
{
	for (size_t i = 0; i < detect_view_count; i++) {
		if (detect_views[i].category == rule->category &&
		    (detect_views[i].kinds >> event->kind & 1))
			return &detect_views[i];
	}
	return NULL;
}

static void sip_peer(struct sip *sip, const struct event *event)
{
	const struct prefix counted = prefix_counted(&event->peer);

	sip_word(sip, prefix_half(&counted, 0));
	sip_word(sip, prefix_half(&counted, 1));
	sip_word(sip, counted.bits);
}

static void sip_source(struct sip *sip, const struct event *event,
		       enum detect_source source)
{
	char buf[DETECT_NUMBER_MAX];
	struct event_text text;

	if (source == SOURCE_PEER) {
		sip_peer(sip, event);
		return;
	}
	text = detect_source_text(event, source, buf);
	sip_text(sip, text.bytes, text.len);
}

/* Of a field that it groups by. */
static enum detect_source source_of(const struct detect_view *view,
				    const char *name)
{
	const struct detect_field *field = detect_field_of(view, name);

	return field ? field->sources[0] : SOURCE_NONE;
}

bool alarms_group_peers(const struct detect_rule *rule,
			const struct event *event)
{
	const struct detect_view *view = view_of(rule, event);

	for (size_t i = 0; view && i < rule->group_count; i++)
		if (source_of(view, rule->group_by[i]) == SOURCE_PEER)
			return true;
	return false;
}

static void sip_group(struct sip *sip, const struct detect_rule *rule,
		      const struct event *event)
{
	const struct detect_view *view = view_of(rule, event);

	for (size_t i = 0; view && i < rule->group_count; i++)
		sip_source(sip, event, source_of(view, rule->group_by[i]));
}

static void sip_who_and_what(struct sip *sip, const struct event *event)
{
	static const uint8_t sources[] = {
		SOURCE_UID,
		SOURCE_WORD + EVENT_IMAGE,
		SOURCE_WORD + EVENT_PATH,
		SOURCE_PEER,
		SOURCE_PEER_PORT,
	};

	sip_word(sip, event->kind);
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		sip_source(sip, event, sources[i]);
}

struct alarm_key alarms_key(const struct alarms *alarms,
			    const struct detect_rule *rule,
			    const struct event *event)
{
	struct sip sip = sip_begin(alarms->seed);
	struct alarm_key key;

	sip_word(&sip, (uint64_t)(uintptr_t)rule);
	if (rule->group_by)
		sip_group(&sip, rule, event);
	else
		sip_who_and_what(&sip, event);
	key.high = sip_half(&sip, 0xee);
	key.low = sip_half(&sip, 0xdd) | 1;
	return key;
}

static bool is_nobody(const struct alarm *alarm)
{
	return alarm->key.high == 0 && alarm->key.low == 0;
}

/* Its place, or one for it; NULL: there is none. */
static struct alarm *find(struct alarms *alarms, struct alarm_key key)
{
	struct alarm *free_place = NULL;

	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		struct alarm *at = &alarms->places[((uint32_t)key.high + i) &
						   alarms->mask];

		if (at->key.high == key.high && at->key.low == key.low)
			return at;
		if (is_nobody(at) && !free_place)
			free_place = at;
	}
	if (free_place) {
		*free_place = (struct alarm){.key = key};
		alarms->used++;
	}
	return free_place;
}

static struct alarm_answer say(struct alarm *alarm, uint64_t now_ns,
			       enum alarm_verdict verdict)
{
	struct alarm_answer answer = {verdict, alarm->count + alarm->unsaid,
				      true};

	alarm->is_raised = true;
	alarm->said_ns = now_ns;
	alarm->count = alarm->unsaid = 0;
	return answer;
}

static bool has_passed(uint64_t span_ns, uint64_t since_ns, uint64_t now_ns)
{
	return now_ns >= since_ns && now_ns - since_ns >= span_ns;
}

/* Raised, and quiet for so long that it is not any more; what was counted
 * waits for the next telling. */
static void let_go(struct alarm *alarm, uint64_t now_ns)
{
	if (!alarm->is_raised || !has_passed(alarm->rule->limits.cooldown_ns,
					     alarm->heard_ns, now_ns))
		return;
	alarm->is_raised = false;
	alarm->unsaid += alarm->count;
	alarm->count = 0;
}

/* Below the threshold, and its window is over. */
static bool is_forgotten(const struct alarm *alarm, uint64_t now_ns)
{
	return !alarm->is_raised &&
	       (alarm->count == 0 ||
		has_passed(alarm->rule->limits.window_ns,
			   alarm->window_start_ns, now_ns));
}

struct alarm_answer alarms_hear(struct alarms *alarms, struct alarm_key key,
				const struct detect_rule *rule, uint64_t now_ns)
{
	const struct detect_limits *limits = &rule->limits;
	struct alarm *alarm = find(alarms, key);

	if (!alarm) {
		alarms->crowded++;
		return (struct alarm_answer){ALARM_RAISE, 1,
					     limits->threshold <= 1};
	}
	alarm->rule = rule;
	let_go(alarm, now_ns);
	if (is_forgotten(alarm, now_ns)) {
		alarm->window_start_ns = now_ns;
		alarm->count = 0;
	}
	alarm->heard_ns = now_ns;
	alarm->count++;
	if (!alarm->is_raised && alarm->count >= limits->threshold)
		return say(alarm, now_ns, ALARM_RAISE);
	if (alarm->is_raised && limits->renotify_ns > 0 &&
	    has_passed(limits->renotify_ns, alarm->said_ns, now_ns))
		return say(alarm, now_ns, ALARM_AGAIN);
	return (struct alarm_answer){ALARM_HUSH, alarm->count,
				     alarm->is_raised};
}

uint64_t alarms_say(struct alarms *alarms, struct alarm_key key,
		    uint64_t now_ns)
{
	struct alarm *alarm = find(alarms, key);

	assert(alarm);

	return say(alarm, now_ns, ALARM_AGAIN).count;
}

void alarms_tick(struct alarms *alarms, uint64_t now_ns, uint32_t budget,
		 alarm_fn *fn, void *arg)
{
	for (uint32_t i = 0; i < budget && i <= alarms->mask; i++) {
		struct alarm *alarm = &alarms->places[alarms->hand];

		alarms->hand = (alarms->hand + 1) & alarms->mask;
		if (is_nobody(alarm))
			continue;
		let_go(alarm, now_ns);
		if (!is_forgotten(alarm, now_ns))
			continue;
		if (alarm->unsaid > 0)
			fn(arg, alarm->rule, alarm->key, alarm->unsaid);
		*alarm = (struct alarm){.rule = NULL};
		alarms->used--;
	}
}

uint32_t alarms_count(const struct alarms *alarms)
{
	return alarms->used;
}

uint64_t alarms_crowded(const struct alarms *alarms)
{
	return alarms->crowded;
}
