// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/flows.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "daemon/packet/pins.h"

#define SECOND_NS   UINT64_C(1000000000)
#define ENTRIES_MIN 1024u /* below, CPUs take entries from each other */
#define BATCH_MAX   FLOWS_TURN_MAX

enum slot {
	SLOT_FLOWS,
	SLOT_OPENING,
	SLOT_PIECES,
	SLOT_COUNTS,
	SLOT_BUDGET,
	SLOT_COUNT,
};

/* `max_entries` 0: by the thresholds. */
static const struct {
	const char *name;
	enum bpf_map_type type;
	uint32_t key_size, value_size, max_entries;
} kinds[] = {
	[SLOT_FLOWS] = {"flows", BPF_MAP_TYPE_LRU_HASH,
			sizeof(struct fw_flow_key), sizeof(struct fw_flow), 0},
	[SLOT_OPENING] = {"opening", BPF_MAP_TYPE_LRU_HASH,
			  sizeof(struct fw_flow_key), sizeof(struct fw_flow),
			  0},
	[SLOT_PIECES] = {"pieces", BPF_MAP_TYPE_LRU_HASH,
			 sizeof(struct fw_piece_key), sizeof(struct fw_piece),
			 FW_PIECE_MAX},
	[SLOT_COUNTS] = {"flow_counts", BPF_MAP_TYPE_PERCPU_ARRAY,
			 sizeof(uint32_t), sizeof(struct fw_flow_counts), 1},
	[SLOT_BUDGET] = {"flow_budget", BPF_MAP_TYPE_PERCPU_ARRAY,
			 sizeof(uint32_t), sizeof(struct fw_flow_budget), 1},
};
_Static_assert(ARRAY_LEN(kinds) == SLOT_COUNT, "");

struct flows {
	int fds[SLOT_COUNT];
	uint32_t entries[SLOT_COUNT];
	int cpu_count;
	bool adopted;
};

static uint32_t wanted(enum slot slot, const struct thresholds *thresholds)
{
	uint32_t entries = slot == SLOT_FLOWS	  ? thresholds->flows
			   : slot == SLOT_OPENING ? thresholds->half_open
						  : kinds[slot].max_entries;

	return slot > SLOT_OPENING || entries > ENTRIES_MIN ? entries
							    : ENTRIES_MIN;
}

static int create(struct flows *flows, enum slot slot, uint32_t entries)
{
	int fd = bpf_map_create(kinds[slot].type, kinds[slot].name,
				kinds[slot].key_size, kinds[slot].value_size,
				entries, NULL);

	if (fd < 0)
		return fd;
	flows->fds[slot] = fd;
	flows->entries[slot] = entries;
	return 0;
}

/* -ENOENT: none is pinned. */
static int adopt(struct flows *flows, const char *pin_dir, enum slot slot,
		 char note[MAPS_NOTE_MAX])
{
	const struct bpf_map_info like = {
		.type = kinds[slot].type,
		.key_size = kinds[slot].key_size,
		.value_size = kinds[slot].value_size,
		.max_entries = kinds[slot].max_entries,
	};
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	int r = pins_get_map(pin_dir, kinds[slot].name, &like,
			     &flows->fds[slot], note);

	if (r < 0)
		return r;
	if (bpf_obj_get_info_by_fd(flows->fds[slot], &info, &len) < 0)
		return -errno;
	flows->entries[slot] = info.max_entries;
	flows->adopted = true;
	return 0;
}

static int open_one(struct flows *flows, const char *pin_dir, enum slot slot,
		    const struct thresholds *thresholds,
		    char note[MAPS_NOTE_MAX])
{
	int r = -ENOENT;

	if (pin_dir)
		r = adopt(flows, pin_dir, slot, note);
	if (r == -ENOENT)
		r = create(flows, slot, wanted(slot, thresholds));
	if (r == 0 && pin_dir)
		r = pins_put_map(pin_dir, kinds[slot].name, flows->fds[slot]);
	return r;
}

