// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/enforce.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/enforce/cutting.h"
#include "daemon/enforce/group.h"
#include "daemon/enforce/subject.h"

#define OURS	   (ENFORCE_REFUSE | ENFORCE_CUT | ENFORCE_END | ENFORCE_QUARANTINE)
#define ALL	   (OURS | ENFORCE_TABLE)
#define REST_MAX   64
#define CALLS_MAX  16 /* of an order that ends the process, too */
#define ROUNDS_MAX 50 /* of calls that go on with one thing */

/* A quarantine that a call has not finished. */
struct rest {
	int rounds; /* left */
	struct process_id process;
};

enum count {
	COUNT_ORDERS,
	COUNT_CUT,
	COUNT_ENDED,
	COUNT_QUARANTINED,
	COUNT_LOST,
	COUNT_WITHHELD,
	COUNT_FAILED,
	COUNT_FORGONE,
	COUNT_COUNT,
};

struct enforce {
	struct enforce_config config;
	struct protect_list protected_list;
	char root[PATH_MAX];
	int root_fd;
	struct quarantine *quarantine;
	struct refusing *refusing;
	struct rest rest[REST_MAX];
	size_t rest_count;
	struct cutting cutting;
	uint64_t counts[COUNT_COUNT]; /* by either thread */
};

static void count(struct enforce *enforce, enum count what, uint64_t more)
{
	(void)__atomic_fetch_add(&enforce->counts[what], more,
				 __ATOMIC_RELAXED);
}

static uint64_t counted(const struct enforce *enforce, enum count what)
{
	return __atomic_load_n(&enforce->counts[what], __ATOMIC_RELAXED);
}

static int begin_quarantine(struct enforce *enforce,
			    char note[ENFORCE_NOTE_MAX])
{
	const struct quarantine_config config = {
		.root = enforce->root,
		.protected_list = &enforce->protected_list,
		.allowed = enforce->config.allowed,
		.allowed_count = enforce->config.allowed_count,
	};

	_Static_assert(QUARANTINE_NOTE_MAX == ENFORCE_NOTE_MAX, "");
	return quarantine_new(&config, &enforce->quarantine, note);
}

static int begin_refusing(struct enforce *enforce, char note[ENFORCE_NOTE_MAX])
{
	struct refusing_config config = {
		.root = enforce->root_fd,
		.quarantine = -1,
		.allowed = enforce->config.allowed,
		.allowed_count = enforce->config.allowed_count,
	};

	_Static_assert(REFUSING_NOTE_MAX == ENFORCE_NOTE_MAX, "");
	if (enforce->quarantine) {
		config.quarantine = quarantine_dir(enforce->quarantine);
		config.quarantine_id = quarantine_id(enforce->quarantine);
	}
	return refusing_new(&config, &enforce->refusing, note);
}

static int find_root(struct enforce *enforce, char note[ENFORCE_NOTE_MAX])
{
	const char *given = enforce->config.cgroup_root;
	uint64_t id;
	int r = 0;

	if (!given)
		r = group_root(enforce->root);
	else if (strlen(given) >= sizeof(enforce->root))
		r = -ENAMETOOLONG;
	else
		memcpy(enforce->root, given, strlen(given) + 1);
	if (r == 0)
		r = group_open(enforce->root, &enforce->root_fd, &id);
	if (r < 0)
		(void)snprintf(note, ENFORCE_NOTE_MAX,
			       "control groups of version 2 are not to be "
			       "found: %s",
			       strerror(-r));
	return r;
}

static int begin(struct enforce *enforce, char note[ENFORCE_NOTE_MAX])
{
	uint32_t steps = enforce->config.steps;
	int r = 0;

	if (!(steps & (ENFORCE_REFUSE | ENFORCE_QUARANTINE)))
		return 0;
	r = find_root(enforce, note);
	if (r == 0 && steps & ENFORCE_QUARANTINE)
		r = begin_quarantine(enforce, note);
	return r < 0 ? r : begin_refusing(enforce, note);
}

int enforce_new(const struct enforce_config *config,
		struct enforce **ret_enforce, char note[ENFORCE_NOTE_MAX])
{
	struct enforce *enforce;
	int r;

	assert(config);
	assert(ret_enforce);

