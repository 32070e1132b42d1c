// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/detecting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/acting.h"
#include "daemon/alert/notices.h"
#include "daemon/clock.h"
#include "daemon/control/server.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/offending.h"

#define TICK_PLACES  2048u
#define ALERT_RULES  "detection rules"
#define ALERT_FOLDER "detection folder"
#define SHIPPED_PATH PORTCULLIS_DATADIR "/detect"
#define IMAGE_TOLD   96 /* bytes of it in a reason */

#define STEPS_OF_PEER	 (DETECT_STEP_TABLE | DETECT_STEP_REFUSE | DETECT_STEP_CUT)
#define STEPS_OF_PROCESS (DETECT_STEP_END | DETECT_STEP_QUARANTINE)

static struct rulebook_order order_of(const struct config *config)
{
	return (struct rulebook_order){
		.shipped = config->detect_shipped ? SHIPPED_PATH : "",
		.own = config->detect_rules,
		.may_lack_own = strcmp(config->detect_rules,
				       config_defaults.detect_rules) == 0,
		.resolvers = config->resolvers,
		.has_logs = config->detect_logs,
	};
}

/* Files that only need what no sensor here has are counted, and no alert. */
static void tell_broken(struct daemon *daemon, const struct rulebook *book)
{
	if (book->broken == 0) {
		(void)alerts_clear(&daemon->alerts, ALERT_RULES);
		return;
	}
	if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_RULES,
			 "%zu of %zu files of rules are refused, the first: "
			 "%.150s",
			 book->broken, book->file_count, book->refused_note))
		log_warningx("detection: files of rules are refused count=%zu "
			     "first=%s",
			     book->broken, book->refused_note);
}

static void tell_folder(struct daemon *daemon, const struct rulebook *book)
{
	if (!*book->folder_note)
		(void)alerts_clear(&daemon->alerts, ALERT_FOLDER);
	else if (alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_FOLDER,
			      "no detection rules from %.220s",
			      book->folder_note))
		log_warningx("detection: no rules from %s", book->folder_note);
}

/* Takes the book. */
static void install(struct daemon *daemon, struct rulebook *book)
{
	struct detecting *detecting = &daemon->detecting;

	rulebook_free(detecting->book);
	detecting->book = book;
	detecting->read_s = clock_wall_s();
	tell_broken(daemon, book);
	tell_folder(daemon, book);
	log_notice("detection: rules are read rules=%zu files=%zu refused=%zu "
		   "broken=%zu",
		   book->rule_count, book->file_count, book->refused,
		   book->broken);
}

static void tell_failed(struct daemon *daemon, const char *note)
{
	(void)alerts_raise(&daemon->alerts, clock_wall_s(), ALERT_RULES,
			   "the rules could not be read, those before stay: "
			   "%.180s",
			   note);
	log_errx("detection: rules could not be read: %s", note);
}

int detecting_start(struct daemon *daemon)
{
	const struct rulebook_order order = order_of(&daemon->config);
	char note[RULEBOOK_NOTE_MAX];
	struct rulebook *book = NULL;
	uint64_t *seed = daemon->detecting.blocking.seed;
	int r;

	if (!daemon->host.reader)
		return 0;
	if (getrandom(seed, sizeof(daemon->detecting.blocking.seed), 0) !=
	    sizeof(daemon->detecting.blocking.seed))
		return -EIO;
	r = offending_start(daemon);
	if (r < 0)
		return r;
	r = rulebook_read(&order, &book, note);
	if (r == 0)
		install(daemon, book);
	else
		tell_failed(daemon, note);
	return r == -ENOMEM ? r : 0;
}

void detecting_stop(struct detecting *detecting)
{
	rulebook_free(detecting->book);
	detecting->book = NULL;
	offending_stop(TAKE(detecting->offending));
}

/* Reading anew, on the worker. */

struct reading {
	struct job job; /* first: the worker's view of it */
	struct daemon *daemon;
	struct call *call; /* or NULL */
	struct rulebook_order order;
	char own[CONFIG_PATH_MAX], resolvers[CONFIG_PATH_MAX];
	struct rulebook *book;
	char note[RULEBOOK_NOTE_MAX];
	int r;
};

static void read_rules(struct job *job)
{
	struct reading *reading = (struct reading *)job;

	reading->r =
		rulebook_read(&reading->order, &reading->book, reading->note);
}

