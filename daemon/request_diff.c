// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Request policy-diff: what a document would change, nothing of which happens.
 *
 * It is the first half of an apply (apply_prepare()), held against the policy
 * in force with the members that are stored, and then the live flows are
 * judged by both. Of two revisions only the documents are compared.
 *
 * Documents and members are read on the worker; flows are judged on the loop,
 * in turns, for the ledger is there. One is under way at a time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/apply_job.h"
#include "daemon/bulk.h"
#include "daemon/clock.h"
#include "daemon/cuts.h"
#include "daemon/diff_json.h"
#include "daemon/prepared.h"
#include "daemon/requests.h"
#include "daemon/zone_notes.h"
#include "rules/document.h"

#define MANAGERS_TOLD 5

struct diff {
	struct apply apply; /* first: the worker's view of it, up to
			       apply_prepare() */
	struct call *call;
	uint64_t from; /* revision; 0: none, so a policy of nothing */
	uint64_t keeps; /* 1: what was read, for an apply */
	bool is_in_force; /* `from` judges: members and flows are looked at */
	bool has_flows; /* the policy in force remembers them */
	const struct judge *judges; /* in force when it began */
	struct judge *before;
	struct diff_json json;
	bool *is_changed; /* of each set of the new policy */
	struct cuts *cuts;
	uint64_t sets_version, guard_version; /* that it has looked at */
	char (*gates)[RULE_NAME_MAX];
	struct event *turn;
};

static void diff_free(struct diff *diff)
{
	cuts_free(diff->cuts);
	if (diff->turn)
		event_free(diff->turn);
	diff_json_done(&diff->json);
	judge_free(diff->before);
	judge_free(diff->apply.judge);
	free(diff->apply.sets);
	free(diff->apply.text);
	guard_free(diff->apply.guard);
	free(diff->is_changed);
	free(diff->gates);
	free(diff);
}

static void answer(struct diff *diff)
{
	json_t *answer = diff_json_take(
		&diff->json, diff->cuts ? cuts_result(diff->cuts) : NULL);

	if (answer && diff->keeps && diff->is_in_force)
		(void)json_object_set_new(
			answer, "prepared",
			json_integer((json_int_t)prepared_keep(
				diff->apply.daemon, &diff->apply)));
	call_done(diff->call, answer);
}

static void finish(struct diff *diff, int r)
{
	const char *why = diff->apply.why;

	diff->apply.daemon->diff = NULL;
	if (r < 0)
		call_refuse(diff->call, r, "%s", *why ? why : strerror(-r));
	else
		answer(diff);
	diff_free(diff);
}

/* Members of a set as they are stored. */
struct stored {
	struct policy_set *set;
	size_t capacity;
};

static int keep_member(void *arg, uint8_t set_id, const struct member *member)
{
	struct stored *stored = arg;
	struct policy_set *set = stored->set;

	(void)set_id;
	if (set->member_count == stored->capacity) {
		size_t capacity = stored->capacity * 2 + 64;
		struct prefix *members =
			reallocarray(set->members, capacity, sizeof(*members));

		if (!members)
			return -ENOMEM;
		set->members = members;
		stored->capacity = capacity;
	}
	set->members[set->member_count++] = member->prefix;
	return 0;
}

static void forget_members(struct policy_set *set)
{
	free(set->members);
	set->members = NULL;
	set->member_count = 0;
}

static int read_stored(struct store *store, uint8_t set_id,
		       struct policy_set *set)
{
	struct stored stored = {.set = set};

	forget_members(set);
	return set_id ? store_each_member(store, set_id, keep_member, &stored)
		      : 0;
}

static struct policy_set *set_of(struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->set_count; i++)
		if (strcmp(policy->sets[i].set.name, name) == 0)
			return &policy->sets[i];
	return NULL;
}

/* A set of the user's that the new policy declares becomes its own: to it,
 * that is a change of what there is. */
static int add_own(struct policy *policy, const struct set *set)
{
	struct policy_set *sets = reallocarray(
		policy->sets, policy->set_count + 1, sizeof(*policy->sets));

	if (!sets)
		return -ENOMEM;
	policy->sets = sets;
	sets[policy->set_count++] = (struct policy_set){.set = *set};
	return 0;
}

