// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about the policy: apply, confirm, roll back, list, show. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/apply.h"
#include "daemon/bulk.h"
#include "daemon/clock.h"
#include "daemon/requests.h"

static uint64_t seconds_left(uint64_t deadline_ns)
{
	uint64_t now_ns = clock_boot_ns();

	return deadline_ns > now_ns ? (deadline_ns - now_ns) / 1000000000u : 0;
}

static void applied(void *arg, int r, const struct apply_result *result,
		    const char *why)
{
	struct call *call = arg;

	if (r < 0) {
		call_refuse(call, r, "%s", why);
		return;
	}
	call_done(
		call,
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I, s:I, s:I, "
			  "s:I, s:I}",
			  "revision", (json_int_t)result->revision, "rules",
			  (json_int_t)result->rule_count, "sets",
			  (json_int_t)result->set_count, "changed_sets",
			  (json_int_t)result->changed_sets, "classes",
			  (json_int_t)result->class_count, "trial",
			  result->deadline_ns != 0, "confirm_s",
			  (json_int_t)seconds_left(result->deadline_ns),
			  "took_us", (json_int_t)result->took_us, "prepare_us",
			  (json_int_t)result->prepare_us, "fill_us",
			  (json_int_t)result->fill_us, "load_us",
			  (json_int_t)result->load_us, "swap_us",
			  (json_int_t)result->swap_us));
}

static int read_order(struct call *call, struct apply_order *order)
{
	order->note = args_text(call, "note", REVISION_NOTE_MAX - 1, "");
	if (!order->note)
		return -EINVAL;
	if (!reason_is_valid(order->note)) {
		call_refuse(call, -EINVAL,
			    "\"note\": expected one line of text");
		return -EINVAL;
	}
	order->uid = call->uid;
	order->done = applied;
	order->arg = call;
	return args_number(call, "confirm", TRIAL_MAX_S, 0, &order->confirm_s);
}

void request_policy_apply(struct daemon *daemon, struct call *call)
{
	struct apply_order order = {0};
	char *text;
	size_t len;

	if (args_settled(daemon, call) < 0 || read_order(call, &order) < 0 ||
	    args_number(call, "prepared", INT64_MAX, 0, &order.prepared) < 0 ||
	    bulk_map(call, "document", &text, &len) < 0)
		return;
	if (len <= REVISION_TEXT_MAX) {
		order.text = malloc(len);
		order.len = len;
		if (order.text)
			memcpy(order.text, text, len);
	}
	(void)munmap(text, len);
	if (order.text)
		apply_start(daemon, &order);
	else if (len > REVISION_TEXT_MAX)
		call_refuse(call, -EFBIG,
			    "the document has %zu bytes, at most %u are "
			    "allowed: put members in lists",
			    len, REVISION_TEXT_MAX);
	else
		call_refuse(call, -ENOMEM, "out of memory");
}

static void settled(void *arg, int r, const char *why)
{
	struct call *call = arg;

	if (r < 0)
		call_refuse(call, r, "%s", why);
	else
		call_done(call, json_pack("{s:b}", "done", 1));
}

void request_policy_confirm(struct daemon *daemon, struct call *call)
{
	apply_confirm(daemon, call->uid, settled, call);
}

/* On trial, the one before; else a revision's document is applied again. */
void request_policy_rollback(struct daemon *daemon, struct call *call)
{
	struct apply_order order = {0};
	char note[REVISION_NOTE_MAX];
	uint64_t revision;

	if (args_settled(daemon, call) < 0 ||
	    args_number(call, "revision", INT64_MAX, 0, &revision) < 0)
		return;
	if (daemon->live->last && revision == 0) {
		apply_revert(daemon, call->uid, "asked for", settled, call);
		return;
	}
	if (revision == 0) {
		call_refuse(call, -EINVAL,
			    "no policy is on trial: say which revision to go "
			    "back to (fwctl policy log shows them)");
		return;
	}
	if (read_order(call, &order) < 0)
		return;
	(void)snprintf(note, sizeof(note), "rollback to %llu",
		       (unsigned long long)revision);
	order.again = revision;
	order.note = note;
	apply_start(daemon, &order);
}