json_t *detecting_rules_json(const struct daemon *daemon)
{
	static const struct rulebook none;
	const struct rulebook *book = daemon->detecting.book;
	const struct rulebook_order order = order_of(&daemon->config);

	if (!book)
		book = &none;
	return json_pack("{s:I, s:I, s:I, s:I, s:s, s:s, s:[s*, s], s:b}",
			 "rules", (json_int_t)book->rule_count, "files",
			 (json_int_t)book->file_count, "refused",
			 (json_int_t)book->refused, "broken",
			 (json_int_t)book->broken, "first_refused",
			 book->refused_note, "folder", book->folder_note,
			 "from", *order.shipped ? order.shipped : NULL,
			 order.own, "logs", order.has_logs);
}

static void answer_read(struct reading *reading, int r)
{
	json_t *answer, *denylist;

	if (!reading->call)
		return;
	if (r < 0) {
		call_refuse(reading->call, r, "%s: those before stay",
			    reading->note);
		return;
	}
	answer = detecting_rules_json(reading->daemon);
	denylist = denying_json(reading->daemon);
	if (denylist)
		(void)json_object_set_new(answer, "denylist", denylist);
	call_done(reading->call, answer);
}

static void rules_read(struct job *job)
{
	struct reading *reading = (struct reading *)job;
	struct daemon *daemon = reading->daemon;
	int r = reading->r;

	daemon->detecting.is_reading = false;
	if (daemon->detecting.is_wanted)
		detecting_reload(daemon, NULL);
	if (r == 0)
		install(daemon, reading->book);
	else
		tell_failed(daemon, reading->note);
	answer_read(reading, r);
	free(reading);
}

