// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/capture.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/packet/mapping.h"

struct capture {
	struct mapping credit; /* one struct fw_credit */
	struct mapping asked; /* one struct fw_capture */
	struct ring_buffer *ring;
	int losses_fd;
	int cpu_count;
	capture_fn *fn; /* of the capture_take() under way */
	void *arg;
	int budget;
	int taken;
};

static struct fw_capture *asked_of(const struct capture *capture)
{
	return capture->asked.base;
}

static int take_record(void *arg, void *data, size_t size)
{
	struct capture *capture = arg;
	const struct fw_captured *record = data;
	const size_t head = offsetof(struct fw_captured, bytes);

	if (size >= head && size - head == record->kept &&
	    record->session == asked_of(capture)->session) {
		capture->fn(capture->arg, record);
		capture->taken++;
	}
	return --capture->budget > 0 ? 0 : -ECANCELED;
}

/* The descriptors of maps are lent; what outlasts them is held here. */
static int open_into(const struct maps *maps, struct capture *capture)
{
	int r = mapping_make(maps_fd(maps, "credit"), sizeof(struct fw_credit),
			     &capture->credit);

	if (r == 0)
		r = mapping_make(maps_fd(maps, "capture"),
				 sizeof(struct fw_capture), &capture->asked);
	if (r < 0)
		return r;
	capture->losses_fd =
		fcntl(maps_fd(maps, "capture_losses"), F_DUPFD_CLOEXEC, 0);
	if (capture->losses_fd < 0)
		return -errno;
	capture->cpu_count = libbpf_num_possible_cpus();
	if (capture->cpu_count < 0)
		return capture->cpu_count;
	capture->ring = ring_buffer__new(maps_fd(maps, "captured"), take_record,
					 capture, NULL);
	return capture->ring ? 0 : -errno;
}

int capture_open(const struct maps *maps, struct capture **ret_capture)
{
	struct capture *capture;
	int r;

	assert(maps);
	assert(ret_capture);

	capture = calloc(1, sizeof(*capture));
	if (!capture)
		return -ENOMEM;
	capture->losses_fd = -1;
	r = open_into(maps, capture);
	if (r < 0)
		capture_close(capture);
	else
		*ret_capture = capture;
	return r;
}

static void set_until(const struct capture *capture, uint64_t until_ns)
{
	struct fw_credit *credit = capture->credit.base;

	__atomic_store_n(&credit->capture_until_ns, until_ns, __ATOMIC_RELEASE);
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;

	if (capture->credit.base)
		set_until(capture, 0);
	ring_buffer__free(capture->ring);
	mapping_done(&capture->credit);
	mapping_done(&capture->asked);
	closep(&capture->losses_fd);
	free(capture);
}

/* The words that the packet path compares, both halves in host order. */
static struct fw_capture_addr words_of(const uint8_t addr[16])
{
	struct fw_capture_addr words = {0};

	for (int i = 0; i < 8; i++) {
		words.hi = words.hi << 8 | addr[i];
		words.lo = words.lo << 8 | addr[8 + i];
	}
	return words;
}

static void put_source(struct fw_capture *asked, const struct prefix *source)
{
	bool is_v4 = prefix_is_v4(source);
	unsigned int bits = source->bits;

	asked->family = is_v4 ? 4 : 6;
	asked->source = words_of(source->addr);
	asked->mask = (struct fw_capture_addr){
		.hi = bits >= 64  ? UINT64_MAX
		      : bits == 0 ? 0
				  : UINT64_MAX << (64 - bits),
		.lo = bits <= 64 ? 0 : UINT64_MAX << (128 - bits),
	};
	if (!is_v4)
		return;
	/* the packet path has the last 32 bits only */
	asked->source = (struct fw_capture_addr){.lo = prefix_addr_v4(source)};
	asked->mask = (struct fw_capture_addr){
		.lo = asked->mask.lo & UINT32_MAX,
	};
}

/* Of each CPU, 0 for interfaces that lost anything before. */
static void forget_losses(const struct capture *capture)
{
	uint32_t key;

	while (bpf_map_get_next_key(capture->losses_fd, NULL, &key) == 0)
		if (bpf_map_delete_elem(capture->losses_fd, &key) < 0)
			break;
}

void capture_start(struct capture *capture, const struct capture_filter *filter,
		   uint64_t until_ns)
{
	struct fw_capture *asked = asked_of(capture);
	struct fw_capture next = {
		.left = filter->count && filter->count < INT64_MAX
				? (int64_t)filter->count
				: INT64_MAX,
		.session = asked->session + 1,
		.snaplen = filter->snaplen_bytes,
		.counter = filter->counter,
		.reason = (uint8_t)filter->reason,
	};

	assert(filter->snaplen_bytes > 0);
	assert(filter->snaplen_bytes <= FW_CAPTURE_BYTES);

	set_until(capture, 0);
	forget_losses(capture);
	if (filter->source)
		put_source(&next, filter->source);
	*asked = next;
	set_until(capture, until_ns);
}

void capture_stop(struct capture *capture)
{
	set_until(capture, 0);
}

void capture_renew(struct capture *capture, uint64_t grant, uint64_t room,
		   uint64_t until_ns)
{
	struct fw_capture *asked = asked_of(capture);
	int64_t now = __atomic_load_n(&asked->credit, __ATOMIC_RELAXED);
	int64_t most = (int64_t)room - now;

	if (most > 0)
		(void)__atomic_fetch_add(&asked->credit,
					 grant < (uint64_t)most ? (int64_t)grant
								: most,
					 __ATOMIC_RELAXED);
	set_until(capture, until_ns);
}

int capture_take(struct capture *capture, capture_fn *fn, void *arg, int max)
{
	int r;

	assert(fn);
	assert(max > 0);

	capture->fn = fn;
	capture->arg = arg;
	capture->budget = max;
	capture->taken = 0;
	r = ring_buffer__consume(capture->ring);
	return r < 0 && r != -ECANCELED ? r : capture->taken;
}

int capture_each_loss(const struct capture *capture, capture_loss_fn *fn,
		      void *arg)
{
	struct fw_capture_loss *per_cpu =
		calloc((size_t)capture->cpu_count, sizeof(*per_cpu));
	uint32_t key, *last = NULL;
	int r = per_cpu ? 0 : -ENOMEM;

	while (r >= 0 &&
	       bpf_map_get_next_key(capture->losses_fd, last, &key) == 0) {
		struct fw_capture_loss sum = {0};

		last = &key;
		if (bpf_map_lookup_elem(capture->losses_fd, &key, per_cpu) < 0)
			continue;
		for (int cpu = 0; cpu < capture->cpu_count; cpu++) {
			sum.above_rate += per_cpu[cpu].above_rate;
			sum.ring_full += per_cpu[cpu].ring_full;
		}
		r = fn(arg, key, &sum);
	}
	free(per_cpu);
	return r < 0 ? r : 0;
}
