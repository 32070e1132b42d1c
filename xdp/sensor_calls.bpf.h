/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_calls.bpf.h - which system calls are told, by number, and what their
 * arguments are.
 *
 * A program of 32 bits has numbers of its own on a kernel of 64: those that
 * would be a way around are in a second table.
 */
#pragma once

#include <linux/types.h>

#include "xdp/sensor.h"

#define CALL_MAX 512

/* How a call is told. */
enum call_how {
	HOW_NOT,
	HOW_PLAIN, /* by its numbers alone, whether it fails or not */
	HOW_OPENED, /* the rest only when it is done; it gave a file */
	HOW_FILE, /* `dir` is the descriptor of the file */
	HOW_PATH, /* `path` below `dir`, as asked */
	HOW_TWO_PATHS, /* and `path2` below `dir2` */
	HOW_SOCKET, /* argument 0 is one that has its peer now */
	HOW_ACCEPTED, /* it gave one */
	HOW_SENDTO,
	HOW_SENDMSG,
	HOW_SENDMMSG,
};

#define NO_ARG 7 /* an argument that a call does not have */

struct call {
	__u8 kind; /* enum fw_sense */
	__u8 how;
	__u8 flags; /* from here on: places of arguments */
	__u8 dir;
	__u8 path;
	__u8 dir2;
	__u8 path2;
	__u8 count;
};

#define PLAIN(kind, flags, count)                                             \
	{                                                                     \
		kind, HOW_PLAIN, flags, NO_ARG, NO_ARG, NO_ARG, NO_ARG, count \
	}
/* `dir` says which. */
#define CALL(which, flags)                                              \
	{                                                               \
		FW_SENSE_CALL, HOW_PLAIN, flags, which, NO_ARG, NO_ARG, \
			NO_ARG, NO_ARG                                  \
	}
#define FD(kind, how, fd, flags)                                     \
	{                                                            \
		kind, how, flags, fd, NO_ARG, NO_ARG, NO_ARG, NO_ARG \
	}
#define PATH(kind, dir, path, flags)                                     \
	{                                                                \
		kind, HOW_PATH, flags, dir, path, NO_ARG, NO_ARG, NO_ARG \
	}
#define PATHS(kind, dir, path, dir2, path2, flags)                         \
	{                                                                  \
		kind, HOW_TWO_PATHS, flags, dir, path, dir2, path2, NO_ARG \
	}

#define OPENED	  FD(FW_SENSE_OPEN, HOW_OPENED, NO_ARG, NO_ARG)
#define CONNECT	  FD(FW_SENSE_CONNECT, HOW_SOCKET, NO_ARG, NO_ARG)
#define ACCEPT	  FD(FW_SENSE_ACCEPT, HOW_ACCEPTED, NO_ARG, NO_ARG)
#define BIND	  FD(FW_SENSE_BIND, HOW_SOCKET, NO_ARG, NO_ARG)
#define LISTEN	  FD(FW_SENSE_LISTEN, HOW_SOCKET, NO_ARG, NO_ARG)
#define SEND(how) FD(FW_SENSE_SEND, how, NO_ARG, NO_ARG)

static const struct call calls_64[CALL_MAX] = {
	[2] = OPENED, /* open */
	[41] = PLAIN(FW_SENSE_SOCKET, 0, 1),
	[42] = CONNECT,
	[43] = ACCEPT,
	[44] = SEND(HOW_SENDTO),
	[46] = SEND(HOW_SENDMSG),
	[49] = BIND,
	[50] = LISTEN,
	[82] = PATHS(FW_SENSE_RENAME, NO_ARG, 0, NO_ARG, 1, NO_ARG),
	[84] = PATH(FW_SENSE_UNLINK, NO_ARG, 0, NO_ARG), /* rmdir */
	[85] = OPENED, /* creat */
	[87] = PATH(FW_SENSE_UNLINK, NO_ARG, 0, NO_ARG),
	[90] = PATH(FW_SENSE_CHMOD, NO_ARG, 0, 1),
	[91] = FD(FW_SENSE_CHMOD, HOW_FILE, 0, 1), /* fchmod */
	[99] = CALL(FW_CALL_SYSINFO, NO_ARG),
	[101] = PLAIN(FW_SENSE_PTRACE, 0, 1),
	[103] = CALL(FW_CALL_SYSLOG, 0),
	[105] = PLAIN(FW_SENSE_SETUID, 0, NO_ARG), /* setuid */
	[113] = PLAIN(FW_SENSE_SETUID, 1, NO_ARG), /* setreuid */
	[117] = PLAIN(FW_SENSE_SETUID, 1, NO_ARG), /* setresuid */
	[133] = CALL(FW_CALL_MKNOD, 1),
	[135] = CALL(FW_CALL_PERSONALITY, 0),
	[165] = PATH(FW_SENSE_MOUNT, NO_ARG, 1, 3), /* mount */
	[175] = PLAIN(FW_SENSE_MODULE, NO_ARG, NO_ARG), /* init_module */
	[257] = OPENED, /* openat */
	[259] = CALL(FW_CALL_MKNOD, 2), /* mknodat */
	[263] = PATH(FW_SENSE_UNLINK, 0, 1, 2), /* unlinkat */
	[264] = PATHS(FW_SENSE_RENAME, 0, 1, 2, 3, NO_ARG), /* renameat */
	[268] = PATH(FW_SENSE_CHMOD, 0, 1, 2), /* fchmodat */
	[272] = PLAIN(FW_SENSE_NAMESPACE, 0, NO_ARG), /* unshare */
	[288] = ACCEPT, /* accept4 */
	[307] = SEND(HOW_SENDMMSG),
	[308] = PLAIN(FW_SENSE_NAMESPACE, 1, NO_ARG), /* setns */
	[313] = FD(FW_SENSE_MODULE, HOW_FILE, 0, 2), /* finit_module */
	[316] = PATHS(FW_SENSE_RENAME, 0, 1, 2, 3, 4), /* renameat2 */
	[319] = FD(FW_SENSE_MEMFD, HOW_OPENED, NO_ARG, 1), /* memfd_create */
	[321] = PLAIN(FW_SENSE_BPF, 0, NO_ARG),
	[425] = PLAIN(FW_SENSE_URING, NO_ARG, 0), /* io_uring_setup */
	[429] = PATH(FW_SENSE_MOUNT, 2, 3, 4), /* move_mount */
	[437] = OPENED, /* openat2 */
	[452] = PATH(FW_SENSE_CHMOD, 0, 1, 2), /* fchmodat2 */
};

