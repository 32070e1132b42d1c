// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/capturing.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/capture_tally.h"
#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "daemon/json.h"
#include "daemon/log.h"
#include "daemon/pace.h"
#include "rules/base.h"

#define TAKE_PER_TURN 64 /* some ten microseconds each */
#define PAUSE_US      50000 /* where there is nothing to take */
#define LEASE_NS      2000000000u /* the packet path goes on without us */
#define LAST_TRIES    100 /* to send the last message: five seconds */
#define SOCKET_BYTES  (4 << 20) /* that the client may be behind */

struct capturing {
	struct daemon *daemon;
	struct capture *capture;
	const struct maps *maps; /* it is of; only to be compared */
	int fd;
	uint32_t uid;
	struct event *tick;
	struct event *readable;
	struct pace pace;
	uint64_t left; /* of what was asked for */
	const char *why; /* it ends; NULL while it goes on */
	int last_tries;
	bool is_gone; /* nobody is at the other end */
	struct capture_tally tally;
	char hex[2 * FW_CAPTURE_BYTES + 1];
};

/* What the client sends has no meaning but that it is sent. What is not read
 * when a socket is closed would be an error at the other end, though. */
static bool drain(const struct capturing *capturing)
{
	char byte;
	ssize_t got;

	for (int i = 0; i < TAKE_PER_TURN; i++) {
		got = recv(capturing->fd, &byte, 1, MSG_DONTWAIT);
		if (got <= 0)
			return got < 0 && (errno == EAGAIN || errno == EINTR);
	}
	return true;
}

static void free_it(struct capturing *capturing)
{
	if (capturing->tick)
		event_free(capturing->tick);
	if (capturing->readable)
		event_free(capturing->readable);
	capture_close(capturing->capture);
	closep(&capturing->fd);
	free(capturing);
}

/* Takes the object. 0, -EAGAIN when it did not fit, or -EPIPE. */
static int send_object(struct capturing *capturing, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	ssize_t sent = -1;
	int r = -EAGAIN;

	json_decref(object);
	if (!text)
		return r;
	sent = send(capturing->fd, text, strlen(text),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent >= 0)
		r = 0;
	else if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS &&
		 errno != ENOMEM && errno != EMSGSIZE)
		r = -EPIPE;
	free(text);
	return r;
}

static const char *hex_of(struct capturing *capturing,
			  const struct fw_captured *record)
{
	static const char digits[] = "0123456789abcdef";
	char *at = capturing->hex;

	for (size_t i = 0; i < record->kept; i++) {
		*at++ = digits[record->bytes[i] >> 4];
		*at++ = digits[record->bytes[i] & 15];
	}
	*at = '\0';
	return capturing->hex;
}

/* Are its tables those that judge? Others number sets otherwise. */
static bool tables_judge(const struct capturing *capturing)
{
	return capturing->daemon->maps == capturing->maps;
}

static const char *set_of(const struct capturing *capturing,
			  const struct fw_captured *record)
{
	const struct set *set = NULL;

	if (record->set_id && tables_judge(capturing))
		set = ledger_set(capturing->daemon->ledger, record->set_id);
	/* one in shadow decides nothing where something drops the packet */
	if (set && set->action == SET_SHADOW &&
	    record->reason != FW_PASS_SHADOW)
		set = NULL;
	return set ? set->name : "";
}

static json_t *json_of_record(struct capturing *capturing,
			      const struct capture_share *share,
			      const struct fw_captured *record)
{
	const struct daemon *daemon = capturing->daemon;
	const struct counters *counters = daemon->live->counters;
	uint64_t age_ns = clock_boot_ns() - record->time_ns;

	return json_pack(
		"{s:I, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "time_ns",
		(json_int_t)(clock_read_ns(CLOCK_REALTIME) - age_ns), "iface",
		share->ifname, "ifindex", (json_int_t)record->ifindex,
		"direction", record->direction == FW_OUT ? "out" : "in",
		"reason", reason_name((enum fw_reason)record->reason), "rule",
		counters_id(counters, record->counter), "shadow_rule",
		counters_id(counters, record->shadow), "set",
		set_of(capturing, record), "len", (json_int_t)record->len,
		"frame", hex_of(capturing, record));
}

static void end_soon(struct capturing *capturing, const char *why)
{
	if (capturing->why)
		return;
	capturing->why = why;
	capture_stop(capturing->capture);
}

static void pass_on(void *arg, const struct fw_captured *record)
{
	struct capturing *capturing = arg;
	struct capture_share *share =
		capture_tally_of(&capturing->tally, record->ifindex);
	int r;

	/* processors that copy at once may make one more than was asked for */
	if (capturing->left == 0 || capturing->is_gone)
		return;
	r = send_object(capturing, json_of_record(capturing, share, record));
	if (r == -EPIPE) {
		capturing->is_gone = true;
		end_soon(capturing, "the client went away");
	} else if (r < 0) {
		share->unread++;
	} else {
		share->sent++;
		capturing->left--;
	}
}

