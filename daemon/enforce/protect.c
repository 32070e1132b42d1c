// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/protect.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "rules/base.h"

#define UNIT(name) "/system.slice/" name ".service"

const struct enforce_protected protect_usual[] = {
	{"/usr/lib/systemd/systemd", "/init.scope"},
	{"/lib/systemd/systemd", "/init.scope"},
	{"/usr/lib/systemd/systemd-journald", UNIT("systemd-journald")},
	{"/lib/systemd/systemd-journald", UNIT("systemd-journald")},
	{"/usr/lib/systemd/systemd-logind", UNIT("systemd-logind")},
	{"/lib/systemd/systemd-logind", UNIT("systemd-logind")},
	{"/usr/bin/dbus-daemon", UNIT("dbus")},
	{"/usr/bin/dbus-broker-launch", UNIT("dbus-broker")},
	{"/usr/bin/dbus-broker", UNIT("dbus-broker")},
	{"/usr/sbin/sshd", UNIT("ssh")},
	{"/usr/sbin/sshd", UNIT("sshd")},
};
const size_t protect_usual_count = ARRAY_LEN(protect_usual);

/* A package that was renewed leaves the old file running, without a name. */
static bool is_exe(const char *exe, const char *wanted)
{
	size_t len = strlen(wanted);

	return strncmp(exe, wanted, len) == 0 &&
	       (exe[len] == '\0' || strcmp(exe + len, " (deleted)") == 0);
}

static bool is_in_group(const char *group, const char *wanted)
{
	size_t len = strlen(wanted);

	return strncmp(group, wanted, len) == 0 &&
	       (group[len] == '\0' || group[len] == '/');
}

static bool is_listed(const struct protect_list *list,
		      const struct subject *subject)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_exe(subject->exe, list->rows[i].exe) &&
		    is_in_group(subject->cgroup, list->rows[i].cgroup))
			return true;
	return false;
}

void protect_init(struct protect_list *list,
		  const struct enforce_protected *rows, size_t count)
{
	uint32_t pid = (uint32_t)getpid();
	struct process_id id;

	assert(list);

	*list = (struct protect_list){
		.rows = rows ? rows : protect_usual,
		.count = rows ? count : protect_usual_count,
	};
	while (list->ancestor_count < PROTECT_ANCESTORS_MAX &&
	       subject_parent_of(pid, &id) == 0) {
		list->ancestors[list->ancestor_count++] = id;
		pid = id.pid;
	}
}

static bool is_ancestor(const struct protect_list *list,
			const struct process_id *id)
{
	for (size_t i = 0; i < list->ancestor_count; i++)
		if (subject_is(&list->ancestors[i], id))
			return true;
	return false;
}

/* What needs no names. */
static const char *why_anyway(const struct protect_list *list,
			      const struct subject *subject)
{
	if (subject->id.pid == 1)
		return "it is process 1";
	if (subject->is_kernel)
		return "it is a thread of the kernel";
	if (subject->id.pid == (uint32_t)getpid())
		return "it is this daemon";
	return is_ancestor(list, &subject->id) ? "this daemon descends from it"
					       : NULL;
}

int protect_look(const struct protect_list *list, const struct subject *subject,
		 const char **ret_why)
{
	const char *why = why_anyway(list, subject);

	assert(list);
	assert(ret_why);

	if (!why && !subject->is_known)
		return -EACCES;
	if (!why && is_listed(list, subject))
		why = "it is of the protected list";
	*ret_why = why;
	return 0;
}
