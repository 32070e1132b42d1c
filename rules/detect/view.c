// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/view.h"

#include <string.h>

#define KIND(name)  (1u << EVENT_##name)
#define WORD(name)  (SOURCE_WORD + EVENT_##name)
#define ARG(number) (SOURCE_ARG + (number))
#define FROM(n, ...)                                    \
	{                                               \
		.name = (n), .sources = { __VA_ARGS__ } \
	}
#define IS(n, text)                             \
	{                                       \
		.name = (n), .constant = (text) \
	}

/* The whole record is a field without a name. */
static const struct detect_field process_fields[] = {
	FROM("", WORD(COMMAND_LINE)),
	FROM("Image", WORD(IMAGE), WORD(IMAGE_ASKED)),
	FROM("CommandLine", WORD(COMMAND_LINE)),
	FROM("ParentImage", WORD(PARENT_IMAGE)),
	FROM("ParentCommandLine", WORD(PARENT_COMMAND_LINE)),
	FROM("CurrentDirectory", WORD(DIRECTORY)),
	FROM("User", WORD(USER)),
	FROM("LogonId", SOURCE_UID),
	FROM("ProcessId", SOURCE_PID),
	FROM("ParentProcessId", SOURCE_PARENT_PID),
};

static const struct detect_field file_fields[] = {
	FROM("", WORD(PATH)),
	FROM("TargetFilename", WORD(PATH)),
	FROM("Image", WORD(IMAGE), WORD(IMAGE_ASKED)),
	FROM("User", WORD(USER)),
	FROM("ProcessId", SOURCE_PID),
};

static const struct detect_field renamed_fields[] = {
	FROM("", WORD(PATH_NEW)),
	FROM("TargetFilename", WORD(PATH_NEW)),
	FROM("Image", WORD(IMAGE), WORD(IMAGE_ASKED)),
	FROM("User", WORD(USER)),
	FROM("ProcessId", SOURCE_PID),
};

static const struct detect_field network_fields[] = {
	FROM("", WORD(HOSTNAME), SOURCE_PEER),
	FROM("Image", WORD(IMAGE), WORD(IMAGE_ASKED)),
	FROM("User", WORD(USER)),
	FROM("ProcessId", SOURCE_PID),
	FROM("DestinationIp", SOURCE_PEER),
	FROM("DestinationPort", SOURCE_PEER_PORT),
	FROM("DestinationHostname", WORD(HOSTNAME)),
	FROM("SourcePort", SOURCE_LOCAL_PORT),
	FROM("Protocol", SOURCE_PROTOCOL),
	IS("Initiated", "true"),
};

static const struct detect_field execve_fields[] = {
	FROM("", WORD(COMMAND_LINE)), IS("type", "EXECVE"),
	FROM("a0", ARG(0)),	      FROM("a1", ARG(1)),
	FROM("a2", ARG(2)),	      FROM("a3", ARG(3)),
	FROM("a4", ARG(4)),	      FROM("a5", ARG(5)),
	FROM("a6", ARG(6)),	      FROM("a7", ARG(7)),
	FROM("a8", ARG(8)),	      FROM("a9", ARG(9)),
	FROM("a10", ARG(10)),	      FROM("a11", ARG(11)),
	FROM("a12", ARG(12)),	      FROM("a13", ARG(13)),
	FROM("a14", ARG(14)),	      FROM("a15", ARG(15)),
};

static const struct detect_field syscall_fields[] = {
	FROM("", WORD(COMM), WORD(IMAGE), SOURCE_CALL),
	IS("type", "SYSCALL"),
	FROM("SYSCALL", SOURCE_CALL),
	FROM("exe", WORD(IMAGE)),
	FROM("comm", WORD(COMM)),
	FROM("a0", SOURCE_CALL_ARG),
	FROM("a1", SOURCE_CALL_ARG + 1),
	FROM("a2", SOURCE_CALL_ARG + 2),
	FROM("a3", SOURCE_CALL_ARG + 3),
	FROM("uid", SOURCE_UID),
	FROM("euid", SOURCE_EUID),
	FROM("auid", SOURCE_LOGIN_UID),
	FROM("pid", SOURCE_PID),
	FROM("ppid", SOURCE_PARENT_PID),
	FROM("exit", SOURCE_RESULT),
	FROM("success", SOURCE_SUCCESS),
};

static const struct detect_field path_fields[] = {
	FROM("", WORD(PATH)),
	IS("type", "PATH"),
	FROM("name", WORD(PATH)),
	IS("nametype", "NORMAL"),
};

static const struct detect_field path_create_fields[] = {
	FROM("", WORD(PATH)),
	IS("type", "PATH"),
	FROM("name", WORD(PATH)),
	IS("nametype", "CREATE"),
};