	note[0] = '\0';
	if (config->steps & ~(uint32_t)ALL)
		return -EINVAL;
	enforce = calloc(1, sizeof(*enforce));
	if (!enforce)
		return -ENOMEM;
	enforce->config = *config;
	enforce->root_fd = -1;
	protect_init(&enforce->protected_list, config->protected_rows,
		     config->protected_count);
	r = begin(enforce, note);
	if (r < 0)
		enforce_free(enforce);
	else
		*ret_enforce = enforce;
	return r;
}

void enforce_free(struct enforce *enforce)
{
	if (!enforce)
		return;

	refusing_free(enforce->refusing);
	quarantine_free(enforce->quarantine);
	closep(&enforce->root_fd);
	free(enforce);
}

__attribute__((format(printf, 3, 4))) static void
say(struct enforce_answer *answer, const char *step, const char *format, ...)
{
	int len = snprintf(answer->note, sizeof(answer->note), "%s: ", step);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(answer->note + len, sizeof(answer->note) - (size_t)len,
			format, args);
	va_end(args);
}

static const char *name_of(uint32_t step)
{
	switch (step) {
	case ENFORCE_REFUSE:
		return "refuse";
	case ENFORCE_CUT:
		return "cut";
	case ENFORCE_QUARANTINE:
		return "quarantine";
	default:
		return "end";
	}
}

static void withhold(struct enforce_answer *answer, uint32_t step,
		     const char *why)
{
	answer->withheld |= step;
	say(answer, name_of(step), "%s", why);
}

/* A step came to this. */
static void settle(struct enforce_answer *answer, uint32_t step, int r)
{
	if (r == -ESRCH) {
		withhold(answer, step, "the process is gone");
	} else if (r == -EOPNOTSUPP) {
		answer->failed |= step;
		say(answer, name_of(step),
		    "the kernel cannot destroy sockets "
		    "(CONFIG_INET_DIAG_DESTROY, tcp_diag, udp_diag)");
	} else if (r < 0) {
		answer->failed |= step;
		say(answer, name_of(step), "%s", strerror(-r));
	} else {
		answer->done |= step;
	}
}

/* The event loop may read it meanwhile. */
static void set_rest(struct enforce *enforce, size_t rest_count)
{
	__atomic_store_n(&enforce->rest_count, rest_count, __ATOMIC_RELAXED);
}

static void keep_rest(struct enforce *enforce, const struct rest *rest)
{
	if (enforce->rest_count == REST_MAX) {
		count(enforce, COUNT_FORGONE, 1);
		return;
	}
	enforce->rest[enforce->rest_count] = *rest;
	set_rest(enforce, enforce->rest_count + 1);
}

static void count_cut(struct enforce *enforce,
		      const struct cutting_tally *tally)
{
	count(enforce, COUNT_CUT, tally->sockets);
	count(enforce, COUNT_FORGONE, tally->forgone);
}

/* Where it is walked for at once nobody else waits, so a failure is its own. */
static void cut(struct enforce *enforce, const struct prefix *peer,
		struct enforce_answer *answer)
{
	struct cutting_tally tally;
	int r = cutting_add(&enforce->cutting, peer);

	if (r == 0 && !cutting_go(&enforce->cutting, &tally)) {
		answer->later |= ENFORCE_CUT;
		return;
	}
	if (r == 0) {
		count_cut(enforce, &tally);
		r = tally.r;
	}
	settle(answer, ENFORCE_CUT, r);
}

static void act_on_peer(struct enforce *enforce,
			const struct enforce_order *order, uint32_t steps,
			struct enforce_answer *answer)
{
	if (steps & ENFORCE_REFUSE)
		settle(answer, ENFORCE_REFUSE,
		       refusing_add(enforce->refusing, &order->peer,
				    order->until_ns, order->is_tied));
	if (steps & ENFORCE_CUT)
		cut(enforce, &order->peer, answer);
}

static int quarantine(struct enforce *enforce, const struct subject *subject,
		      bool *ret_has_more)
{
	struct quarantine_tally tally = {0};
	int r = quarantine_take(enforce->quarantine, subject, &tally);

	count(enforce, COUNT_QUARANTINED, tally.moved);
	count(enforce, COUNT_CUT, tally.cut);
	count(enforce, COUNT_LOST, tally.lost);
	*ret_has_more = tally.has_more;
	return r;
}

