// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/attach_hook.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/if_link.h>

_Static_assert(HOOK_NAME_MAX == BPF_OBJ_NAME_LEN, "");

/* What drivers mean by their errors; they have no common list. */
static const struct {
	int error;
	bool falls_back; /* from native to generic */
	const char *advice;
} advices[] = {
	{EOPNOTSUPP, true,
	 "the driver has no XDP in this mode, or (virtio) the host does not "
	 "let the guest switch its offloads off; use generic, or mend the "
	 "offloads: see doctor"},
	{EINVAL, true,
	 "mostly the MTU is above what the driver takes with XDP, or LRO is "
	 "on; lower the MTU or use generic: see doctor"},
	{ERANGE, true,
	 "the MTU, or that of a veth's peer, is above what the driver takes "
	 "with XDP; lower it or use generic"},
	{ENOMEM, true,
	 "the driver has no queues or memory left for XDP; fewer channels "
	 "(ethtool -L), or use generic"},
	{ENOSPC, true,
	 "too few receive queues for the peer's transmit queues; set equal "
	 "channels (ethtool -L), or use generic"},
	{EBUSY, false, "another program or link holds the hook; see doctor"},
	{EEXIST, false,
	 "another program is attached, maybe in the other mode; take it off "
	 "first"},
	{ENODEV, false, "there is no such interface now"},
	{ENOLINK, false,
	 "the link was cut: the interface went away and came back, or "
	 "somebody detached it; attach again"},
	{EPERM, false,
	 "not permitted: this takes CAP_BPF and CAP_NET_ADMIN, and for shared "
	 "gates CAP_SYS_ADMIN"},
};

static int advice_index(int error)
{
	for (size_t i = 0; i < ARRAY_LEN(advices); i++)
		if (advices[i].error == -error)
			return (int)i;
	return -1;
}

void note_set(char note[GATE_NOTE_MAX], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(note, GATE_NOTE_MAX, format, args);
	va_end(args);
}

int hook_read(int ifindex, struct hook *ret_hook)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);
	char ifname[IF_NAMESIZE];
	struct hook hook = {0};
	int r;

	r = bpf_xdp_query(ifindex, 0, &opts);
	if (r < 0)
		return r;
	/* libbpf answers "nothing" for an interface that is not there */
	if (!if_indextoname((unsigned int)ifindex, ifname))
		return -ENODEV;

	if (opts.drv_prog_id || opts.hw_prog_id) {
		hook.mode = ATTACH_NATIVE;
		hook.program_id =
			opts.drv_prog_id ? opts.drv_prog_id : opts.hw_prog_id;
	} else if (opts.skb_prog_id) {
		hook.mode = ATTACH_GENERIC;
		hook.program_id = opts.skb_prog_id;
	}
	*ret_hook = hook;
	return 0;
}

int hook_program_id(int program_fd, uint32_t *ret_id)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int r;

	r = bpf_obj_get_info_by_fd(program_fd, &info, &size);
	if (r < 0)
		return r;
	*ret_id = info.id;
	return 0;
}

void hook_program_name(uint32_t program_id, char name[HOOK_NAME_MAX])
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int fd CLEANUP(closep) = bpf_prog_get_fd_by_id(program_id);

	name[0] = '\0';
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return;
	(void)snprintf(name, HOOK_NAME_MAX, "%s", info.name);
}

const char *hook_program_text(uint32_t program_id, char text[64])
{
	char name[HOOK_NAME_MAX];

	hook_program_name(program_id, name);
	if (name[0])
		(void)snprintf(text, 64, "'%s', id %u", name, program_id);
	else
		(void)snprintf(text, 64, "id %u", program_id);
	return text;
}

uint32_t hook_flags(enum attach_mode mode)
{
	assert(mode == ATTACH_NATIVE || mode == ATTACH_GENERIC);
	return mode == ATTACH_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

int hook_refuse_foreign(const char *ifname, uint32_t program_id,
			char note[GATE_NOTE_MAX])
{
	char name[HOOK_NAME_MAX];
	char text[64];
	const char *way;

	hook_program_name(program_id, name);
	if (strcmp(name, "xdp_dispatcher") == 0)
		way = "it is libxdp's dispatcher: attach shared, beside it";
	else if (name[0])
		way = "take it off first; shared works only beside programs "
		      "that were attached through libxdp";
	else
		way = "take it off first, or attach shared if it was attached "
		      "through libxdp";
	note_set(note, "%s runs somebody else's program (%s): %s", ifname,
		 hook_program_text(program_id, text), way);
	return -EBUSY;
}

int hook_explain(const char *ifname, enum attach_mode mode, int error,
		 char note[GATE_NOTE_MAX])
{
	int i = advice_index(error);

	note_set(note, "%s%s%s: %s%s%s", ifname,
		 mode == ATTACH_AUTO ? "" : ", ",
		 mode == ATTACH_AUTO ? "" : attach_mode_name(mode),
		 strerrordesc_np(-error), i < 0 ? "" : ": ",
		 i < 0 ? "" : advices[i].advice);
	return error;
}

bool hook_may_fall_back(int error)
{
	int i = advice_index(error);

	return i >= 0 && advices[i].falls_back;
}