static const struct detect_field path_delete_fields[] = {
	FROM("", WORD(PATH)),
	IS("type", "PATH"),
	FROM("name", WORD(PATH)),
	IS("nametype", "DELETE"),
};

static const struct detect_field path_renamed_fields[] = {
	FROM("", WORD(PATH_NEW)),
	IS("type", "PATH"),
	FROM("name", WORD(PATH_NEW)),
	IS("nametype", "CREATE"),
};

static const struct detect_field path_exec_fields[] = {
	FROM("", WORD(IMAGE), WORD(IMAGE_ASKED)),
	IS("type", "PATH"),
	FROM("name", WORD(IMAGE), WORD(IMAGE_ASKED)),
	IS("nametype", "NORMAL"),
};

/* A record of auditd that came as a line. */
static const struct detect_field record_fields[] = {
	FROM("", WORD(LINE)),
	FROM("type", SOURCE_LOG_TYPE),
	FROM("unit", SOURCE_LOG_UNIT),
};

static const struct detect_field log_fields[] = {
	FROM("", WORD(LINE)),
	FROM("USER", SOURCE_LOG_USER),
	/* Not of the language: who wrote the line. */
	FROM("(service)", WORD(SERVICE)),
};

/* What a list of rules of our own asks of any event. */
#define COMMON                                                                \
	FROM("uid", SOURCE_UID), FROM("comm", WORD(COMM)),                    \
		FROM("user", WORD(USER)),                                     \
		FROM("image", WORD(IMAGE), WORD(IMAGE_ASKED)),                \
		FROM("command_line", WORD(COMMAND_LINE)),                     \
		FROM("directory", WORD(DIRECTORY)),                           \
		FROM("parent_image", WORD(PARENT_IMAGE)),                     \
		FROM("parent_command_line", WORD(PARENT_COMMAND_LINE)),       \
		FROM("cgroup", WORD(CGROUP)),                                 \
		FROM("container", WORD(CONTAINER)), FROM("unit", WORD(UNIT)), \
		FROM("tainted", WORD(TAINTS))

static const struct detect_field own_exec_fields[] = {
	COMMON,
	FROM("filename", WORD(IMAGE), WORD(IMAGE_ASKED)),
	FROM("stdin", SOURCE_STDIN),
	FROM("stdout", SOURCE_STDOUT),
	FROM("stderr", SOURCE_STDERR),
};

static const struct detect_field own_file_fields[] = {
	COMMON,
	FROM("filename", WORD(PATH), WORD(PATH_NEW)),
};

static const struct detect_field own_peer_fields[] = {
	COMMON,
	FROM("addr", SOURCE_PEER),
	FROM("port", SOURCE_PEER_PORT),
	FROM("host", WORD(HOSTNAME)),
	FROM("new_peer", SOURCE_NEW_PEER),
};

static const struct detect_field own_port_fields[] = {
	COMMON,
	FROM("port", SOURCE_LOCAL_PORT),
};

static const struct detect_field own_exit_fields[] = {
	COMMON,
	FROM("addr", SOURCE_PEER),
	FROM("status", SOURCE_EXIT_STATUS),
};

static const struct detect_field own_setuid_fields[] = {
	COMMON,
	FROM("addr", SOURCE_PEER),
	FROM("flags", SOURCE_FLAGS),
};

static const struct detect_field own_other_fields[] = {
	COMMON,
	FROM("flags", SOURCE_FLAGS),
};

static const struct detect_field own_log_fields[] = {
	COMMON,
	FROM("service", WORD(SERVICE)),
	FROM("line", WORD(LINE)),
	FROM("addr", SOURCE_PEER),
	FROM("port", SOURCE_PEER_PORT),
};

#define CALLS                                                                  \
	(KIND(EXEC) | KIND(OPEN) | KIND(WRITE) | KIND(CREATE) | KIND(UNLINK) | \
	 KIND(RENAME) | KIND(CHMOD) | KIND(CONNECT) | KIND(ACCEPT) |           \
	 KIND(BIND) | KIND(LISTEN) | KIND(SEND) | KIND(SOCKET) |               \
	 KIND(PTRACE) | KIND(MEMFD) | KIND(MODULE) | KIND(BPF) |               \
	 KIND(NAMESPACE) | KIND(MOUNT) | KIND(SETUID) | KIND(URING) |          \
	 KIND(CALL))

#define VIEW(of, which, table)                                         \
	{                                                              \
		.category = (of), .kinds = (which), .fields = (table), \
		.field_count = ARRAY_LEN(table)                        \
	}

