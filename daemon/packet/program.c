// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/program.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "egress.skel.h"
#include "firewall.skel.h"

#include "daemon/packet/constants.h"
#include "daemon/packet/flows.h"
#include "daemon/packet/image.h"
#include "daemon/packet/mapping.h"
#include "daemon/packet/pins.h"

#define SHARED_PROGRAM "firewall_shared" /* in firewall.bpf.c */

/* Maps that belong to one policy; those before SLOT_MACS are mapped. */
enum slot {
	SLOT_SUMMARIES,
	SLOT_WORDS,
	SLOT_VALUES,
	SLOT_SLOTS,
	SLOT_NETS4,
	SLOT_NETS6,
	SLOT_REGIONS,
	SLOT_GATES,
	SLOT_LIMITS,
	SLOT_CLASSES,
	SLOT_TRIAL,
	SLOT_MACS,
	SLOT_BUCKETS,
	SLOT_COUNT,
};

static const char *const slot_names[] = {
	[SLOT_SUMMARIES] = "summaries", [SLOT_WORDS] = "words",
	[SLOT_VALUES] = "values",	[SLOT_SLOTS] = "slots",
	[SLOT_NETS4] = "nets4",		[SLOT_NETS6] = "nets6",
	[SLOT_REGIONS] = "regions",	[SLOT_GATES] = "gates",
	[SLOT_LIMITS] = "limits",	[SLOT_BUCKETS] = "buckets",
	[SLOT_CLASSES] = "classes",	[SLOT_TRIAL] = "trial",
	[SLOT_MACS] = "macs",
};
_Static_assert(ARRAY_LEN(slot_names) == SLOT_COUNT, "");

struct program {
	struct maps *shared;
	struct program_config config;
	struct image image;
	struct image_place place;
	struct firewall *in;
	struct egress *out; /* NULL without a policy */
	struct bpf_map *maps[SLOT_COUNT]; /* owned by `in` */
	struct mapping mapped[SLOT_COUNT];
	size_t vector_count; /* that are written */
	struct gate_program gate;
	struct program_info info;
	char pin_dir[PINS_PATH_MAX]; /* "": nothing is pinned */
};

DEFINE_CLEANUP(struct bpf_object *, bpf_object__close)

static struct constants constants_of(const struct program *program)
{
	return (struct constants){
		.maps = program->shared,
		.image = &program->image,
		.has_policy = program->config.policy != NULL,
	};
}

#define AT_LEAST_ONE(count) ((count) ? (count) : 1)

static int set_sizes(struct program *program)
{
	const struct image *image = &program->image;
	const size_t sizes[SLOT_COUNT] = {
		[SLOT_SUMMARIES] = image->vector_room * sizeof(uint64_t),
		[SLOT_WORDS] =
			((size_t)image->vector_room << image->word_bits) *
			sizeof(uint64_t),
		[SLOT_NETS4] =
			AT_LEAST_ONE(image->nets.count4) * sizeof(uint16_t),
		[SLOT_NETS6] = AT_LEAST_ONE(image->nets.count6) *
			       sizeof(struct fw_net_node6),
		[SLOT_REGIONS] = image->region_room * sizeof(struct fw_region),
		[SLOT_LIMITS] = image->limit_room * sizeof(struct fw_limit),
	};
	int r = 0;

	for (int i = 0; i < SLOT_COUNT && r == 0; i++)
		if (sizes[i])
			r = bpf_map__set_value_size(program->maps[i],
						    (uint32_t)sizes[i]);
	if (r == 0)
		r = bpf_map__set_max_entries(program->maps[SLOT_BUCKETS],
					     image->bucket_room);
	if (r == 0 && program->config.policy)
		r = bpf_map__set_max_entries(
			program->maps[SLOT_MACS],
			(uint32_t)AT_LEAST_ONE(
				program->config.compiled->mac_count));
	return r;
}

static int find_maps(struct program *program)
{
	for (int i = 0; i < SLOT_COUNT; i++) {
		program->maps[i] = bpf_object__find_map_by_name(
			program->in->obj, slot_names[i]);
		if (!program->maps[i])
			return -ENOENT;
	}
	return 0;
}

/* Rates go on through policies, where the table has the same size. */
static int carry_buckets(struct program *program)
{
	const struct program *from = program->config.carry;

	if (!from || from->image.bucket_room != program->image.bucket_room)
		return 0;
	return bpf_map__reuse_fd(program->maps[SLOT_BUCKETS],
				 bpf_map__fd(from->maps[SLOT_BUCKETS]));
}

/* The maps that other generations use, too. */
static int share_lasting(const struct program *program,
			 struct bpf_object *object)
{
	int r = maps_share(program->shared, object);

