// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sensed_rules RULES [each] - what the rules say of what this host does, a line
 * of JSON for each match that is not hushed, until SIGTERM; the last line
 * counts. `each`: what is told of one control group hushes nothing of another.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/event/reader.h"
#include "daemon/host_json.h"
#include "daemon/host_watched.h"
#include "rules/detect/alarm.h"
#include "rules/detect/detection.h"
#include "rules/detect/folder.h"

#define SKIP	     77
#define TURN_RECORDS 256
#define ALARMS	     16384
#define RING_BYTES   (16u << 20)
#define SPREAD	     0x9e3779b97f4a7c15u /* brings near numbers far apart */

static const uint64_t seed[2] = {1, 2};

struct watch {
	struct detect_folder folder;
	struct detection *detection;
	struct alarms *alarms;
	struct event_reader *reader;
	uint64_t events, lost, matches;
	bool is_each;
};

static bool is_hushed(struct watch *watch, const struct detect_rule *rule,
		      const struct event *event)
{
	struct alarm_key key = alarms_key(watch->alarms, rule, event);

	if (watch->is_each)
		key.high ^= event->cgroup * SPREAD;
	return alarms_hear(watch->alarms, key, rule, event->time_ns).verdict ==
	       ALARM_HUSH;
}

static void tell(void *arg, const struct detect_rule *rule, size_t index,
		 const struct event *event)
{
	struct watch *watch = arg;
	json_t *line;

	(void)index;
	if (rule->action == DETECT_ALLOW || rule->action == DETECT_IGNORE)
		return;
	watch->matches++;
	if (is_hushed(watch, rule, event))
		return;
	line = host_json_of_event(event);
	(void)json_object_set_new(line, "id", json_string(rule->id));
	(void)json_object_set_new(line, "rule", json_string(rule->title));
	(void)json_object_set_new(line, "list", json_integer(rule->list));
	(void)json_object_set_new(line, "level",
				  json_string(detect_level_name(rule->level)));
	(void)json_object_set_new(
		line, "action", json_string(detect_action_name(rule->action)));
	(void)json_dumpf(line, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	(void)putchar('\n');
	json_decref(line);
}

static void hear(void *arg, const struct event *event)
{
	struct watch *watch = arg;

	watch->events++;
	if (event->kind == EVENT_LOSS)
		watch->lost += event->count;
	else
		detection_hear(watch->detection, event, tell, watch);
}

static int start(struct watch *watch, const char *rules, char *note)
{
	CLEANUP(host_watched_done) struct host_watched watched = {0};
	struct sensing_config config = {.security_bytes = RING_BYTES,
					.volume_bytes = RING_BYTES};
	int r = detect_folder_read(rules, UINT32_MAX, &watch->folder);

	if (r >= 0)
		r = detection_new(watch->folder.rules, watch->folder.rule_count,
				  seed, &watch->detection);
	if (r >= 0)
		r = alarms_new(ALARMS, seed, &watch->alarms);
	if (r >= 0)
		r = host_watched_make("/etc/passwd", "none", &watched);
	config.watched = watched.paths;
	config.watched_count = watched.count;
	if (r >= 0)
		r = event_reader_start(&config, hear, watch, &watch->reader,
				       note);
	return r;
}

static void settle(struct watch *watch)
{
	while (event_reader_turn(watch->reader, clock_boot_ns(), TURN_RECORDS) >
	       0)
		;
	event_reader_tick(watch->reader, clock_boot_ns());
}

static void follow(struct watch *watch, int ending)
{
	struct pollfd fds[] = {
		{.fd = event_reader_security_fd(watch->reader),
		 .events = POLLIN},
		{.fd = event_reader_volume_fd(watch->reader), .events = POLLIN},
		{.fd = ending, .events = POLLIN},
	};

	do {
		(void)poll(fds, 3, 50);
		settle(watch);
	} while (!(fds[2].revents & POLLIN));
}

int main(int argc, char **argv)
{
	struct watch watch = {0};
	char note[SENSING_NOTE_MAX] = "";
	sigset_t set;
	int r, ending;

	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "each") != 0))
		return 2;
	watch.is_each = argc == 3;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	ending = signalfd(-1, &set, SFD_CLOEXEC);
	r = start(&watch, argv[1], note);
	if (r < 0) {
		(void)printf("%s\n", *note ? note : strerror(-r));
		return r == -EPERM ? SKIP : 1;
	}
	(void)printf("ready\n");
	(void)fflush(stdout);
	follow(&watch, ending);
	(void)printf("{\"events\": %llu, \"lost\": %llu, \"matches\": %llu}\n",
		     (unsigned long long)watch.events,
		     (unsigned long long)watch.lost,
		     (unsigned long long)watch.matches);
	event_reader_stop(watch.reader);
	detection_free(watch.detection);
	alarms_free(watch.alarms);
	detect_folder_done(&watch.folder);
	return fflush(stdout) == 0 ? 0 : 1;
}
