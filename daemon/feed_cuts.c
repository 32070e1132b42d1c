// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_cuts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/judge.h"
#include "rules/document.h"

struct feed_cuts {
	struct judge *before; /* the policy in force, as it is written */
	struct policy after; /* the same, and it declares the set */
	bool *is_changed; /* of each of its sets: that one */
	struct cuts *cuts;

	/* Once it is started. */
	struct daemon *daemon;
	const struct judge *judges; /* in force when it began */
	uint64_t sets_version, guard_version; /* that it has looked at */
	char gates[GATES_MAX][RULE_NAME_MAX];
	bool has_looked;
	struct event *turn;
	feed_cuts_fn *done;
	void *arg;
};

bool feed_cuts_can(const struct daemon *daemon)
{
	return maps_flows(daemon->maps) && !daemon->live->last &&
	       policy_asks_for_states(&daemon->live->judge->policy);
}

static int read_policy(struct feed_cuts *cuts, struct store *store,
		       uint64_t revision)
{
	CLEANUP(freep) char *text = NULL;
	struct document_note note = {0};
	size_t len = 0;
	int r = judge_new(&cuts->before);

	if (r == 0)
		r = store_revision_text(store, revision, &text, &len);
	return r == 0 ? document_read(text, len, &cuts->before->policy, &note)
		      : r;
}

static int add_set(struct feed_cuts *cuts, const struct set *set,
		   const struct listed_array *listed)
{
	struct policy *after = &cuts->after;
	struct policy_set *added;
	size_t count;

	*after = cuts->before->policy;
	count = after->set_count;
	after->sets = calloc(count + 1, sizeof(*after->sets));
	cuts->is_changed = calloc(count + 1, sizeof(*cuts->is_changed));
	if (!after->sets || !cuts->is_changed)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		after->sets[i] = cuts->before->policy.sets[i];
	added = &after->sets[count];
	added->members = calloc(listed->count + 1, sizeof(*added->members));
	if (!added->members)
		return -ENOMEM;
	after->set_count++;
	added->set = *set;
	added->set.id = 0;
	added->member_count = listed->count;
	for (size_t i = 0; i < listed->count; i++)
		added->members[i] = listed->list[i].prefix;
	cuts->is_changed[count] = true;
	return 0;
}

int feed_cuts_new(struct store *store, uint64_t revision, const struct set *set,
		  const struct listed_array *listed,
		  struct feed_cuts **ret_cuts)
{
	struct feed_cuts *cuts = calloc(1, sizeof(*cuts));
	struct cuts_policy before = {.revision = revision}, after = before;
	int r;

	if (!cuts)
		return -ENOMEM;
	r = read_policy(cuts, store, revision);
	if (r == 0)
		r = add_set(cuts, set, listed);
	if (r == 0) {
		before.policy = &cuts->before->policy;
		after.policy = &cuts->after;
		after.is_changed = cuts->is_changed;
		r = cuts_new(&before, &after, &cuts->cuts);
	}
	if (r < 0)
		feed_cuts_free(cuts);
	else
		*ret_cuts = cuts;
	return r;
}

void feed_cuts_free(struct feed_cuts *cuts)
{
	if (!cuts)
		return;

	cuts_free(cuts->cuts);
	if (cuts->before &&
	    cuts->after.set_count > cuts->before->policy.set_count)
		free(cuts->after.sets[cuts->after.set_count - 1].members);
	if (cuts->before && cuts->after.sets != cuts->before->policy.sets)
		free(cuts->after.sets);
	free(cuts->is_changed);
	judge_free(cuts->before);
	if (cuts->turn)
		event_free(cuts->turn);
	free(cuts);
}

/* Between two turns a set or an address may have come or gone. */
static int look(struct feed_cuts *cuts)
{
	const struct daemon *daemon = cuts->daemon;
	uint64_t sets_version = ledger_sets_version(daemon->ledger);
	uint64_t guard_version_now = guard_version(daemon->guard);
	const struct cuts_machine machine = {
		.ledger = daemon->ledger,
		.guard = daemon->guard,
		.gates = cuts->gates,
		.gate_count = gate_keep_names(&daemon->keep, cuts->gates),
	};

	if (cuts->has_looked && cuts->sets_version == sets_version &&
	    cuts->guard_version == guard_version_now)
		return 0;
	cuts->has_looked = true;
	cuts->sets_version = sets_version;
	cuts->guard_version = guard_version_now;
	return cuts_look(cuts->cuts, &machine);
}

static void turn(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval at_once = {0};
	struct feed_cuts *cuts = arg;
	struct daemon *daemon = cuts->daemon;
	int r = 0;

	(void)fd;
	(void)what;
	if (daemon->is_stopping)
		r = -ESHUTDOWN;
	else if (daemon->live->judge != cuts->judges)
		r = -EBUSY;
	if (r == 0)
		r = look(cuts);
	if (r == 0)
		r = cuts_turn(cuts->cuts, maps_flows(daemon->maps),
			      clock_boot_ns());
	if (r > 0)
		(void)event_add(cuts->turn, &at_once);
	else
		cuts->done(cuts->arg, r);
}

void feed_cuts_start(struct feed_cuts *cuts, struct daemon *daemon,
		     feed_cuts_fn *done, void *arg)
{
	assert(done);

	cuts->daemon = daemon;
	cuts->judges = daemon->live->judge;
	cuts->done = done;
	cuts->arg = arg;
	cuts->turn = evtimer_new(daemon->base, turn, cuts);
	if (cuts->turn)
		turn(-1, 0, cuts);
	else
		done(arg, -ENOMEM);
}

const struct cuts_result *feed_cuts_result(const struct feed_cuts *cuts)
{
	return cuts_result(cuts->cuts);
}
