/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.h - one generation: a policy in the kernel's form, and the programs
 * that judge by it, over address tables that it shares with others.
 *
 * It judges nothing until gates_attach() or gates_swap() is given
 * program_gate(). From then on only what members, interfaces and time windows
 * change is written: each store is one word, and the vectors that it names
 * are written before it.
 *
 * Pins: PIN_DIR/live/program and PIN_DIR/live/meta of the generation that
 * judges packets now, so another daemon sees what it finds.
 *
 * Errors	negative errno, with a note for people; -E2BIG when a class or
 *		an interface needs vectors there is no room for: nothing is
 *		written then
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/attach.h"
#include "daemon/packet/maps.h"
#include "rules/base.h"
#include "rules/compile.h"
#include "xdp/abi.h"

struct program_config {
	const struct policy *policy; /* NULL: none, sets act alone */
	struct compiled *compiled; /* of it; both are kept */
	const uint16_t *counters; /* of each rule, its place in rule_counts */
	bool is_trial; /* see program_begin_trial() */
	const struct program *carry; /* whose rates go on; or NULL */
};

struct program;

/* `maps` is kept. The caller owns *ret_program. */
int program_load(struct maps *maps, const struct program_config *config,
		 struct program **ret_program, char note[MAPS_NOTE_MAX]);

/* What is attached lives on. NULL is fine. */
void program_free(struct program *program);
DEFINE_CLEANUP(struct program *, program_free)

/* Say in PIN_DIR/live that this generation judges now. */
int program_make_live(struct program *program);

/* The one on the way in. Valid as long as `program`. */
const struct gate_program *program_gate(const struct program *program);

/* The program on the way out, or -1 without a policy. */
int program_egress_fd(const struct program *program);

/* Have an object that is not loaded yet use the same tables, those of its maps
 * that are called the same; and what its constants are. */
struct bpf_object;
struct constants;
int program_lend(const struct program *program, struct bpf_object *object,
		 struct constants *ret_constants);

struct program_info {
	uint64_t generation; /* one more than that found live */
	uint64_t created_s;
	uint32_t program_id;
	uint32_t egress_id; /* 0 without a policy */
	uint32_t found_abi; /* of the generation found live, 0 if none */
	size_t bytes; /* of its own maps */
	size_t mapped_bytes;
};

struct program_info program_info(const struct program *program);

/*
 * From the deadline on (CLOCK_BOOTTIME) packets are judged by `fallback`, a
 * program over the same address tables, also when we are gone meanwhile: it is
 * pinned in PIN_DIR/live. Only for a program loaded with is_trial; before it is
 * attached. program_end_trial() lets it judge for good.
 */
int program_begin_trial(struct program *program, const struct program *fallback,
			uint64_t deadline_ns);
void program_end_trial(struct program *program);

/* Its trial, which was begun, is over at another time; 0: at none for now. */
void program_move_deadline(struct program *program, uint64_t deadline_ns);

/* What a class of addresses is: what its sets' own actions say, the set that
 * is counted, and which of the policy's sets it is in. */
struct program_class {
	enum fw_reason reason;
	uint8_t set_id;
	struct compile_sets sets;
};

/* From the next packet on. */
int program_put_class(struct program *program, uint16_t class_id,
		      const struct program_class *class);

/* The interface has this name, or is gone. -ENOSPC: too many interfaces. */
int program_put_gate(struct program *program, uint32_t ifindex,
		     const char *ifname);
void program_del_gate(struct program *program, uint32_t ifindex);

/* A rule is inside its time windows, or outside. */
void program_set_awake(struct program *program, size_t rule, bool is_awake);
