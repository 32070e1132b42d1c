// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/kind.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"

static const enum event_kind kinds[] = {
	[FW_SENSE_NONE] = EVENT_KIND_COUNT,
	[FW_SENSE_ARGS] = EVENT_KIND_COUNT,
	[FW_SENSE_EXEC] = EVENT_EXEC,
	[FW_SENSE_FORK] = EVENT_FORK,
	[FW_SENSE_EXIT] = EVENT_EXIT,
	[FW_SENSE_CONNECT] = EVENT_CONNECT,
	[FW_SENSE_ACCEPT] = EVENT_ACCEPT,
	[FW_SENSE_BIND] = EVENT_BIND,
	[FW_SENSE_LISTEN] = EVENT_LISTEN,
	[FW_SENSE_SEND] = EVENT_SEND,
	[FW_SENSE_SOCKET] = EVENT_SOCKET,
	[FW_SENSE_PTRACE] = EVENT_PTRACE,
	[FW_SENSE_MEMFD] = EVENT_MEMFD,
	[FW_SENSE_MODULE] = EVENT_MODULE,
	[FW_SENSE_BPF] = EVENT_BPF,
	[FW_SENSE_NAMESPACE] = EVENT_NAMESPACE,
	[FW_SENSE_MOUNT] = EVENT_MOUNT,
	[FW_SENSE_SETUID] = EVENT_SETUID,
	[FW_SENSE_URING] = EVENT_URING,
	[FW_SENSE_OPEN] = EVENT_OPEN,
	[FW_SENSE_WRITE] = EVENT_WRITE,
	[FW_SENSE_CREATE] = EVENT_CREATE,
	[FW_SENSE_UNLINK] = EVENT_UNLINK,
	[FW_SENSE_RENAME] = EVENT_RENAME,
	[FW_SENSE_CHMOD] = EVENT_CHMOD,
	[FW_SENSE_CALL] = EVENT_CALL,
};
_Static_assert(ARRAY_LEN(kinds) == FW_SENSE_COUNT, "");

int event_kind_from_name(const char *name, size_t len,
			 enum event_kind *ret_kind)
{
	assert(name);
	assert(ret_kind);

	for (int i = 0; i < EVENT_KIND_COUNT; i++) {
		const char *other = event_kind_name((enum event_kind)i);

		if (strlen(other) != len || memcmp(other, name, len) != 0)
			continue;
		*ret_kind = (enum event_kind)i;
		return 0;
	}
	return -ENOENT;
}

enum event_kind event_kind_of_sense(enum fw_sense sense)
{
	return sense < FW_SENSE_COUNT ? kinds[sense] : EVENT_KIND_COUNT;
}
