// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/sensed.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "daemon/event/kind.h"
#include "rules/base.h"

static bool head_is_sound(const struct fw_sensed *head)
{
	return head->kind > FW_SENSE_NONE && head->kind < FW_SENSE_COUNT &&
	       (head->family == 0 || head->family == 4 || head->family == 6);
}

/* Names of a control group are put together of several. */
static size_t longest(int text)
{
	return text == FW_TEXT_CGROUP ? FW_SENSED_ROOM : FW_TEXT_BYTES;
}

int sensed_read(const void *bytes, size_t len, struct sensed *ret_sensed)
{
	struct sensed record = {0};
	const char *at = bytes;

	assert(bytes || len == 0);
	assert(ret_sensed);

	if (len < sizeof(record.head))
		return -EBADMSG;
	memcpy(&record.head, at, sizeof(record.head));
	if (!head_is_sound(&record.head))
		return -EBADMSG;
	at += sizeof(record.head);
	len -= sizeof(record.head);
	for (int i = 0; i < FW_TEXT_COUNT; i++) {
		uint16_t text_len = record.head.lens[i];

		if (text_len > len || text_len > longest(i))
			return -EBADMSG;
		record.texts[i] = (struct event_text){
			.bytes = at,
			.len = text_len,
			.is_cut = record.head.cut & 1u << i,
		};
		at += text_len;
		len -= text_len;
	}
	*ret_sensed = record;
	return 0;
}

static void put_peer(const struct fw_sensed *head, struct event *event)
{
	event->protocol = head->protocol;
	event->local_port = head->local_port;
	if (head->family == 0)
		return;
	event->peer_port = head->peer_port;
	if (head->family == 6) {
		memcpy(event->peer.addr, head->peer, sizeof(head->peer));
		event->peer.bits = 128;
	} else {
		event->peer = prefix_of_v4(
			(uint32_t)head->peer[0] << 24 |
				(uint32_t)head->peer[1] << 16 |
				(uint32_t)head->peer[2] << 8 | head->peer[3],
			32);
	}
}

/* `path` below `dir`, unless it begins at the root. */
static struct event_text join(const struct event_text *dir,
			      const struct event_text *path, char *room)
{
	uint32_t len = dir->len;

	if (path->len == 0)
		return *dir;
	if (len == 0 || path->bytes[0] == '/')
		return *path;
	memcpy(room, dir->bytes, len);
	if (room[len - 1] != '/')
		room[len++] = '/';
	memcpy(room + len, path->bytes, path->len);
	return (struct event_text){
		.bytes = room,
		.len = len + path->len,
		.is_cut = dir->is_cut || path->is_cut,
	};
}

/* "/inner/outer" to "/outer/inner". */
static struct event_text turned(const struct event_text *names, char *room)
{
	char *at = room;
	uint32_t end = names->len;

	for (uint32_t i = names->len; i-- > 0;) {
		if (names->bytes[i] != '/')
			continue;
		memcpy(at, names->bytes + i, end - i);
		at += end - i;
		end = i;
	}
	return (struct event_text){
		.bytes = room,
		.len = (uint32_t)(at - room),
		.is_cut = names->is_cut,
	};
}

/* The first EVENT_ARGS_MAX of them. One whose end was lost is cut. */
static void put_args(const char *bytes, uint32_t len, bool is_cut,
		     struct event *event)
{
	const char *end = bytes + len;

	while (bytes < end && event->arg_count < EVENT_ARGS_MAX) {
		const char *stop = memchr(bytes, '\0', (size_t)(end - bytes));
		const char *last = stop ? stop : end;

		event->args[event->arg_count++] = (struct event_text){
			.bytes = bytes,
			.len = (uint32_t)(last - bytes),
			.is_cut = !stop && is_cut,
		};
		bytes = last + 1;
	}
}

static void put_command_line(const struct sensed *record,
			     const struct event_text *more,
			     struct sensed_room *room, struct event *event)
{
	const struct event_text *first = &record->texts[FW_TEXT_ARGS];
	struct event_text *line = &event->words[EVENT_COMMAND_LINE];
	char *to = room->command_line;
	uint32_t len = first->len;