void detecting_reload(struct daemon *daemon, struct call *call)
{
	struct reading *reading;

	denying_reload(daemon, NULL); /* before: our answer tells of it */
	if (!daemon->host.reader || daemon->detecting.is_reading) {
		if (!call && daemon->host.reader)
			daemon->detecting.is_wanted = true;
		if (call)
			call_refuse(call,
				    daemon->host.reader ? -EBUSY : -ENOENT,
				    daemon->host.reader
					    ? "the rules are being read"
					    : "the sensor is off: fwd.yml "
					      "turns it on with \"sensor: "
					      "true\"");
		return;
	}
	reading = calloc(1, sizeof(*reading));
	if (!reading) {
		if (call)
			call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	reading->job = (struct job){.run = read_rules, .done = rules_read};
	reading->daemon = daemon;
	reading->call = call;
	reading->order = order_of(&daemon->config);
	/* fwd.yml may be read anew meanwhile */
	memcpy(reading->own, daemon->config.detect_rules, CONFIG_PATH_MAX);
	memcpy(reading->resolvers, daemon->config.resolvers, CONFIG_PATH_MAX);
	reading->order.own = reading->own;
	reading->order.resolvers = reading->resolvers;
	daemon->detecting.is_reading = true;
	daemon->detecting.is_wanted = false;
	worker_submit(daemon->worker, &reading->job);
}

/* An event. */

struct heard {
	struct daemon *daemon;
	const struct event *event;
	uint64_t now_ns;
};

/* Only what a reason may have in it: printable ASCII. */
static void put_plain(char *to, size_t size, const char *bytes, size_t len)
{
	size_t at;

	for (at = 0; at < len && at + 1 < size; at++) {
		to[at] = '?';
		if (bytes[at] >= ' ' && bytes[at] <= '~')
			to[at] = bytes[at];
	}
	to[at] = '\0';
}

/* "rule TITLE: /usr/bin/nc (pid 123)". */
static void write_reason(const struct detect_rule *rule,
			 const struct event *event, char reason[REASON_MAX])
{
	const struct event_text *image = &event->words[EVENT_IMAGE];
	char title[DETECTING_TITLE_MAX], path[IMAGE_TOLD];

	put_plain(title, sizeof(title), rule->title, strlen(rule->title));
	put_plain(path, sizeof(path), image->bytes, image->len);
	(void)snprintf(reason, REASON_MAX, "rule %s: %s (pid %u)", title,
		       *path ? path : "a process", event->process.pid);
}

/* What was done, what is to be done yet, and what a guard or the budget
 * forbade. */
struct deed {
	uint32_t done, ordered, withheld;
	bool is_new; /* somebody is blocked, or ended, who was not before */
};

/* `whom`: the peer, or what it is counted as. */
static int block_peer(const struct heard *heard, const struct detect_rule *rule,
		      const struct prefix *whom, uint32_t ttl_s)
{
	struct block_order order = {
		.peer = *whom,
		.ttl_s = ttl_s,
		.growth = rule->growth,
		.payer = budget_payer(heard->event),
		.since_ns = clock_mono_ns(),
	};

	write_reason(rule, heard->event, order.reason);
	return blocking_put(heard->daemon, &order, heard->now_ns);
}

bool detecting_may_block(const struct daemon *daemon, const struct prefix *peer)
{
	const struct rulebook *book = daemon->detecting.book;

	return !(book && rulebook_knows(book, peer)) &&
	       blocking_may(daemon, peer);
}

static bool may_block(const struct heard *heard)
{
	struct daemon *daemon = heard->daemon;

	if (prefix_is_address(&heard->event->peer) &&
	    detecting_may_block(daemon, &heard->event->peer))
		return true;
	daemon->detecting.blocking.withheld++;
	return false;
}

static int spend(const struct heard *heard)
{
	const struct budget_payer payer = budget_payer(heard->event);

	return blocking_spend(heard->daemon, &payer, heard->now_ns);
}

/* Of a network that a rule counts as one the next address takes in all. */
static struct prefix whom(const struct heard *heard,
			  const struct detect_rule *rule)
{
	const struct prefix *peer = &heard->event->peer;
	struct prefix wider = *peer;

	if (rule->steps & heard->daemon->acting.steps & DETECT_STEP_TABLE &&
	    prefix_is_address(peer) && alarms_group_peers(rule, heard->event))
		wider = blocking_whom(heard->daemon, peer);
	return prefix_is_address(&wider) ||
			       !detecting_may_block(heard->daemon, &wider)
		       ? *peer
		       : wider;
}

/* A peer that is refused already is not to be paid for once more. */
static int spend_on_peer(const struct heard *heard, uint32_t steps,
			 const struct prefix *peer)
{
	if (steps & DETECT_STEP_REFUSE &&
	    acting_refuses(heard->daemon, peer, heard->now_ns))
		return -EALREADY;
	return spend(heard);
}

/* The steps against the peer that may follow the table. */
static uint32_t act_on_peer(const struct heard *heard,
			    const struct detect_rule *rule,
			    const struct prefix *peer, uint32_t ttl_s,
			    struct deed *deed)
{
	const uint32_t all =
		rule->steps & heard->daemon->acting.steps & STEPS_OF_PEER;
	int r;

	if (all == 0 || heard->event->peer.bits == 0)
		return 0;
	if (!may_block(heard)) {
		deed->withheld |= all;
		return 0;
	}
	r = all & DETECT_STEP_TABLE ? block_peer(heard, rule, peer, ttl_s)
				    : spend_on_peer(heard, all, peer);
	if (r < 0 && r != -EALREADY) {
		deed->withheld |= all;
		return 0;
	}
	deed->done |= all & DETECT_STEP_TABLE;
	deed->is_new = r == 0 && all & (DETECT_STEP_TABLE | DETECT_STEP_REFUSE);
	return all & ~(uint32_t)DETECT_STEP_TABLE;
}

static uint32_t steps_on_process(const struct heard *heard,
				 const struct detect_rule *rule,
				 struct deed *deed)
{
	uint32_t steps =
		rule->steps & heard->daemon->acting.steps & STEPS_OF_PROCESS;

	if (steps == 0 || heard->event->process.pid == 0)
		return 0;
	if (steps & DETECT_STEP_QUARANTINE &&
	    acting_holds(heard->daemon, &heard->event->process)) {
		deed->done |= DETECT_STEP_QUARANTINE;
		steps &= ~(uint32_t)DETECT_STEP_QUARANTINE;
	}
	if (steps == 0 || spend(heard) == 0)
		return steps;
	deed->withheld |= steps;
	return 0;
}

static bool observes(const struct heard *heard, const struct detect_rule *rule)
{
	return rule->action == DETECT_BLOCK &&
	       (rule->is_observed || !heard->daemon->config.detect_block);
}

/* Who stores and who cuts: they are woken when the peer is blocked, for that
 * takes as long. */
static void hold_others(struct daemon *daemon)
{
	worker_hold(daemon->worker);
	if (daemon->acting.slow)
		worker_hold(daemon->acting.slow);
}

static void let_others(struct daemon *daemon)
{
	if (daemon->acting.slow)
		worker_let(daemon->acting.slow);
	worker_let(daemon->worker);
}

static struct deed act(const struct heard *heard,
		       const struct detect_rule *rule)
{
	struct daemon *daemon = heard->daemon;
	const uint32_t ttl_s =
		offending_ttl_s(daemon, rule, &heard->event->peer);
	struct enforce_answer answer = {0};
	struct enforce_order order = {
		.process = heard->event->process,
		.peer = whom(heard, rule),
		.until_ns = heard->now_ns + ttl_s * 1000000000ull,
	};
	struct deed deed = {0};

	deed.withheld = rule->steps & ~daemon->acting.steps;
	order.steps = act_on_peer(heard, rule, &order.peer, ttl_s, &deed) |
		      steps_on_process(heard, rule, &deed);
	order.is_tied = deed.done & DETECT_STEP_TABLE;
	if (order.steps)
		acting_do(daemon, &order, &answer, &deed.ordered);
	deed.done |= answer.done;
	deed.withheld |= answer.withheld;
	deed.is_new |= (deed.done | deed.ordered) & DETECT_STEP_END;
	if (deed.done | deed.ordered)
		latency_add(&daemon->detecting.latency,
			    clock_boot_ns() - heard->event->time_ns);
	return deed;
}

/* What a rule that blocks leads to: nothing where it is only observed. */
static struct deed act_or_observe(const struct heard *heard,
				  const struct detect_rule *rule)
{
	struct daemon *daemon = heard->daemon;
	struct deed deed = {0};

	if (observes(heard, rule)) {
		daemon->detecting.counts.observed++;
		return deed;
	}
	hold_others(daemon);
	deed = act(heard, rule);
	let_others(daemon);
	return deed;
}

static void tell(const struct heard *heard, const struct detect_rule *rule,
		 size_t index, uint64_t count, const struct deed *deed)
{
	struct daemon *daemon = heard->daemon;
	const struct notice notice = {
		.rule = rule,
		.event = heard->event,
		.count = count,
		.done = deed->done,
		.ordered = deed->ordered,
		.withheld = deed->withheld,
		.wall_ns = clock_wall_us_of(heard->event->time_ns) * 1000,
		.file = daemon->detecting.book->files[index],
		.is_observed = observes(heard, rule),
	};
	char reason[REASON_MAX];

	(void)notices_put(daemon->notices, &notice);
	write_reason(rule, heard->event, reason);
	log_info("detection: %s action=%s level=%s count=%llu done=%u", reason,
		 detect_action_name(rule->action),
		 detect_level_name(rule->level), (unsigned long long)count,
		 deed->done | deed->ordered);
}

/* What is blocked anew is told, whatever its alarm hushes. */
static void hear(struct heard *heard, const struct detect_rule *rule,
		 size_t index)
{
	struct detecting *detecting = &heard->daemon->detecting;
	struct alarms *alarms = detecting->book->alarms;
	struct alarm_key key = alarms_key(alarms, rule, heard->event);
	struct alarm_answer answer =
		alarms_hear(alarms, key, rule, heard->now_ns);
	struct deed deed = {0};

	if (rule->action == DETECT_BLOCK && answer.is_raised)
		deed = act_or_observe(heard, rule);
	if (answer.verdict == ALARM_HUSH && !deed.is_new) {
		detecting->counts.hushed++;
		return;
	}
	if (answer.verdict == ALARM_HUSH)
		answer.count = alarms_say(alarms, key, heard->now_ns);
	detecting->counts.told++;
	tell(heard, rule, index, answer.count, &deed);
}

static void on_match(void *arg, const struct detect_rule *rule, size_t index,
		     const struct event *event)
{
	struct heard heard = *(const struct heard *)arg;

	if (rule->action == DETECT_IGNORE || rule->action == DETECT_ALLOW)
		return;
	heard.event = event;
	heard.daemon->detecting.counts.matches++;
	hear(&heard, rule, index);
}

void detecting_event(struct daemon *daemon, const struct event *event)
{
	const struct rulebook *book = daemon->detecting.book;
	struct heard heard = {daemon, NULL, clock_boot_ns()};

	if (!book || event->kind == EVENT_LOSS)
		return;
	daemon->detecting.counts.events++;
	detection_hear(book->detection, event, on_match, &heard);
}

static void on_over(void *arg, const struct detect_rule *rule,
		    struct alarm_key key, uint64_t count)
{
	(void)arg;
	(void)key;
	log_notice("detection: rule %s: over, not told count=%llu", rule->title,
		   (unsigned long long)count);
}

void detecting_tick(struct daemon *daemon, uint64_t now_ns)
{
	const struct rulebook *book = daemon->detecting.book;

	if (!book)
		return;
	detection_tick(book->detection, now_ns, TICK_PLACES);
	alarms_tick(book->alarms, now_ns, TICK_PLACES, on_over, daemon);
	offending_tick(daemon);
}
