// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/refusing.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/enforce/loopback.h"
#include "refuse.skel.h"

#define LINKS_MAX  FW_GATE_COUNT
#define TICK_PEERS 256 /* of each family that a tick looks at */
#define INSIDE_MAX 4096 /* of a network, that forgiving it looks at */
#define V4_AT	   12 /* of the address, in the bytes of a prefix */

/* A key of either family; `bits` is in the same place. */
union peer {
	struct fw_peer4 v4;
	struct fw_peer6 v6;
};

struct trie {
	int fd;
	size_t count;
	union peer last; /* that a tick has looked at */
	bool is_amid;
};

struct refusing {
	struct refuse *programs;
	struct bpf_link *links[LINKS_MAX];
	struct trie v4, v6;
	struct fw_refusals *per_cpu; /* room to read them */
	int cpu_count;
};

static union peer peer_of(const struct prefix *prefix)
{
	union peer peer = {0};

	if (prefix_is_v4(prefix)) {
		peer.v4.bits = prefix_len(prefix);
		memcpy(peer.v4.addr, prefix->addr + V4_AT,
		       sizeof(peer.v4.addr));
	} else {
		peer.v6.bits = prefix->bits;
		memcpy(peer.v6.addr, prefix->addr, sizeof(peer.v6.addr));
	}
	return peer;
}

static struct prefix prefix_of(const union peer *peer, bool is_v4)
{
	struct prefix prefix = {.bits = (uint8_t)peer->v6.bits};

	if (is_v4)
		return prefix_of_v4((uint32_t)peer->v4.addr[0] << 24 |
					    (uint32_t)peer->v4.addr[1] << 16 |
					    (uint32_t)peer->v4.addr[2] << 8 |
					    peer->v4.addr[3],
				    (uint8_t)peer->v4.bits);
	memcpy(prefix.addr, peer->v6.addr, sizeof(prefix.addr));
	return prefix;
}

static int attach_one(struct refusing *refusing, int at,
		      const struct bpf_program *program, int group)
{
	refusing->links[at] = bpf_program__attach_cgroup(program, group);
	return refusing->links[at] ? 0 : -errno;
}

static int attach(struct refusing *refusing,
		  const struct refusing_config *config)
{
	const struct bpf_object_skeleton *skeleton =
		refusing->programs->skeleton;
	int r = 0, count = 0;

	for (int i = 0; i < skeleton->prog_cnt && r == 0; i++) {
		const struct bpf_program *program = *skeleton->progs[i].prog;

		if (bpf_program__autoload(program))
			r = attach_one(
				refusing, count++, program,
				program == refusing->programs->progs.refuse_out
					? config->quarantine
					: config->root);
	}
	return r;
}

