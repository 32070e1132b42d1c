/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - what happened on this host, as detection rules see it.
 *
 * An event is a plain value that borrows its texts: they live as long as the
 * call that is given it. Texts are bytes as the kernel had them, in no
 * encoding that could be relied on, without a NUL at the end and maybe with
 * one inside. What is not known is empty, or 0 for a number.
 *
 * Names are what the kernel resolved. The image is the file that runs; how it
 * was called for (a link, a path below a working directory) is told beside it,
 * for rules are written for both.
 *
 * Times	_ns: nanoseconds of CLOCK_BOOTTIME; _s: seconds since 1970
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/prefix.h"

enum event_kind {
	EVENT_EXEC,
	EVENT_FORK,
	EVENT_EXIT, /* `result` as wait(2) has it */
	EVENT_OPEN, /* for reading; of files that rules name */
	EVENT_WRITE, /* opened for writing */
	EVENT_CREATE,
	EVENT_UNLINK,
	EVENT_RENAME,
	EVENT_CHMOD,
	EVENT_CONNECT,
	EVENT_ACCEPT,
	EVENT_BIND,
	EVENT_LISTEN,
	EVENT_SEND, /* a datagram to a new peer */
	EVENT_SOCKET,
	EVENT_PTRACE,
	EVENT_MEMFD,
	EVENT_MODULE,
	EVENT_BPF,
	EVENT_NAMESPACE, /* setns, unshare */
	EVENT_MOUNT,
	EVENT_SETUID,
	EVENT_URING,
	EVENT_CALL, /* another system call that rules name: mknod, sysinfo, ... */
	EVENT_LOG, /* a line of a log */
	EVENT_LOSS, /* `count` events of the kind `number` are missing */
	EVENT_KIND_COUNT,
};

/* What it says in words. */
enum event_word {
	EVENT_IMAGE, /* of the process; of EVENT_EXEC the new one */
	EVENT_IMAGE_ASKED, /* the path that execve was given, made absolute */
	EVENT_COMMAND_LINE, /* arguments, with a blank between them */
	EVENT_DIRECTORY, /* working directory */
	EVENT_COMM,
	EVENT_USER, /* name of uid */
	EVENT_PARENT_IMAGE,
	EVENT_PARENT_COMMAND_LINE,
	EVENT_CGROUP, /* path below the root */
	EVENT_CONTAINER, /* id, of docker, containerd or podman */
	EVENT_UNIT, /* of systemd */
	EVENT_PATH, /* of the file it is about */
	EVENT_PATH_NEW, /* of EVENT_RENAME */
	EVENT_HOSTNAME, /* of the peer, if an answer of DNS named it */
	EVENT_SERVICE, /* of EVENT_LOG: who wrote it */
	EVENT_LINE, /* of EVENT_LOG */
	EVENT_CALL_NAME, /* of the system call; empty: the usual one */
	EVENT_TAINTS, /* of the process: names, a blank before and behind each */
	EVENT_SCORE, /* of its tree: points, and what they are made of */
	EVENT_WORD_COUNT,
};

#define EVENT_ARGS_MAX	    64
#define EVENT_CALL_ARGS_MAX 4

struct event_text {
	const char *bytes;
	uint32_t len;
	bool is_cut; /* there was more */
};

/* `flags` of EVENT_EXEC: which of its first three descriptors are sockets of a
 * network. */
#define EVENT_STDIN_SOCKET  1
#define EVENT_STDOUT_SOCKET 2
#define EVENT_STDERR_SOCKET 4

/* A number alone is used again: the kernel's start time makes it one. */
struct process_id {
	uint32_t pid; /* of the thread group, in the first namespace */
	uint64_t start_ns;
};

struct event {
	enum event_kind kind;
	uint64_t number; /* counts up, in the order they are told */
	uint64_t time_ns;
	struct process_id process, parent;
	uint32_t uid, euid, login_uid;
	uint64_t cgroup;
	int32_t result; /* of the call: 0 or more, or a negative errno */
	uint64_t
		flags; /* of the call, of open for one; of EVENT_EXEC EVENT_STD* */
	/* Numbers the call was given: of EVENT_SOCKET and EVENT_CALL. */
	uint64_t call_args[EVENT_CALL_ARGS_MAX];
	uint64_t count;
	bool is_new_peer; /* its image has not talked to this peer before */
	bool is_asked; /* peer and paths are what the process asked for: it
			* could change them between asking and being seen */
	struct event_text words[EVENT_WORD_COUNT];
	struct event_text args[EVENT_ARGS_MAX]; /* of EVENT_EXEC */
	uint32_t arg_count;
	/* Of a connection. Of EVENT_FORK, EVENT_EXIT and EVENT_SETUID whom the
	 * process serves: the peer of the connection that it was begun for, or
	 * that who began it was begun for. Bits 0: there is none. */
	struct prefix peer;
	uint16_t peer_port, local_port;
	uint8_t protocol; /* as in IP */
};
