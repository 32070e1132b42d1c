// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/command.h"

#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>

#include "rules/base.h"
#include "rules/duration.h"
#include "rules/kept_notice.h"
#include "rules/member.h"
#include "rules/prefix.h"
#include "rules/revision.h"
#include "rules/set.h"

static bool number_is_within(const char *text, uint64_t min, uint64_t max)
{
	char *end = NULL;
	uint64_t number;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && number >= min && number <= max;
}

static bool check_addr(const char *text)
{
	struct prefix prefix;

	return prefix_from_text(text, strlen(text), &prefix) == 0;
}

static bool range_is_valid(const char *text, size_t first_len)
{
	const char *last_text = text + first_len + 1;
	struct prefix first;
	struct prefix last;

	if (prefix_from_text(text, first_len, &first) < 0 ||
	    prefix_from_text(last_text, strlen(last_text), &last) < 0)
		return false;
	return first.bits == 128 && last.bits == 128 &&
	       prefix_is_v4(&first) == prefix_is_v4(&last) &&
	       prefix_cmp(&first, &last) <= 0;
}

static bool check_addrs(const char *text)
{
	const char *dash = strchr(text, '-');

	if (!strcmp(text, "-"))
		return true;
	return dash ? range_is_valid(text, (size_t)(dash - text))
		    : check_addr(text);
}

static bool check_alert(const char *text)
{
	struct kept_id id;

	return kept_id_from_text(text, &id) == 0;
}

static bool check_capacity(const char *text)
{
	return number_is_within(text, 1, SET_CAPACITY_MAX);
}

static bool check_file(const char *text)
{
	return text[0] != '\0';
}

/* What the kernel's dev_valid_name() accepts, without control characters. */
static bool check_iface(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= IFNAMSIZ || !strcmp(text, ".") ||
	    !strcmp(text, ".."))
		return false;
	for (; *text; text++) {
		if (*text <= ' ' || *text > '~' || *text == '/' || *text == ':')
			return false;
	}
	return true;
}

static bool check_moment(const char *text)
{
	uint64_t moment_s;

	return moment_from_text(text, (uint64_t)time(NULL), &moment_s) == 0;
}

static bool check_number(const char *text)
{
	return number_is_within(text, 1, UINT32_MAX);
}

static bool check_process(const char *text)
{
	return strcmp(text, "all") == 0 || number_is_within(text, 1, INT32_MAX);
}

static bool check_since(const char *text)
{
	uint64_t since_s;

	return since_from_text(text, (uint64_t)time(NULL), &since_s) == 0;
}

static bool check_socket(const char *text)
{
	struct sockaddr_un address;

	return text[0] && strlen(text) < sizeof(address.sun_path);
}

static bool check_span(const char *text)
{
	uint64_t span_s;

	return duration_from_text(text, &span_s) == 0;
}

static bool check_trial(const char *text)
{
	uint64_t span_s;

	return duration_from_text(text, &span_s) == 0 && span_s > 0 &&
	       span_s <= TRIAL_MAX_S;
}

static bool check_heard(const char *text)
{
	return strcmp(text, "falco") == 0 || strcmp(text, "journal") == 0;
}

static bool check_url(const char *text)
{
	return strncmp(text, "https://", 8) == 0 ||
	       strncmp(text, "http://", 7) == 0;
}

/* Of a packet the command says itself what is wrong, and where. */
static bool check_talk(const char *text)
{
	return strchr(text, ' ') || check_addr(text);
}