static void act_on_subject(struct enforce *enforce,
			   const struct subject *subject, uint32_t steps,
			   struct enforce_answer *answer)
{
	struct rest rest = {
		.rounds = ROUNDS_MAX,
		.process = subject->id,
	};
	bool has_more = false;
	int calls = 0;
	int r;

	if (steps & ENFORCE_QUARANTINE) {
		/* once it has ended, there is nothing to go on with */
		do
			r = quarantine(enforce, subject, &has_more);
		while (r == 0 && has_more && steps & ENFORCE_END &&
		       ++calls < CALLS_MAX);
		settle(answer, ENFORCE_QUARANTINE, r);
		if (has_more)
			keep_rest(enforce, &rest);
	}
	if (steps & ENFORCE_END) {
		r = subject_end(subject);
		count(enforce, COUNT_ENDED, r == 0);
		settle(answer, ENFORCE_END, r);
	}
}

/* Both steps come to the same when nothing can be done to it. */
static void act_on_process(struct enforce *enforce, const struct process_id *id,
			   uint32_t steps, struct enforce_answer *answer)
{
	struct subject subject;
	const char *why = NULL;
	int r = subject_open(id, &subject);

	if (r == 0) {
		r = protect_look(&enforce->protected_list, &subject, &why);
		if (r == 0 && !why)
			act_on_subject(enforce, &subject, steps, answer);
		subject_close(&subject);
	}
	for (uint32_t step = ENFORCE_END; step <= ENFORCE_QUARANTINE;
	     step <<= 1) {
		if (!(steps & step))
			continue;
		if (why)
			withhold(answer, step, why);
		else if (r < 0)
			settle(answer, step, r);
	}
}

void enforce_act(struct enforce *enforce, const struct enforce_order *order,
		 struct enforce_answer *ret_answer)
{
	const uint32_t of_peer = ENFORCE_REFUSE | ENFORCE_CUT;
	uint32_t steps = order->steps & OURS;
	struct enforce_answer answer = {0};

	assert(ret_answer);

	answer.failed = steps & ~enforce->config.steps;
	if (answer.failed)
		say(&answer, "order", "a step was not prepared");
	steps &= enforce->config.steps;
	if (steps & of_peer && order->peer.bits == 0)
		withhold(&answer, steps & of_peer, "there is no peer");
	else if (steps & of_peer)
		act_on_peer(enforce, order, steps, &answer);
	if (steps & ~of_peer)
		act_on_process(enforce, &order->process, steps, &answer);
	count(enforce, COUNT_ORDERS, 1);
	count(enforce, COUNT_WITHHELD,
	      (unsigned int)__builtin_popcount(answer.withheld));
	count(enforce, COUNT_FAILED,
	      (unsigned int)__builtin_popcount(answer.failed));
	*ret_answer = answer;
}

/* Is there still more? */
static bool go_on(struct enforce *enforce, const struct rest *rest)
{
	struct subject subject;
	bool has_more = false;

	if (subject_open(&rest->process, &subject) < 0) {
		count(enforce, COUNT_FORGONE, 1);
		return false;
	}
	if (quarantine(enforce, &subject, &has_more) < 0)
		has_more = false;
	subject_close(&subject);
	return has_more;
}

void enforce_tick(struct enforce *enforce, uint64_t now_ns,
		  refusing_keeps_fn *keeps, void *arg)
{
	if (enforce->refusing)
		refusing_tick(enforce->refusing, now_ns, keeps, arg);
}

static void go_on_with_first(struct enforce *enforce)
{
	struct rest rest = enforce->rest[0];

	set_rest(enforce, enforce->rest_count - 1);
	memmove(enforce->rest, enforce->rest + 1,
		enforce->rest_count * sizeof(rest));
	rest.rounds--;
	if (!go_on(enforce, &rest))
		return;
	if (rest.rounds > 0)
		keep_rest(enforce, &rest);
	else
		count(enforce, COUNT_FORGONE, 1);
}