const struct detect_view detect_views[] = {
	VIEW(DETECT_PROCESS, KIND(EXEC), process_fields),
	VIEW(DETECT_FILE, KIND(CREATE) | KIND(WRITE), file_fields),
	VIEW(DETECT_FILE, KIND(RENAME), renamed_fields),
	VIEW(DETECT_FILE_DELETE, KIND(UNLINK), file_fields),
	VIEW(DETECT_NETWORK, KIND(CONNECT) | KIND(SEND), network_fields),
	VIEW(DETECT_AUDIT, KIND(EXEC), execve_fields),
	VIEW(DETECT_AUDIT, CALLS, syscall_fields),
	VIEW(DETECT_AUDIT, KIND(OPEN) | KIND(WRITE) | KIND(CHMOD), path_fields),
	VIEW(DETECT_AUDIT, KIND(CREATE), path_create_fields),
	VIEW(DETECT_AUDIT, KIND(UNLINK) | KIND(RENAME), path_delete_fields),
	VIEW(DETECT_AUDIT, KIND(RENAME), path_renamed_fields),
	VIEW(DETECT_AUDIT, KIND(EXEC), path_exec_fields),
	VIEW(DETECT_AUDIT, KIND(LOG), record_fields),
	VIEW(DETECT_LOG, KIND(LOG), log_fields),
	VIEW(DETECT_NATIVE, KIND(EXEC), own_exec_fields),
	VIEW(DETECT_NATIVE,
	     KIND(OPEN) | KIND(WRITE) | KIND(CREATE) | KIND(UNLINK) |
		     KIND(RENAME) | KIND(CHMOD) | KIND(MODULE) | KIND(MOUNT),
	     own_file_fields),
	VIEW(DETECT_NATIVE, KIND(CONNECT) | KIND(ACCEPT) | KIND(SEND),
	     own_peer_fields),
	VIEW(DETECT_NATIVE, KIND(BIND) | KIND(LISTEN), own_port_fields),
	VIEW(DETECT_NATIVE, KIND(EXIT), own_exit_fields),
	VIEW(DETECT_NATIVE, KIND(SETUID), own_setuid_fields),
	VIEW(DETECT_NATIVE,
	     KIND(PTRACE) | KIND(MEMFD) | KIND(BPF) | KIND(NAMESPACE) |
		     KIND(SOCKET) | KIND(URING) | KIND(CALL),
	     own_other_fields),
	VIEW(DETECT_NATIVE, KIND(LOG), own_log_fields),
};
const size_t detect_view_count = ARRAY_LEN(detect_views);

/* The call that an event of a kind is, if it does not say. */
static const char *const call_names[] = {
	[EVENT_EXEC] = "execve",
	[EVENT_OPEN] = "openat",
	[EVENT_WRITE] = "openat",
	[EVENT_CREATE] = "openat",
	[EVENT_UNLINK] = "unlinkat",
	[EVENT_RENAME] = "renameat2",
	[EVENT_CHMOD] = "fchmodat",
	[EVENT_CONNECT] = "connect",
	[EVENT_ACCEPT] = "accept4",
	[EVENT_BIND] = "bind",
	[EVENT_LISTEN] = "listen",
	[EVENT_SEND] = "sendto",
	[EVENT_SOCKET] = "socket",
	[EVENT_PTRACE] = "ptrace",
	[EVENT_MEMFD] = "memfd_create",
	[EVENT_MODULE] = "finit_module",
	[EVENT_BPF] = "bpf",
	[EVENT_NAMESPACE] = "unshare",
	[EVENT_MOUNT] = "mount",
	[EVENT_SETUID] = "setuid",
	[EVENT_URING] = "io_uring_setup",
};

const char *detect_field_name(enum detect_category category, const char *name)
{
	for (size_t i = 0; i < detect_view_count; i++) {
		const struct detect_field *field;

		if (detect_views[i].category != category)
			continue;
		field = detect_field_of(&detect_views[i], name);
		if (field)
			return field->name;
	}
	return NULL;
}

const struct detect_field *detect_field_of(const struct detect_view *view,
					   const char *name)
{
	for (size_t i = 0; i < view->field_count; i++) {
		if (strcmp(view->fields[i].name, name) == 0)
			return &view->fields[i];
	}
	return NULL;
}

static struct event_text constant_text(const char *text)
{
	return (struct event_text){
		.bytes = text,
		.len = text ? (uint32_t)strlen(text) : 0,
	};
}

static struct event_text number_text(uint64_t number, unsigned int base,
				     char *buf)
{
	char *end = buf + DETECT_NUMBER_MAX, *at = end;

	do {
		*--at = "0123456789abcdef"[number % base];
		number /= base;
	} while (number > 0);
	return (struct event_text){.bytes = at, .len = (uint32_t)(end - at)};
}

static struct event_text signed_text(int64_t number, char *buf)
{
	struct event_text text;

