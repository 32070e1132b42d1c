// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/offending.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "rules/detect/offences.h"
#include "rules/offence_store.h"

#define DIRECTORY   "offences" /* below state_dir */
#define ALERT	    "offences"
#define TICK_PLACES 1024u
#define PAGE_PLACES 4096u
#define CHANGES_MAX 2 /* one that came, and one that made room */

/* What a tick has forgotten: one commit, for there may be very many, and other
 * changes wait behind it. */
struct gone {
	struct offence list[TICK_PLACES];
	size_t count;
};

struct offending {
	struct offences *table;
	struct offence_store *store; /* the worker's; NULL: there is none */
	struct gone gone; /* of a tick */
};

/* What the worker is to write. */
struct writing {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct call *call; /* or NULL */
	struct offence_store *store; /* NULL: none are kept */
	int r;
	size_t count;
	struct offence list[];
};

static void write_all(struct job *job)
{
	struct writing *writing = (struct writing *)job;

	if (writing->store)
		writing->r = offence_store_put(writing->store, writing->list,
					       writing->count);
}

static void tell_failed(struct daemon *daemon, int r)
{
	if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT,
			 "offences of peers could not be stored, they are gone "
			 "with the next start: %s",
			 strerror(-r)))
		log_err(r, "offences: could not be stored");
}

static void written(struct job *job)
{
	struct writing *writing = (struct writing *)job;

	if (writing->r < 0)
		tell_failed(writing->daemon, writing->r);
	if (writing->call && writing->r < 0)
		call_refuse(writing->call, writing->r,
			    "it is forgotten until the next start: %s",
			    strerror(-writing->r));
	else if (writing->call)
		call_done(writing->call, json_object());
	free(writing);
}

/* What was taken out has no bans. NULL without memory. */
static struct writing *prepare(struct daemon *daemon,
			       const struct offence *list, size_t count)
{
	struct writing *writing =
		calloc(1, sizeof(*writing) + count * sizeof(*list));

	if (!writing)
		return NULL;
	writing->job = (struct job){.run = write_all, .done = written};
	writing->daemon = daemon;
	writing->store = daemon->detecting.offending->store;
	memcpy(writing->list, list, count * sizeof(*list));
	writing->count = count;
	return writing;
}

static void submit(struct daemon *daemon, const struct offence *list,
		   size_t count)
{
	struct writing *writing;

	if (!daemon->detecting.offending->store)
		return;
	writing = prepare(daemon, list, count);
	if (writing)
		worker_submit(daemon->worker, &writing->job);
	else
		tell_failed(daemon, -ENOMEM);
}

/* The start. */

static void load_one(void *arg, const struct offence *offence)
{
	(void)offences_put(arg, offence);
}

static int open_store(struct daemon *daemon, struct offending *offending)
{
	char path[CONFIG_PATH_MAX + sizeof("/" DIRECTORY)];
	int r;

	(void)snprintf(path, sizeof(path), "%s/" DIRECTORY,
		       daemon->config.state_dir);
	r = offence_store_open(path, &offending->store);
	if (r > 0) {
		(void)alerts_raise(&daemon->alerts, clock_wall_s(), ALERT,
				   "%.100s was damaged and is moved aside: no "
				   "peer counts as banned before",
				   path);
		log_warningx("offences: %s was damaged and is moved aside, "
			     "beginning anew",
			     path);
	}
	return r < 0 ? r
		     : offence_store_each(offending->store, load_one,
					  offending->table);
}

static void go_without(struct daemon *daemon, struct offending *offending,
		       int r)
{
	const char *why = r == -EPROTONOSUPPORT ? "a newer version made them"
						: strerror(-r);

	offence_store_close(TAKE(offending->store));
	(void)alerts_raise(&daemon->alerts, clock_wall_s(), ALERT,
			   "offences of peers cannot be read, none are kept: "
			   "%s",
			   why);
	log_errx("offences: cannot be read, going on without: %s", why);
}

int offending_start(struct daemon *daemon)
{
	struct offending *offending = calloc(1, sizeof(*offending));
	uint64_t seed[2];
	int r;

	if (!offending)
		return -ENOMEM;
	daemon->detecting.offending = offending;
	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		return -EIO;
	r = offences_new(OFFENDING_PEERS_MAX, seed, &offending->table);
	if (r < 0)
		return r;
	r = open_store(daemon, offending);
	if (r < 0)
		go_without(daemon, offending, r);
	return 0;
}

void offending_stop(struct offending *offending)
{
	if (!offending)
		return;
	offences_free(offending->table);
	offence_store_close(offending->store);
	free(offending);
}

/* Bans. */