static int find_stored(void *arg, const struct set *set)
{
	struct diff *diff = arg;
	struct policy *before = &diff->before->policy;
	const struct policy_set *after =
		set_of(&diff->apply.judge->policy, set->name);
	struct policy_set *own = set_of(before, set->name);
	int r = 0;

	if (!own && after) {
		r = add_own(before, set);
		own = r < 0 ? NULL : &before->sets[before->set_count - 1];
	}
	/* what there is, whatever the policy in force made it */
	if (own && after) {
		own->set.action = set->action;
		own->set.kind = set->kind;
		own->set.capacity = set->capacity;
	}
	/* 0 is a set that the policy declares; so here it says where it is */
	if (own)
		own->set.id = set->id;
	return r;
}

/* Has it the very members that are stored? */
static bool is_as_stored(const struct apply *apply,
			 const struct policy_set *after)
{
	size_t at = (size_t)(after - apply->judge->policy.sets);

	return set_is_policys(&after->set) && !apply->sets[at].is_changed;
}

/* Members of sets that stay dynamic are no policy's. Those that were found to
 * be the same are needed on neither side: there may be millions. */
static int read_members(struct diff *diff)
{
	struct policy *before = &diff->before->policy;
	int r = store_each_set(diff->apply.store, find_stored, diff);

	for (size_t i = 0; i < before->set_count && r == 0; i++) {
		struct policy_set *set = &before->sets[i];
		struct policy_set *after =
			set_of(&diff->apply.judge->policy, set->set.name);
		bool is_same = after && is_as_stored(&diff->apply, after);
		bool is_counted =
			set_is_policys(after ? &after->set : &set->set);

		if (is_same)
			forget_members(after);
		r = read_stored(diff->apply.store,
				is_counted && !is_same ? set->set.id : 0, set);
		set->set.id = 0;
	}
	return r;
}

/* Of the set management, as it is stored. */
struct managers {
	struct diff *diff;
	struct prefix *list; /* those that the new policy names */
	size_t count;
	size_t others; /* those that only the policy in force names */
};

