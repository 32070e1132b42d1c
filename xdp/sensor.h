/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor.h - what the host sensor tells user space, on both sides of the
 * boundary.
 *
 * A record is a head and the texts of it, one behind the other in the order of
 * their places, without a NUL. A text that is not there has the length 0.
 *
 * Nothing of this is pinned: the programs live and end with the daemon that
 * loaded them, so there is no version. Byte order: host, but for `peer`.
 * Time: CLOCK_BOOTTIME.
 */
#pragma once

#include <linux/types.h>

/* What happened. Those from FW_SENSE_WRITE on come in any number, and have a
 * ring of their own. */
enum fw_sense {
	FW_SENSE_NONE,
	FW_SENSE_ARGS, /* arguments past the first of an execution; before it */
	FW_SENSE_EXEC,
	FW_SENSE_FORK,
	FW_SENSE_EXIT,
	FW_SENSE_CONNECT,
	FW_SENSE_ACCEPT,
	FW_SENSE_BIND,
	FW_SENSE_LISTEN,
	FW_SENSE_SEND,
	FW_SENSE_SOCKET,
	FW_SENSE_PTRACE,
	FW_SENSE_MEMFD,
	FW_SENSE_MODULE,
	FW_SENSE_BPF,
	FW_SENSE_NAMESPACE,
	FW_SENSE_MOUNT,
	FW_SENSE_SETUID,
	FW_SENSE_URING,
	FW_SENSE_OPEN,
	FW_SENSE_WRITE,
	FW_SENSE_CREATE,
	FW_SENSE_UNLINK,
	FW_SENSE_RENAME,
	FW_SENSE_CHMOD,
	FW_SENSE_CALL, /* `count` says which */
	FW_SENSE_COUNT,
};

/* Which call, of FW_SENSE_CALL, and what `flags` is then. */
enum fw_call {
	FW_CALL_MKNOD = 1, /* the mode */
	FW_CALL_PERSONALITY, /* the one asked for; 0xffffffff: none */
	FW_CALL_SYSINFO, /* 0 */
	FW_CALL_SYSLOG, /* what is to be done */
};

#define FW_SENSE_FIRST_VOLUME FW_SENSE_WRITE
#define FW_SENSE_ROOM	      32 /* of a table indexed by it, a power of two */

/* Places of texts. A directory goes before a path that does not begin with a
 * slash. */
#define FW_TEXT_DIR   0
#define FW_TEXT_PATH  1
#define FW_TEXT_DIR2  2
#define FW_TEXT_PATH2 3

#define FW_TEXT_ARGS   0 /* of FW_SENSE_EXEC: as in memory, NULs between */
#define FW_TEXT_IMAGE  1 /* the file that runs */
#define FW_TEXT_ASKED  2
#define FW_TEXT_CWD    3
#define FW_TEXT_CGROUP 4 /* names, the innermost first */

#define FW_TEXT_COUNT 5

#define FW_TEXT_BYTES  4095 /* of one text at most */
#define FW_SENSED_ROOM 20480 /* of all texts of a record */

/* Arguments past the first FW_TEXT_BYTES come in as many records of
 * FW_TEXT_BYTES, `count` being where they begin. */
#define FW_ARGS_BYTES  (128 << 10) /* that are told of an execution */
#define FW_ARGS_CHUNKS (FW_ARGS_BYTES / FW_TEXT_BYTES) /* but for the first */

/* Marks of a record. */
#define FW_MARK_ASKED \
	1 /* peer or path are what the process asked for, in
			 * memory that it could change meanwhile */

struct fw_sensed {
	__u64 time_ns;
	__u64 start_ns; /* of the process; with `pid` its identity */
	__u64 parent_start_ns;
	__u64 cgroup;
	__u64 flags; /* docs/sensor.md says of what */
	__u64 count;
	__u64 args_bytes; /* of an execution: of all arguments, NULs too */
	__u32 pid; /* of the thread group, in the first namespace */
	__u32 parent;
	__u32 uid;
	__u32 euid;
	__u32 login_uid;
	__s32 result;
	__u16 lens[FW_TEXT_COUNT];
	__u8 kind; /* enum fw_sense */
	__u8 cut; /* bit N: text N goes on */
	__u8 marks; /* FW_MARK_* */
	__u8 family; /* of the peer: 4, 6, or 0 for none */
	__u16 peer_port;
	__u16 local_port;
	__u8 protocol;
	__u8 reserved[5];
	__u8 peer[16]; /* network order; IPv4 in the first four bytes */
	__u8 comm[16];
};

/* Per CPU and kind: what became of records. */
struct fw_sensor_count {
	__u64 sent;
	__u64 suppressed; /* the same a moment before */
	__u64 lost; /* no room in the ring */
};

struct fw_sensor_counts {
	struct fw_sensor_count kinds[FW_SENSE_ROOM];
};

/* Paths that are told when they are opened for reading: a directory with its
 * last slash, or a file with its NUL. */
#define FW_WATCHED_BYTES 200

struct fw_watched_key {
	__u32 bits;
	__u8 path[FW_WATCHED_BYTES];
};

/*
 * Whose a flow is: the process that connected, accepted, or sent a datagram to
 * a peer. Of one that listens, or waits for datagrams, peer and its port are 0;
 * `local` is 0 where the socket is bound to no address. An address of IPv4 in
 * one of IPv6 is of IPv4. Only those of the loader's network namespace.
 */
#define FW_TALKS_MAX 65536 /* the one that was longest unused goes */

struct fw_talk_key {
	__u32 peer_be[4]; /* IPv4 in the first word, the others 0 */
	__u32 local_be[4];
	__u16 peer_port;
	__u16 local_port;
	__u8 family; /* 4, 6 */
	__u8 protocol;
	__u8 reserved[2];
};

struct fw_talk {
	__u64 time_ns; /* since when it is this process's */
	__u64 start_ns; /* of the process */
	__u32 pid;
	__u32 uid;
	__u32 is_taken; /* it was another's before */
	__u32 reserved;
};

/* A packet of DNS, from its IP header on; the record may be longer. */
#define FW_DNS_BYTES 4096 /* of a record; EDNS asks for less */

struct fw_dns {
	__u64 socket; /* cookie of who sends or gets it */
	__u32 len; /* of `packet` */
	__u32 reserved;
	__u8 packet[];
};

_Static_assert(sizeof(struct fw_talk_key) == 40, "map key layout");
_Static_assert(sizeof(struct fw_talk) == 32, "map value layout");
_Static_assert(sizeof(struct fw_dns) == 16, "ring record layout");
_Static_assert(sizeof(struct fw_sensed) == 136, "ring record layout");
_Static_assert(sizeof(struct fw_sensor_count) == 24, "map value layout");
_Static_assert(FW_SENSE_COUNT <= FW_SENSE_ROOM, "table size");
_Static_assert(sizeof(struct fw_watched_key) == 204, "map key layout");
