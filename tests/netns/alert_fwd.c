// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alert_fwd SOCKET STATE_DIR [ITEM=VALUE]... - what fwd does with alerts, and
 * nothing else of it: no packet, no sensor.
 *
 * Each line of standard input, "COUNT[:LEVEL[:AGE]] FORM", puts so many: FORM
 * is printf's for a command line and is given their number; LEVEL is a number,
 * and AGE how many seconds ago they were. Their peer is 192.0.2.7.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/alert/notices.h"
#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "daemon/notice_keep.h"
#include "daemon/requests.h"

static uint64_t number;

static int take_class(void *arg, const struct prefix *prefix, uint16_t class_id)
{
	(void)arg;
	(void)prefix;
	(void)class_id;
	return 0;
}

static void clear_class(void *arg, const struct prefix *prefix,
			const struct prefix *cover, uint16_t class_id)
{
	(void)arg;
	(void)prefix;
	(void)cover;
	(void)class_id;
}

static int define_class(void *arg, uint16_t class_id,
			const struct class_info *info)
{
	(void)arg;
	(void)class_id;
	(void)info;
	return 0;
}

static void put(struct daemon *daemon, unsigned long level, unsigned long age_s,
		const char *form)
{
	const struct detect_rule rule = {
		.id = "test", .title = "A test", .level = level};
	char command_line[256];
	struct event event = {
		.kind = EVENT_EXEC,
		.number = ++number,
		.time_ns = clock_boot_ns(),
		.process.pid = (uint32_t)(1000 + number),
		.peer_port = 443,
	};
	const struct notice notice = {
		.rule = &rule,
		.event = &event,
		.count = 1,
		.done = DETECT_STEP_TABLE,
		.wall_ns = clock_read_ns(CLOCK_REALTIME) - age_s * 1000000000u,
	};

	/* one '%' at most is replaced; it is the test's own */
	const char *percent = strchr(form, '%');

	(void)snprintf(command_line, sizeof(command_line), "%.*s%" PRIu64 "%s",
		       percent ? (int)(percent - form) : (int)strlen(form),
		       form, number, percent ? percent + 1 : "");
	event.words[EVENT_COMMAND_LINE] = (struct event_text){
		.bytes = command_line, .len = (uint32_t)strlen(command_line)};
	event.words[EVENT_IMAGE] =
		(struct event_text){.bytes = "/bin/test", .len = 9};
	(void)prefix_from_text("192.0.2.7", 9, &event.peer);
	(void)notices_put(daemon->notices, &notice);
}

static void on_line(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	static char line[512];
	char *form;
	unsigned long count, level = DETECT_HIGH, age_s = 0;

	(void)fd;
	(void)what;
	if (!fgets(line, sizeof(line), stdin))
		return;
	line[strcspn(line, "\n")] = '\0';
	count = strtoul(line, &form, 10);
	if (*form == ':')
		level = strtoul(form + 1, &form, 10);
	if (*form == ':')
		age_s = strtoul(form + 1, &form, 10);
	for (unsigned long i = 0; i < count; i++)
		put(daemon, level, age_s, form + (*form == ' '));
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	(void)event_base_loopbreak(daemon->base);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	notice_keep_reload(arg);
}

static void handle(void *arg, struct call *call)
{
	switch ((int)call->request) {
	case REQ_ALERT_LIST:
		request_alert_list(arg, call);
		break;
	case REQ_ALERT_SHOW:
		request_alert_show(arg, call);
		break;
	case REQ_ALERT_MARK:
		request_alert_mark(arg, call);
		break;
	case REQ_ALERT_WATCH:
		request_alert_watch(arg, call);
		break;
	case REQ_ALERT_STATUS:
		request_alert_status(arg, call);
		break;
	default:
		call_refuse(call, -ENOSYS, "this one knows alerts only");
		break;
	}
}

static int start(struct daemon *daemon, const char *socket_path)
{
	const struct ledger_sink sink = {take_class, clear_class, define_class};
	const struct server_config config = {
		.path = socket_path, .handler = handle, .arg = daemon};
	int r = -ENOMEM;

	daemon->base = event_base_new();
	if (daemon->base)
		r = worker_new(daemon->base, &daemon->worker);
	if (r == 0)
		r = ledger_new(&sink, NULL, &daemon->ledger);
	if (r == 0)
		r = server_new(daemon->base, &config, &daemon->server);
	if (r == 0)
		r = notice_keep_start(daemon);
	return r < 0 ? r : worker_start(daemon->worker);
}

static void stop(struct daemon *daemon)
{
	notice_keep_flush(daemon);
	worker_free(daemon->worker);
	server_free(daemon->server);
	notice_keep_stop(daemon);
	ledger_free(daemon->ledger);
	event_base_free(daemon->base);
}

int main(int argc, char **argv)
{
	static struct daemon daemon;
	struct event *sources[4] = {NULL};
	char note[CONFIG_NOTE_MAX];
	int r = argc < 3 ? -EINVAL : 0;

	daemon.config = config_defaults;
	if (r == 0)
		(void)snprintf(daemon.config.state_dir,
			       sizeof(daemon.config.state_dir), "%s", argv[2]);
	for (int i = 3; r == 0 && i < argc; i++)
		r = config_set(argv[i], &daemon.config, note);
	if (r == 0)
		r = start(&daemon, argv[1]);
	if (r < 0) {
		(void)fprintf(stderr, "alert_fwd: %s\n", strerror(-r));
		return 1;
	}
	/* lines are taken one by one, and more may be in stdio already */
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	sources[0] = event_new(daemon.base, STDIN_FILENO, EV_READ | EV_PERSIST,
			       on_line, &daemon);
	sources[1] = evsignal_new(daemon.base, SIGTERM, on_stop, &daemon);
	sources[2] = evsignal_new(daemon.base, SIGHUP, on_reload, &daemon);
	for (int i = 0; i < 3; i++)
		(void)event_add(sources[i], NULL);
	(void)event_base_dispatch(daemon.base);
	for (int i = 0; i < 3; i++)
		event_free(sources[i]);
	stop(&daemon);
	return 0;
}
