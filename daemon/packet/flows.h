/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flows.h - the maps of connections: made where a policy asks for states,
 * lent to its programs, read by people.
 *
 * They are lasting, in PIN_DIR/lasting-vN beside those of maps.h: a flow goes
 * on under the next policy and after the daemon's death. Their size is that
 * of the thresholds they were made for. Those that are there already stay,
 * whatever is asked for later: to empty them would cut every connection;
 * flows_info() tells what they hold, so the caller can say so.
 *
 * Errors	negative errno, with a note for people
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "daemon/packet/maps.h"
#include "rules/base.h"
#include "rules/policy.h"
#include "rules/prefix.h"
#include "xdp/flow.h"

struct flows;

/* Make the maps, or take over those that are pinned; `pin_dir` is there, or
 * NULL. The caller owns *ret_flows. */
int flows_open(const char *pin_dir, const struct thresholds *thresholds,
	       struct flows **ret_flows, char note[MAPS_NOTE_MAX]);

/* What is pinned lives on. NULL is fine. */
void flows_free(struct flows *flows);
DEFINE_CLEANUP(struct flows *, flows_free)

/* Have an object that is opened and not loaded use these maps. */
int flows_share(const struct flows *flows, struct bpf_object *object);

struct flows_info {
	uint32_t flows, half_open; /* entries there is room for */
	size_t bytes; /* of keys and values */
	bool adopted; /* of an earlier life */
};

struct flows_info flows_info(const struct flows *flows);

/* Sums over all CPUs, since the maps were made. */
int flows_counts(const struct flows *flows, struct fw_flow_counts *ret_counts);

/* A flow as it was when it was read. */
struct flow {
	struct prefix starter, other; /* single addresses; `family` tells */
	uint16_t starter_port, other_port; /* ICMP: the identifier */
	uint8_t family;
	uint8_t protocol;
	uint8_t kind; /* ICMP: type of the request */
	uint8_t stage; /* enum fw_stage */
	uint32_t flags; /* FW_FLOW_* */
	uint64_t idle_ns;
};

/* Is anything but 0: no more, please, and that is what flows_each() returns. */
typedef int flows_fn(void *arg, const struct flow *flow);

/*
 * Every flow at CLOCK_BOOTTIME `now_ns`, those whose time is over included.
 * The kernel goes on meanwhile: one that is promoted during the walk may be
 * told twice, one that comes or goes not at all.
 */
int flows_each(const struct flows *flows, uint64_t now_ns, flows_fn *fn,
	       void *arg);

/* How far a walk in turns has come; zeroed before the first. */
struct flows_place {
	bool has_begun;
	uint32_t place;
};

#define FLOWS_TURN_MAX 4096u /* flows told in one turn */

/* The same of answered flows only, one turn of it: 1 when there are more, 0
 * when that was all. What the kernel does between turns is as above. */
int flows_each_turn(const struct flows *flows, uint64_t now_ns,
		    struct flows_place *place, flows_fn *fn, void *arg);

/* The cfg_ words of a program: enum fw_keep, and what of a CPU's budget of a
 * second a new flow costs. */
void flows_keep_ns(const struct thresholds *thresholds,
		   uint64_t ret_keep_ns[FW_KEEP_ROOM]);
uint64_t flows_cost_ns(const struct thresholds *thresholds, int cpu_count);
