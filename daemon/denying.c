// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/denying.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/alert/line.h"
#include "daemon/alert/notices.h"
#include "daemon/clock.h"
#include "daemon/control/server.h"
#include "daemon/daemon.h"
#include "daemon/enforce/digest_list.h"
#include "daemon/event/user.h"
#include "daemon/log.h"
#include "daemon/privileges.h"
#include "daemon/slurp.h"

#define ALERT_DENYLIST "exec denylist"
#define TURN_DENIALS   16

static bool is_asked_for(const struct daemon *daemon)
{
	return strcmp(daemon->config.exec_denylist, "none") != 0;
}

/* What is wrong, as an alert and in the status; NULL: nothing is any more. */
static void set_note(struct daemon *daemon, const char *note)
{
	struct denying *denying = &daemon->denying;

	(void)snprintf(denying->note, sizeof(denying->note), "%s",
		       note ? note : "");
	if (!note)
		(void)alerts_clear(&daemon->alerts, ALERT_DENYLIST);
	else if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_DENYLIST,
			      "exec denylist: %.220s", note))
		log_errx("exec denylist: %s", note);
}

/* ---- the list ---- */

struct reading {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct call *call; /* or NULL */
	struct denylist *denylist;
	char path[CONFIG_PATH_MAX];
	size_t count;
	char note[DENYING_NOTE_MAX];
	int r;
};

static int read_text(struct reading *reading, struct digest_list *ret_list)
{
	CLEANUP(slurped_done) struct slurped text = {0};
	char why[SLURP_WHY_MAX];
	size_t line = 0;
	int r = slurp(reading->path, &text, why);

	if (r < 0) {
		(void)snprintf(reading->note, sizeof(reading->note), "%s: %s",
			       reading->path, why);
		return r;
	}
	r = digest_list_read(text.bytes, text.len, ret_list, &line);
	if (r < 0)
		(void)snprintf(reading->note, sizeof(reading->note),
			       "%s:%zu: %s", reading->path, line,
			       r == -EINVAL ? "not a SHA-256 of 64 digits, and "
					      "a blank or nothing behind it"
			       : r == -E2BIG ? "more than 1000000 digests"
					     : strerror(-r));
	return r;
}

/* On the worker; the list takes its place there, as sorting takes a while. */
static void read_list(struct job *job)
{
	struct reading *reading = (struct reading *)job;
	CLEANUP(digest_list_done) struct digest_list list = {0};

	reading->r = read_text(reading, &list);
	if (reading->r == 0)
		reading->r = denylist_set(reading->denylist, list.digests,
					  list.count);
	if (reading->r < 0 && !*reading->note)
		(void)snprintf(reading->note, sizeof(reading->note), "%s",
			       strerror(-reading->r));
	reading->count = list.count;
}

static void install(struct reading *reading)
{
	struct denying *denying = &reading->daemon->denying;

	if (reading->r < 0) {
		set_note(reading->daemon, reading->note);
		return;
	}
	denying->count = reading->count;
	denying->read_s = clock_wall_s();
	set_note(reading->daemon, NULL);
	log_notice("exec denylist: read digests=%zu", reading->count);
}

static void list_read(struct job *job)
{
	struct reading *reading = (struct reading *)job;
	struct daemon *daemon = reading->daemon;

	daemon->denying.is_reading = false;
	install(reading);
	if (reading->call && reading->r < 0)
		call_refuse(reading->call, reading->r, "%s: those before stay",
			    reading->note);
	else if (reading->call)
		call_done(reading->call,
			  json_pack("{s:o}", "denylist", denying_json(daemon)));
	if (daemon->denying.is_wanted)
		denying_reload(daemon, NULL);
	free(reading);
}

static struct reading *reading_new(struct daemon *daemon)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (!reading)
		return NULL;
	reading->job = (struct job){.run = read_list, .done = list_read};
	reading->daemon = daemon;
	reading->denylist = daemon->denying.denylist;
	memcpy(reading->path, daemon->config.exec_denylist, CONFIG_PATH_MAX);
	return reading;
}

void denying_reload(struct daemon *daemon, struct call *call)
{
	struct denying *denying = &daemon->denying;
	struct reading *reading = NULL;

	denying->is_wanted = denying->is_reading;
	if (denying->denylist && !denying->is_reading)
		reading = reading_new(daemon);
	if (!reading) {
		if (call)
			call_refuse(call, denying->denylist ? -EBUSY : -ENOENT,
				    denying->denylist
					    ? "the exec denylist is being read"
					    : "the exec denylist has not "
					      "started: fwctl status says why");
		return;
	}
	reading->call = call;
	denying->is_reading = true;
	worker_submit(daemon->worker, &reading->job);
}

/* ---- what was denied ---- */

static const struct detect_rule rule_one = {
	.id = "exec denylist",
	.title = "exec denylist",
	.author = "",
	.level = DETECT_HIGH,
	.action = DETECT_BLOCK,
};

/* The count is of many files; the last one is named. */
static const struct detect_rule rule_many = {
	.id = "exec denylist many",
	.title = "exec denylist, many files",
	.author = "",
	.level = DETECT_HIGH,
	.action = DETECT_BLOCK,
};

