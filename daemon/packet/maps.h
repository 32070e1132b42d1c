/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps.h - the address tables, mapped, and what outlives them.
 *
 * Two kinds of maps. *Tables* (front4, ... moves) are made empty, filled from
 * the store, and judge from the moment a program over them (daemon/packet/
 * program.h) is attached: a table half written by a daemon that was killed is
 * never trusted. Programs of several policies may share them. So it is with
 * what only a daemon that lives has a use for: the credit of events, captures.
 * *Lasting* maps (counts, class_sets, events) are pinned in PIN_DIR/lasting-vN,
 * N being FW_COUNT_VERSION, and taken over by every later daemon: counters go
 * on. So are those of connections, once a policy asks for them
 * (daemon/packet/flows.h). Who pins unpins: maps_unpin_all().
 *
 * Errors	negative errno, with a note for people
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "daemon/packet/view.h"
#include "rules/base.h"
#include "xdp/abi.h"

#define MAPS_NOTE_MAX 512 /* bytes with the NUL */

struct maps_config {
	const char *pin_dir; /* on a bpffs; NULL: nothing is pinned (tests) */
	uint32_t hosts4; /* entries wanted; rounded up to a power of two */
	uint32_t blocks4;
	uint32_t entries6;
	bool sample_passes; /* events for passes too (tests) */
};

#define MAPS_HOSTS4_DEFAULT   1500000u
#define MAPS_BLOCKS4_DEFAULT  400000u
#define MAPS_ENTRIES6_DEFAULT 900000u

struct flows;
struct thresholds;
struct maps;

/* Make tables, and take over what lasts. The caller owns *ret_maps. */
int maps_load(const struct maps_config *config, struct maps **ret_maps,
	      char note[MAPS_NOTE_MAX]);

/* Unmaps and closes; what is pinned or attached lives on. NULL is fine. */
void maps_free(struct maps *maps);
DEFINE_CLEANUP(struct maps *, maps_free)

/* Constants of every program over these tables. */
struct maps_constants {
	uint32_t hosts4_bits, blocks4_bits, exact6_bits;
	uint32_t seed4;
	uint64_t seed6;
	bool sample_passes;
};

struct maps_constants maps_constants(const struct maps *maps);

/* As configured; NULL when nothing is pinned. */
const char *maps_pin_dir(const struct maps *maps);

/* Have an object that is opened and not loaded use these maps for its own of
 * the same names. */
int maps_share(const struct maps *maps, struct bpf_object *object);

/* The map of this name, lent, or -ENOENT. */
int maps_fd(const struct maps *maps, const char *name);

/*
 * Have tables of connections from now on, of these sizes if there are none
 * yet; maps_flows() lends them, NULL before.
 */
int maps_need_flows(struct maps *maps, const struct thresholds *thresholds,
		    char note[MAPS_NOTE_MAX]);
const struct flows *maps_flows(const struct maps *maps);

/* Valid as long as `maps`. */
const struct fw_view4 *maps_view4(const struct maps *maps);
const struct fw_view6 *maps_view6(const struct maps *maps);

struct maps_info {
	size_t bytes; /* of all maps, tables and lasting ones */
	size_t mapped_bytes; /* of those, what is in our address space */
	bool adopted; /* lasting maps of an earlier life were taken over */
};

struct maps_info maps_info(const struct maps *maps);

/* Sets of a class, kept for the next life; all zero if not in use. */
void maps_put_class_sets(struct maps *maps, uint16_t class_id,
			 const struct fw_class_sets *sets);
struct fw_class_sets maps_class_sets(const struct maps *maps,
				     uint16_t class_id);

/* Forget the sets of all classes, and what was counted for them, so that their
 * numbers can be given anew. */
int maps_forget_classes(struct maps *maps);

/* Sums over all CPUs, read from the kernel now. `ret_counts` has room for
 * FW_REASON_COUNT, or for `count` classes or rules from number 0 on. */
int maps_reason_counts(const struct maps *maps, struct fw_count *ret_counts);
int maps_class_counts(const struct maps *maps, struct fw_count *ret_counts,
		      uint32_t count);
int maps_rule_counts(const struct maps *maps, struct fw_count *ret_counts,
		     uint32_t count);

int maps_clear_rule_count(const struct maps *maps, uint32_t place);

typedef int maps_event_fn(void *arg, const struct fw_event *event);

/* Take at most `max` events out of the ring; how many it was. */
int maps_take_events(struct maps *maps, maps_event_fn *fn, void *arg, int max);

/* Let the program send this many more (not added: set). */
void maps_set_credit(struct maps *maps, uint32_t events);

/* What became of the packets that events are about. */
struct maps_events {
	uint64_t sent;
	uint64_t suppressed; /* no credit was left */
	uint64_t lost; /* the ring was full */
};

int maps_event_counts(const struct maps *maps, struct maps_events *ret_events);

/* Take every pin away: after gates are detached, nothing of us is left. */
int maps_unpin_all(const char *pin_dir);

/*
 * Make the directory of pins ours while `ret_fd` is open: what is pinned there
 * may then be changed. -EBUSY with a note when it is another process's,
 * -EPERM when it is not ours alone (daemon/packet/pins.h).
 */
int maps_lock_pins(const char *pin_dir, int *ret_fd, char note[MAPS_NOTE_MAX]);