const struct kind_spec kind_specs[] = {
	[KIND_FLAG] = {"", "", NULL},
	[KIND_ADDR] = {"ADDR", "an IPv4 or IPv6 address or ADDRESS/LENGTH",
		       check_addr},
	[KIND_ALERT] = {"ID",
			"the id of an alert, hexadecimal digits and dashes, "
			"or its beginning",
			check_alert},
	[KIND_ADDRS] = {"ADDR",
			"an address, ADDRESS/LENGTH, FIRST-LAST, or - "
			"to read them from stdin",
			check_addrs},
	[KIND_CAPACITY] = {"N", "a number from 1 to 16000000", check_capacity},
	[KIND_CAUSE] = {"REASON",
			"a reason to drop, as counters has it, or shadow",
			NULL},
	[KIND_CHOICE] = {"", "", NULL},
	[KIND_COMMAND] = {"COMMAND", "the name of a command", NULL},
	[KIND_EVENTS] =
		{"KIND,...",
		 "kinds of events with commas between: exec, fork, exit, "
		 "connect, accept, bind, listen, send, socket, ptrace, "
		 "memfd, module, bpf, namespace, mount, setuid, uring, "
		 "open, write, create, unlink, rename, chmod, call, loss",
		 NULL},
	[KIND_FILE] = {"FILE", "a file name, or -", check_file},
	[KIND_HEARD] = {"FORMAT", "falco or journal", check_heard},
	[KIND_IFACE] =
		{"IFACE",
		 "an interface name: 1 to 15 printable characters without / and :",
		 check_iface},
	[KIND_MOMENT] = {"TIME",
			 "a time to come, in UTC, at most ten years "
			 "away: 2026-12-01T00:00:00Z, "
			 "\"2026-12-01 18:00\" or 2026-12-01",
			 check_moment},
	[KIND_NUMBER] = {"N", "a number from 1 to 4294967295", check_number},
	[KIND_POLICY] = {"POLICY", "the file of a policy document, or -",
			 check_file},
	[KIND_POLICIES] = {"POLICY|N [M]",
			   "the file of a policy document, or -; or the "
			   "number of a revision, or of two",
			   check_file},
	[KIND_PACKET] = {"PACKET",
			 "a packet, like \"tcp 192.0.2.1 > "
			 "198.51.100.7:22 in wan0\"",
			 NULL},
	[KIND_PROCESS] = {"PID|all", "the number of a process, or all",
			  check_process},
	[KIND_REASON] = {"TEXT",
			 "text of at most 255 bytes, UTF-8, without "
			 "control characters",
			 reason_is_valid},
	[KIND_RULE] = {"ID", "the id of a rule", NULL},
	[KIND_RULES] = {"RULES",
			"the file of a detection rule, or a folder of them",
			check_file},
	[KIND_SET] = {"NAME",
		      "a set name: 1 to 31 lower-case letters, digits "
		      "or '-', first a letter; or one like geo:CN or "
		      "asn:64496",
		      set_name_is_known},
	[KIND_SINCE] = {"TIME",
			"how long ago, as a span: 10m, 2h or 3d; or a time "
			"that is past, in UTC: 2026-11-30T04:00:00Z, "
			"\"2026-11-30 04:00\" or 2026-11-30",
			check_since},
	[KIND_SOCKET] = {"PATH", "a path of 1 to 107 bytes", check_socket},
	[KIND_SPAN] = {"SPAN",
		       "a span of at most ten years: 90s, 15m, 1h, 7d, "
		       "2w or 1h30m",
		       check_span},
	[KIND_TALK] = {"ADDR|PACKET",
		       "an IPv4 or IPv6 address or ADDRESS/LENGTH, or a "
		       "packet, like \"tcp 192.0.2.1:443 > "
		       "198.51.100.7:51000\"",
		       check_talk},
	[KIND_TRIAL] = {"SPAN", "a span of at most one day: 90s, 15m or 2h",
			check_trial},
	[KIND_URL] = {"URL", "a URL that begins with https:// or http://",
		      check_url},
};
_Static_assert(ARRAY_LEN(kind_specs) == KIND_COUNT, "a kind lacks its row");
_Static_assert(SET_CAPACITY_MAX == 16000000u, "say the limit in kind_specs");
_Static_assert(TRIAL_MAX_S == 86400u, "say the limit in kind_specs");
_Static_assert(REASON_MAX == 256, "say the limit in kind_specs");
