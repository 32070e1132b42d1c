// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/cookies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/log.h"

#define SYSCTL	      "/proc/sys/net/ipv4/tcp_syncookies"
#define COOKIES_ALERT "syncookies"

static const struct rule *find_rule(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].action == RULE_SYNCOOKIE &&
		    !policy->rules[i].is_shadow)
			return &policy->rules[i];
	return NULL;
}

/* Of our network namespace, where the gates and the sockets are. */
static bool kernel_makes_them(void)
{
	CLEANUP(closep) int fd = open(SYSCTL, O_RDONLY | O_CLOEXEC);
	char digit = '0';

	return fd >= 0 && read(fd, &digit, 1) == 1 && digit == '2';
}

int cookies_check(const struct policy *policy, char why[JUDGE_NOTE_MAX])
{
	const struct rule *rule = find_rule(policy);

	if (!rule || kernel_makes_them())
		return 0;
	(void)snprintf(why, JUDGE_NOTE_MAX,
		       "line %u: rule %s: action syncookie needs "
		       "net.ipv4.tcp_syncookies=2 (sysctl -w), and would drop "
		       "every connection without it",
		       rule->line, rule->id);
	return -EINVAL;
}

void cookies_follow(struct daemon *daemon, uint64_t now_s)
{
	const struct rule *rule = find_rule(&daemon->live->judge->policy);

	if (!rule || kernel_makes_them()) {
		(void)alerts_clear(&daemon->alerts, COOKIES_ALERT);
		return;
	}
	if (alerts_raise(&daemon->alerts, now_s, COOKIES_ALERT,
			 "rule %s: net.ipv4.tcp_syncookies is not 2, so new "
			 "connections are dropped",
			 rule->id))
		log_warningx(
			"rule %s: net.ipv4.tcp_syncookies is not 2, so new "
			"connections are dropped, will try again",
			rule->id);
}
