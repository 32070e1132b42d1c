// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notice_keep.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/alert/notices.h"
#include "daemon/alert/outlet_file.h"
#include "daemon/alert/outlet_journal.h"
#include "daemon/alert/outlet_syslog.h"
#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "daemon/log.h"

#define TURN_US	     100000
#define BATCH_MAX    256u
#define LOSS_HOLDS_S 60
#define OFF	     "none" /* of an item of fwd.yml */
#define DIRECTORY    "alerts" /* below state_dir */

#define ALERT_LOSS "alerts lost"

_Static_assert(NOTICE_LINE_MAX <= KEPT_JSON_MAX, "");
_Static_assert(UUID_BYTES == KEPT_ID_BYTES, "");

struct batch;

/* What could not be opened at the start, and is gone on without. */
enum absent {
	ABSENT_STORE,
	ABSENT_FILE,
	ABSENT_JOURNAL,
	ABSENT_SYSLOG,
	ABSENT_COUNT,
};

static const struct {
	const char *name; /* of the outlet */
	const char *alert;
} absents[] = {
	[ABSENT_STORE] = {"store", "alerts store"},
	[ABSENT_FILE] = {"file", "alert_file"},
	[ABSENT_JOURNAL] = {"journal", "alert_journal"},
	[ABSENT_SYSLOG] = {"syslog", "alert_syslog"},
};

_Static_assert(ARRAY_LEN(absents) == ABSENT_COUNT, "");

struct notice_keep {
	struct daemon *daemon;
	struct event *tick;
	struct notice_store *store; /* the worker's, and so is the file */
	struct outlet_file file;
	bool has_file;
	struct outlet_journal journal;
	struct outlet_syslog syslog;
	bool wants_reopen; /* the file, with the next batch */
	uint64_t cursor; /* of the next notice for the worker */
	size_t under_way; /* batches */
	struct notice_counts kept, filed;
	uint64_t lost_told; /* of all, when it was last looked at */
	uint64_t lost_s; /* when it last grew; 0: long ago */
	int absent_r[ABSENT_COUNT]; /* why; 0: it is there, or not wanted */
};

/* What the worker is to write, and what came of it. */
struct batch {
	struct job job; /* first: the worker's view of it */
	struct notice_keep *keep;
	struct kept_notice *list;
	char *lines; /* KEPT_JSON_MAX for each */
	size_t count;
	uint64_t now_s;
	bool wants_reopen;
	int reopen_r, file_r, store_r;
	size_t file_lost;
};

static void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	free(batch->list);
	free(batch->lines);
	free(batch);
}

/* The worker's part. */

static void write_file(struct batch *batch)
{
	struct outlet_file *file = &batch->keep->file;

	if (file->fd < 0)
		return;
	if (batch->wants_reopen)
		batch->reopen_r = outlet_file_reopen(file);
	for (size_t i = 0; i < batch->count; i++) {
		int r = outlet_file_tell(file, batch->list[i].json,
					 batch->list[i].json_len);

		if (r == 0)
			continue;
		batch->file_r = r;
		batch->file_lost++;
	}
}

static void run_batch(struct job *job)
{
	struct batch *batch = (struct batch *)job;

	write_file(batch);
	if (batch->keep->store && batch->count > 0)
		batch->store_r =
			notice_store_put(batch->keep->store, batch->list,
					 batch->count, batch->now_s);
}

/* The loop's part. */

static void count_batch(struct notice_keep *keep, const struct batch *batch)
{
	bool is_stored = keep->store && batch->store_r == 0;

	if (is_stored)
		keep->kept.told += batch->count;
	else
		keep->kept.lost += batch->count;
	if (batch->store_r < 0)
		keep->kept.error = batch->store_r;
	if (keep->has_file)
		keep->filed.told += batch->count - batch->file_lost;
	keep->filed.lost += batch->file_lost;
	if (batch->file_r < 0)
		keep->filed.error = batch->file_r;
}

static void batch_done(struct job *job)
{
	struct batch *batch = (struct batch *)job;
	struct notice_keep *keep = batch->keep;

	keep->under_way--;
	if (batch->reopen_r < 0)
		log_warning(batch->reopen_r,
			    "alert_file %s: keeping what was open",
			    keep->daemon->config.alert_file);
	count_batch(keep, batch);
	batch_free(batch);
	/* also on the way out, when no more ticks come */
	if (keep->under_way == 0)
		notice_keep_flush(keep->daemon);
}

static void copy_notice(const struct told *told, struct kept_notice *kept,
			char *line)
{
	*kept = (struct kept_notice){
		.pattern = told->pattern,
		.wall_ns = told->wall_ns,
		.count = told->count,
		.level = (uint8_t)told->level,
		.json = line,
		.json_len = told->lens[TOLD_JSON],
	};
	memcpy(kept->id, told->id.bytes, sizeof(kept->id));
	memcpy(line, told->texts[TOLD_JSON], kept->json_len);
}