int flows_open(const char *pin_dir, const struct thresholds *thresholds,
	       struct flows **ret_flows, char note[MAPS_NOTE_MAX])
{
	CLEANUP(flows_freep) struct flows *flows = NULL;
	int r = 0;

	assert(thresholds);
	assert(ret_flows);

	note[0] = '\0';
	flows = calloc(1, sizeof(*flows));
	if (!flows)
		return -ENOMEM;
	for (int i = 0; i < SLOT_COUNT; i++)
		flows->fds[i] = -1;
	flows->cpu_count = libbpf_num_possible_cpus();
	if (flows->cpu_count < 0)
		return flows->cpu_count;
	for (int i = 0; i < SLOT_COUNT && r == 0; i++)
		r = open_one(flows, pin_dir, (enum slot)i, thresholds, note);
	if (r < 0) {
		if (!*note)
			(void)snprintf(note, MAPS_NOTE_MAX,
				       "no tables for connections: %s",
				       strerror(-r));
		return r;
	}
	*ret_flows = TAKE(flows);
	return 0;
}

void flows_free(struct flows *flows)
{
	if (!flows)
		return;

	for (int i = 0; i < SLOT_COUNT; i++)
		closep(&flows->fds[i]);
	free(flows);
}

int flows_share(const struct flows *flows, struct bpf_object *object)
{
	int r = 0;

	for (int i = 0; i < SLOT_COUNT && r == 0; i++) {
		struct bpf_map *map =
			bpf_object__find_map_by_name(object, kinds[i].name);

		r = map ? bpf_map__reuse_fd(map, flows->fds[i]) : -ENOENT;
	}
	return r;
}

struct flows_info flows_info(const struct flows *flows)
{
	struct flows_info info = {
		.flows = flows->entries[SLOT_FLOWS],
		.half_open = flows->entries[SLOT_OPENING],
		.adopted = flows->adopted,
	};

	for (int i = 0; i < SLOT_COUNTS; i++)
		info.bytes += (size_t)flows->entries[i] *
			      (kinds[i].key_size + kinds[i].value_size);
	return info;
}

int flows_counts(const struct flows *flows, struct fw_flow_counts *ret_counts)
{
	CLEANUP(freep)
	struct fw_flow_counts *per_cpu =
		calloc((size_t)flows->cpu_count, sizeof(*per_cpu));
	struct fw_flow_counts sum = {0};
	uint32_t zero = 0;

	if (!per_cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(flows->fds[SLOT_COUNTS], &zero, per_cpu) < 0)
		return -errno;
	for (int cpu = 0; cpu < flows->cpu_count; cpu++) {
		sum.created += per_cpu[cpu].created;
		sum.refused += per_cpu[cpu].refused;
		sum.promoted += per_cpu[cpu].promoted;
		sum.expired += per_cpu[cpu].expired;
		sum.no_room += per_cpu[cpu].no_room;
	}
	*ret_counts = sum;
	return 0;
}

static struct prefix address_of(const struct fw_flow_key *key, int end)
{
	struct prefix prefix = {.bits = 128};

	if (key->family == 4)
		return prefix_of_v4((uint32_t)key->addr[end][1], 32);
	for (unsigned int i = 0; i < sizeof(prefix.addr); i++)
		prefix.addr[i] =
			(uint8_t)(key->addr[end][i / 8] >> (56 - i % 8 * 8));
	return prefix;
}

static struct flow flow_of(const struct fw_flow_key *key,
			   const struct fw_flow *found, uint64_t now_ns)
{
	int starter = found->starter == FW_END_HIGH;
	int64_t idle_ns = (int64_t)(now_ns - found->seen_ns);

	return (struct flow){
		.starter = address_of(key, starter),
		.other = address_of(key, !starter),
		.starter_port = key->port[starter],
		.other_port = key->port[!starter],
		.family = key->family,
		.protocol = key->protocol,
		.kind = key->kind,
		.stage = found->stage,
		.flags = found->flags,
		.idle_ns = idle_ns > 0 ? (uint64_t)idle_ns : 0,
	};
}