	assert(more->len <= FW_ARGS_BYTES);
	memcpy(to, first->bytes, len);
	if (more->len)
		memcpy(to + len, more->bytes, more->len);
	len += more->len;
	line->is_cut =
		first->is_cut || more->is_cut || len < record->head.args_bytes;
	put_args(to, len, line->is_cut, event);
	if (len && to[len - 1] == '\0')
		len--;
	line->bytes = to;
	line->len = len;
}

/* Arguments are told apart in their own texts; in the line it is a blank. They
 * share its bytes, so they must not need their NULs any more. */
static void blank_line(struct sensed_room *room, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (room->command_line[i] == '\0')
			room->command_line[i] = ' ';
}

static void put_exec(const struct sensed *record, const struct event_text *more,
		     struct sensed_room *room, struct event *event)
{
	const struct event_text *texts = record->texts;

	event->words[EVENT_IMAGE] = texts[FW_TEXT_IMAGE];
	event->words[EVENT_DIRECTORY] = texts[FW_TEXT_CWD];
	event->words[EVENT_IMAGE_ASKED] = join(
		&texts[FW_TEXT_CWD], &texts[FW_TEXT_ASKED], room->paths[0]);
	event->words[EVENT_CGROUP] =
		turned(&texts[FW_TEXT_CGROUP], room->cgroup);
	put_command_line(record, more, room, event);
	blank_line(room, event->words[EVENT_COMMAND_LINE].len);
}

static void put_paths(const struct sensed *record, struct sensed_room *room,
		      struct event *event)
{
	const struct event_text *texts = record->texts;

	event->words[EVENT_PATH] =
		join(&texts[FW_TEXT_DIR], &texts[FW_TEXT_PATH], room->paths[0]);
	event->words[EVENT_PATH_NEW] = join(
		&texts[FW_TEXT_DIR2], &texts[FW_TEXT_PATH2], room->paths[1]);
}

static const char *const calls[] = {
	[FW_CALL_MKNOD] = "mknod",
	[FW_CALL_PERSONALITY] = "personality",
	[FW_CALL_SYSINFO] = "sysinfo",
	[FW_CALL_SYSLOG] = "syslog",
};

/* What auditd has as a0 and on, where rules ask for it. */
static void put_call(const struct fw_sensed *head, struct event *event)
{
	const char *name;

	if (head->kind == FW_SENSE_SOCKET) {
		event->call_args[0] = head->flags;
		event->call_args[1] = head->count;
	}
	if (head->kind != FW_SENSE_CALL)
		return;
	event->count = 0;
	if (head->count >= ARRAY_LEN(calls) || !calls[head->count])
		return;
	name = calls[head->count];
	event->words[EVENT_CALL_NAME] =
		(struct event_text){name, (uint32_t)strlen(name), false};
	event->call_args[head->count == FW_CALL_MKNOD] = head->flags;
}

void sensed_event(const struct sensed *record, const struct event_text *more,
		  struct sensed_room *room, struct event *ret_event)
{
	const struct fw_sensed *head = &record->head;

	assert(record);
	assert(room);
	assert(ret_event);

	*ret_event = (struct event){
		.kind = event_kind_of_sense((enum fw_sense)head->kind),
		.time_ns = head->time_ns,
		.process = {head->pid, head->start_ns},
		.parent = {head->parent, head->parent_start_ns},
		.uid = head->uid,
		.euid = head->euid,
		.login_uid = head->login_uid,
		.cgroup = head->cgroup,
		.result = head->result,
		.flags = head->flags,
		.count = head->count,
		.is_asked = head->marks & FW_MARK_ASKED,
	};
	ret_event->words[EVENT_COMM] = (struct event_text){
		.bytes = (const char *)head->comm,
		.len = (uint32_t)strnlen((const char *)head->comm,
					 sizeof(head->comm)),
	};
	put_peer(head, ret_event);
	put_call(head, ret_event);
	if (head->kind == FW_SENSE_EXEC)
		put_exec(record, more, room, ret_event);
	else if (head->kind != FW_SENSE_ARGS)
		put_paths(record, room, ret_event);
}
