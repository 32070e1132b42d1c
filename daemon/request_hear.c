// SPDX-License-Identifier: GPL-2.0-or-later
/* Request of who has heard something of this host elsewhere: lines of a log, and
 * what another sensor found. Rules are asked about each as about any event. */
#include <errno.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/requests.h"

#define HEARD_MAX 256 /* events of one request */

static const struct {
	const char *name;
	enum event_word word;
} words[] = {
	{"service", EVENT_SERVICE}, {"line", EVENT_LINE},
	{"image", EVENT_IMAGE},	    {"command_line", EVENT_COMMAND_LINE},
	{"user", EVENT_USER},	    {"container", EVENT_CONTAINER},
	{"unit", EVENT_UNIT},
};

static int read_words(struct event *event, const json_t *item)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const json_t *value = json_object_get(item, words[i].name);

		if (!value)
			continue;
		if (!json_is_string(value) ||
		    json_string_length(value) > WIRE_HEARD_TEXT_MAX)
			return -EINVAL;
		event->words[words[i].word] = (struct event_text){
			.bytes = json_string_value(value),
			.len = (uint32_t)json_string_length(value),
		};
	}
	return event->words[EVENT_SERVICE].len > 0 &&
			       event->words[EVENT_LINE].len > 0
		       ? 0
		       : -EINVAL;
}

static int read_number(const json_t *item, const char *name, uint64_t max,
		       uint64_t *ret_number)
{
	const json_t *value = json_object_get(item, name);
	json_int_t number = json_integer_value(value);

	*ret_number = (uint64_t)number;
	return (!value || json_is_integer(value)) && number >= 0 &&
			       (uint64_t)number <= max
		       ? 0
		       : -EINVAL;
}

static int read_peer(struct event *event, const json_t *item)
{
	const json_t *value = json_object_get(item, "peer");
	const char *text = json_string_value(value);

	if (!value)
		return 0;
	if (!text || prefix_from_text(text, strlen(text), &event->peer) < 0 ||
	    event->peer.bits != 128)
		return -EINVAL;
	return 0;
}

/* The texts are the item's. */
static int read_event(struct event *event, const json_t *item)
{
	uint64_t pid, peer_port;

	*event = (struct event){
		.kind = EVENT_LOG,
		/* whoever it was: together they are one user */
		.uid = UINT32_MAX,
		.euid = UINT32_MAX,
		.login_uid = UINT32_MAX,
	};
	if (!json_is_object(item) || read_words(event, item) < 0 ||
	    read_peer(event, item) < 0 ||
	    read_number(item, "pid", UINT32_MAX, &pid) < 0 ||
	    read_number(item, "peer_port", UINT16_MAX, &peer_port) < 0)
		return -EINVAL;
	/* When it began is not known, so nothing is ever done about it. */
	event->process.pid = (uint32_t)pid;
	event->peer_port = (uint16_t)peer_port;
	return 0;
}

static size_t bytes_of(const struct event *event)
{
	size_t bytes = 0;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		bytes += event->words[words[i].word].len;
	return bytes;
}

/* They are read once here, and once when rules are asked. */
static bool are_refused(const json_t *events, struct call *call)
{
	struct event event;
	size_t bytes = 0;

	if (!json_is_array(events) || json_array_size(events) > HEARD_MAX) {
		call_refuse(call, -EINVAL, "events are a list of %d at most",
			    HEARD_MAX);
		return true;
	}
	for (size_t i = 0; i < json_array_size(events); i++) {
		if (read_event(&event, json_array_get(events, i)) < 0) {
			call_refuse(call, -EINVAL,
				    "event %zu is none: it has a service and a "
				    "line, and each text is at most %u bytes",
				    i + 1, WIRE_HEARD_TEXT_MAX);
			return true;
		}
		bytes += bytes_of(&event);
	}
	if (bytes > WIRE_HEARD_MAX) {
		call_refuse(call, -E2BIG,
			    "the texts of all events are at most %u bytes",
			    WIRE_HEARD_MAX);
		return true;
	}
	return false;
}

static bool is_refused(const struct daemon *daemon, struct call *call)
{
	if (!daemon->detecting.book) {
		call_refuse(call, -ENOENT,
			    "no detection rules are in force: fwd.yml turns "
			    "them on with \"sensor: true\"");
		return true;
	}
	if (!daemon->config.detect_logs) {
		call_refuse(call, -EPERM,
			    "rules about logs are not in force: fwd.yml turns "
			    "them on with \"detect_logs: true\"");
		return true;
	}
	return are_refused(json_object_get(call->args, "events"), call);
}

void request_detect_hear(struct daemon *daemon, struct call *call)
{
	struct detecting *detecting = &daemon->detecting;
	const json_t *events = json_object_get(call->args, "events");
	uint64_t matches = detecting->counts.matches;
	struct event event;

	if (is_refused(daemon, call))
		return;
	for (size_t i = 0; i < json_array_size(events); i++) {
		(void)read_event(&event, json_array_get(events, i));
		event.time_ns = clock_boot_ns();
		event.number = ++detecting->heard;
		detecting_event(daemon, &event);
	}
	call_done(call,
		  json_pack("{s:I, s:I}", "heard",
			    (json_int_t)json_array_size(events), "matches",
			    (json_int_t)(detecting->counts.matches - matches)));
}