/* Where the kernel puts a batch. A bucket of the map has to fit as a whole. */
struct batch {
	struct fw_flow_key keys[BATCH_MAX];
	struct fw_flow values[BATCH_MAX];
};

/* One batch, of which `ret_is_last` says if it was the last. */
static int walk_batch(int fd, struct batch *batch, struct flows_place *place,
		      uint32_t *ret_count, bool *ret_is_last)
{
	uint32_t count = BATCH_MAX;
	uint32_t next = 0;
	int r = bpf_map_lookup_batch(
		fd, place->has_begun ? &place->place : NULL, &next, batch->keys,
		batch->values, &count, NULL);

	if (r < 0 && r != -ENOENT)
		return r;
	place->place = next;
	place->has_begun = true;
	*ret_count = count;
	*ret_is_last = r == -ENOENT;
	return 0;
}

static int tell_batch(const struct batch *batch, uint32_t count,
		      uint64_t now_ns, flows_fn *fn, void *arg)
{
	int r = 0;

	for (uint32_t i = 0; i < count && r == 0; i++) {
		struct flow flow =
			flow_of(&batch->keys[i], &batch->values[i], now_ns);

		r = fn(arg, &flow);
	}
	return r;
}

static int walk(int fd, struct batch *batch, uint64_t now_ns, flows_fn *fn,
		void *arg)
{
	struct flows_place place = {0};
	bool is_last = false;
	uint32_t count;
	int r = 0;

	while (r == 0 && !is_last) {
		r = walk_batch(fd, batch, &place, &count, &is_last);
		if (r == 0)
			r = tell_batch(batch, count, now_ns, fn, arg);
	}
	return r;
}

int flows_each(const struct flows *flows, uint64_t now_ns, flows_fn *fn,
	       void *arg)
{
	CLEANUP(freep) struct batch *batch = malloc(sizeof(*batch));
	int r;

	assert(fn);

	if (!batch)
		return -ENOMEM;
	r = walk(flows->fds[SLOT_FLOWS], batch, now_ns, fn, arg);
	if (r == 0)
		r = walk(flows->fds[SLOT_OPENING], batch, now_ns, fn, arg);
	return r;
}

int flows_each_turn(const struct flows *flows, uint64_t now_ns,
		    struct flows_place *place, flows_fn *fn, void *arg)
{
	CLEANUP(freep) struct batch *batch = malloc(sizeof(*batch));
	bool is_last = false;
	uint32_t count = 0;
	int r;

	assert(place);
	assert(fn);

	if (!batch)
		return -ENOMEM;
	r = walk_batch(flows->fds[SLOT_FLOWS], batch, place, &count, &is_last);
	if (r == 0)
		r = tell_batch(batch, count, now_ns, fn, arg);
	return r ? r : !is_last;
}

void flows_keep_ns(const struct thresholds *thresholds,
		   uint64_t ret_keep_ns[FW_KEEP_ROOM])
{
	const uint32_t seconds[FW_KEEP_COUNT] = {
		[FW_KEEP_TCP_OPENING] = thresholds->tcp_opening_s,
		[FW_KEEP_TCP_OPEN] = thresholds->tcp_established_s,
		[FW_KEEP_TCP_CLOSING] = thresholds->tcp_closing_s,
		[FW_KEEP_UDP] = thresholds->udp_s,
		[FW_KEEP_UDP_ANSWERED] = thresholds->udp_answered_s,
		[FW_KEEP_ICMP] = thresholds->icmp_s,
		[FW_KEEP_OTHER] = thresholds->other_s,
	};

	for (int i = 0; i < FW_KEEP_COUNT; i++)
		ret_keep_ns[i] = seconds[i] * SECOND_NS;
}

uint64_t flows_cost_ns(const struct thresholds *thresholds, int cpu_count)
{
	uint64_t cost_ns = SECOND_NS * (uint64_t)cpu_count;

	return thresholds->new_flows_per_second
		       ? cost_ns / thresholds->new_flows_per_second
		       : UINT64_MAX;
}
