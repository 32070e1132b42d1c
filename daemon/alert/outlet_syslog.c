// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/outlet_syslog.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/alert/ecs.h"
#include "daemon/alert/line.h"
#include "rules/base.h"

#define FACILITY  10u /* authpriv */
#define PORT_MAX  65535
#define HOST_TEXT 64

/* The number is the one that RFC 5612 sets aside for examples: there is none
 * of our own. */
#define SD_ID "portcullis@32473"
#define MSGID "alert"
#define BOM   "\xef\xbb\xbf"
#define NIL   "-"

static int read_port(const char *text, uint16_t *ret_port_be)
{
	char *end;
	unsigned long port;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	port = strtoul(text, &end, 10);
	if (*end || port == 0 || port > PORT_MAX)
		return -EINVAL;
	*ret_port_be = htons((uint16_t)port);
	return 0;
}

/* "192.0.2.1:514", "[2001:db8::1]:514". */
static int read_udp(const char *text, struct syslog_target *target)
{
	const char *colon = strrchr(text, ':');
	bool is_v6 = *text == '[';
	char host[HOST_TEXT] = "";
	size_t len = colon ? (size_t)(colon - text) : 0;
	int r;

	if (len == 0 || len >= sizeof(host))
		return -EINVAL;
	if (is_v6 && (len < 2 || text[len - 1] != ']'))
		return -EINVAL;
	memcpy(host, text + is_v6, len - (is_v6 ? 2 : 0));
	if (is_v6) {
		target->v6.sin6_family = AF_INET6;
		target->len = sizeof(target->v6);
		r = inet_pton(AF_INET6, host, &target->v6.sin6_addr);
		return r == 1 ? read_port(colon + 1, &target->v6.sin6_port)
			      : -EINVAL;
	}
	target->v4.sin_family = AF_INET;
	target->len = sizeof(target->v4);
	r = inet_pton(AF_INET, host, &target->v4.sin_addr);
	return r == 1 ? read_port(colon + 1, &target->v4.sin_port) : -EINVAL;
}

int syslog_target_from_text(const char *text, struct syslog_target *ret_target)
{
	struct syslog_target target = {.len = 0};
	int r = 0;

	if (*text == '/' && strlen(text) < sizeof(target.local.sun_path)) {
		target.local.sun_family = AF_UNIX;
		memcpy(target.local.sun_path, text, strlen(text));
		target.len = sizeof(target.local);
	} else if (strncmp(text, "udp:", 4) == 0) {
		r = read_udp(text + 4, &target);
	} else {
		r = -EINVAL;
	}
	if (r == 0)
		*ret_target = target;
	return r;
}

int outlet_syslog_open(const struct syslog_target *target, const char *host,
		       unsigned int pid, struct outlet_syslog *ret_outlet)
{
	struct outlet_syslog outlet = {.target = *target, .pid = pid};

	outlet.fd = socket(target->any.sa_family,
			   SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (outlet.fd < 0)
		return -errno;
	(void)snprintf(outlet.host, sizeof(outlet.host), "%s",
		       *host ? host : NIL);
	/* RFC 5424, 6.2.4: printable ASCII without a blank */
	for (char *at = outlet.host; *at; at++)
		if (*at < '!' || *at > '~')
			*at = '?';
	*ret_outlet = outlet;
	return 0;
}

void outlet_syslog_close(struct outlet_syslog *outlet)
{
	closep(&outlet->fd);
}

struct out {
	char *bytes;
	size_t len;
};

static void put(struct out *out, const char *bytes, size_t len)
{
	size_t room = SYSLOG_LINE_MAX - out->len;

	len = len < room ? len : room;
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

static void put_string(struct out *out, const char *string)
{
	put(out, string, strlen(string));
}

/* RFC 5424, 6.3.3: these three are escaped in a value. */
static void put_param(struct out *out, const char *name, const char *value)
{
	if (!*value)
		return;
	put_string(out, " ");
	put_string(out, name);
	put_string(out, "=\"");
	for (; *value; value++) {
		if (*value == '"' || *value == '\\' || *value == ']')
			put_string(out, "\\");
		put(out, value, 1);
	}
	put_string(out, "\"");
}

static void put_head(struct out *out, const struct outlet_syslog *outlet,
		     const struct told *told)
{
	time_t second = (time_t)(told->wall_ns / 1000000000u);
	char moment[32] = NIL;
	char head[160];
	struct tm utc;
	int len;

	if (gmtime_r(&second, &utc))
		(void)strftime(moment, sizeof(moment), "%FT%T", &utc);
	len = snprintf(head, sizeof(head),
		       "<%u>1 %s.%06uZ %s portcullis %u %s ",
		       FACILITY * 8 + ecs_priority(told->level), moment,
		       (unsigned int)(told->wall_ns / 1000 % 1000000),
		       outlet->host, outlet->pid, MSGID);
	put(out, head, (size_t)len);
}

size_t outlet_syslog_line(const struct outlet_syslog *outlet,
			  const struct told *told, char line[SYSLOG_LINE_MAX])
{
	struct out out = {.bytes = line};
	char text[UUID_TEXT_MAX];

	put_head(&out, outlet, told);
	put_string(&out, "[" SD_ID);
	put_param(&out, "id", uuid_to_text(&told->id, text));
	put_param(&out, "level", detect_level_name(told->level));
	(void)snprintf(text, sizeof(text), "%016" PRIx64, told->pattern);
	put_param(&out, "pattern", text);
	(void)snprintf(text, sizeof(text), "%" PRIu64, told->count);
	put_param(&out, "count", text);
	(void)snprintf(text, sizeof(text), "%u", told->pid);
	put_param(&out, "pid", told->pid ? text : "");
	put_param(&out, "rule", told->texts[TOLD_RULE_ID]);
	put_param(&out, "executable", told->texts[TOLD_EXECUTABLE]);
	put_param(&out, "peer", told->texts[TOLD_PEER]);
	put_param(&out, "done", told->texts[TOLD_DONE]);
	put_string(&out, "] " BOM);
	put_string(&out, told->texts[TOLD_MESSAGE]);
	return line_whole(line, out.len);
}

int outlet_syslog_tell(void *arg, const struct told *told)
{
	const struct outlet_syslog *outlet = arg;
	char line[SYSLOG_LINE_MAX];
	size_t len = outlet_syslog_line(outlet, told, line);

	if (sendto(outlet->fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT,
		   &outlet->target.any, outlet->target.len) >= 0)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS ? -EAGAIN : -errno;
}
