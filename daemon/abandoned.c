// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/abandoned.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "daemon/enforce/group.h"
#include "daemon/log.h"

#define LOOK_S		5
#define ALERT_ABANDONED "quarantine abandoned"
#define EVENTS_FILE	"/cgroup.events"

const char *abandoned_why(const struct daemon *daemon)
{
	if (!daemon->config.sensor)
		return "fwd.yml has sensor: false";
	if (!daemon->config.detect_block)
		return "fwd.yml has detect_block: false";
	if (!(daemon->config.detect_steps & ENFORCE_QUARANTINE))
		return "detect_steps of fwd.yml does not have it";
	if (!(daemon->acting.steps & ENFORCE_QUARANTINE))
		return "it could not be had, and fwctl status says why";
	return NULL;
}

/* Is somebody in the group, or in one below it? */
static bool is_populated(const char *group)
{
	char path[PATH_MAX + sizeof(EVENTS_FILE)];
	char line[64];
	bool is_so = false;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s" EVENTS_FILE, group);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!is_so && fgets(line, sizeof(line), file))
		is_so = strcmp(line, "populated 1\n") == 0;
	(void)fclose(file);
	return is_so;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	if (is_populated(daemon->abandoned.path))
		return;
	(void)alerts_clear(&daemon->alerts, ALERT_ABANDONED);
	log_notice("detection: nobody is left in %s", daemon->abandoned.path);
	abandoned_stop(&daemon->abandoned);
}

static int watch(struct daemon *daemon)
{
	const struct timeval every = {.tv_sec = LOOK_S};
	struct abandoned *abandoned = &daemon->abandoned;

	abandoned->tick =
		event_new(daemon->base, -1, EV_PERSIST, on_tick, daemon);
	if (!abandoned->tick || event_add(abandoned->tick, &every) < 0)
		return -ENOMEM;
	return 0;
}

int abandoned_start(struct daemon *daemon)
{
	struct abandoned *abandoned = &daemon->abandoned;
	const char *why = abandoned_why(daemon);
	char root[PATH_MAX];

	if (!why || group_root(root) < 0 ||
	    snprintf(abandoned->path, sizeof(abandoned->path), "%s/%s", root,
		     QUARANTINE_NAME) >= (int)sizeof(abandoned->path) ||
	    !is_populated(abandoned->path))
		return 0;
	(void)alerts_raise(
		&daemon->alerts, clock_wall_s(), ALERT_ABANDONED,
		"processes are in quarantine, and nothing is refused "
		"them: %s; fwctl detect release all says how they "
		"get out",
		why);
	log_warningx("detection: processes are in %s, and nothing is refused "
		     "them: %s",
		     abandoned->path, why);
	return watch(daemon);
}

void abandoned_stop(struct abandoned *abandoned)
{
	if (abandoned->tick)
		event_free(abandoned->tick);
	abandoned->tick = NULL;
}
