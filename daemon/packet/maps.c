// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/maps.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "firewall.skel.h"

#include "daemon/packet/flows.h"
#include "daemon/packet/mapping.h"
#include "daemon/packet/percpu.h"
#include "daemon/packet/pins.h"

#define CLASS_SETS_NAME "class_sets"

/* The object's maps, in our order; the tables come first. */
enum slot {
	SLOT_FRONT4,
	SLOT_TOP4,
	SLOT_MID4,
	SLOT_HOSTS4,
	SLOT_BLOCKS4,
	SLOT_FRONT6,
	SLOT_TOP6,
	SLOT_EXACT6,
	SLOT_MOVES,
	SLOT_CREDIT, /* the last that is mapped */
	SLOT_CAPTURE,
	SLOT_CAPTURED,
	SLOT_CAPTURE_DESK,
	SLOT_CAPTURE_LOSSES,
	SLOT_REASON_COUNTS, /* from here on lasting */
	SLOT_CLASS_COUNTS,
	SLOT_RULE_COUNTS,
	SLOT_EVENT_COUNTS,
	SLOT_EVENTS,
	SLOT_COUNT,
};

#define SLOT_FIRST_LASTING SLOT_REASON_COUNTS
#define SLOT_LAST_MAPPED   SLOT_CREDIT

static const char *const slot_names[] = {
	[SLOT_FRONT4] = "front4",
	[SLOT_TOP4] = "top4",
	[SLOT_MID4] = "mid4",
	[SLOT_HOSTS4] = "hosts4",
	[SLOT_BLOCKS4] = "blocks4",
	[SLOT_FRONT6] = "front6",
	[SLOT_TOP6] = "top6",
	[SLOT_EXACT6] = "exact6",
	[SLOT_MOVES] = "moves",
	[SLOT_CREDIT] = "credit",
	[SLOT_CAPTURE] = "capture",
	[SLOT_CAPTURED] = "captured",
	[SLOT_CAPTURE_DESK] = "capture_desk",
	[SLOT_CAPTURE_LOSSES] = "capture_losses",
	[SLOT_REASON_COUNTS] = "reason_counts",
	[SLOT_CLASS_COUNTS] = "class_counts",
	[SLOT_RULE_COUNTS] = "rule_counts",
	[SLOT_EVENT_COUNTS] = "event_counts",
	[SLOT_EVENTS] = "events",
};
_Static_assert(ARRAY_LEN(slot_names) == SLOT_COUNT, "");

struct maps {
	struct maps_config config;
	char *pin_dir; /* what config points to: callers' may go */
	struct bpf_object *object; /* of which only the maps are loaded */
	struct bpf_map *maps[SLOT_COUNT]; /* owned by it */
	struct maps_constants constants;
	struct mapping mapped[SLOT_COUNT];
	int class_sets_fd;
	struct mapping class_sets;
	struct ring_buffer *ring;
	maps_event_fn *event_fn; /* of the maps_take_events() under way */
	void *event_arg;
	int event_budget;
	struct fw_view4 view4;
	struct fw_view6 view6;
	struct maps_info info;
	struct flows *flows; /* NULL until needed */
	int cpu_count;
};

/* Buckets of eight, nine tenths full with `entries`, as a power of two. */
static uint32_t bits_for(uint32_t entries, uint32_t min, uint32_t max)
{
	uint32_t bits = min;

	while (bits < max && (8ull << bits) / 10 * 9 < entries)
		bits++;
	return bits;
}

static size_t map_bytes(const struct bpf_map *map, int cpu_count)
{
	size_t value = (bpf_map__value_size(map) + 7u) & ~7u;

	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_RINGBUF:
		return bpf_map__max_entries(map);
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
		return value * bpf_map__max_entries(map) * (size_t)cpu_count;
	default:
		return value * bpf_map__max_entries(map);
	}
}

static int set_size(struct maps *maps, enum slot slot, uint32_t bytes)
{
	return bpf_map__set_value_size(maps->maps[slot], bytes);
}

