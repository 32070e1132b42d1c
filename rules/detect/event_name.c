// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/event_name.h"

#include "rules/base.h"

static const char *const kind_names[] = {
	[EVENT_EXEC] = "exec",	   [EVENT_FORK] = "fork",
	[EVENT_EXIT] = "exit",	   [EVENT_OPEN] = "open",
	[EVENT_WRITE] = "write",   [EVENT_CREATE] = "create",
	[EVENT_UNLINK] = "unlink", [EVENT_RENAME] = "rename",
	[EVENT_CHMOD] = "chmod",   [EVENT_CONNECT] = "connect",
	[EVENT_ACCEPT] = "accept", [EVENT_BIND] = "bind",
	[EVENT_LISTEN] = "listen", [EVENT_SEND] = "send",
	[EVENT_SOCKET] = "socket", [EVENT_PTRACE] = "ptrace",
	[EVENT_MEMFD] = "memfd",   [EVENT_MODULE] = "module",
	[EVENT_BPF] = "bpf",	   [EVENT_NAMESPACE] = "namespace",
	[EVENT_MOUNT] = "mount",   [EVENT_SETUID] = "setuid",
	[EVENT_URING] = "uring",   [EVENT_CALL] = "call",
	[EVENT_LOG] = "log",	   [EVENT_LOSS] = "loss",
};
_Static_assert(ARRAY_LEN(kind_names) == EVENT_KIND_COUNT, "");

static const char *const word_names[] = {
	[EVENT_IMAGE] = "image",
	[EVENT_IMAGE_ASKED] = "image_asked",
	[EVENT_COMMAND_LINE] = "command_line",
	[EVENT_DIRECTORY] = "directory",
	[EVENT_COMM] = "comm",
	[EVENT_USER] = "user",
	[EVENT_PARENT_IMAGE] = "parent_image",
	[EVENT_PARENT_COMMAND_LINE] = "parent_command_line",
	[EVENT_CGROUP] = "cgroup",
	[EVENT_CONTAINER] = "container",
	[EVENT_UNIT] = "unit",
	[EVENT_PATH] = "path",
	[EVENT_PATH_NEW] = "path_new",
	[EVENT_HOSTNAME] = "hostname",
	[EVENT_SERVICE] = "service",
	[EVENT_LINE] = "line",
	[EVENT_CALL_NAME] = "call",
	[EVENT_TAINTS] = "taints",
	[EVENT_SCORE] = "score",
};
_Static_assert(ARRAY_LEN(word_names) == EVENT_WORD_COUNT, "");

const char *event_kind_name(enum event_kind kind)
{
	return kind_names[kind];
}

const char *event_word_name(enum event_word word)
{
	return word_names[word];
}
