// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/attach_link.h"

#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "daemon/packet/attach_hook.h"

int link_read(int fd, int *ret_ifindex, uint32_t *ret_program_id)
{
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);
	int r;

	r = bpf_obj_get_info_by_fd(fd, &info, &size);
	if (r < 0)
		return r;
	if (info.type != BPF_LINK_TYPE_XDP)
		return -EBADF;
	*ret_ifindex = (int)info.xdp.ifindex;
	*ret_program_id = info.prog_id;
	return 0;
}

int link_open(const char *pin, int *ret_fd)
{
	int fd CLEANUP(closep) = bpf_obj_get(pin);
	uint32_t program_id;
	int ifindex;
	int r;

	if (fd < 0)
		return fd;
	r = link_read(fd, &ifindex, &program_id);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int link_attach(int ifindex, enum attach_mode mode, int program_fd,
		const char *pin, int *ret_fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = hook_flags(mode));
	int fd CLEANUP(closep) =
		bpf_link_create(program_fd, ifindex, BPF_XDP, &opts);

	int r;

	if (fd < 0)
		return fd;
	/* not pinned, the link ends with its descriptor, here */
	r = bpf_obj_pin(fd, pin);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int link_swap(int fd, int program_fd)
{
	return bpf_link_update(fd, program_fd, NULL);
}

int link_detach(int fd, const char *pin)
{
	int r = bpf_link_detach(fd);

	if (r < 0)
		return r;
	(void)unlink(pin);
	return 0;
}
