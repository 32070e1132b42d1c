/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps.h - one generation: the program, loaded, and its tables, mapped.
 *
 * Two kinds of maps. *Tables* (front4, ... moves, classes) belong to one
 * generation: a new one begins with empty tables, is filled, and then swapped
 * in whole, so a table half written by a daemon that was killed is never
 * trusted, and what is built changes nothing for the one that judges.
 * *Lasting* maps (counts, class_sets, events, credit) are pinned in
 * PIN_DIR/lasting-vN, N being FW_COUNT_VERSION, and taken over by every
 * generation and every later daemon: counters go on.
 *
 * Pins: PIN_DIR/lasting-vN/NAME for good; PIN_DIR/live/program and
 * PIN_DIR/live/meta of the generation that judges packets now, so another
 * daemon sees what it finds. Who pins unpins: maps_unpin_all().
 *
 * Errors	negative errno; the kernel's verifier log is kept in `note`
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/attach.h"
#include "daemon/packet/view.h"
#include "rules/base.h"

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

struct maps;

/* Load a generation. It judges nothing until gates_attach() or gates_swap()
 * is given maps_program(). The caller owns *ret_maps. */
int maps_load(const struct maps_config *config, struct maps **ret_maps,
	      char note[MAPS_NOTE_MAX]);

/* Unmaps and closes; what is pinned or attached lives on. NULL is fine. */
void maps_free(struct maps *maps);
DEFINE_CLEANUP(struct maps *, maps_free)

/* Say in PIN_DIR/live that this generation judges now. */
int maps_make_live(struct maps *maps);

/* Valid as long as `maps`. */
const struct gate_program *maps_program(const struct maps *maps);
const struct fw_view4 *maps_view4(const struct maps *maps);
const struct fw_view6 *maps_view6(const struct maps *maps);

struct maps_info {
	uint64_t generation;
	uint64_t created_s;
	uint32_t program_id;
	size_t bytes; /* of all maps, tables and lasting ones */
	size_t mapped_bytes; /* of those, what is in our address space */
	bool adopted; /* lasting maps of an earlier life were taken over */
	uint32_t found_abi; /* of the generation found live, 0 if none */
};

struct maps_info maps_info(const struct maps *maps);

/* What the program does with a class, from the next packet on; its sets are
 * kept for the next life. */
void maps_put_class(struct maps *maps, uint16_t class_id,
		    const struct fw_class *class,
		    const struct fw_class_sets *sets);

/* Sets of a class as an earlier life left them; all zero if not in use. */
struct fw_class_sets maps_class_sets(const struct maps *maps,
				     uint16_t class_id);

/* Forget the sets of all classes, and what was counted for them, so that their
 * numbers can be given anew. */
int maps_forget_classes(struct maps *maps);

/* Sums over all CPUs, read from the kernel now. `ret_counts` has room for
 * FW_REASON_COUNT, or for `count` classes from number 0 on. */
int maps_reason_counts(const struct maps *maps, struct fw_count *ret_counts);
int maps_class_counts(const struct maps *maps, struct fw_count *ret_counts,
		      uint32_t count);

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