/* One tree a call, so that it is as bounded as an order. */
void enforce_follow(struct enforce *enforce, struct enforce_followed *ret_done)
{
	struct enforce_answer answer = {0};
	struct cutting_tally tally;

	assert(ret_done);

	*ret_done = (struct enforce_followed){0};
	if (enforce->quarantine)
		quarantine_tick(enforce->quarantine);
	if (cutting_tick(&enforce->cutting, &tally)) {
		count_cut(enforce, &tally);
		count(enforce, COUNT_FAILED, tally.failed);
		settle(&answer, ENFORCE_CUT, tally.r);
		ret_done->cuts = tally.done;
		ret_done->cuts_failed = tally.failed;
		memcpy(ret_done->note, answer.note, sizeof(answer.note));
	}
	if (enforce->rest_count > 0)
		go_on_with_first(enforce);
}

bool enforce_refuses(const struct enforce *enforce, const struct prefix *peer,
		     uint64_t now_ns)
{
	return enforce->refusing &&
	       refusing_has(enforce->refusing, peer, now_ns);
}

int enforce_forgive(struct enforce *enforce, const struct prefix *peer,
		    refusing_keeps_fn *keeps, void *arg)
{
	return enforce->refusing
		       ? refusing_forgive(enforce->refusing, peer, keeps, arg)
		       : 0;
}

/* Which of the rest, a bit each, are of trees that are held. */
struct rest_held {
	uint64_t own, further;
};

static struct rest_held rest_held(struct enforce *enforce)
{
	const struct process_id none = {0};
	bool has_further = quarantine_has(enforce->quarantine, &none);
	struct rest_held held = {0};

	_Static_assert(REST_MAX <= 64, "a bit for each");
	for (size_t i = 0; i < enforce->rest_count; i++) {
		const struct rest *rest = &enforce->rest[i];

		if (quarantine_has(enforce->quarantine, &rest->process))
			held.own |= 1ull << i;
		else if (has_further)
			held.further |= 1ull << i;
	}
	return held;
}

/* Who was let out is not to be taken in again. */
static int release(struct enforce *enforce, const struct process_id *process,
		   uint32_t pid)
{
	struct rest_held before, after;
	uint64_t gone;
	size_t kept = 0;
	int r;

	if (!enforce->quarantine)
		return -ENOENT;
	before = rest_held(enforce);
	r = process ? quarantine_release(enforce->quarantine, process)
		    : quarantine_release_pid(enforce->quarantine, pid);
	if (r < 0)
		return r;
	after = rest_held(enforce);
	gone = (before.own & ~after.own) | (before.further & ~after.further);
	for (size_t i = 0; i < enforce->rest_count; i++)
		if (!(gone >> i & 1))
			enforce->rest[kept++] = enforce->rest[i];
	set_rest(enforce, kept);
	return 0;
}

int enforce_release(struct enforce *enforce, const struct process_id *process)
{
	return release(enforce, process, 0);
}

int enforce_release_pid(struct enforce *enforce, uint32_t pid)
{
	return release(enforce, NULL, pid);
}

size_t enforce_trees(const struct enforce *enforce,
		     struct quarantine_tree list[QUARANTINE_LIST_MAX])
{
	return enforce->quarantine ? quarantine_list(enforce->quarantine, list)
				   : 0;
}

uint64_t enforce_forgone(const struct enforce *enforce)
{
	return counted(enforce, COUNT_FORGONE);
}

int enforce_info(const struct enforce *enforce, struct enforce_info *ret_info)
{
	struct enforce_info info = {
		.steps = enforce->config.steps,
		.orders = counted(enforce, COUNT_ORDERS),
		.cut = counted(enforce, COUNT_CUT),
		.ended = counted(enforce, COUNT_ENDED),
		.quarantined = counted(enforce, COUNT_QUARANTINED),
		.lost = counted(enforce, COUNT_LOST),
		.withheld = counted(enforce, COUNT_WITHHELD),
		.failed = counted(enforce, COUNT_FAILED),
		.unfinished = __atomic_load_n(&enforce->rest_count,
					      __ATOMIC_RELAXED) +
			      cutting_waiting(&enforce->cutting),
		.forgone = counted(enforce, COUNT_FORGONE),
	};
	int r = 0;

	assert(ret_info);

	if (enforce->refusing)
		r = refusing_info(enforce->refusing, &info.refusing);
	if (r == 0)
		*ret_info = info;
	return r;
}
