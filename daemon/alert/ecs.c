// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/ecs.h"

#include <ctype.h>
#include <string.h>

#include "daemon/alert/notice.h"
#include "rules/base.h"

static const struct ecs_kind kinds[] = {
	[EVENT_EXEC] = {"process", "start"},
	[EVENT_FORK] = {"process", "start"},
	[EVENT_EXIT] = {"process", "end"},
	[EVENT_OPEN] = {"file", "access"},
	[EVENT_WRITE] = {"file", "change"},
	[EVENT_CREATE] = {"file", "creation"},
	[EVENT_UNLINK] = {"file", "deletion"},
	[EVENT_RENAME] = {"file", "change"},
	[EVENT_CHMOD] = {"file", "change"},
	[EVENT_CONNECT] = {"network", "connection"},
	[EVENT_ACCEPT] = {"network", "connection"},
	[EVENT_BIND] = {"network", "info"},
	[EVENT_LISTEN] = {"network", "info"},
	[EVENT_SEND] = {"network", "connection"},
	[EVENT_SOCKET] = {"network", "info"},
	[EVENT_PTRACE] = {"process", "access"},
	[EVENT_MEMFD] = {"process", "info"},
	[EVENT_MODULE] = {"driver", "start"},
	[EVENT_BPF] = {"driver", "info"},
	[EVENT_NAMESPACE] = {"process", "change"},
	[EVENT_MOUNT] = {"configuration", "change"},
	[EVENT_SETUID] = {"process", "change"},
	[EVENT_URING] = {"process", "info"},
	[EVENT_CALL] = {"process", "info"},
	[EVENT_LOG] = {"host", "info"},
	[EVENT_LOSS] = {"host", "info"},
};
_Static_assert(ARRAY_LEN(kinds) == EVENT_KIND_COUNT, "");

static const struct {
	uint8_t severity, priority;
} levels[] = {
	[DETECT_INFORMATIONAL] = {1, 6}, [DETECT_LOW] = {21, 5},
	[DETECT_MEDIUM] = {47, 4},	 [DETECT_HIGH] = {73, 3},
	[DETECT_CRITICAL] = {99, 2},
};
_Static_assert(ARRAY_LEN(levels) == DETECT_LEVEL_COUNT, "");

static const struct ecs_tactic tactics[] = {
	{"reconnaissance", "TA0043", "Reconnaissance"},
	{"resource-development", "TA0042", "Resource Development"},
	{"initial-access", "TA0001", "Initial Access"},
	{"execution", "TA0002", "Execution"},
	{"persistence", "TA0003", "Persistence"},
	{"privilege-escalation", "TA0004", "Privilege Escalation"},
	{"defense-evasion", "TA0005", "Defense Evasion"},
	{"credential-access", "TA0006", "Credential Access"},
	{"discovery", "TA0007", "Discovery"},
	{"lateral-movement", "TA0008", "Lateral Movement"},
	{"collection", "TA0009", "Collection"},
	{"command-and-control", "TA0011", "Command and Control"},
	{"exfiltration", "TA0010", "Exfiltration"},
	{"impact", "TA0040", "Impact"},
};

static const char prefix[] = "attack.";

const struct ecs_kind *ecs_kind(enum event_kind kind)
{
	return &kinds[kind];
}

uint64_t ecs_severity(enum detect_level level)
{
	return levels[level].severity;
}

unsigned int ecs_priority(enum detect_level level)
{
	return levels[level].priority;
}

static const char *after_prefix(const char *tag)
{
	size_t len = sizeof(prefix) - 1;

	return strncasecmp(tag, prefix, len) == 0 ? tag + len : NULL;
}

/* Sigma has written '_' for '-', once. */
static bool is_name(const char *tag, const char *name)
{
	while (*tag &&
	       (*tag == '_' ? '-' : tolower((unsigned char)*tag)) == *name) {
		tag++;
		name++;
	}
	return *tag == *name;
}

const struct ecs_tactic *ecs_tactic(const char *tag)
{
	const char *name = after_prefix(tag);

	for (size_t i = 0; name && i < ARRAY_LEN(tactics); i++)
		if (is_name(name, tactics[i].tag))
			return &tactics[i];
	return NULL;
}

/* 't', four digits, and maybe '.' and three more. */
bool ecs_technique(const char *tag, char ret_id[ECS_TECHNIQUE_MAX])
{
	const char *id = after_prefix(tag);
	size_t len = id ? strlen(id) : 0;

	if ((len != 5 && len != 9) || (id[0] != 't' && id[0] != 'T'))
		return false;
	for (size_t i = 1; i < len; i++)
		if (i == 5 ? id[i] != '.' : !isdigit((unsigned char)id[i]))
			return false;
	memcpy(ret_id, id, len + 1);
	ret_id[0] = 'T';
	return true;
}
