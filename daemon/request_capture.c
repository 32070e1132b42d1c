// SPDX-License-Identifier: GPL-2.0-or-later
/* Request capture: what is asked for, made into what the packet path matches. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/capturing.h"
#include "daemon/json.h"
#include "daemon/packet/counters.h"
#include "daemon/requests.h"

#define SNAPLEN_DEFAULT 256

static int refuse_fd(struct call *call)
{
	call_refuse(call, -EINVAL,
		    "expected a connected Unix socket of type SOCK_SEQPACKET "
		    "with the request");
	return -EINVAL;
}

static int int_of(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0 ? -1
								    : value;
}

/* One that listens never tells that nobody is there. */
static bool has_peer(int fd)
{
	struct sockaddr_un peer;
	socklen_t len = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
}

/* Whatever else it is would be written into with our rights. */
static int check_fd(struct call *call)
{
	if (call->fd < 0 || int_of(call->fd, SO_DOMAIN) != AF_UNIX ||
	    int_of(call->fd, SO_TYPE) != SOCK_SEQPACKET || !has_peer(call->fd))
		return refuse_fd(call);
	return 0;
}

static const struct rule *find_rule(const struct policy *policy, const char *id)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (strcmp(policy->rules[i].id, id) == 0)
			return &policy->rules[i];
	return NULL;
}

/* What it ends is dropped, or would be. */
static bool can_drop(const struct rule *rule)
{
	return rule->action != RULE_PASS && rule->action != RULE_COUNT;
}

static int read_rule(const struct daemon *daemon, struct call *call,
		     struct capture_filter *filter)
{
	const struct generation *live = daemon->live;
	const char *id = args_text(call, "rule", RULE_ID_MAX - 1, "");
	const struct rule *rule;
	int place;

	if (!id)
		return -EINVAL;
	filter->counter = CAPTURE_ANY_RULE;
	if (!*id)
		return 0;
	rule = find_rule(&live->judge->policy, id);
	place = rule ? counters_find(live->counters, id) : -ENOENT;
	if (rule && !can_drop(rule)) {
		call_refuse(call, -EINVAL,
			    "rule \"%s\" drops nothing, its action is %s: "
			    "captured is what is dropped, or would be",
			    id, rule_action_name(rule->action));
		return -EINVAL;
	}
	if (place < 0) {
		call_refuse(call, -ENOENT,
			    "the policy that judges has no rule \"%s\" "
			    "(fwctl counters shows those there are)",
			    id);
		return -ENOENT;
	}
	filter->counter = (uint16_t)place;
	return 0;
}

/* What a packet can be captured for. */
static bool is_capturable(enum fw_reason reason)
{
	return reason == FW_PASS_SHADOW || reason >= FW_REASON_FIRST_DROP;
}

static int read_reason(struct call *call, struct capture_filter *filter)
{
	const char *name = args_text(call, "reason", 64, "");

	if (!name)
		return -EINVAL;
	if (!*name)
		return 0;
	for (int i = 0; i < FW_REASON_COUNT; i++)
		if (is_capturable((enum fw_reason)i) &&
		    strcmp(reason_name((enum fw_reason)i), name) == 0) {
			filter->reason = (enum fw_reason)i;
			return 0;
		}
	call_refuse(call, -EINVAL,
		    "\"%s\" is no reason to drop a packet (those of fwctl "
		    "counters, and \"shadow\")",
		    name);
	return -EINVAL;
}

static int read_snaplen(struct call *call, struct capture_filter *filter)
{
	const json_t *value = json_object_get(call->args, "snaplen");
	json_int_t snaplen =
		value ? json_integer_value(value) : SNAPLEN_DEFAULT;

	if (snaplen < 1 || snaplen > FW_CAPTURE_BYTES) {
		call_refuse(call, -EINVAL,
			    "\"snaplen\": expected a whole number from 1 to %d",
			    FW_CAPTURE_BYTES);
		return -EINVAL;
	}
	filter->snaplen_bytes = (uint32_t)snaplen;
	return 0;
}

/* `source` lends the filter its place. */
static int read_filter(const struct daemon *daemon, struct call *call,
		       struct prefix *source, struct capture_filter *filter)
{
	int r = read_rule(daemon, call, filter);

	if (r == 0)
		r = read_reason(call, filter);
	if (r == 0 && json_object_get(call->args, "source")) {
		r = args_prefix(call, "source", source);
		filter->source = source;
	}
	if (r == 0)
		r = read_snaplen(call, filter);
	if (r == 0)
		r = args_number(call, "count", INT64_MAX, 0, &filter->count);
	return r;
}

static int check_room(const struct daemon *daemon, struct call *call)
{
	if (daemon->capturing) {
		call_refuse(call, -EBUSY,
			    "uid %u captures already, and one capture can be "
			    "under way: it ends when its fwctl does",
			    capturing_uid(daemon->capturing));
		return -EBUSY;
	}
	if (daemon->config.captured_per_second == 0) {
		call_refuse(call, -EPERM,
			    "captured_per_second of fwd.yml is 0: nothing may "
			    "be captured");
		return -EPERM;
	}
	return 0;
}

void request_capture(struct daemon *daemon, struct call *call)
{
	struct capture_filter filter = {0};
	struct prefix source;
	int r = check_fd(call);

	if (r == 0)
		r = read_filter(daemon, call, &source, &filter);
	if (r == 0)
		r = check_room(daemon, call);
	if (r < 0)
		return;
	r = capturing_start(daemon, &filter, call->fd, call->uid);
	if (r < 0) {
		call_refuse(call, r, "the capture could not begin: %s",
			    strerror(-r));
		return;
	}
	call->fd = -1;
	call_done(call,
		  json_pack("{s:I, s:I}", "per_second",
			    (json_int_t)daemon->config.captured_per_second,
			    "snaplen", (json_int_t)filter.snaplen_bytes));
}
