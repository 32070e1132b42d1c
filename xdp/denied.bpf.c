// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * denied.bpf.c - files whose digest is denied are not executed, nor mapped to
 * be: by a dynamic loader, say.
 *
 * The kernel asks these programs itself, so it waits for nobody. They run only
 * where `bpf` is one of its security modules.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "xdp/denied.h"
#include "xdp/kernel.bpf.h"

#define EPERM	  1
#define PROT_EXEC 4
#define SECOND_NS 1000000000ull

#define CTIME_QUERIED (1u << 31) /* since 6.13 a flag amid nanoseconds */

char LICENSE[] SEC("license") = "GPL";

__u64 refused_count = 0;

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct fw_label);
} labels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FW_DENIED_MAX);
	__type(key, struct fw_digest);
	__type(value, __u8);
} digests SEC(".maps");

static __always_inline __u64 ctime_ns_of(const struct inode *inode)
{
	const struct inode___6_11 *newest = (const void *)inode;
	const struct inode___6_6 *newer = (const void *)inode;

	if (bpf_core_field_exists(newest->i_ctime_nsec))
		return (__u64)BPF_CORE_READ(newest, i_ctime_sec) * SECOND_NS +
		       (BPF_CORE_READ(newest, i_ctime_nsec) & ~CTIME_QUERIED);
	if (bpf_core_field_exists(newer->__i_ctime))
		return (__u64)BPF_CORE_READ(newer, __i_ctime.tv_sec) *
			       SECOND_NS +
		       (__u64)BPF_CORE_READ(newer, __i_ctime.tv_nsec);
	return (__u64)BPF_CORE_READ(inode, i_ctime.tv_sec) * SECOND_NS +
	       (__u64)BPF_CORE_READ(inode, i_ctime.tv_nsec);
}

/* What is mapped may be no file. Kernels before 6.14 take the pointer for one
 * that never is NULL and leave the test out: the careful read is one they
 * cannot leave out, and gives NULL then. */
static __always_inline int judge(struct file *file)
{
	struct fw_label *label;
	struct inode *inode;

	if (!file || !BPF_CORE_READ(file, f_inode))
		return 0;
	inode = file->f_inode;
	label = bpf_inode_storage_get(&labels, inode, 0, 0);
	if (!label || !bpf_map_lookup_elem(&digests, &label->digest))
		return 0;
	if (label->bytes != (__u64)BPF_CORE_READ(inode, i_size) ||
	    label->ctime_ns != ctime_ns_of(inode))
		return 0;
	__sync_fetch_and_add(&refused_count, 1);
	return -EPERM;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(refuse_execution, struct linux_binprm *bprm)
{
	return judge(bprm->file);
}

SEC("lsm/mmap_file")
int BPF_PROG(refuse_mapping, struct file *file, unsigned long asked,
	     unsigned long prot)
{
	return prot & PROT_EXEC ? judge(file) : 0;
}
