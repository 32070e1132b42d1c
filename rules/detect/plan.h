/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - what of a block can be done about the events that its rule is about.
 *
 * Some steps are about a peer, the others about a process; an event that has
 * none leaves them undone, and so does a kernel without what they need.
 *
 * Threads	no state; any thread
 */
#pragma once

#include "rules/detect/rule.h"

enum plan_state {
	PLAN_DONE,
	PLAN_PARTLY, /* for some of the events it is about */
	PLAN_NEVER, /* for none of them */
	PLAN_LACKING, /* not by this kernel */
	PLAN_STATE_COUNT,
};

/* What the kernel that runs does not have. */
struct plan_kernel {
	bool lacks_groups; /* control groups, version 2, mounted */
	bool lacks_group_programs; /* CONFIG_CGROUP_BPF */
	bool lacks_destroy; /* CONFIG_INET_DIAG_DESTROY */
	bool lacks_children; /* CONFIG_PROC_CHILDREN */
};

struct plan_answer {
	enum plan_state state;
	const char *why; /* "" where there is nothing to say */
};

const char *plan_state_name(enum plan_state state);

/* Of the step 1 << `step` of a rule that blocks and has it. */
struct plan_answer plan_step(const struct detect_rule *rule, unsigned int step,
			     const struct plan_kernel *kernel);