struct list_job {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct store *store;
	struct call *call;
	json_t *list;
	int r;
};

static int take_revision(void *arg, const struct revision *revision)
{
	struct list_job *list = arg;

	return json_array_append_new(
		       list->list,
		       json_pack("{s:I, s:I, s:I, s:I, s:s}", "revision",
				 (json_int_t)revision->number, "time",
				 (json_int_t)revision->time_s, "uid",
				 (json_int_t)revision->uid, "bytes",
				 (json_int_t)revision->text_bytes, "note",
				 revision->note)) < 0
		       ? -ENOMEM
		       : 0;
}

static void run_list(struct job *job)
{
	struct list_job *list = (struct list_job *)job;

	list->r = store_each_revision(list->store, take_revision, list);
}

static void list_done(struct job *job)
{
	struct list_job *list = (struct list_job *)job;
	const struct generation *live = list->daemon->live;

	if (list->r < 0) {
		json_decref(list->list);
		call_refuse(list->call, list->r, "the revisions: %s",
			    strerror(-list->r));
	} else {
		call_done(list->call,
			  json_pack("{s:o, s:I, s:I, s:I}", "revisions",
				    list->list, "current",
				    (json_int_t)live->current, "pending",
				    (json_int_t)live->pending.number,
				    "confirm_s",
				    (json_int_t)seconds_left(
					    live->pending.deadline_ns)));
	}
	free(list);
}

void request_policy_log(struct daemon *daemon, struct call *call)
{
	struct list_job *list = calloc(1, sizeof(*list));

	if (!list) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	list->job.run = run_list;
	list->job.done = list_done;
	list->daemon = daemon;
	list->store = daemon->store;
	list->call = call;
	list->list = json_array();
	worker_submit(daemon->worker, &list->job);
}

struct show_job {
	struct job job; /* first: the worker's view of it */
	struct store *store;
	struct call *call;
	int fd; /* the client's memfd */
	uint64_t revision;
	int r;
};

static void run_show(struct job *job)
{
	struct show_job *show = (struct show_job *)job;
	CLEANUP(freep) char *text = NULL;
	size_t len;

	show->r = store_revision_text(show->store, show->revision, &text, &len);
	if (show->r == 0)
		show->r = bulk_write(show->fd, text, len);
}

static void show_done(struct job *job)
{
	struct show_job *show = (struct show_job *)job;

	if (show->r == -ENOENT)
		call_refuse(show->call, show->r,
			    "there is no revision %llu (fwctl policy log shows "
			    "those there are)",
			    (unsigned long long)show->revision);
	else if (show->r < 0)
		call_refuse(show->call, show->r,
			    "the revision could not be read: %s",
			    strerror(-show->r));
	else
		call_done(show->call, json_pack("{s:I}", "revision",
						(json_int_t)show->revision));
	closep(&show->fd);
	free(show);
}

void request_policy_show(struct daemon *daemon, struct call *call)
{
	const struct generation *live = daemon->live;
	struct show_job *show;
	uint64_t revision;

	if (args_number(call, "revision", INT64_MAX, 0, &revision) < 0)
		return;
	if (revision == 0)
		revision = live->pending.number ? live->pending.number
						: live->current;
	if (revision == 0) {
		call_refuse(call, -ENOENT, "no policy is in force");
		return;
	}
	/* Only a memfd: writing to it never waits for somebody. */
	if (call->fd < 0 || fcntl(call->fd, F_GET_SEALS) < 0) {
		call_refuse(call, -EINVAL,
			    "expected a memfd to write the document into");
		return;
	}
	show = calloc(1, sizeof(*show));
	if (!show) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	show->job.run = run_show;
	show->job.done = show_done;
	show->store = daemon->store;
	show->call = call;
	show->fd = TAKE_FD(call->fd);
	show->revision = revision;
	worker_submit(daemon->worker, &show->job);
}