static struct batch *batch_new(struct notice_keep *keep, size_t count)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->list = calloc(count + 1, sizeof(*batch->list));
	batch->lines = malloc(count * KEPT_JSON_MAX + 1);
	if (!batch->list || !batch->lines) {
		batch_free(batch);
		return NULL;
	}
	batch->job.run = run_batch;
	batch->job.done = batch_done;
	batch->keep = keep;
	batch->now_s = clock_wall_s();
	batch->wants_reopen = keep->wants_reopen;
	return batch;
}

/* One batch; false: there was nothing to do, or no memory to do it. */
static bool submit(struct notice_keep *keep)
{
	const struct notices *notices = keep->daemon->notices;
	uint64_t waiting = notices_next_seq(notices) - keep->cursor;
	size_t count = waiting < BATCH_MAX ? (size_t)waiting : BATCH_MAX;
	uint64_t lost = 0;
	struct batch *batch;

	if (count == 0 && !keep->wants_reopen)
		return false;
	batch = batch_new(keep, count);
	if (!batch)
		return false;
	keep->wants_reopen = false;
	while (batch->count < count) {
		const struct told *told =
			notices_next(notices, &keep->cursor, &lost);

		if (!told)
			break;
		copy_notice(told, &batch->list[batch->count],
			    batch->lines + batch->count * KEPT_JSON_MAX);
		batch->count++;
	}
	keep->kept.lost += lost;
	keep->filed.lost += keep->has_file ? lost : 0;
	keep->under_way++;
	worker_submit(keep->daemon->worker, &batch->job);
	return true;
}

void notice_keep_flush(struct daemon *daemon)
{
	struct notice_keep *keep = daemon->notice_keep;

	while (keep && submit(keep))
		;
}

void notice_keep_reload(struct daemon *daemon)
{
	struct notice_keep *keep = daemon->notice_keep;

	if (keep && keep->has_file)
		keep->wants_reopen = true;
}

static uint64_t lost_by_all(const struct notice_keep *keep)
{
	uint64_t lost = keep->kept.lost + keep->filed.lost;
	struct notice_counts counts;

	for (size_t i = 0; notices_counts(keep->daemon->notices, i, &counts);
	     i++)
		lost += counts.lost;
	return lost;
}