/* Sizes, and the constants that go with them, before load. */
static int configure(struct maps *maps)
{
	const struct maps_config *config = &maps->config;
	struct maps_constants *constants = &maps->constants;
	uint64_t seeds[2];

	if (getrandom(seeds, sizeof(seeds), 0) != sizeof(seeds))
		return -EIO;
	*constants = (struct maps_constants){
		.hosts4_bits = bits_for(config->hosts4, FW_HOSTS4_BITS_MIN,
					FW_CUCKOO4_BITS_MAX),
		.blocks4_bits = bits_for(config->blocks4, FW_BLOCKS4_BITS_MIN,
					 FW_CUCKOO4_BITS_MAX),
		.exact6_bits = bits_for(config->entries6, FW_EXACT6_BITS_MIN,
					FW_EXACT6_BITS_MAX),
		.seed4 = (uint32_t)seeds[0],
		.seed6 = seeds[1],
		.sample_passes = config->sample_passes,
	};

	if (set_size(maps, SLOT_HOSTS4, 32u << constants->hosts4_bits) < 0 ||
	    set_size(maps, SLOT_BLOCKS4, 32u << constants->blocks4_bits) < 0 ||
	    set_size(maps, SLOT_EXACT6,
		     (uint32_t)sizeof(struct fw_bucket6)
			     << constants->exact6_bits) < 0)
		return -EINVAL;
	return 0;
}

/* Take over what an earlier life pinned, if it is what this one expects. */
static int adopt_lasting(struct maps *maps, char note[MAPS_NOTE_MAX])
{
	for (int i = SLOT_FIRST_LASTING; i < SLOT_COUNT; i++) {
		CLEANUP(closep) int fd = -1;
		const struct bpf_map *map = maps->maps[i];
		const struct bpf_map_info like = {
			.type = bpf_map__type(map),
			.key_size = bpf_map__key_size(map),
			.value_size = bpf_map__value_size(map),
			.max_entries = bpf_map__max_entries(map),
		};
		int r = pins_get_map(maps->config.pin_dir, slot_names[i], &like,
				     &fd, note);

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		r = bpf_map__reuse_fd(maps->maps[i], fd);
		if (r < 0)
			return r;
		maps->info.adopted = true;
	}
	return 0;
}

static int pin_lasting(struct maps *maps)
{
	int r = 0;

	for (int i = SLOT_FIRST_LASTING; i < SLOT_COUNT && r == 0; i++)
		r = pins_put_map(maps->config.pin_dir, slot_names[i],
				 bpf_map__fd(maps->maps[i]));
	if (r == 0)
		r = pins_put_map(maps->config.pin_dir, CLASS_SETS_NAME,
				 maps->class_sets_fd);
	return r;
}

/* The one lasting map that no program knows. */
static int open_class_sets(struct maps *maps, char note[MAPS_NOTE_MAX])
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	const struct bpf_map_info like = {
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(struct fw_class_sets),
		.max_entries = FW_CLASS_COUNT,
	};
	int r = -ENOENT;

	if (maps->config.pin_dir)
		r = pins_get_map(maps->config.pin_dir, CLASS_SETS_NAME, &like,
				 &maps->class_sets_fd, note);
	if (r == -ENOENT) {
		r = bpf_map_create(like.type, CLASS_SETS_NAME, like.key_size,
				   like.value_size, like.max_entries, &opts);
		if (r >= 0)
			maps->class_sets_fd = r;
	}
	if (r < 0)
		return r;
	return mapping_make(maps->class_sets_fd,
			    FW_CLASS_COUNT * sizeof(struct fw_class_sets),
			    &maps->class_sets);
}

