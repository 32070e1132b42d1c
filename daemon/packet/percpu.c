// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/percpu.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>

int percpu_counts(int fd, int cpu_count, struct fw_count *ret_counts,
		  uint32_t count)
{
	struct fw_count *per_cpu = calloc((size_t)cpu_count, sizeof(*per_cpu));
	int r = 0;

	if (!per_cpu)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && r == 0; i++) {
		struct fw_count sum = {0};

		r = bpf_map_lookup_elem(fd, &i, per_cpu) < 0 ? -errno : 0;
		for (int cpu = 0; cpu < cpu_count; cpu++) {
			sum.packets += per_cpu[cpu].packets;
			sum.bytes += per_cpu[cpu].bytes;
		}
		ret_counts[i] = sum;
	}
	free(per_cpu);
	return r;
}

int percpu_clear(int fd, int cpu_count, uint32_t count)
{
	void *zeros = calloc((size_t)cpu_count, sizeof(struct fw_count));
	int r = 0;

	if (!zeros)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && r == 0; i++)
		r = bpf_map_update_elem(fd, &i, zeros, BPF_ANY) < 0 ? -errno
								    : 0;
	free(zeros);
	return r;
}

int percpu_events(int fd, int cpu_count, struct fw_event_count *ret_count)
{
	struct fw_event_count *per_cpu =
		calloc((size_t)cpu_count, sizeof(*per_cpu));
	struct fw_event_count sum = {0};
	uint32_t zero = 0;
	int r;

	if (!per_cpu)
		return -ENOMEM;
	r = bpf_map_lookup_elem(fd, &zero, per_cpu) < 0 ? -errno : 0;
	for (int cpu = 0; cpu < cpu_count; cpu++) {
		sum.sent += per_cpu[cpu].sent;
		sum.lost += per_cpu[cpu].lost;
	}
	free(per_cpu);
	if (r == 0)
		*ret_count = sum;
	return r;
}