static int put_allowed(struct refusing *refusing,
		       const struct refusing_config *config)
{
	for (size_t i = 0; i < config->allowed_count; i++) {
		const struct prefix *prefix = &config->allowed[i];
		union peer peer = peer_of(prefix);
		const struct fw_refused value = {
			.until_ns = UINT64_MAX,
			.bits = peer.v4.bits,
		};
		const struct bpf_map *map =
			prefix_is_v4(prefix)
				? refusing->programs->maps.allowed4
				: refusing->programs->maps.allowed6;

		if (bpf_map_update_elem(bpf_map__fd(map), &peer, &value,
					BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

/* Without a quarantine nobody is asked for what only it refuses. */
static void configure(struct refuse *programs,
		      const struct refusing_config *config)
{
	bool has_quarantine = config->quarantine >= 0;

	programs->rodata->cfg_quarantine =
		has_quarantine ? config->quarantine_id : 0;
	(void)bpf_program__set_autoload(programs->progs.refuse_out,
					has_quarantine);
	(void)bpf_program__set_autoload(programs->progs.refuse_bind4,
					has_quarantine);
	(void)bpf_program__set_autoload(programs->progs.refuse_bind6,
					has_quarantine);
}

static int load_into(struct refusing *refusing,
		     const struct refusing_config *config)
{
	int r;

	refusing->cpu_count = libbpf_num_possible_cpus();
	if (refusing->cpu_count < 0)
		return refusing->cpu_count;
	refusing->per_cpu =
		calloc((size_t)refusing->cpu_count, sizeof(*refusing->per_cpu));
	if (!refusing->per_cpu)
		return -ENOMEM;
	refusing->programs = refuse__open();
	if (!refusing->programs)
		return -errno;
	configure(refusing->programs, config);
	r = refuse__load(refusing->programs);
	if (r < 0)
		return r;
	refusing->v4.fd = bpf_map__fd(refusing->programs->maps.refused4);
	refusing->v6.fd = bpf_map__fd(refusing->programs->maps.refused6);
	return put_allowed(refusing, config);
}

int refusing_new(const struct refusing_config *config,
		 struct refusing **ret_refusing, char note[REFUSING_NOTE_MAX])
{
	struct refusing *refusing;
	int r;

	assert(config);
	assert(ret_refusing);

	note[0] = '\0';
	refusing = calloc(1, sizeof(*refusing));
	if (!refusing)
		return -ENOMEM;
	r = load_into(refusing, config);
	if (r < 0)
		(void)snprintf(note, REFUSING_NOTE_MAX,
			       "the kernel does not take the programs that "
			       "refuse peers: %s",
			       strerror(-r));
	if (r == 0) {
		r = attach(refusing, config);
		if (r < 0)
			(void)snprintf(note, REFUSING_NOTE_MAX,
				       "the programs that refuse peers cannot "
				       "be attached to control groups: %s",
				       strerror(-r));
	}
	if (r < 0)
		refusing_free(refusing);
	else
		*ret_refusing = refusing;
	return r;
}

void refusing_free(struct refusing *refusing)
{
	if (!refusing)
		return;

	for (size_t i = 0; i < ARRAY_LEN(refusing->links); i++)
		(void)bpf_link__destroy(refusing->links[i]);
	refuse__destroy(refusing->programs);
	free(refusing->per_cpu);
	free(refusing);
}

static struct trie *trie_of(struct refusing *refusing,
			    const struct prefix *prefix)
{
	return prefix_is_v4(prefix) ? &refusing->v4 : &refusing->v6;
}

/* This very prefix, not one around it. */
static bool find_exact(const struct trie *trie, const union peer *peer,
		       struct fw_refused *ret_value)
{
	return bpf_map_lookup_elem(trie->fd, peer, ret_value) == 0 &&
	       ret_value->bits == peer->v4.bits;
}

int refusing_add(struct refusing *refusing, const struct prefix *peer,
		 uint64_t until_ns, bool is_tied)
{
	struct trie *trie = trie_of(refusing, peer);
	union peer key = peer_of(peer);
	struct fw_refused value = {0};
	bool is_new;

	if (has_loopback(peer) || prefix_has_all_v4(peer))
		return -EINVAL;
	is_new = !find_exact(trie, &key, &value);
	if (!is_new && value.until_ns >= until_ns && value.is_tied >= is_tied)
		return 0;
	if (is_new && trie->count == FW_REFUSED_MAX)
		return -ENOSPC;
	value = (struct fw_refused){
		.until_ns = !is_new && value.until_ns > until_ns
				    ? value.until_ns
				    : until_ns,
		.bits = key.v4.bits,
		.is_tied = is_tied || (!is_new && value.is_tied),
	};
	if (bpf_map_update_elem(trie->fd, &key, &value, BPF_ANY) < 0)
		return -errno;
	trie->count += is_new;
	return 0;
}

static int take_out(struct trie *trie, const union peer *key)
{
	if (bpf_map_delete_elem(trie->fd, key) < 0)
		return -errno;
	trie->count--;
	return 0;
}

struct forgiven {
	struct trie *trie;
	const struct prefix *whole;
	refusing_keeps_fn *keeps;
	void *arg;
};

/* False: it stays, or is not refused. */
static bool forgive_one(const struct forgiven *forgiven, const union peer *key)
{
	const struct prefix peer =
		prefix_of(key, prefix_is_v4(forgiven->whole));
	struct fw_refused value;

	if (!find_exact(forgiven->trie, key, &value))
		return false;
	if (forgiven->keeps &&
	    forgiven->keeps(forgiven->arg, &peer, value.is_tied))
		return false;
	return take_out(forgiven->trie, key) == 0;
}

/* The kernel lists what is inside a network before that, the lowest address
 * first: so all of it is between this key, which is in the map, and the end. */
static void forgive_behind(const struct forgiven *forgiven,
			   const union peer *first)
{
	union peer at = *first, next;

	for (int i = 0; i < INSIDE_MAX; i++) {
		struct prefix peer;

		if (bpf_map_get_next_key(forgiven->trie->fd, &at, &next) < 0)
			return;
		peer = prefix_of(&next, prefix_is_v4(forgiven->whole));
		if (!prefix_covers(forgiven->whole, &peer))
			return;
		if (!forgive_one(forgiven, &next))
			at = next;
	}
}

/* The lowest address is put there where it is not, over from the start: the map
 * has room for one more than is refused. */
static int forgive_inside(const struct forgiven *forgiven)
{
	struct prefix lowest = *forgiven->whole;
	struct fw_refused over = {0}, unused;
	union peer first;
	bool is_refused;

	lowest.bits = 128;
	first = peer_of(&lowest);
	over.bits = first.v4.bits;
	is_refused = find_exact(forgiven->trie, &first, &unused);
	if (!is_refused && bpf_map_update_elem(forgiven->trie->fd, &first,
					       &over, BPF_NOEXIST) < 0)
		return -errno;
	forgive_behind(forgiven, &first);
	if (is_refused)
		(void)forgive_one(forgiven, &first);
	else
		(void)bpf_map_delete_elem(forgiven->trie->fd, &first);
	return 0;
}

int refusing_forgive(struct refusing *refusing, const struct prefix *peer,
		     refusing_keeps_fn *keeps, void *arg)
{
	const struct forgiven forgiven = {
		.trie = trie_of(refusing, peer),
		.whole = peer,
		.keeps = keeps,
		.arg = arg,
	};
	union peer key = peer_of(peer);

	(void)forgive_one(&forgiven, &key);
	return prefix_is_address(peer) || forgiven.trie->count == 0
		       ? 0
		       : forgive_inside(&forgiven);
}

struct sweep {
	struct trie *trie;
	bool is_v4;
	uint64_t now_ns;
	refusing_keeps_fn *keeps;
	void *arg;
};

static bool is_over(const struct sweep *sweep, const union peer *key)
{
	const struct prefix peer = prefix_of(key, sweep->is_v4);
	struct fw_refused value;

	if (!find_exact(sweep->trie, key, &value))
		return false;
	return value.until_ns <= sweep->now_ns ||
	       (sweep->keeps &&
		!sweep->keeps(sweep->arg, &peer, value.is_tied));
}

/* When the last one that was looked at is gone, the kernel begins anew. */
static void take_out_some(const struct sweep *sweep)
{
	struct trie *trie = sweep->trie;

	for (int i = 0; i < TICK_PEERS && trie->count > 0; i++) {
		union peer next;

		if (bpf_map_get_next_key(trie->fd,
					 trie->is_amid ? &trie->last : NULL,
					 &next) < 0) {
			trie->is_amid = false;
			return;
		}
		if (is_over(sweep, &next) && take_out(trie, &next) == 0)
			continue;
		trie->last = next;
		trie->is_amid = true;
	}
}

void refusing_tick(struct refusing *refusing, uint64_t now_ns,
		   refusing_keeps_fn *keeps, void *arg)
{
	struct sweep sweep = {&refusing->v4, true, now_ns, keeps, arg};

	take_out_some(&sweep);
	sweep.trie = &refusing->v6;
	sweep.is_v4 = false;
	take_out_some(&sweep);
}

bool refusing_has(struct refusing *refusing, const struct prefix *peer,
		  uint64_t now_ns)
{
	union peer key = peer_of(peer);
	struct fw_refused value;

	return bpf_map_lookup_elem(trie_of(refusing, peer)->fd, &key, &value) ==
		       0 &&
	       value.until_ns > now_ns;
}

int refusing_info(const struct refusing *refusing,
		  struct refusing_info *ret_info)
{
	const uint32_t only = 0;
	struct refusing_info info = {
		.peers4 = refusing->v4.count,
		.peers6 = refusing->v6.count,
	};

	assert(ret_info);

	if (bpf_map_lookup_elem(bpf_map__fd(refusing->programs->maps.refusals),
				&only, refusing->per_cpu) < 0)
		return -errno;
	for (int cpu = 0; cpu < refusing->cpu_count; cpu++) {
		for (int gate = 0; gate < FW_GATE_COUNT; gate++) {
			const struct fw_refusal *more =
				&refusing->per_cpu[cpu].gates[gate];

			info.gates[gate].refused += more->refused;
			info.gates[gate].quarantined += more->quarantined;
		}
	}
	*ret_info = info;
	return 0;
}
