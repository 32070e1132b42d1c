// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/host_json.h"

#include <assert.h>
#include <stdio.h>

#include "daemon/clock.h"
#include "daemon/event/kind.h"
#include "rules/base.h"
#include "rules/detect/event_name.h"

/* Bytes of the character that begins here, or 0: it is none (RFC 3629). */
static uint32_t character_len(const unsigned char *at, uint32_t room)
{
	uint32_t len = at[0] < 0x80		? 1
		       : (at[0] & 0xe0) == 0xc0 ? 2
		       : (at[0] & 0xf0) == 0xe0 ? 3
		       : (at[0] & 0xf8) == 0xf0 ? 4
						: 0;
	uint32_t code = len > 1 ? at[0] & (0x7fu >> len) : at[0];
	static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};

	if (len == 0 || len > room)
		return 0;
	for (uint32_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3fu);
	}
	return code < least[len] || code > 0x10ffff ||
			       (code >= 0xd800 && code < 0xe000)
		       ? 0
		       : len;
}

json_t *host_json_of_text(const struct event_text *text)
{
	const unsigned char *bytes = (const unsigned char *)text->bytes;
	uint32_t len = text->len < HOST_TEXT_MAX ? text->len : HOST_TEXT_MAX;
	char room[4 * HOST_TEXT_MAX + 1];
	size_t used = 0;

	for (uint32_t i = 0; i < len;) {
		uint32_t step = character_len(bytes + i, len - i);

		if (step == 0)
			used += (size_t)snprintf(room + used,
						 sizeof(room) - used, "\\x%02x",
						 bytes[i++]);
		for (; step > 0; step--)
			room[used++] = (char)bytes[i++];
	}
	return json_stringn_nocheck(room, used);
}

static void put_text(json_t *object, const char *name,
		     const struct event_text *text)
{
	if (text->len)
		(void)json_object_set_new(object, name,
					  host_json_of_text(text));
}

static void put_number(json_t *object, const char *name, uint64_t number)
{
	if (number)
		(void)json_object_set_new(object, name,
					  json_integer((json_int_t)number));
}

static void put_words(json_t *object, const struct event *event)
{
	json_t *cut = json_array();

	for (int i = 0; i < EVENT_WORD_COUNT; i++) {
		const struct event_text *word = &event->words[i];

		put_text(object, event_word_name((enum event_word)i), word);
		if (word->is_cut || word->len > HOST_TEXT_MAX)
			(void)json_array_append_new(
				cut, json_string(event_word_name(
					     (enum event_word)i)));
	}
	if (json_array_size(cut) > 0)
		(void)json_object_set(object, "cut", cut);
	json_decref(cut);
}

static void put_peer(json_t *object, const struct event *event)
{
	char text[PREFIX_TEXT_MAX];

	if (event->peer.bits) {
		(void)json_object_set_new(
			object, "peer",
			json_string(prefix_to_text(&event->peer, text)));
		put_number(object, "peer_port", event->peer_port);
	}
	put_number(object, "local_port", event->local_port);
	put_number(object, "protocol", event->protocol);
}

static void put_process(json_t *object, const struct event *event)
{
	(void)json_object_update_new(
		object, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "pid",
				  (json_int_t)event->process.pid, "start_ns",
				  (json_int_t)event->process.start_ns, "parent",
				  (json_int_t)event->parent.pid, "uid",
				  (json_int_t)event->uid, "euid",
				  (json_int_t)event->euid, "result",
				  (json_int_t)event->result));
	if (event->login_uid != UINT32_MAX)
		(void)json_object_set_new(
			object, "login_uid",
			json_integer((json_int_t)event->login_uid));
}

static const char *lost_name(uint64_t kind)
{
	return kind < EVENT_KIND_COUNT ? event_kind_name((enum event_kind)kind)
				       : "";
}

json_t *host_json_of_event(const struct event *event)
{
	json_t *object = json_pack("{s:I, s:s}", "time_us",
				   (json_int_t)clock_wall_us_of(event->time_ns),
				   "kind", event_kind_name(event->kind));

	if (event->kind == EVENT_LOSS) {
		(void)json_object_set_new(
			object, "lost_kind",
			json_string(lost_name(event->number)));
	} else {
		put_process(object, event);
		put_number(object, "flags", event->flags);
		put_words(object, event);
		put_peer(object, event);
		if (event->is_asked)
			(void)json_object_set_new(object, "asked", json_true());
	}
	put_number(object, "count", event->count);
	return object;
}
