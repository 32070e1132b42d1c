// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/plan.h"

#include <assert.h>

#include "rules/detect/event.h"

#define KIND(name) (1u << EVENT_##name)

#define HAVE_PEER (KIND(CONNECT) | KIND(ACCEPT) | KIND(SEND))
/* Of processes that serve one, and lines that name one. */
#define MAY_HAVE_PEER (KIND(EXIT) | KIND(SETUID) | KIND(LOG))
#define HAVE_PROCESS  (~(KIND(LOG) | KIND(LOSS)))
#define ABOUT_PROCESS (DETECT_STEP_END | DETECT_STEP_QUARANTINE)

static const char *const state_names[] = {
	[PLAN_DONE] = "done",
	[PLAN_PARTLY] = "partly",
	[PLAN_NEVER] = "never",
	[PLAN_LACKING] = "lacking",
};
_Static_assert(ARRAY_LEN(state_names) == PLAN_STATE_COUNT, "");

const char *plan_state_name(enum plan_state state)
{
	return state_names[state];
}

/* NULL: nothing. */
static const char *missing_for(unsigned int bit,
			       const struct plan_kernel *kernel)
{
	bool needs_groups = bit & (DETECT_STEP_REFUSE | DETECT_STEP_QUARANTINE);

	if (needs_groups && kernel->lacks_groups)
		return "control groups of version 2 are not mounted";
	if (needs_groups && kernel->lacks_group_programs)
		return "the kernel has no CONFIG_CGROUP_BPF";
	if (bit == DETECT_STEP_CUT && kernel->lacks_destroy)
		return "the kernel has no CONFIG_INET_DIAG_DESTROY";
	if (bit == DETECT_STEP_QUARANTINE && kernel->lacks_children)
		return "the kernel has no CONFIG_PROC_CHILDREN";
	return NULL;
}

struct plan_answer plan_step(const struct detect_rule *rule, unsigned int step,
			     const struct plan_kernel *kernel)
{
	unsigned int bit = 1u << step;
	bool is_about_process = bit & ABOUT_PROCESS;
	uint32_t fit = is_about_process ? HAVE_PROCESS : HAVE_PEER;
	const char *missing = missing_for(bit, kernel);

	assert(step < DETECT_STEP_COUNT);
	assert(rule->action == DETECT_BLOCK);
	assert(rule->steps & bit);

	if ((rule->kinds & (fit | (is_about_process ? 0 : MAY_HAVE_PEER))) == 0)
		return (struct plan_answer){
			PLAN_NEVER, is_about_process
					    ? "its events have no process"
					    : "its events have no peer"};
	if (missing)
		return (struct plan_answer){PLAN_LACKING, missing};
	if (rule->kinds & ~fit)
		return (struct plan_answer){
			PLAN_PARTLY,
			is_about_process ? "some of its events have no process"
					 : "some of its events have no peer"};
	return (struct plan_answer){PLAN_DONE, ""};
}