static int map_tables(struct maps *maps)
{
	for (int i = 0; i <= SLOT_LAST_MAPPED; i++) {
		size_t bytes = map_bytes(maps->maps[i], maps->cpu_count);
		int r = mapping_make(bpf_map__fd(maps->maps[i]), bytes,
				     &maps->mapped[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static void make_views(struct maps *maps)
{
	const struct mapping *mapped = maps->mapped;
	struct fw_moves *moves = mapped[SLOT_MOVES].base;

	maps->view4 = (struct fw_view4){
		.front = mapped[SLOT_FRONT4].base,
		.top = mapped[SLOT_TOP4].base,
		.mid = mapped[SLOT_MID4].base,
		.hosts = mapped[SLOT_HOSTS4].base,
		.blocks = mapped[SLOT_BLOCKS4].base,
		.hosts_bits = maps->constants.hosts4_bits,
		.blocks_bits = maps->constants.blocks4_bits,
		.seed = maps->constants.seed4,
		.moves = &moves->moves4,
	};
	maps->view6 = (struct fw_view6){
		.front = mapped[SLOT_FRONT6].base,
		.top = mapped[SLOT_TOP6].base,
		.buckets = mapped[SLOT_EXACT6].base,
		.exact_bits = maps->constants.exact6_bits,
		.seed = maps->constants.seed6,
		.moves = &moves->moves6,
	};
}

static int ring_event(void *arg, void *data, size_t size)
{
	struct maps *maps = arg;
	int r;

	if (size < sizeof(struct fw_event))
		return 0;
	r = maps->event_fn(maps->event_arg, data);
	return r < 0 ? r : --maps->event_budget > 0 ? 0 : -ECANCELED;
}

static void describe(struct maps *maps)
{
	maps->info.bytes = maps->class_sets.bytes;
	maps->info.mapped_bytes = maps->class_sets.bytes;
	for (int i = 0; i < SLOT_COUNT; i++) {
		maps->info.bytes += map_bytes(maps->maps[i], maps->cpu_count);
		maps->info.mapped_bytes += maps->mapped[i].bytes;
	}
}

static int slot_named(const char *name)
{
	for (int i = 0; i < SLOT_COUNT; i++)
		if (strcmp(slot_names[i], name) == 0)
			return i;
	return -ENOENT;
}

/* The program is another's to load, and what only a policy needs to make. */
static int open_object(struct maps *maps)
{
	struct bpf_program *program;
	struct bpf_map *map;
	size_t len;
	const void *elf = firewall__elf_bytes(&len);

	maps->object = bpf_object__open_mem(elf, len, NULL);
	if (!maps->object)
		return -errno;
	bpf_object__for_each_program(program, maps->object)(void)
		bpf_program__set_autoload(program, false);
	bpf_object__for_each_map(map, maps->object) {
		int slot = slot_named(bpf_map__name(map));

		if (slot >= 0)
			maps->maps[slot] = map;
		else
			(void)bpf_map__set_autocreate(map, false);
	}
	for (int i = 0; i < SLOT_COUNT; i++)
		if (!maps->maps[i])
			return -ENOENT;
	return 0;
}

static int after_load(struct maps *maps, char note[MAPS_NOTE_MAX])
{
	int r = open_class_sets(maps, note);

	if (r == 0)
		r = map_tables(maps);
	if (r < 0)
		return r;

	make_views(maps);
	maps->ring = ring_buffer__new(bpf_map__fd(maps->maps[SLOT_EVENTS]),
				      ring_event, maps, NULL);
	if (!maps->ring)
		return -errno;
	describe(maps);
	return maps->config.pin_dir ? pin_lasting(maps) : 0;
}

static int load_into(struct maps *maps, char note[MAPS_NOTE_MAX])
{
	const char *pin_dir = maps->config.pin_dir;
	int r;

	maps->class_sets_fd = -1;
	maps->cpu_count = libbpf_num_possible_cpus();
	if (maps->cpu_count < 0)
		return maps->cpu_count;

	r = open_object(maps);
	if (r == 0)
		r = configure(maps);
	if (r == 0 && pin_dir)
		r = pins_prepare(pin_dir, note);
	if (r == 0 && pin_dir)
		r = adopt_lasting(maps, note);
	if (r < 0)
		return r;

	r = bpf_object__load(maps->object);
	if (r < 0) {
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "the kernel refused the tables: %s",
			       strerror(-r));
		return r;
	}
	return after_load(maps, note);
}

int maps_load(const struct maps_config *config, struct maps **ret_maps,
	      char note[MAPS_NOTE_MAX])
{
	struct maps *maps;
	int r;

	assert(config);
	assert(ret_maps);

	note[0] = '\0';
	maps = calloc(1, sizeof(*maps));
	if (!maps)
		return -ENOMEM;
	maps->config = *config;
	if (config->pin_dir) {
		maps->pin_dir = strdup(config->pin_dir);
		maps->config.pin_dir = maps->pin_dir;
	}
	if (config->pin_dir && !maps->pin_dir) {
		free(maps);
		return -ENOMEM;
	}
	r = load_into(maps, note);
	if (r < 0) {
		maps_free(maps);
		return r;
	}
	*ret_maps = maps;
	return 0;
}

void maps_free(struct maps *maps)
{
	if (!maps)
		return;

	flows_free(maps->flows);
	ring_buffer__free(maps->ring);
	for (int i = 0; i < SLOT_COUNT; i++)
		mapping_done(&maps->mapped[i]);
	mapping_done(&maps->class_sets);
	closep(&maps->class_sets_fd);
	bpf_object__close(maps->object);
	free(maps->pin_dir);
	free(maps);
}

struct maps_constants maps_constants(const struct maps *maps)
{
	return maps->constants;
}

const char *maps_pin_dir(const struct maps *maps)
{
	return maps->config.pin_dir;
}

int maps_share(const struct maps *maps, struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		int slot = slot_named(bpf_map__name(map));
		int r = 0;

		if (slot >= 0)
			r = bpf_map__reuse_fd(map,
					      bpf_map__fd(maps->maps[slot]));
		if (r < 0)
			return r;
	}
	return 0;
}

int maps_fd(const struct maps *maps, const char *name)
{
	int slot = slot_named(name);

	return slot < 0 ? slot : bpf_map__fd(maps->maps[slot]);
}

int maps_need_flows(struct maps *maps, const struct thresholds *thresholds,
		    char note[MAPS_NOTE_MAX])
{
	return maps->flows ? 0
			   : flows_open(maps->config.pin_dir, thresholds,
					&maps->flows, note);
}

const struct flows *maps_flows(const struct maps *maps)
{
	return maps->flows;
}

const struct fw_view4 *maps_view4(const struct maps *maps)
{
	return &maps->view4;
}

const struct fw_view6 *maps_view6(const struct maps *maps)
{
	return &maps->view6;
}

struct maps_info maps_info(const struct maps *maps)
{
	return maps->info;
}

void maps_put_class_sets(struct maps *maps, uint16_t class_id,
			 const struct fw_class_sets *sets)
{
	struct fw_class_sets *all = maps->class_sets.base;

	all[class_id] = *sets;
}

struct fw_class_sets maps_class_sets(const struct maps *maps, uint16_t class_id)
{
	const struct fw_class_sets *all = maps->class_sets.base;

	return all[class_id];
}

int maps_forget_classes(struct maps *maps)
{
	memset(maps->class_sets.base, 0,
	       FW_CLASS_COUNT * sizeof(struct fw_class_sets));
	return percpu_clear(bpf_map__fd(maps->maps[SLOT_CLASS_COUNTS]),
			    maps->cpu_count, FW_CLASS_COUNT);
}

int maps_reason_counts(const struct maps *maps, struct fw_count *ret_counts)
{
	return percpu_counts(bpf_map__fd(maps->maps[SLOT_REASON_COUNTS]),
			     maps->cpu_count, ret_counts, FW_REASON_COUNT);
}

int maps_class_counts(const struct maps *maps, struct fw_count *ret_counts,
		      uint32_t count)
{
	return percpu_counts(bpf_map__fd(maps->maps[SLOT_CLASS_COUNTS]),
			     maps->cpu_count, ret_counts, count);
}

int maps_rule_counts(const struct maps *maps, struct fw_count *ret_counts,
		     uint32_t count)
{
	return percpu_counts(bpf_map__fd(maps->maps[SLOT_RULE_COUNTS]),
			     maps->cpu_count, ret_counts, count);
}

int maps_clear_rule_count(const struct maps *maps, uint32_t place)
{
	return percpu_clear_one(bpf_map__fd(maps->maps[SLOT_RULE_COUNTS]),
				maps->cpu_count, place);
}

int maps_take_events(struct maps *maps, maps_event_fn *fn, void *arg, int max)
{
	int r;

	assert(maps);
	assert(fn);
	assert(max > 0);

	maps->event_fn = fn;
	maps->event_arg = arg;
	maps->event_budget = max;
	r = ring_buffer__consume(maps->ring);
	return r < 0 && r != -ECANCELED ? r : max - maps->event_budget;
}

void maps_set_credit(struct maps *maps, uint32_t events)
{
	struct fw_credit *credit = maps->mapped[SLOT_CREDIT].base;

	__atomic_store_n(&credit->events, (__s64)events, __ATOMIC_RELAXED);
}

/* The program does not count those it had no credit for: they are the rest. */
int maps_event_counts(const struct maps *maps, struct maps_events *ret_events)
{
	struct fw_count reasons[FW_REASON_COUNT] = {0};
	struct fw_event_count events = {0};
	uint64_t wanted = 0;
	int first = maps->config.sample_passes ? 0 : FW_REASON_FIRST_DROP;
	int r = percpu_events(bpf_map__fd(maps->maps[SLOT_EVENT_COUNTS]),
			      maps->cpu_count, &events);

	if (r == 0)
		r = maps_reason_counts(maps, reasons);
	if (r < 0)
		return r;
	for (int i = first; i < FW_REASON_COUNT; i++)
		wanted += reasons[i].packets;
	*ret_events = (struct maps_events){
		.sent = events.sent,
		.lost = events.lost,
	};
	if (wanted > events.sent + events.lost)
		ret_events->suppressed = wanted - events.sent - events.lost;
	return 0;
}
