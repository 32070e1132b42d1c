// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/chain_order.h"

/* Where in the order of its direction a hook is; those of one step are
 * alternatives. */
int chain_step(uint8_t hook, uint8_t *ret_direction)
{
	static const struct {
		uint8_t direction;
		int step;
	} steps[] = {
		[HOOK_NONE] = {0, 0},
		[HOOK_INGRESS] = {DIRECTION_IN, 0},
		[HOOK_PREROUTING] = {DIRECTION_IN, 1},
		[HOOK_INPUT] = {DIRECTION_IN, 2},
		[HOOK_FORWARD] = {DIRECTION_IN, 2},
		[HOOK_OUTPUT] = {DIRECTION_OUT, 0},
		[HOOK_POSTROUTING] = {DIRECTION_OUT, 1},
		[HOOK_EGRESS] = {DIRECTION_OUT, 2},
	};

	*ret_direction = steps[hook].direction;
	return steps[hook].step;
}

bool chain_is_idle(const struct foreign_chain *chain)
{
	return chain->hook == HOOK_NONE || chain->why ||
	       (chain->sentence_count == 0 && !chain->is_drop);
}

uint8_t chain_families(const struct foreign_chain *chain)
{
	if (chain->family == 4)
		return FAMILY_V4;
	return chain->family == 6 ? FAMILY_V6 : FAMILY_V4 | FAMILY_V6;
}

/* Do packets that passed `a` come to `b` afterwards? */
static bool runs_before(const struct foreign_chain *a,
			const struct foreign_chain *b)
{
	uint8_t direction_a, direction_b;
	int step_a = chain_step(a->hook, &direction_a);
	int step_b = chain_step(b->hook, &direction_b);

	if (a == b || direction_a != direction_b || chain_is_idle(b) ||
	    (chain_families(a) & chain_families(b)) == 0)
		return false;
	if (step_a != step_b)
		return step_a < step_b;
	if (a->hook != b->hook)
		return false;
	return a->priority != b->priority ? a->priority < b->priority : a < b;
}

bool chain_is_final(const struct ruleset *ruleset,
		    const struct foreign_chain *chain)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (runs_before(chain, &ruleset->chains[i]))
			return false;
	}
	return true;
}

int chain_cmp(const void *a, const void *b)
{
	const struct foreign_chain *x = *(struct foreign_chain *const *)a;
	const struct foreign_chain *y = *(struct foreign_chain *const *)b;
	uint8_t direction;
	int step_x = chain_step(x->hook, &direction);
	int step_y = chain_step(y->hook, &direction);

	if (step_x != step_y)
		return step_x - step_y;
	if (x->hook != y->hook)
		return (int)x->hook - (int)y->hook;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x < y ? -1 : 1;
}