static json_t *last_words(struct capturing *capturing)
{
	(void)capture_tally_losses(&capturing->tally, capturing->capture);
	return json_pack("{s:s, s:I, s:o}", "end", capturing->why, "per_second",
			 (json_int_t)capturing->pace.per_second, "ifaces",
			 capture_tally_json(&capturing->tally));
}

static void forget(struct capturing *capturing)
{
	log_notice("capture: ended uid=%u because=\"%s\"", capturing->uid,
		   capturing->is_gone ? "the client went away"
				      : capturing->why);
	(void)drain(capturing);
	capturing->daemon->capturing = NULL;
	free_it(capturing);
}

/* Is it over? Then it is gone. */
static bool finish(struct capturing *capturing)
{
	int r = -EPIPE;

	if (!capturing->is_gone)
		r = send_object(capturing, last_words(capturing));
	if (r == -EAGAIN && ++capturing->last_tries < LAST_TRIES)
		return false;
	capturing->is_gone |= r < 0;
	forget(capturing);
	return true;
}

static void renew(struct capturing *capturing)
{
	struct pace *pace = &capturing->pace;
	uint64_t now_ns = clock_boot_ns();

	pace->per_second = capturing->daemon->config.captured_per_second;
	capture_renew(capturing->capture, pace_take(pace, now_ns),
		      pace->per_second, now_ns + LEASE_NS);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct capturing *capturing = arg;
	struct timeval pause = {.tv_usec = PAUSE_US};
	int taken;

	(void)fd;
	(void)what;
	if (!tables_judge(capturing))
		end_soon(capturing, "other tables judge since a restore");
	taken = capture_take(capturing->capture, pass_on, capturing,
			     TAKE_PER_TURN);
	if (capturing->left == 0)
		end_soon(capturing, "all that was asked for is there");
	if (!capturing->why)
		renew(capturing);
	if (taken > 0)
		pause.tv_usec = taken < TAKE_PER_TURN ? PAUSE_US : 0;
	else if (capturing->why && finish(capturing))
		return;
	if (event_add(capturing->tick, &pause) < 0)
		forget(capturing);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct capturing *capturing = arg;

	(void)fd;
	(void)what;
	end_soon(capturing, "the client asked for it");
	/* at its end a socket is readable for ever */
	if (drain(capturing))
		(void)event_add(capturing->readable, NULL);
}

/* So that what comes at once does not depend on when the client gets to run;
 * it is less where that needs a right. */
static void widen(int fd)
{
	const int bytes = SOCKET_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) <
	    0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes,
				 sizeof(bytes));
}

static int begin(struct capturing *capturing,
		 const struct capture_filter *filter)
{
	struct event_base *base = capturing->daemon->base;
	const struct timeval pause = {.tv_usec = PAUSE_US};
	uint64_t now_ns = clock_boot_ns();
	int r = capture_open(capturing->maps, &capturing->capture);

	if (r < 0)
		return r;
	capturing->tick = evtimer_new(base, on_turn, capturing);
	capturing->readable =
		event_new(base, capturing->fd, EV_READ, on_readable, capturing);
	if (!capturing->tick || !capturing->readable ||
	    event_add(capturing->tick, &pause) < 0 ||
	    event_add(capturing->readable, NULL) < 0)
		return -ENOMEM;
	widen(capturing->fd);
	capture_start(capturing->capture, filter, now_ns + LEASE_NS);
	renew(capturing);
	return 0;
}

int capturing_start(struct daemon *daemon, const struct capture_filter *filter,
		    int fd, uint32_t uid)
{
	struct capturing *capturing = calloc(1, sizeof(*capturing));
	int r;

	assert(!daemon->capturing);
	assert(filter);

	if (!capturing)
		return -ENOMEM;
	capturing->daemon = daemon;
	capturing->maps = daemon->maps;
	capturing->fd = fd;
	capturing->uid = uid;
	capturing->left = filter->count ? filter->count : UINT64_MAX;
	r = begin(capturing, filter);
	if (r < 0) {
		capturing->fd = -1; /* the caller's */
		free_it(capturing);
		return r;
	}
	daemon->capturing = capturing;
	log_notice("capture: begun uid=%u", uid);
	return 0;
}

uint32_t capturing_uid(const struct capturing *capturing)
{
	return capturing->uid;
}

void capturing_end(struct daemon *daemon, const char *why)
{
	struct capturing *capturing = daemon->capturing;

	if (!capturing)
		return;
	end_soon(capturing, why);
	(void)capture_take(capturing->capture, pass_on, capturing, INT_MAX);
	capturing->last_tries = LAST_TRIES;
	(void)finish(capturing);
}
