// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/egress.h"

#include <errno.h>

#include <bpf/libbpf.h>

#include "rules/base.h"

#define EGRESS_PRIORITY 0x5043
#define EGRESS_HANDLE	1

static struct bpf_tc_hook hook_of(int ifindex)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = ifindex,
		.attach_point = BPF_TC_EGRESS,
	};
}

/* That something is not there, or is, is no news here, and libbpf would print
 * what the kernel says of it. */
static void hush_done(libbpf_print_fn_t *before)
{
	(void)libbpf_set_print(*before);
}

#define HUSHED                                             \
	CLEANUP(hush_done)                                 \
	__attribute__((unused)) libbpf_print_fn_t hushed = \
		libbpf_set_print(NULL)

int egress_attach(int ifindex, int program_fd)
{
	HUSHED;
	struct bpf_tc_hook hook = hook_of(ifindex);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program_fd,
		    .flags = BPF_TC_F_REPLACE, .handle = EGRESS_HANDLE,
		    .priority = EGRESS_PRIORITY);
	int r = bpf_tc_hook_create(&hook);

	if (r < 0 && r != -EEXIST)
		return r;
	return bpf_tc_attach(&hook, &opts);
}

int egress_detach(int ifindex)
{
	HUSHED;
	struct bpf_tc_hook hook = hook_of(ifindex);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = EGRESS_HANDLE,
		    .priority = EGRESS_PRIORITY);
	int r = bpf_tc_detach(&hook, &opts);

	/* no such filter, no qdisc, no interface */
	return r == -ENOENT || r == -EINVAL || r == -ENODEV ? 0 : r;
}

int egress_read(int ifindex, uint32_t *ret_program_id)
{
	HUSHED;
	struct bpf_tc_hook hook = hook_of(ifindex);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = EGRESS_HANDLE,
		    .priority = EGRESS_PRIORITY);
	int r = bpf_tc_query(&hook, &opts);

	if (r < 0)
		return r == -EINVAL ? -ENOENT : r;
	*ret_program_id = opts.prog_id;
	return 0;
}