static struct offence known(const struct offending *offending,
			    const struct prefix *peer)
{
	const struct prefix counted = prefix_counted(peer);

	return offences_get(offending->table, &counted, clock_wall_s());
}

uint32_t offending_ttl_s(const struct daemon *daemon,
			 const struct detect_rule *rule,
			 const struct prefix *peer)
{
	const struct offending *offending = daemon->detecting.offending;
	uint64_t ttl_s = rule->ttl_s;

	if (offending && rule->growth.by > 0 && peer->bits > 0 &&
	    !blocking_has(daemon, peer))
		ttl_s = growth_ttl_s(&rule->growth, ttl_s,
				     known(offending, peer).bans);
	return ttl_s < BLOCKING_TTL_MAX ? (uint32_t)ttl_s : BLOCKING_TTL_MAX;
}

void offending_note(struct daemon *daemon, const struct detect_growth *growth,
		    const struct prefix *peer, uint64_t until_s)
{
	struct offending *offending = daemon->detecting.offending;
	struct offence changes[CHANGES_MAX];

	if (!offending)
		return;
	changes[0] = known(offending, peer);
	if (changes[0].bans < UINT32_MAX)
		changes[0].bans++;
	changes[0].until_s = until_s;
	if (changes[0].forgotten_s < until_s + growth->forget_s)
		changes[0].forgotten_s = until_s + growth->forget_s;
	changes[1] = offences_put(offending->table, &changes[0]);
	if (changes[1].bans > 0)
		log_info("offences: there is no more room, one is forgotten "
			 "displaced=%llu",
			 (unsigned long long)offences_displaced(
				 offending->table));
	submit(daemon, changes, changes[1].bans > 0 ? 2 : 1);
}

void offending_forgive(struct daemon *daemon, struct call *call,
		       const struct prefix *peer)
{
	struct offending *offending = daemon->detecting.offending;
	const struct offence none = {.peer = prefix_counted(peer)};
	struct writing *writing;
	char text[PREFIX_TEXT_MAX];

	prefix_to_text(&none.peer, text);
	if (!offending) {
		call_refuse(call, -ENOENT,
			    "the sensor is off: fwd.yml turns it on with "
			    "\"sensor: true\"");
		return;
	}
	writing = prepare(daemon, &none, 1);
	if (!writing) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	if (!offences_forgive(offending->table, &none.peer)) {
		call_refuse(call, -ENOENT, "no ban of %s is counted", text);
		free(writing);
		return;
	}
	log_notice("offences: those of %s are forgiven", text);
	writing->call = call;
	worker_submit(daemon->worker, &writing->job);
}

static void forget(void *arg, const struct offence *offence)
{
	struct gone *gone = arg;

	gone->list[gone->count++] = (struct offence){.peer = offence->peer};
}

void offending_tick(struct daemon *daemon)
{
	struct offending *offending = daemon->detecting.offending;

	if (!offending || daemon->doubts_clock)
		return;
	offending->gone.count = 0;
	offences_tick(offending->table, clock_wall_s(), TICK_PLACES, forget,
		      &offending->gone);
	if (offending->gone.count > 0)
		submit(daemon, offending->gone.list, offending->gone.count);
}

/* What is told of them. */

static json_t *json_of(const struct offence *offence)
{
	char text[PREFIX_TEXT_MAX];

	return json_pack("{s:s, s:I, s:I, s:I}", "address",
			 prefix_to_text(&offence->peer, text), "bans",
			 (json_int_t)offence->bans, "until",
			 (json_int_t)offence->until_s, "forgotten",
			 (json_int_t)offence->forgotten_s);
}

json_t *offending_json(const struct daemon *daemon, const struct prefix *peer)
{
	const struct offending *offending = daemon->detecting.offending;
	struct offence offence = {.bans = 0};

	if (offending)
		offence = known(offending, peer);
	return offence.bans > 0 ? json_of(&offence) : NULL;
}

static void append(void *arg, const struct offence *offence)
{
	(void)json_array_append_new(arg, json_of(offence));
}

json_t *offending_page(const struct daemon *daemon, uint32_t from)
{
	const struct offending *offending = daemon->detecting.offending;
	json_t *list = json_array(), *answer;
	uint32_t next = 0;

	if (offending)
		next = offences_page(offending->table, from, PAGE_PLACES,
				     clock_wall_s(), append, list);
	answer = json_pack(
		"{s:I, s:I, s:o}", "count",
		(json_int_t)(offending ? offences_count(offending->table) : 0),
		"displaced",
		(json_int_t)(offending ? offences_displaced(offending->table)
				       : 0),
		"offences", list);
	if (next > 0)
		(void)json_object_set_new(answer, "next", json_integer(next));
	return answer;
}
