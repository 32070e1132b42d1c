/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_path.bpf.h - the path that the kernel has for a file, into the walk
 * of the scratch, and texts behind each other into its record.
 *
 * From the file up to the root of the mount namespace, over mount points. What
 * is in no directory (a memfd, a pipe) is its name behind a slash. A path
 * that is too long keeps its end.
 */
#pragma once

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "xdp/sensor_maps.bpf.h"

#define PATH_STEPS_MAX 256

struct path_walk {
	struct dentry *dentry;
	struct mount *mount;
	struct dentry *root; /* of the mount */
};

static __always_inline struct dentry *root_of(const struct mount *mount)
{
	return BPF_CORE_READ(mount, mnt.mnt_root);
}

/* "/name" before what is there already. */
static __always_inline bool put_name(struct scratch *scratch,
				     const struct dentry *dentry)
{
	__u32 len = BPF_CORE_READ(dentry, d_name.len) & 255;
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	__u32 at = scratch->walk_at;

	if (at < len + 1 || at > WALK_BYTES) {
		scratch->walk_is_cut = 1;
		return false;
	}
	at -= len;
	(void)bpf_probe_read_kernel(&scratch->walk[at & (WALK_BYTES - 1)], len,
				    name);
	at--;
	scratch->walk[at & (WALK_BYTES - 1)] = '/';
	scratch->walk_at = at;
	return true;
}

/* One name or one mount up; 1 at the end. */
static long walk_up(__u32 step, void *arg)
{
	struct path_walk *walk = arg;
	struct scratch *scratch = scratch_here();
	struct dentry *dentry = walk->dentry, *parent;
	struct mount *mount = walk->mount, *above;

	if (!scratch)
		return 1;
	if (dentry == walk->root) {
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount || !above)
			return 1;
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = above;
		walk->root = root_of(above);
		return 0;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	if (!put_name(scratch, dentry) || parent == dentry)
		return 1;
	scratch->walk_is_cut = step + 1 == PATH_STEPS_MAX;
	walk->dentry = parent;
	return 0;
}

/* Into the walk. Not inlined: it is checked once. */
__noinline int path_find(__u64 vfsmount, __u64 dentry)
{
	struct scratch *scratch = scratch_here();
	struct path_walk walk = {.dentry = (struct dentry *)dentry};

	if (!scratch)
		return 0;
	scratch->walk_at = WALK_BYTES;
	scratch->walk_is_cut = 0;
	scratch->walk[WALK_BYTES] = 0;
	if (!dentry || !vfsmount)
		return 0;
	walk.mount = (struct mount *)(vfsmount -
				      bpf_core_field_offset(struct mount, mnt));
	walk.root = root_of(walk.mount);
	(void)bpf_loop(PATH_STEPS_MAX, walk_up, &walk, 0);
	if (scratch->walk_at == WALK_BYTES) {
		scratch->walk_at = WALK_BYTES - 1;
		scratch->walk[WALK_BYTES - 1] = '/';
	}
	return 0;
}

static __always_inline void path_find_file(const struct file *file)
{
	(void)path_find((__u64)BPF_CORE_READ(file, f_path.mnt),
			(__u64)BPF_CORE_READ(file, f_path.dentry));
}

/* Where the next text goes; NULL when there is no room for a long one. */
static __always_inline __u8 *text_room(struct scratch *scratch, __u32 which)
{
	__u32 at = scratch->used;

	if (at >= 16384) {
		scratch->head.cut |= 1u << which;
		return 0;
	}
	return &scratch->bytes[at & 16383];
}

static __always_inline void text_done(struct scratch *scratch, __u32 which,
				      __u32 len)
{
	scratch->head.lens[which] = len;
	scratch->used += len;
}

/* What path_find() found, as a text of the record. */
static __always_inline void put_walk(struct scratch *scratch, __u32 which)
{
	__u32 at = scratch->walk_at;
	__u32 len = (WALK_BYTES - at) & FW_TEXT_BYTES;
	__u8 *room = text_room(scratch, which);

	if (!room)
		return;
	if (scratch->walk_is_cut)
		scratch->head.cut |= 1u << which;
	if (bpf_probe_read_kernel(room, len,
				  &scratch->walk[at & (WALK_BYTES - 1)]) == 0)
		text_done(scratch, which, len);
}

static __always_inline void put_file(struct scratch *scratch, __u32 which,
				     const struct file *file)
{
	path_find_file(file);
	put_walk(scratch, which);
}

/* A text with its NUL, `len` as bpf_probe_read_*_str() say it. */
static __always_inline void put_read(struct scratch *scratch, __u32 which,
				     long len)
{
	if (len <= 0)
		return;
	if (len > FW_TEXT_BYTES)
		scratch->head.cut |= 1u << which;
	text_done(scratch, which, ((__u32)len - 1) & FW_TEXT_BYTES);
}

static __always_inline void put_user(struct scratch *scratch, __u32 which,
				     const void *text)
{
	__u8 *room = text_room(scratch, which);

	if (room)
		put_read(
			scratch, which,
			bpf_probe_read_user_str(room, FW_TEXT_BYTES + 1, text));
}

static __always_inline void put_kernel(struct scratch *scratch, __u32 which,
				       const void *text)
{
	__u8 *room = text_room(scratch, which);

	if (room)
		put_read(scratch, which,
			 bpf_probe_read_kernel_str(room, FW_TEXT_BYTES + 1,
						   text));
}
