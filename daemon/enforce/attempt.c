// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/attempt.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/event/proc.h"
#include "rules/base.h"

#define STAT_MAX 1024

/* "4711 (a name) S 4710 ...": the name may have anything in it. */
static void read_name(const char *line, struct attempt *attempt)
{
	const char *first = strchr(line, '(');
	const char *last = strrchr(line, ')');
	size_t len;

	if (!first || !last || last < first)
		return;
	len = (size_t)(last - first - 1);
	if (len >= sizeof(attempt->name))
		len = sizeof(attempt->name) - 1;
	memcpy(attempt->name, first + 1, len);
	attempt->name[len] = '\0';
}

static void read_stat(const char *path, struct attempt *attempt)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char line[STAT_MAX];
	uint64_t start_ns;
	ssize_t len = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

	if (len <= 0)
		return;
	line[len] = '\0';
	read_name(line, attempt);
	(void)proc_read_stat(line, &attempt->parent, &start_ns);
}

void attempt_read(uint32_t pid, struct attempt *ret_attempt)
{
	struct attempt attempt = {.uid = UINT32_MAX};
	struct stat process;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%u", pid);
	if (stat(path, &process) == 0)
		attempt.uid = process.st_uid;
	(void)snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	read_stat(path, &attempt);
	*ret_attempt = attempt;
}
