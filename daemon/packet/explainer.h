/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explainer.h - what the programs of a generation would do with a frame, and
 * why, found by their own code over their own tables.
 *
 * The stages are compiled a second time so that they tell what they find
 * (xdp/trace.bpf.h) and count, charge and sample nothing; the tables are the
 * ones that judge now, with every member and interface of this moment. The
 * kernel runs the program on a frame that never was on a wire.
 *
 *	1. No count, event, rate or state is changed.
 *	2. It goes on to be of the generation it was opened for, whose tables
 *	   it holds also when that is gone.
 *
 * Owns		its programs, which are loaded when first asked
 * Errors	negative errno
 * Threads	explainer_open(): event loop; the rest: any, one at a time
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/program.h"
#include "rules/base.h"
#include "xdp/trace.h"

struct explainer;

/* Nothing of `program` is kept. The caller owns *ret_explainer. */
int explainer_open(const struct program *program,
		   struct explainer **ret_explainer);
void explainer_free(struct explainer *explainer);
DEFINE_CLEANUP(struct explainer *, explainer_free)

/* The generation that it is of, as program_info() has it. */
uint32_t explainer_program_id(const struct explainer *explainer);

struct explainer_question {
	const uint8_t *frame; /* from its Ethernet header on */
	size_t len;
	bool is_out;
	uint32_t ifindex; /* of the gate: nothing needs to arrive there */
	uint8_t flow; /* FW_FLOW_*, or FW_TRACE_FLOW_LIVE */
};

/* -EOPNOTSUPP: there is no program on the way out, as without a policy.
 * -EMSGSIZE: the kernel runs no frame of this length, or with so little in it,
 * in this direction. */
int explainer_run(struct explainer *explainer,
		  const struct explainer_question *question,
		  struct fw_trace *ret_trace);
