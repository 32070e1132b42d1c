// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * capture: dropped packets, as pcapng or a line each.
 *
 * fwd sends each as a message over a socket that goes along with the request.
 * To end early is to shut our side of it: fwd then sends what is left, and
 * last what was lost.
 */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>

#include "ctl/answer.h"
#include "ctl/capture_file.h"
#include "ctl/session.h"
#include "rules/duration.h"
#include "rules/flowtext.h"
#include "rules/packet.h"

#define MESSAGE_MAX    65536 /* bytes; the longest has some 33,000 */
#define LAST_WORDS_MS  6000 /* after we have asked for the end */
#define SOME_LONG_TIME 3600000

struct capturing {
	struct session *session;
	struct capture_file *file; /* NULL: lines */
	int fd;
	int signal_fd;
	uint64_t until_ms; /* 0: no end */
	const char *why_end; /* we have asked for the end; NULL: not yet */
	json_t *last; /* the last message, once it is there */
	enum outcome outcome;
	char message[MESSAGE_MAX];
};

static const struct grid_column packet_columns[] = {
	{"TIME", false, 27},   {"INTERFACE", false, 0}, {"WAY", false, 0},
	{"REASON", false, 14}, {"SET", false, 12},	{"RULE", false, 12},
	{"SHADOW", false, 0},  {"BYTES", true, 5},	{"PACKET", false, 0},
	{NULL, false, 0},
};

/* "tcp 192.0.2.1:1 > ..."; "" of what has no addresses. */
static const char *text_of(const json_t *message, char text[FLOWTEXT_MAX])
{
	uint8_t frame[CAPTURE_FRAME_MAX];
	enum packet_reading reading;
	struct flowtext flow;
	struct packet packet;
	size_t len;

	if (capture_frame_read(answer_text(message, "frame"), frame, &len) < 0)
		return "";
	reading = packet_read(frame, len, &packet);
	if (reading != PACKET_READ && reading != PACKET_UNREADABLE)
		return "";
	flowtext_of_packet(&packet, &flow);
	flow.direction = 0; /* stands in columns of their own, as the length */
	flow.has_state = false;
	flow.has_mac = false;
	flow.length = 0;
	return flowtext_print(&flow, text);
}

static void fill_packet(struct grid *grid, const json_t *packet)
{
	int64_t time_ns = answer_number(packet, "time_ns");
	char moment[MOMENT_TEXT_MAX];
	char text[FLOWTEXT_MAX];

	moment_to_text((uint64_t)time_ns / 1000000000, moment);
	grid_printf(grid, "%.19s.%06" PRId64 "Z", moment,
		    time_ns % 1000000000 / 1000);
	grid_text(grid, answer_text(packet, "iface"));
	grid_text(grid, answer_text(packet, "direction"));
	grid_text(grid, answer_text(packet, "reason"));
	grid_text(grid, answer_text(packet, "set"));
	grid_text(grid, answer_text(packet, "rule"));
	grid_text(grid, answer_text(packet, "shadow_rule"));
	grid_printf(grid, "%" PRId64, answer_number(packet, "len"));
	grid_text(grid, text_of(packet, text));
}

static const struct item_view packet_view = {packet_columns, fill_packet};

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int print_line(struct session *session, json_t *packet)
{
	json_t *list = json_array();

	if (!list || json_array_append(list, packet) < 0) {
		json_decref(list);
		return -ENOMEM;
	}
	printer_items(&session->printer, list, &packet_view);
	json_decref(list);
	return ferror(session->printer.out) ? -EIO : 0;
}

/* One message: a packet, or the last one. */
static int take_message(struct capturing *capturing, size_t len)
{
	json_t *message = json_loadb(capturing->message, len, 0, NULL);
	int r;

	if (!json_is_object(message)) {
		json_decref(message);
		return -EPROTO;
	}
	if (json_object_get(message, "end")) {
		capturing->last = message;
		return 0;
	}
	r = capturing->file ? capture_file_put(capturing->file, message)
			    : print_line(capturing->session, message);
	json_decref(message);
	return r;
}

/* Signals are blocked and no longer looked at: a second one changes nothing. */
static void ask_for_the_end(struct capturing *capturing, const char *why)
{
	(void)shutdown(capturing->fd, SHUT_WR);
	closep(&capturing->signal_fd);
	capturing->why_end = why;
	capturing->until_ms = now_ms() + LAST_WORDS_MS;
}

static int patience(const struct capturing *capturing)
{
	uint64_t now = now_ms();

	if (!capturing->until_ms)
		return SOME_LONG_TIME;
	if (capturing->until_ms <= now)
		return 0;
	return capturing->until_ms - now < SOME_LONG_TIME
		       ? (int)(capturing->until_ms - now)
		       : SOME_LONG_TIME;
}

/* Until something is there to read; -ETIMEDOUT if the end does not come. */
static int await(struct capturing *capturing)
{
	struct pollfd fds[] = {
		{.fd = capturing->fd, .events = POLLIN},
		{.fd = capturing->signal_fd, .events = POLLIN},
	};

	for (;;) {
		bool is_due;

		if (poll(fds, 2, patience(capturing)) < 0 && errno != EINTR)
			return -errno;
		is_due = capturing->until_ms && patience(capturing) == 0;
		if (capturing->why_end && is_due)
			return -ETIMEDOUT;
		if (!capturing->why_end && (is_due || fds[1].revents)) {
			ask_for_the_end(capturing, is_due ? "the time is up"
							  : "interrupted");
			fds[1].fd = capturing->signal_fd;
		}
		if (fds[0].revents)
			return 0;
	}
}

