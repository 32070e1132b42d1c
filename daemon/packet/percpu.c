// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/percpu.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include <bpf/bpf.h>

/* Values a system call: 512 are 1 MiB with 128 CPUs. */
#define BATCH_MAX 512u

/* Where the kernel puts a batch: BATCH_MAX of each, per CPU the values. */
struct batch {
	uint32_t *keys;
	struct fw_count *values;
};

static void batch_done(struct batch *batch)
{
	free(batch->keys);
	free(batch->values);
}

static int batch_init(struct batch *batch, int cpu_count)
{
	batch->keys = calloc(BATCH_MAX, sizeof(*batch->keys));
	batch->values = calloc((size_t)BATCH_MAX * (size_t)cpu_count,
			       sizeof(*batch->values));
	return batch->keys && batch->values ? 0 : -ENOMEM;
}

/* Values from number `from` on, at most `max`; how many it was. Batches of
 * per-CPU arrays are of Linux 5.13; without them it is one. */
static int batch_read(struct batch *batch, int fd, uint32_t from, uint32_t max)
{
	uint32_t count = max < BATCH_MAX ? max : BATCH_MAX;
	uint32_t last = from - 1; /* the kernel goes on behind it */
	int r = bpf_map_lookup_batch(fd, from ? &last : NULL, &last,
				     batch->keys, batch->values, &count, NULL);

	/* -ENOENT: the map ends with this batch */
	if ((r == 0 || r == -ENOENT) && count > 0)
		return (int)count;
	return bpf_map_lookup_elem(fd, &from, batch->values) < 0 ? -errno : 1;
}

static struct fw_count sum_of(const struct fw_count *per_cpu, int cpu_count)
{
	struct fw_count sum = {0};

	for (int cpu = 0; cpu < cpu_count; cpu++) {
		sum.packets += per_cpu[cpu].packets;
		sum.bytes += per_cpu[cpu].bytes;
	}
	return sum;
}

int percpu_counts(int fd, int cpu_count, struct fw_count *ret_counts,
		  uint32_t count)
{
	struct batch batch = {0};
	uint32_t done = 0;
	int r = batch_init(&batch, cpu_count);

	while (r >= 0 && done < count) {
		r = batch_read(&batch, fd, done, count - done);
		for (int i = 0; i < r; i++)
			ret_counts[done + (uint32_t)i] =
				sum_of(batch.values + (ptrdiff_t)i * cpu_count,
				       cpu_count);
		done += r < 0 ? 0 : (uint32_t)r;
	}
	batch_done(&batch);
	return r < 0 ? r : 0;
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

int percpu_clear_one(int fd, int cpu_count, uint32_t index)
{
	void *zeros = calloc((size_t)cpu_count, sizeof(struct fw_count));
	int r;

	if (!zeros)
		return -ENOMEM;
	r = bpf_map_update_elem(fd, &index, zeros, BPF_ANY) < 0 ? -errno : 0;
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