/* Of IA-32. What socketcall does to TCP is seen where the kernel connects. */
static const struct call calls_32[CALL_MAX] = {
	[5] = OPENED, /* open */
	[8] = OPENED, /* creat */
	[10] = PATH(FW_SENSE_UNLINK, NO_ARG, 0, NO_ARG),
	[14] = CALL(FW_CALL_MKNOD, 1),
	[15] = PATH(FW_SENSE_CHMOD, NO_ARG, 0, 1),
	[21] = PATH(FW_SENSE_MOUNT, NO_ARG, 1, 3), /* mount */
	[26] = PLAIN(FW_SENSE_PTRACE, 0, 1),
	[38] = PATHS(FW_SENSE_RENAME, NO_ARG, 0, NO_ARG, 1, NO_ARG),
	[40] = PATH(FW_SENSE_UNLINK, NO_ARG, 0, NO_ARG), /* rmdir */
	[94] = FD(FW_SENSE_CHMOD, HOW_FILE, 0, 1), /* fchmod */
	[103] = CALL(FW_CALL_SYSLOG, 0),
	[116] = CALL(FW_CALL_SYSINFO, NO_ARG),
	[128] = PLAIN(FW_SENSE_MODULE, NO_ARG, NO_ARG), /* init_module */
	[136] = CALL(FW_CALL_PERSONALITY, 0),
	[203] = PLAIN(FW_SENSE_SETUID, 1, NO_ARG), /* setreuid32 */
	[208] = PLAIN(FW_SENSE_SETUID, 1, NO_ARG), /* setresuid32 */
	[213] = PLAIN(FW_SENSE_SETUID, 0, NO_ARG), /* setuid32 */
	[295] = OPENED, /* openat */
	[297] = CALL(FW_CALL_MKNOD, 2), /* mknodat */
	[301] = PATH(FW_SENSE_UNLINK, 0, 1, 2), /* unlinkat */
	[302] = PATHS(FW_SENSE_RENAME, 0, 1, 2, 3, NO_ARG), /* renameat */
	[306] = PATH(FW_SENSE_CHMOD, 0, 1, 2), /* fchmodat */
	[310] = PLAIN(FW_SENSE_NAMESPACE, 0, NO_ARG), /* unshare */
	[346] = PLAIN(FW_SENSE_NAMESPACE, 1, NO_ARG), /* setns */
	[350] = FD(FW_SENSE_MODULE, HOW_FILE, 0, 2), /* finit_module */
	[353] = PATHS(FW_SENSE_RENAME, 0, 1, 2, 3, 4), /* renameat2 */
	[356] = FD(FW_SENSE_MEMFD, HOW_OPENED, NO_ARG, 1), /* memfd_create */
	[357] = PLAIN(FW_SENSE_BPF, 0, NO_ARG),
	[359] = PLAIN(FW_SENSE_SOCKET, 0, 1),
	[361] = BIND,
	[362] = CONNECT,
	[363] = LISTEN,
	[364] = ACCEPT, /* accept4 */
	[369] = SEND(HOW_SENDTO),
	[425] = PLAIN(FW_SENSE_URING, NO_ARG, 0), /* io_uring_setup */
	[429] = PATH(FW_SENSE_MOUNT, 2, 3, 4), /* move_mount */
	[437] = OPENED, /* openat2 */
	[452] = PATH(FW_SENSE_CHMOD, 0, 1, 2), /* fchmodat2 */
};
