// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as the texts of an event: its notice is one line of JSON in UTF-8
 * that is not too long, and its pattern is the same each time.
 *
 * The first byte is the kind of event; then texts, with a 0xfe between, for
 * the words of an event in their order.
 */
#include <assert.h>
#include <string.h>

#include <jansson.h>

#include "daemon/alert/notice_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BETWEEN 0xfe

static void fill_words(struct event *event, const uint8_t *data, size_t size)
{
	for (int word = 0; word < EVENT_WORD_COUNT && size > 0; word++) {
		const uint8_t *end = memchr(data, BETWEEN, size);
		size_t len = end ? (size_t)(end - data) : size;

		event->words[word] = (struct event_text){
			.bytes = (const char *)data, .len = (uint32_t)len};
		data += len + (end != NULL);
		size -= len + (end != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct notice_origin origin = {.host = "fuzz"};
	const struct detect_rule rule = {.id = "fuzz", .title = "Fuzz"};
	struct event event = {.process.pid = 1, .parent.pid = 1};
	const struct notice notice = {.rule = &rule, .event = &event};
	struct pattern pattern, again;
	char line[NOTICE_LINE_MAX], message[NOTICE_MESSAGE_MAX];
	struct uuid id;
	json_t *json;
	size_t len;

	if (size == 0)
		return 0;
	event.kind = (enum event_kind)(data[0] % EVENT_KIND_COUNT);
	fill_words(&event, data + 1, size - 1);
	id = notice_id(&origin, &notice);
	notice_pattern(&notice, &pattern);
	notice_pattern(&notice, &again);
	assert(pattern.id == again.id && pattern.len == again.len);
	assert(memcmp(pattern.text, again.text, pattern.len) == 0);
	len = notice_message(&notice, message);
	assert(len < NOTICE_MESSAGE_MAX && len == strlen(message));
	len = notice_json(&origin, &notice, &id, &pattern, line);
	assert(len < NOTICE_LINE_MAX && len == strlen(line));
	assert(!memchr(line, '\n', len));
	/* jansson takes no text that is not UTF-8 */
	json = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	assert(json_is_object(json));
	json_decref(json);
	return 0;
}