/* Rule 3. */
static void watch_loss(struct notice_keep *keep)
{
	struct alerts *alerts = &keep->daemon->alerts;
	uint64_t lost = lost_by_all(keep);
	uint64_t now_s = clock_wall_s();

	if (lost != keep->lost_told) {
		keep->lost_told = lost;
		keep->lost_s = now_s;
		if (alerts_raise(alerts, now_s, ALERT_LOSS,
				 "alerts of detections are lost: %llu since "
				 "the start; fwctl alert status says where",
				 (unsigned long long)lost))
			log_warningx("alerts: some are lost count=%llu",
				     (unsigned long long)lost);
	} else if (keep->lost_s && now_s >= keep->lost_s + LOSS_HOLDS_S) {
		keep->lost_s = 0;
		(void)alerts_clear(alerts, ALERT_LOSS);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct notice_keep *keep = arg;

	(void)fd;
	(void)what;
	(void)notices_turn(keep->daemon->notices);
	if (keep->under_way == 0)
		(void)submit(keep);
	watch_loss(keep);
}

/* The start. */

/* Each has an alert of its own. */
__attribute__((format(printf, 4, 5))) static void
go_without(struct daemon *daemon, enum absent absent, int r, const char *format,
	   ...)
{
	char what[128];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	daemon->notice_keep->absent_r[absent] = r;
	(void)alerts_raise(&daemon->alerts, clock_wall_s(),
			   absents[absent].alert,
			   "alerts of detections: %s: %s", what, strerror(-r));
	log_err(r, "alerts: %s, going on without", what);
}

static bool is_on(const char *item)
{
	return *item && strcmp(item, OFF) != 0;
}

static void open_store(struct daemon *daemon, struct notice_keep *keep)
{
	char path[CONFIG_PATH_MAX + sizeof("/" DIRECTORY)];
	int r;

	(void)snprintf(path, sizeof(path), "%s/" DIRECTORY,
		       daemon->config.state_dir);
	r = notice_store_open(path, &keep->store);
	if (r < 0)
		go_without(daemon, ABSENT_STORE, r, "%.100s", path);
	else if (r > 0)
		log_warningx("alerts: %s was damaged and is moved aside, "
			     "beginning anew",
			     path);
}

static void open_file(struct daemon *daemon, struct notice_keep *keep)
{
	const char *path = daemon->config.alert_file;
	int r;

	if (!is_on(path))
		return;
	r = outlet_file_open(path, &keep->file);
	if (r < 0)
		go_without(daemon, ABSENT_FILE, r, "alert_file %.100s", path);
	keep->has_file = r == 0;
}

static void add_outlet(struct daemon *daemon, const char *name,
		       notice_outlet_fn *fn, void *arg)
{
	const struct notice_outlet outlet = {
		.name = name, .fn = fn, .arg = arg};

	notices_add_outlet(daemon->notices, &outlet);
}

static void open_journal(struct daemon *daemon, struct notice_keep *keep)
{
	int r;

	if (!daemon->config.alert_journal)
		return;
	r = outlet_journal_open(JOURNAL_SOCKET, &keep->journal);
	if (r < 0)
		go_without(daemon, ABSENT_JOURNAL, r, "alert_journal");
	else
		add_outlet(daemon, "journal", outlet_journal_tell,
			   &keep->journal);
}

static void open_syslog(struct daemon *daemon, struct notice_keep *keep,
			const struct notice_origin *origin)
{
	const char *text = daemon->config.alert_syslog;
	struct syslog_target target;
	int r;

	if (!is_on(text))
		return;
	r = syslog_target_from_text(text, &target);
	if (r == 0)
		r = outlet_syslog_open(&target, origin->host,
				       (unsigned int)getpid(), &keep->syslog);
	if (r < 0)
		go_without(daemon, ABSENT_SYSLOG, r, "alert_syslog %.100s",
			   text);
	else
		add_outlet(daemon, "syslog", outlet_syslog_tell, &keep->syslog);
}

static int start_tick(struct daemon *daemon, struct notice_keep *keep)
{
	const struct timeval every = {.tv_usec = TURN_US};

	keep->tick = event_new(daemon->base, -1, EV_PERSIST, on_tick, keep);
	if (!keep->tick)
		return -ENOMEM;
	return event_add(keep->tick, &every) < 0 ? -ENOMEM : 0;
}

_Static_assert(NOTICE_BOOT_BYTES == BOOT_ID_BYTES, "");

int notice_keep_start(struct daemon *daemon)
{
	struct notice_keep *keep = calloc(1, sizeof(*keep));
	struct notice_origin origin = {.host = ""};
	int r;

	if (!keep)
		return -ENOMEM;
	daemon->notice_keep = keep;
	keep->daemon = daemon;
	keep->kept.name = "store";
	keep->filed.name = "file";
	keep->file.fd = keep->journal.fd = keep->syslog.fd = -1;
	(void)generation_boot_id(origin.boot_id);
	(void)gethostname(origin.host, sizeof(origin.host) - 1);
	r = notices_new(&origin, &daemon->notices);
	if (r < 0)
		return r;
	keep->cursor = notices_next_seq(daemon->notices);
	open_store(daemon, keep);
	open_file(daemon, keep);
	open_journal(daemon, keep);
	open_syslog(daemon, keep, &origin);
	return start_tick(daemon, keep);
}

void notice_keep_stop(struct daemon *daemon)
{
	struct notice_keep *keep = TAKE(daemon->notice_keep);

	if (!keep)
		return;
	if (keep->tick)
		event_free(keep->tick);
	notice_store_close(keep->store);
	outlet_file_close(&keep->file);
	outlet_journal_close(&keep->journal);
	outlet_syslog_close(&keep->syslog);
	notices_free(TAKE(daemon->notices));
	free(keep);
}

struct notice_store *notice_keep_store(const struct daemon *daemon)
{
	return daemon->notice_keep ? daemon->notice_keep->store : NULL;
}

static void append_counts(json_t *list, const struct notice_counts *counts)
{
	(void)json_array_append_new(
		list,
		json_pack("{s:s, s:I, s:I, s:s}", "outlet", counts->name,
			  "told", (json_int_t)counts->told, "lost",
			  (json_int_t)counts->lost, "error",
			  counts->error < 0 ? strerror(-counts->error) : ""));
}

static void append_absent(json_t *list, const struct notice_keep *keep,
			  size_t i)
{
	bool is_store = i == ABSENT_STORE;

	if (keep->absent_r[i] == 0)
		return;
	(void)json_array_append_new(
		list,
		json_pack("{s:s, s:I, s:I, s:s, s:b}", "outlet",
			  absents[i].name, "told", (json_int_t)0, "lost",
			  (json_int_t)(is_store ? keep->kept.lost : 0), "error",
			  strerror(-keep->absent_r[i]), "off", 1));
}

json_t *notice_keep_outlets(const struct daemon *daemon)
{
	const struct notice_keep *keep = daemon->notice_keep;
	struct notice_counts counts;
	json_t *list = json_array();

	if (!keep->absent_r[ABSENT_STORE])
		append_counts(list, &keep->kept);
	if (keep->has_file)
		append_counts(list, &keep->filed);
	for (size_t i = 0; notices_counts(daemon->notices, i, &counts); i++)
		append_counts(list, &counts);
	for (size_t i = 0; i < ABSENT_COUNT; i++)
		append_absent(list, keep, i);
	return list;
}