	if (r == 0 && program->image.has_states)
		r = flows_share(maps_flows(program->shared), object);
	return r;
}

static int load_ingress(struct program *program)
{
	int r;

	program->in = firewall__open();
	if (!program->in)
		return -errno;
	CONSTANTS_SET(program->in->rodata, constants_of(program));
	program->in->rodata->cfg_is_trial = program->config.is_trial;
	r = find_maps(program);
	if (r == 0)
		r = set_sizes(program);
	if (r == 0)
		r = share_lasting(program, program->in->obj);
	if (r == 0)
		r = carry_buckets(program);
	return r < 0 ? r : firewall__load(program->in);
}

/* Have an object use what belongs to this policy, too. */
static int share(const struct program *program, struct bpf_object *object)
{
	int r = share_lasting(program, object);

	for (int i = 0; i < SLOT_COUNT && r == 0; i++) {
		struct bpf_map *map =
			bpf_object__find_map_by_name(object, slot_names[i]);

		if (map)
			r = bpf_map__reuse_fd(map,
					      bpf_map__fd(program->maps[i]));
	}
	return r;
}

static int load_egress(struct program *program)
{
	int r;

	program->out = egress__open();
	if (!program->out)
		return -errno;
	CONSTANTS_SET(program->out->rodata, constants_of(program));
	program->out->rodata->cfg_is_trial = program->config.is_trial;
	r = share(program, program->out->obj);
	return r < 0 ? r : egress__load(program->out);
}

/* The constants of the live program; the struct of the skeleton may be padded
 * at its end, the map is not. */
static int copy_constants(const struct program *program,
			  struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		if (strstr(bpf_map__name(map), ".rodata"))
			return bpf_map__set_initial_value(
				map, program->in->rodata,
				bpf_map__value_size(map));
	}
	return -ENOENT;
}

/* A fresh copy of the program over the live maps, for libxdp to load. */
static int open_object(void *arg, struct bpf_object **ret_object)
{
	struct program *program = arg;
	struct bpf_object *object CLEANUP(bpf_object__closep) = NULL;
	struct bpf_program *entry;
	size_t len;
	const void *elf = firewall__elf_bytes(&len);
	int r;

	object = bpf_object__open_mem(elf, len, NULL);
	if (!object)
		return -errno;
	r = share(program, object);
	if (r == 0)
		r = copy_constants(program, object);
	if (r < 0)
		return r;
	bpf_object__for_each_program(entry, object)(void)
		bpf_program__set_autoload(
			entry,
			strcmp(bpf_program__name(entry), SHARED_PROGRAM) == 0);
	*ret_object = TAKE(object);
	return 0;
}

static int map_all(struct program *program)
{
	for (int i = 0; i < SLOT_MACS; i++) {
		const struct bpf_map *map = program->maps[i];
		size_t bytes = (size_t)bpf_map__value_size(map) *
			       bpf_map__max_entries(map);
		int r = mapping_make(bpf_map__fd(map), bytes,
				     &program->mapped[i]);

		if (r < 0)
			return r;
		program->info.mapped_bytes += bytes;
	}
	program->info.bytes = program->info.mapped_bytes;
	program->place = (struct image_place){
		.summaries = program->mapped[SLOT_SUMMARIES].base,
		.words = program->mapped[SLOT_WORDS].base,
		.values = program->mapped[SLOT_VALUES].base,
		.slots = program->mapped[SLOT_SLOTS].base,
		.nets4 = program->mapped[SLOT_NETS4].base,
		.nets6 = program->mapped[SLOT_NETS6].base,
		.regions = program->mapped[SLOT_REGIONS].base,
		.limits = program->mapped[SLOT_LIMITS].base,
	};
	return 0;
}

/* What was compiled since the last time. */
static int put_vectors(struct program *program)
{
	int r = image_put_vectors(program->config.compiled, &program->image,
				  program->vector_count, &program->place);

	if (r == 0)
		program->vector_count =
			vectors_count(program->config.compiled->vectors);
	return r;
}