static int compare_prefix(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

static bool manages(const struct policy *policy, const struct prefix *prefix)
{
	return policy->management_count > 0 &&
	       bsearch(prefix, policy->management, policy->management_count,
		       sizeof(*prefix), compare_prefix);
}

static int meet_manager(void *arg, uint8_t set_id, const struct member *member)
{
	struct managers *managers = arg;
	struct diff *diff = managers->diff;
	char text[PREFIX_TEXT_MAX];

	(void)set_id;
	if (manages(&diff->apply.judge->policy, &member->prefix))
		managers->list[managers->count++] = member->prefix;
	else if (manages(&diff->before->policy, &member->prefix) &&
		 managers->others++ < MANAGERS_TOLD)
		diff_json_note(&diff->json,
			       "%s stays in the set management, though it is "
			       "not in the document: fwctl set del management "
			       "%s takes it out",
			       prefix_to_text(&member->prefix, text), text);
	return 0;
}

/* A policy adds to the set, and takes nobody out: so what it changes is who of
 * its own is not in there. */
static int read_management(struct diff *diff)
{
	struct policy *before = &diff->before->policy;
	struct managers managers = {.diff = diff};
	int r;

	managers.list = calloc(diff->apply.judge->policy.management_count + 1,
			       sizeof(*managers.list));
	if (!managers.list)
		return -ENOMEM;
	r = store_each_member(diff->apply.store, SET_ID_MANAGEMENT,
			      meet_manager, &managers);
	if (managers.others > MANAGERS_TOLD)
		diff_json_note(&diff->json,
			       "%zu more stay in the set management",
			       managers.others - MANAGERS_TOLD);
	free(before->management);
	before->management = managers.list;
	before->management_count = managers.count;
	return r;
}

static int read_text(struct diff *diff, uint64_t number, char **ret_text,
		     size_t *ret_len)
{
	struct apply *apply = &diff->apply;
	int r = store_revision_text(apply->store, number, ret_text, ret_len);

	if (r == -ENOENT)
		(void)snprintf(apply->why, sizeof(apply->why),
			       "there is no revision %llu (fwctl policy log "
			       "shows those there are)",
			       (unsigned long long)number);
	return r;
}

static int read_revision(struct diff *diff, uint64_t number,
			 struct judge **ret_judge)
{
	CLEANUP(freep) char *text = NULL;
	size_t len;
	int r;

	if (number == 0)
		return judge_new(ret_judge);
	r = read_text(diff, number, &text, &len);
	return r < 0 ? r
		     : judge_read(text, len, number, ret_judge,
				  diff->apply.why);
}

/* What judges is compiled, and was measured when this began. */
static int read_in_force(struct diff *diff)
{
	struct document_note where = {0};
	CLEANUP(judge_freep) struct judge *judge = NULL;
	CLEANUP(freep) char *text = NULL;
	size_t len;
	int r = judge_new(&judge);

	if (r == 0 && diff->from)
		r = read_text(diff, diff->from, &text, &len);
	if (r == 0 && text)
		r = document_read(text, len, &judge->policy, &where);
	if (r == 0)
		diff->before = TAKE(judge);
	return r;
}

static int make_cuts(struct diff *diff)
{
	struct apply *apply = &diff->apply;
	struct cuts_policy before = {
		.policy = &diff->before->policy,
		.revision = diff->from,
	};
	struct cuts_policy after = {.policy = &apply->judge->policy};

	diff->is_changed =
		calloc(apply->set_count + 1, sizeof(*diff->is_changed));
	if (!diff->is_changed)
		return -ENOMEM;
	for (size_t i = 0; i < apply->set_count; i++)
		diff->is_changed[i] = apply->sets[i].is_changed;
	after.is_changed = diff->is_changed;
	return cuts_new(&before, &after, &diff->cuts);
}

static int prepare(struct diff *diff)
{
	struct apply *apply = &diff->apply;
	int r = diff->is_in_force
			? read_in_force(diff)
			: read_revision(diff, diff->from, &diff->before);

	if (r < 0)
		return r;
	if (!diff->is_in_force)
		diff_json_size(&diff->json, "before", diff->before);
	if (diff->is_in_force)
		r = apply_prepare(apply);
	else
		r = read_revision(diff, apply->again, &apply->judge);
	if (r < 0)
		return r;
	diff_json_size(&diff->json, "after", apply->judge);
	if (diff->is_in_force)
		r = read_members(diff);
	if (r == 0 && diff->is_in_force)
		r = read_management(diff);
	if (r == 0)
		r = policy_diff(&diff->before->policy, &apply->judge->policy,
				diff_json_add, &diff->json);
	if (r == 0 && diff->is_in_force && diff->has_flows)
		r = make_cuts(diff);
	store_trim(apply->store);
	return r;
}

static void run_diff(struct job *job)
{
	struct diff *diff = (struct diff *)job;

	diff->apply.r = prepare(diff);
}

static int list_gates(struct diff *diff, size_t *ret_count)
{
	free(diff->gates);
	diff->gates = calloc(GATES_MAX, sizeof(*diff->gates));
	if (!diff->gates)
		return -ENOMEM;
	*ret_count = gate_keep_names(&diff->apply.daemon->keep, diff->gates);
	return 0;
}

/* Between two turns a set or an address may have come or gone. */
static int look(struct diff *diff)
{
	const struct daemon *daemon = diff->apply.daemon;
	uint64_t sets_version = ledger_sets_version(daemon->ledger);
	uint64_t guard_version_now = guard_version(daemon->guard);
	struct cuts_machine machine = {
		.ledger = daemon->ledger,
		.guard = daemon->guard,
	};
	int r;

	if (diff->gates && diff->sets_version == sets_version &&
	    diff->guard_version == guard_version_now)
		return 0;
	r = list_gates(diff, &machine.gate_count);
	if (r < 0)
		return r;
	machine.gates = diff->gates;
	diff->sets_version = sets_version;
	diff->guard_version = guard_version_now;
	return cuts_look(diff->cuts, &machine);
}

static void flow_turn(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval at_once = {0};
	struct diff *diff = arg;
	struct daemon *daemon = diff->apply.daemon;
	int r = 0;

	(void)fd;
	(void)what;
	if (daemon->is_stopping)
		r = -ESHUTDOWN;
	else if (daemon->live->judge != diff->judges)
		r = -EBUSY;
	if (r < 0)
		(void)snprintf(
			diff->apply.why, sizeof(diff->apply.why), "%s",
			r == -EBUSY ? "another policy judges since: ask again"
				    : "fwd is stopping");
	if (r == 0)
		r = look(diff);
	if (r == 0)
		r = cuts_turn(diff->cuts, maps_flows(daemon->maps),
			      clock_boot_ns());
	if (r > 0)
		(void)event_add(diff->turn, &at_once);
	else
		finish(diff, r);
}

/* A machine that is managed from afar may be lost by the first policy. */
static void note_management(struct diff *diff)
{
	const struct policy *policy = &diff->apply.judge->policy;
	const struct daemon *daemon = diff->apply.daemon;

	if (policy->default_in == VERDICT_DROP &&
	    diff->judges->policy.default_in != VERDICT_DROP &&
	    policy->management_count == 0 &&
	    ledger_set_count(daemon->ledger, SET_ID_MANAGEMENT) == 0)
		diff_json_note(&diff->json,
			       "by default this drops what comes in, and "
			       "nobody is in the set management: apply it "
			       "with --confirm, so that a mistake ends by "
			       "itself");
}

static void diff_done(struct job *job)
{
	struct diff *diff = (struct diff *)job;
	int r = diff->apply.r;

	if (r == 0 && diff->is_in_force) {
		zone_notes(diff->apply.daemon, &diff->apply.judge->policy,
			   diff->json.notes);
		note_management(diff);
		r = apply_check_names(&diff->apply);
	}
	if (r < 0 || !diff->cuts)
		finish(diff, r);
	else
		flow_turn(-1, 0, diff);
}

/* A failure has refused the call. */
static int read_document(struct diff *diff)
{
	struct apply *apply = &diff->apply;
	char *text;
	size_t len;
	int r = bulk_map(diff->call, "document", &text, &len);

	if (r < 0)
		return r;
	if (len > REVISION_TEXT_MAX)
		r = -EFBIG;
	else
		apply->text = malloc(len);
	if (r == 0 && !apply->text)
		r = -ENOMEM;
	if (r == 0)
		memcpy(apply->text, text, len);
	apply->len = len;
	(void)munmap(text, len);
	if (r < 0)
		call_refuse(diff->call, r,
			    "the document has %zu bytes, at most %u are "
			    "allowed: put members in lists",
			    len, REVISION_TEXT_MAX);
	return r;
}

static int read_args(struct diff *diff)
{
	const struct daemon *daemon = diff->apply.daemon;
	int r = args_number(diff->call, "revision", INT64_MAX, 0,
			    &diff->apply.again);

	if (r == 0)
		r = args_number(diff->call, "from", INT64_MAX, 0, &diff->from);
	if (r == 0)
		r = args_number(diff->call, "keep", 1, 0, &diff->keeps);
	if (r == 0 && diff->apply.again == 0)
		r = read_document(diff);
	if (r < 0)
		return r;
	diff->is_in_force = diff->from == 0;
	if (diff->is_in_force)
		diff->from = daemon->live->current;
	else if (diff->apply.again == 0)
		r = -EINVAL;
	if (r < 0)
		call_refuse(diff->call, r,
			    "\"from\": expected \"revision\" with it");
	return r;
}

/* What it is held against must hold still, as for an apply. */
static int check_idle(const struct daemon *daemon, struct call *call)
{
	const char *why = NULL;

	if (daemon->apply || daemon_is_importing(daemon))
		why = daemon->apply ? "a policy is being applied: wait for it"
				    : "an import is under way: try again when "
				      "it is done";
	else if (daemon->diff)
		why = "other policies are being compared: try again";
	if (why) {
		call_refuse(call, -EBUSY, "%s", why);
		return -EBUSY;
	}
	return 0;
}

void request_policy_diff(struct daemon *daemon, struct call *call)
{
	struct diff *diff;

	if (check_idle(daemon, call) < 0)
		return;
	diff = calloc(1, sizeof(*diff));
	if (diff)
		diff->turn = evtimer_new(daemon->base, flow_turn, diff);
	if (!diff || !diff->turn || diff_json_init(&diff->json) < 0) {
		if (diff)
			diff_free(diff);
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	diff->call = call;
	diff->apply.daemon = daemon;
	diff->apply.uid = call->uid;
	diff->apply.store = daemon->store;
	diff->judges = daemon->live->judge;
	diff->has_flows = maps_flows(daemon->maps) &&
			  policy_asks_for_states(&diff->judges->policy);
	if (read_args(diff) < 0) {
		diff_free(diff);
		return;
	}
	if (diff->is_in_force && daemon->live->last) {
		call_refuse(call, -EALREADY,
			    "a policy is on trial: confirm it or roll it back "
			    "first, or compare two revisions");
		diff_free(diff);
		return;
	}
	if (guard_copy(daemon->guard, &diff->apply.guard) < 0) {
		call_refuse(call, -ENOMEM, "out of memory");
		diff_free(diff);
		return;
	}
	if (diff->is_in_force)
		diff_json_size(&diff->json, "before", diff->judges);
	diff->apply.job.run = run_diff;
	diff->apply.job.done = diff_done;
	daemon->diff = diff;
	worker_submit(daemon->worker, &diff->apply.job);
}