	if (number >= 0)
		return number_text((uint64_t)number, 10, buf);
	text = number_text((uint64_t)-number, 10, buf);
	buf[text.bytes - buf - 1] = '-';
	return (struct event_text){.bytes = text.bytes - 1,
				   .len = text.len + 1};
}

/* The value of `key`, like "USER=", in a line; up to a blank, a ";" or the
 * end. */
static struct event_text value_in_line(const struct event *event,
				       const char *key)
{
	struct event_text line = event->words[EVENT_LINE];
	size_t len = strlen(key);
	const char *at, *end = line.bytes + line.len;

	at = line.len ? memmem(line.bytes, line.len, key, len) : NULL;
	if (!at)
		return (struct event_text){NULL};
	at += len;
	line.bytes = at;
	while (at < end && *at != ' ' && *at != ';')
		at++;
	line.len = (uint32_t)(at - line.bytes);
	return line;
}

static struct event_text call_text(const struct event *event)
{
	if (event->words[EVENT_CALL_NAME].len > 0)
		return event->words[EVENT_CALL_NAME];
	return constant_text(event->kind < ARRAY_LEN(call_names)
				     ? call_names[event->kind]
				     : NULL);
}

static struct event_text peer_text(const struct event *event, char *buf)
{
	if (event->peer.bits == 0)
		return (struct event_text){NULL};
	return constant_text(prefix_to_text(&event->peer, buf));
}

static struct event_text stdio_text(const struct event *event, uint64_t flag)
{
	bool is_socket = event->kind == EVENT_EXEC && (event->flags & flag);

	return constant_text(is_socket ? "socket" : NULL);
}

/* As wait(2) has it; nothing of who was killed by a signal. */
static struct event_text exit_text(const struct event *event, char *buf)
{
	uint32_t status = (uint32_t)event->result;

	if (event->kind != EVENT_EXIT || status & 0x7f)
		return (struct event_text){NULL};
	return number_text(status >> 8 & 0xff, 10, buf);
}

static struct event_text protocol_text(const struct event *event, char *buf)
{
	if (event->protocol == 6)
		return constant_text("tcp");
	if (event->protocol == 17)
		return constant_text("udp");
	return number_text(event->protocol, 10, buf);
}

static struct event_text other_text(const struct event *event,
				    enum detect_source source, char *buf)
{
	switch (source) {
	case SOURCE_UID:
		return number_text(event->uid, 10, buf);
	case SOURCE_EUID:
		return number_text(event->euid, 10, buf);
	case SOURCE_LOGIN_UID:
		return number_text(event->login_uid, 10, buf);
	case SOURCE_PID:
		return number_text(event->process.pid, 10, buf);
	case SOURCE_PARENT_PID:
		return number_text(event->parent.pid, 10, buf);
	case SOURCE_RESULT:
		return signed_text(event->result, buf);
	case SOURCE_SUCCESS:
		return constant_text(event->result < 0 ? "no" : "yes");
	case SOURCE_PEER:
		return peer_text(event, buf);
	case SOURCE_PEER_PORT:
		return number_text(event->peer_port, 10, buf);
	case SOURCE_LOCAL_PORT:
		return number_text(event->local_port, 10, buf);
	case SOURCE_PROTOCOL:
		return protocol_text(event, buf);
	case SOURCE_CALL:
		return call_text(event);
	case SOURCE_FLAGS:
		return number_text(event->flags, 10, buf);
	case SOURCE_STDIN:
		return stdio_text(event, EVENT_STDIN_SOCKET);
	case SOURCE_STDOUT:
		return stdio_text(event, EVENT_STDOUT_SOCKET);
	case SOURCE_STDERR:
		return stdio_text(event, EVENT_STDERR_SOCKET);
	case SOURCE_NEW_PEER:
		return constant_text(event->is_new_peer ? "true" : "false");
	case SOURCE_EXIT_STATUS:
		return exit_text(event, buf);
	case SOURCE_LOG_USER:
		return value_in_line(event, "USER=");
	case SOURCE_LOG_TYPE:
		return value_in_line(event, "type=");
	case SOURCE_LOG_UNIT:
		return value_in_line(event, "unit=");
	default:
		return (struct event_text){NULL};
	}
}

struct event_text detect_source_text(const struct event *event,
				     enum detect_source source,
				     char buf[DETECT_NUMBER_MAX])
{
	unsigned int index;

	if (source >= SOURCE_UID || source == SOURCE_NONE)
		return other_text(event, source, buf);
	if (source < SOURCE_ARG)
		return event->words[source - SOURCE_WORD];
	if (source >= SOURCE_CALL_ARG)
		return number_text(event->call_args[source - SOURCE_CALL_ARG],
				   16, buf);
	index = source - SOURCE_ARG;
	return index < event->arg_count ? event->args[index]
					: (struct event_text){NULL};
}
