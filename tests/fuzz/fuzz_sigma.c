// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes through the readers of detection rules, which are Sigma's if they
 * are of no other language: what is refused has a note with a reason, and what
 * is let in tells an event when the slow judge does. The event's texts are
 * pieces of the rule.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "rules/detect/detect.h"
#include "rules/detect/language.h"
#include "rules/detect/sigma.h"
#include "tests/support/detect_oracle.h"

#define STARS_MAX 6 /* the slow judge tries all ways to place them */
#define TEXT_MAX  200
#define RULES_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only the first of a list is told. */
static void tell(void *arg, const struct detect_rule *rule, size_t index)
{
	bool *told = arg;

	(void)rule;
	told[index] = true;
}

static struct event_text piece(const char *text, size_t size, size_t at)
{
	size_t from = size ? at % size : 0;
	size_t len = size - from < TEXT_MAX ? size - from : TEXT_MAX;

	return (struct event_text){text + from,
				   (uint32_t)(len - at % 7 % (len + 1)), false};
}

static struct event event_of(const char *text, size_t size, unsigned int kind)
{
	struct event event = {.kind = kind, .uid = 33, .peer_port = 4444};

	for (size_t i = 0; i < EVENT_WORD_COUNT; i++)
		event.words[i] = piece(text, size, (i + kind) * 37);
	event.arg_count = 8;
	for (size_t i = 0; i < event.arg_count; i++)
		event.args[i] = piece(text, size, (i + kind) * 53);
	event.peer = prefix_of_v4(0x0a000001, 32);
	return event;
}

static bool has_few_stars(const uint8_t *data, size_t size)
{
	size_t stars = 0;

	for (size_t i = 0; i < size; i++)
		stars += data[i] == '*';
	return stars <= STARS_MAX;
}

static void check_event(const struct detect_rule *const *rules, size_t count,
			const struct event *event, const bool *told)
{
	uint32_t list = 0; /* of which one was told */

	for (size_t i = 0; i < count; i++) {
		bool is_due = rules[i]->list == 0 || rules[i]->list != list;

		is_due = is_due && detect_oracle(rules[i], event);
		assert(told[i] == is_due);
		if (is_due)
			list = rules[i]->list;
	}
}

static void check_rules(const struct detect_rule *const *rules, size_t count,
			const char *text, size_t size)
{
	CLEANUP(detect_freep) struct detect_engine *engine = NULL;
	CLEANUP(detect_scratch_freep) struct detect_scratch *scratch = NULL;
	int r = detect_new(rules, count, &engine);

	assert(r == 0 || r == -E2BIG);
	if (r < 0)
		return;
	assert(detect_scratch_new(engine, &scratch) == 0);
	for (unsigned int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		struct event event = event_of(text, size, kind);
		bool told[RULES_MAX] = {false};

		detect_match(engine, &event, scratch, tell, told);
		if (has_few_stars((const uint8_t *)text, size))
			check_event(rules, count, &event, told);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct detect_note note = {.reason = DETECT_REASON_COUNT};
	const struct detect_rule *lent[RULES_MAX];
	struct detect_rule **rules = NULL;
	size_t count = 0;
	int r = detect_read(text, size, DETECT_KINDS_ALL, &rules, &count,
			    &note);

	assert(r == 0 || r == -EINVAL || r == -E2BIG || r == -ENOTSUP);
	if (r < 0) {
		assert(!rules);
		assert(note.reason < DETECT_REASON_COUNT);
		assert((r == -E2BIG) == (note.reason == DETECT_TOO_LARGE));
		assert(note.at.line > 0 && note.at.text[0] != '\0');
		return 0;
	}
	for (size_t i = 0; i < count && i < RULES_MAX; i++)
		lent[i] = rules[i];
	if (count <= RULES_MAX)
		check_rules(lent, count, text, size);
	for (size_t i = 0; i < count; i++)
		detect_rule_free(rules[i]);
	free(rules);
	return 0;
}