static int follow(struct capturing *capturing)
{
	while (!capturing->last) {
		ssize_t got;
		int r = await(capturing);

		if (r < 0)
			return r;
		got = recv(capturing->fd, capturing->message,
			   sizeof(capturing->message), 0);
		if (got == 0)
			return -ECONNRESET;
		r = got < 0 ? -errno : take_message(capturing, (size_t)got);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What was lost, in one line, to stderr. What fwd takes for our wish may have
 * a better reason here. */
static void tell_end(const struct capturing *capturing)
{
	const json_t *last = capturing->last;
	const json_t *list = answer_list(last, "ifaces");
	int64_t sent = 0, above = 0, full = 0, unread = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *share = json_array_get(list, i);

		sent += answer_number(share, "sent");
		above += answer_number(share, "above_rate");
		full += answer_number(share, "ring_full");
		unread += answer_number(share, "unread");
	}
	fprintf(stderr,
		"fwctl capture: %" PRId64 " packets captured, %" PRId64
		" lost (%" PRId64 " above %" PRId64 " a second, %" PRId64
		" in the kernel's ring, %" PRId64 " not read in time): %s\n",
		sent, above + full + unread, above,
		answer_number(last, "per_second"), full, unread,
		capturing->why_end ? capturing->why_end
				   : answer_text(last, "end"));
}

static json_t *args_of(const struct session *session)
{
	static const struct {
		enum option_id id;
		const char *key;
	} texts[] = {
		{OPTION_RULE, "rule"},
		{OPTION_REASON, "reason"},
		{OPTION_SRC, "source"},
	};
	const char *count = session_value(session, OPTION_EVENTS);
	const char *snaplen = session_value(session, OPTION_SNAPLEN);
	json_t *args = json_object();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *text = session_value(session, texts[i].id);

		if (text)
			(void)json_object_set_new(args, texts[i].key,
						  json_string(text));
	}
	if (count)
		(void)json_object_set_new(
			args, "count", json_integer(strtoll(count, NULL, 10)));
	if (snaplen)
		(void)json_object_set_new(
			args, "snaplen",
			json_integer(strtoll(snaplen, NULL, 10)));
	return args;
}

/* SIGINT and SIGTERM end the capture, and not the file in its middle. */
static int signals_open(int *ret_fd)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* Ask, and keep our end of the pair. */
static enum outcome begin(struct capturing *capturing)
{
	struct session *session = capturing->session;
	const char *seconds = session_value(session, OPTION_SECONDS);
	CLEANUP(json_decrefp) json_t *answer = NULL;
	int pair[2] = {-1, -1};
	enum outcome outcome;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return session_refuse(session, -errno, "no socket: %s",
				      strerror(errno));
	outcome = session_ask(session, REQ_CAPTURE, args_of(session), pair[1],
			      &answer);
	closep(&pair[1]);
	capturing->fd = pair[0];
	if (outcome == OUTCOME_DONE && seconds)
		capturing->until_ms =
			now_ms() + strtoull(seconds, NULL, 10) * 1000;
	return outcome;
}

static enum outcome run(struct capturing *capturing)
{
	struct session *session = capturing->session;
	enum outcome outcome = begin(capturing);
	int r = 0;

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (capturing->file)
		r = capture_file_start(capturing->file);
	if (r == 0)
		r = signals_open(&capturing->signal_fd);
	if (r == 0)
		fprintf(stderr, "fwctl capture: under way\n");
	if (r == 0)
		r = follow(capturing);
	if (r == 0 && capturing->file)
		r = capture_file_conclude(capturing->file, capturing->last);
	if (r == -ECONNRESET || r == -ETIMEDOUT) {
		(void)session_refuse(session, r,
				     "fwd went away: what was lost is not "
				     "known");
		return OUTCOME_UNREACHABLE;
	}
	if (r < 0)
		return session_refuse(session, r, "the capture broke off: %s",
				      strerror(-r));
	tell_end(capturing);
	(void)json_object_set_new(capturing->last, "ok", json_true());
	if (capturing->file && session->json)
		printer_answer(&session->printer, capturing->last, NULL);
	return OUTCOME_DONE;
}

enum outcome cmd_capture(struct session *session)
{
	const char *path = session_value(session, OPTION_WRITE);
	struct capturing *capturing = calloc(1, sizeof(*capturing));
	enum outcome outcome;
	int r = 0;

	if (!capturing)
		return session_refuse(session, -ENOMEM, "not enough memory");
	capturing->session = session;
	capturing->fd = -1;
	capturing->signal_fd = -1;
	if (path)
		r = capture_file_open(path, &capturing->file);
	if (capturing->file && capture_file_is_stdout(capturing->file))
		session->printer.out = stderr; /* packets are on stdout */
	outcome = r < 0 ? session_refuse(session, r, "cannot write %s: %s",
					 path, strerror(-r))
			: run(capturing);
	r = capture_file_close(capturing->file);
	if (r < 0 && outcome == OUTCOME_DONE)
		outcome = session_refuse(session, r, "cannot write %s: %s",
					 path, strerror(-r));
	json_decref(capturing->last);
	closep(&capturing->fd);
	closep(&capturing->signal_fd);
	free(capturing);
	return outcome;
}
