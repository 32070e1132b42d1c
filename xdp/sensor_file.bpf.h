/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_file.bpf.h - calls about files.
 *
 *	reads	of an open file the path that the kernel has for it; of others
 *		the path that the process gave, which may have changed since
 *		and is marked so
 *	writes	volume_ring and security_ring, recent, sensor_counts
 *	costs	of each file opened for reading one walk and one look-up
 */
#pragma once

#include "xdp/sensor_call.bpf.h"
#include "xdp/sensor_process.bpf.h"

#define S_IFMT	       0170000
#define S_IFREG	       0100000
#define AT_FDCWD       -100
#define OPEN_WRITES    3 /* O_WRONLY, O_RDWR */
#define FMODE_CREATED  0x100000
#define OPEN_PATH_ONLY 010000000 /* O_PATH: neither read nor written */

static __always_inline bool is_watched(struct scratch *scratch)
{
	__u32 at = scratch->walk_at;
	__u32 len = WALK_BYTES + 1 - at; /* with the NUL */

	if (len > FW_WATCHED_BYTES)
		len = FW_WATCHED_BYTES;
	scratch->watched.bits = len * 8;
	if (bpf_probe_read_kernel(scratch->watched.path, len & 255,
				  &scratch->walk[at & (WALK_BYTES - 1)]) < 0)
		return false;
	return bpf_map_lookup_elem(&watched, &scratch->watched) != 0;
}

/* What the opening of this file is, or FW_SENSE_NONE: nothing to tell. */
static __always_inline __u32 kind_of_open(const struct file *file)
{
	__u32 flags = BPF_CORE_READ(file, f_flags);
	__u16 mode = BPF_CORE_READ(file, f_inode, i_mode);

	if ((mode & S_IFMT) != S_IFREG || flags & OPEN_PATH_ONLY)
		return FW_SENSE_NONE;
	if (BPF_CORE_READ(file, f_mode) & FMODE_CREATED)
		return FW_SENSE_CREATE;
	return flags & OPEN_WRITES ? FW_SENSE_WRITE : FW_SENSE_OPEN;
}

static __always_inline void tell_open(const struct seen_call *seen)
{
	struct file *file = file_of(seen->result);
	__u32 kind = kind_of_open(file);
	struct scratch *scratch;

	if (kind == FW_SENSE_NONE || is_own())
		return;
	scratch = record_take(kind);
	if (!scratch)
		return;
	path_find_file(file);
	if (kind == FW_SENSE_OPEN && !is_watched(scratch)) {
		record_drop(scratch);
		return;
	}
	record_head(scratch, kind, task_here());
	scratch->head.result = seen->result;
	scratch->head.flags = BPF_CORE_READ(file, f_flags);
	if (is_again(&scratch->head, BPF_CORE_READ(file, f_inode, i_ino),
		     BPF_CORE_READ(file, f_inode, i_sb, s_dev), 0)) {
		record_drop(scratch);
		return;
	}
	put_walk(scratch, FW_TEXT_PATH);
	record_end(scratch);
}

/* The call is about a file that is open. */
static __always_inline void tell_file(const struct seen_call *seen, __u64 fd)
{
	struct scratch *scratch = seen_begin(seen);

	if (!scratch)
		return;
	put_file(scratch, FW_TEXT_PATH, file_of(fd));
	record_end(scratch);
}

/* A path that begins with a slash needs no directory. */
static __always_inline void put_asked(struct scratch *scratch, __u32 which,
				      __u64 fd, const void *path)
{
	struct file *dir;
	char first = 0;

	(void)bpf_probe_read_user(&first, sizeof(first), path);
	if (first != '/' && (int)fd == AT_FDCWD) {
		put_directory(scratch, which, task_here());
	} else if (first != '/') {
		dir = file_of(fd);
		put_file(scratch, which, dir);
	}
	put_user(scratch, which + 1, path);
}

static __always_inline void tell_path(const struct seen_call *seen)
{
	const struct call *call = &seen->call;
	struct scratch *scratch;

	if (is_volume(call->kind) && is_own())
		return;
	scratch = seen_begin(seen);
	if (!scratch)
		return;
	scratch->head.marks |= FW_MARK_ASKED;
	put_asked(scratch, FW_TEXT_DIR, dir_arg(seen, call->dir),
		  (const void *)arg(seen, call->path));
	if (call->how == HOW_TWO_PATHS)
		put_asked(scratch, FW_TEXT_DIR2, dir_arg(seen, call->dir2),
			  (const void *)arg(seen, call->path2));
	record_end(scratch);
}