static int put_macs(struct program *program)
{
	const struct compiled *compiled = program->config.compiled;
	int fd = bpf_map__fd(program->maps[SLOT_MACS]);

	for (size_t i = 0; i < compiled->mac_count; i++) {
		struct fw_mac key = {0};
		uint32_t vector = compiled->macs[i].vector;

		memcpy(key.addr, compiled->macs[i].mac.addr, sizeof(key.addr));
		if (bpf_map_update_elem(fd, &key, &vector, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

/* Of interfaces that are in no zone and that no rule names. */
static int put_other_gates(struct program *program)
{
	struct compiled *compiled = program->config.compiled;
	uint16_t *values = program->place.values + FW_AT_GATE;
	int r = compiled_gate(compiled, "", DIRECTION_IN, &values[FW_IN]);

	return r < 0 ? r
		     : compiled_gate(compiled, "", DIRECTION_OUT,
				     &values[FW_OUT]);
}

static int fill(struct program *program)
{
	const struct program_class no_sets = {.reason = FW_NEXT};
	int r;

	if (!program->config.policy)
		return 0;
	image_fill(&program->config, &program->image, &program->place);
	r = put_other_gates(program);
	if (r == 0)
		r = put_macs(program);
	return r < 0 ? r : program_put_class(program, 0, &no_sets);
}

static uint32_t id_of(int program_fd)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	int r = bpf_obj_get_info_by_fd(program_fd, &info, &len);

	return r == 0 ? info.id : 0;
}

static void describe(struct program *program)
{
	struct fw_meta found;

	program->info.program_id = id_of(program->gate.fd);
	if (program->out)
		program->info.egress_id =
			id_of(bpf_program__fd(program->out->progs.egress));
	program->info.created_s = (uint64_t)time(NULL);
	program->info.generation = 1;
	if (*program->pin_dir && pins_get_meta(program->pin_dir, &found) == 0) {
		program->info.generation = found.generation + 1;
		program->info.found_abi = found.abi_version;
	}
}

static int load_both(struct program *program, char note[MAPS_NOTE_MAX])
{
	int r = load_ingress(program);

	if (r == 0 && program->config.policy)
		r = load_egress(program);
	if (r < 0) {
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "the kernel refused the program: %s",
			       strerror(-r));
		return r;
	}
	program->gate = (struct gate_program){
		.fd = bpf_program__fd(program->in->progs.firewall),
		.name = SHARED_PROGRAM,
		.open_object = open_object,
		.arg = program,
	};
	r = map_all(program);
	if (r == 0)
		r = fill(program);
	return r;
}

int program_load(struct maps *maps, const struct program_config *config,
		 struct program **ret_program, char note[MAPS_NOTE_MAX])
{
	CLEANUP(program_freep) struct program *program = NULL;
	const char *pin_dir = maps_pin_dir(maps);
	int r;

	assert(config);
	assert(!config->policy || (config->compiled && config->counters));
	assert(ret_program);

	note[0] = '\0';
	program = calloc(1, sizeof(*program));
	if (!program)
		return -ENOMEM;
	program->shared = maps;
	program->config = *config;
	if (pin_dir)
		(void)snprintf(program->pin_dir, sizeof(program->pin_dir), "%s",
			       pin_dir);
	r = image_plan(config, &program->image);
	if (r == 0 && program->image.has_states)
		r = maps_need_flows(maps, &config->policy->thresholds, note);
	if (r == 0)
		r = load_both(program, note);
	if (r < 0)
		return r;
	describe(program);
	*ret_program = TAKE(program);
	return 0;
}

void program_free(struct program *program)
{
	if (!program)
		return;

	for (int i = 0; i < SLOT_COUNT; i++)
		mapping_done(&program->mapped[i]);
	egress__destroy(program->out);
	firewall__destroy(program->in);
	image_done(&program->image);
	free(program);
}

int program_make_live(struct program *program)
{
	struct fw_meta meta;

	assert(program);

	meta = (struct fw_meta){
		.abi_version = FW_ABI_VERSION,
		.count_version = FW_COUNT_VERSION,
		.generation = program->info.generation,
		.created_s = program->info.created_s,
	};
	return *program->pin_dir ? pins_put_live(program->pin_dir,
						 program->gate.fd, &meta)
				 : 0;
}

const struct gate_program *program_gate(const struct program *program)
{
	return &program->gate;
}

int program_egress_fd(const struct program *program)
{
	return program->out ? bpf_program__fd(program->out->progs.egress) : -1;
}

static int set_fallback(struct bpf_map *map, int program_fd)
{
	return bpf_map_update_elem(bpf_map__fd(map), &(uint32_t){0},
				   &program_fd, BPF_ANY);
}

int program_begin_trial(struct program *program, const struct program *fallback,
			uint64_t deadline_ns)
{
	int egress_fd = program_egress_fd(fallback);
	int r;

	assert(program->config.is_trial && program->out);

	r = set_fallback(program->in->maps.fallback, fallback->gate.fd);
	if (r == 0 && egress_fd >= 0)
		r = set_fallback(program->out->maps.fallback, egress_fd);
	/* without a user's hold the kernel would empty them when we die */
	if (r == 0 && *program->pin_dir)
		r = pins_put_fallback(program->pin_dir,
				      bpf_map__fd(program->in->maps.fallback),
				      bpf_map__fd(program->out->maps.fallback));
	if (r == 0)
		program_move_deadline(program, deadline_ns);
	return r;
}

void program_move_deadline(struct program *program, uint64_t deadline_ns)
{
	__atomic_store_n((uint64_t *)program->mapped[SLOT_TRIAL].base,
			 deadline_ns, __ATOMIC_RELEASE);
}

void program_end_trial(struct program *program)
{
	uint32_t zero = 0;

	program_move_deadline(program, 0);
	(void)bpf_map_delete_elem(bpf_map__fd(program->in->maps.fallback),
				  &zero);
	(void)bpf_map_delete_elem(bpf_map__fd(program->out->maps.fallback),
				  &zero);
	if (*program->pin_dir)
		pins_del_fallback(program->pin_dir);
}

int program_lend(const struct program *program, struct bpf_object *object,
		 struct constants *ret_constants)
{
	int r = share(program, object);

	if (r == 0)
		*ret_constants = constants_of(program);
	return r;
}

struct program_info program_info(const struct program *program)
{
	return program->info;
}

int program_put_class(struct program *program, uint16_t class_id,
		      const struct program_class *class)
{
	struct fw_class *all = program->mapped[SLOT_CLASSES].base;
	struct compiled_class vectors = {0};
	struct fw_class record;
	uint64_t word;
	int r = 0;

	if (program->config.policy)
		r = compiled_class(program->config.compiled, &class->sets,
				   &vectors);
	if (r == 0 && program->config.policy)
		r = put_vectors(program);
	if (r < 0)
		return r;
	record = (struct fw_class){
		.reason = (uint8_t) class->reason,
		.set_id = class->set_id,
		.source = vectors.source,
		.destination = vectors.destination,
		.fast = vectors.fast,
	};

	/* One store: a packet sees the old record or the new one. */
	_Static_assert(sizeof(record) == sizeof(word), "");
	memcpy(&word, &record, sizeof(word));
	__atomic_store_n((uint64_t *)(void *)&all[class_id], word,
			 __ATOMIC_RELEASE);
	return 0;
}

/* The slot of an interface, or the free one where it belongs, or NULL. */
static struct fw_gate *gate_of(struct program *program, uint32_t ifindex)
{
	struct fw_gate *all = program->mapped[SLOT_GATES].base;
	struct fw_gate *free_one = NULL;

	for (uint32_t i = 0; i < FW_GATE_PROBES; i++) {
		struct fw_gate *gate = &all[(ifindex + i) % FW_GATE_MAX];

		if (gate->ifindex == ifindex)
			return gate;
		if (!gate->ifindex && !free_one)
			free_one = gate;
	}
	return free_one;
}

int program_put_gate(struct program *program, uint32_t ifindex,
		     const char *ifname)
{
	struct compiled *compiled = program->config.compiled;
	struct fw_gate gate = {.ifindex = ifindex};
	struct fw_gate *place;
	uint64_t word;
	int r;

	if (!program->config.policy)
		return 0;
	place = gate_of(program, ifindex);
	if (!place)
		return -ENOSPC;
	r = compiled_gate(compiled, ifname, DIRECTION_IN, &gate.vectors[FW_IN]);
	if (r == 0)
		r = compiled_gate(compiled, ifname, DIRECTION_OUT,
				  &gate.vectors[FW_OUT]);
	if (r == 0)
		r = put_vectors(program);
	if (r < 0)
		return r;
	memcpy(&word, &gate, sizeof(word));
	__atomic_store_n((uint64_t *)(void *)place, word, __ATOMIC_RELEASE);
	return 0;
}

void program_del_gate(struct program *program, uint32_t ifindex)
{
	struct fw_gate *place = gate_of(program, ifindex);

	if (place && place->ifindex == ifindex)
		__atomic_store_n((uint64_t *)(void *)place, 0,
				 __ATOMIC_RELEASE);
}

void program_set_awake(struct program *program, size_t rule, bool is_awake)
{
	const struct compiled *compiled = program->config.compiled;

	for (size_t i = 0; compiled && i < compiled->slot_count; i++) {
		uint8_t *flags = &program->place.slots[i].flags;
		uint8_t others = *flags & (uint8_t)~FW_SLOT_ASLEEP;

		if (compiled->slots[i].rule == rule)
			__atomic_store_n(flags,
					 is_awake ? others
						  : others | FW_SLOT_ASLEEP,
					 __ATOMIC_RELAXED);
	}
}
