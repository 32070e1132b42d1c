// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/outlet_journal.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/alert/ecs.h"
#include "rules/base.h"

#define FIELDS_MAX 6144 /* of one notice; texts are shorter together */

static const char *const names[] = {
	[TOLD_JSON] = "PORTCULLIS_JSON",
	[TOLD_MESSAGE] = "MESSAGE",
	[TOLD_RULE_ID] = "PORTCULLIS_RULE_ID",
	[TOLD_RULE_NAME] = "PORTCULLIS_RULE",
	[TOLD_EXECUTABLE] = "PORTCULLIS_EXECUTABLE",
	[TOLD_PEER] = "PORTCULLIS_PEER",
	[TOLD_DONE] = "PORTCULLIS_DONE",
};
_Static_assert(ARRAY_LEN(names) == TOLD_TEXT_COUNT, "");

int outlet_journal_open(const char *path, struct outlet_journal *ret_outlet)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert(strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path));

	if (fd < 0)
		return -errno;
	*ret_outlet = (struct outlet_journal){.fd = fd, .path = path};
	return 0;
}

void outlet_journal_close(struct outlet_journal *outlet)
{
	closep(&outlet->fd);
}

/* Texts are of one line, so all fields can have the short form. */
static size_t fill(const struct told *told, char fields[FIELDS_MAX])
{
	char id[UUID_TEXT_MAX];
	size_t len = (size_t)snprintf(
		fields, FIELDS_MAX,
		"PRIORITY=%u\nSYSLOG_IDENTIFIER=portcullis\n"
		"PORTCULLIS_ID=%s\nPORTCULLIS_LEVEL=%s\n"
		"PORTCULLIS_PATTERN=%016" PRIx64 "\nPORTCULLIS_COUNT=%" PRIu64
		"\nPORTCULLIS_PID=%u\n",
		ecs_priority(told->level), uuid_to_text(&told->id, id),
		detect_level_name(told->level), told->pattern, told->count,
		told->pid);

	for (size_t i = 0; i < TOLD_TEXT_COUNT; i++)
		if (told->lens[i])
			len += (size_t)snprintf(fields + len, FIELDS_MAX - len,
						"%s=%s\n", names[i],
						told->texts[i]);
	return len;
}

int outlet_journal_tell(void *arg, const struct told *told)
{
	const struct outlet_journal *outlet = arg;
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char fields[FIELDS_MAX];
	size_t len = fill(told, fields);

	memcpy(to.sun_path, outlet->path, strlen(outlet->path));
	/* by its name each time: it may have been started anew */
	if (sendto(outlet->fd, fields, len, MSG_NOSIGNAL | MSG_DONTWAIT,
		   (const struct sockaddr *)&to, sizeof(to)) >= 0)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS ? -EAGAIN : -errno;
}