static void tell(struct daemon *daemon, const struct denylist_denial *denial,
		 const struct detect_rule *rule, uint64_t count)
{
	struct denying *denying = &daemon->denying;
	char digest[FILE_DIGEST_TEXT_MAX];
	const char *name = denial->who.name;
	struct event event = {
		.kind = EVENT_EXEC,
		.number = denying->number,
		.time_ns = denial->time_ns,
		.process = {.pid = denial->pid},
		.parent = {.pid = denial->who.parent},
		.uid = denial->who.uid,
		.euid = denial->who.uid,
		.result = -EPERM,
		.words[EVENT_IMAGE] = {denial->path,
				       (uint32_t)strlen(denial->path), false},
		.words[EVENT_COMM] = {name, (uint32_t)strlen(name), false},
	};
	const struct notice notice = {
		.rule = rule,
		.event = &event,
		.count = count,
		.done = NOTICE_DENY,
		.wall_ns = clock_wall_us_of(denial->time_ns) * 1000,
		.file = daemon->config.exec_denylist,
		.sha256 = file_digest_to_text(&denial->digest, digest),
	};
	char path[256], by[ATTEMPT_NAME_MAX * 4];

	if (denial->who.uid != UINT32_MAX && denying->users)
		event.words[EVENT_USER] = users_name(
			denying->users, denial->who.uid, clock_boot_ns());
	denying->told++;
	(void)notices_put(daemon->notices, &notice);
	(void)line_show(denial->path, strlen(denial->path), path, sizeof(path));
	(void)line_show(name, strlen(name), by, sizeof(by));
	log_notice("%s: not run path=%s pid=%u sha256=%s count=%llu uid=%d "
		   "by=%s parent=%u",
		   rule->title, path, denial->pid, digest,
		   (unsigned long long)count, (int)denial->who.uid, by,
		   denial->who.parent);
}

static void on_denial(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	struct denying *denying = &daemon->denying;
	struct denylist_denial denial;

	(void)fd;
	(void)what;
	for (int i = 0; i < TURN_DENIALS; i++) {
		struct hush_answer answer;

		if (!denylist_next(denying->denylist, &denial))
			return;
		denying->number++;
		answer = hush_hear(&denying->hush, &denial.digest,
				   denial.time_ns);
		if (answer.count)
			tell(daemon, &denial, &rule_one, answer.count);
		if (answer.others)
			tell(daemon, &denial, &rule_many, answer.others);
	}
}

/* ---- start and stop ---- */

/* "/,/tmp": cuts the text up. */
static size_t split(char *text, const char *places[DENYING_PLACES_MAX])
{
	size_t count = 0;
	char *rest = NULL;

	for (char *place = strtok_r(text, ",", &rest);
	     place && count < DENYING_PLACES_MAX;
	     place = strtok_r(NULL, ",", &rest))
		places[count++] = place;
	return count;
}

static int watch(struct daemon *daemon, char note[DENYLIST_NOTE_MAX])
{
	static const struct privileges wanted = {
		.sys_admin = true,
		.read_search = true,
	};
	const char *places[DENYING_PLACES_MAX];
	char text[CONFIG_PATH_MAX];
	const struct denylist_config config = {
		.places = places,
		.place_count =
			(memcpy(text, daemon->config.exec_denylist_places,
				sizeof(text)),
			 split(text, places)),
	};

	if (!privileges_permitted(&wanted)) {
		(void)snprintf(note, DENYLIST_NOTE_MAX,
			       "CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH are not "
			       "permitted");
		return -EPERM;
	}
	return denylist_start(&config, &daemon->denying.denylist, note);
}

int denying_start(struct daemon *daemon)
{
	struct denying *denying = &daemon->denying;
	char note[DENYLIST_NOTE_MAX] = "";
	struct reading *reading;
	int r;

	if (!is_asked_for(daemon))
		return 0;
	r = watch(daemon, note);
	if (r < 0) {
		set_note(daemon, *note ? note : strerror(-r));
		return r == -ENOMEM ? r : 0;
	}
	r = users_new(USERS_PATH, &denying->users);
	if (r < 0)
		return r;
	denying->source =
		event_new(daemon->base, denylist_fd(denying->denylist),
			  EV_READ | EV_PERSIST, on_denial, daemon);
	reading = reading_new(daemon);
	if (!denying->source || !reading ||
	    event_add(denying->source, NULL) < 0) {
		free(reading);
		return -ENOMEM;
	}
	read_list(&reading->job);
	install(reading);
	free(reading);
	return 0;
}

void denying_stop(struct denying *denying)
{
	if (denying->source)
		event_free(denying->source);
	denylist_stop(denying->denylist);
	users_free(denying->users);
	*denying = (struct denying){0};
}

json_t *denying_json(const struct daemon *daemon)
{
	const struct denying *denying = &daemon->denying;
	struct denylist_info info = {0};

	if (!is_asked_for(daemon))
		return NULL;
	if (denying->denylist)
		info = denylist_info(denying->denylist);
	return json_pack(
		"{s:b, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:I, s:b, s:s, s:I, s:I}",
		"on", denying->denylist != NULL, "digests",
		(json_int_t)denying->count, "read", (json_int_t)denying->read_s,
		"error", denying->note, "asked", (json_int_t)info.asked,
		"denied", (json_int_t)info.denied, "told",
		(json_int_t)denying->told, "late", (json_int_t)info.late,
		"unread", (json_int_t)info.unread, "unmarked",
		(json_int_t)info.unmarked, "untold", (json_int_t)info.untold,
		"lsm", info.is_lsm, "lsm_off",
		info.lsm_note ? info.lsm_note : "", "lsm_digests",
		(json_int_t)info.lsm_digests, "lsm_denied",
		(json_int_t)info.lsm_denied);
}
