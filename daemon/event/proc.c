// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/proc.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAT_PARENT 4
#define STAT_START  22
#define LINE_BYTES  4096

/* The name may hold blanks and parentheses: fields count from the last one. */
int proc_read_stat(const char *line, uint32_t *ret_parent,
		   uint64_t *ret_start_ns)
{
	const char *at = strrchr(line, ')');
	unsigned long long parent = 0, start = 0;
	char *end;

	assert(ret_parent);
	assert(ret_start_ns);

	if (!at)
		return -EBADMSG;
	for (int field = 3; field <= STAT_START; field++) {
		at = strchr(at + 1, ' ');
		if (!at)
			return -EBADMSG;
		if (field != STAT_PARENT && field != STAT_START)
			continue;
		if (at[1] < '0' || at[1] > '9')
			return -EBADMSG;
		start = strtoull(at + 1, &end, 10);
		if (field == STAT_PARENT)
			parent = start;
	}
	if (parent > UINT32_MAX || start > UINT64_MAX / PROCESS_ROUGH_TICK_NS)
		return -EBADMSG;
	*ret_parent = (uint32_t)parent;
	*ret_start_ns = start * PROCESS_ROUGH_TICK_NS;
	return 0;
}

/* The first bytes of a file, with a NUL behind. */
static ssize_t read_head(int dir, const char *name, char room[LINE_BYTES])
{
	CLEANUP(closep) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, room, LINE_BYTES - 1);

	if (len < 0)
		return -errno;
	room[len] = '\0';
	return len;
}

static void read_program(int dir, struct process *process)
{
	char image[LINE_BYTES], line[LINE_BYTES] = "";
	struct program_text text = {0};
	struct stat owner;
	ssize_t len = readlinkat(dir, "exe", image, sizeof(image));

	if (len <= 0)
		return;
	text.image = (struct event_text){.bytes = image, .len = (uint32_t)len};
	len = fstat(dir, &owner) == 0 && owner.st_uid == 0
		      ? read_head(dir, "cmdline", line)
		      : 0;
	if (len > 0 && line[len - 1] == '\0')
		len--;
	for (ssize_t i = 0; i < len; i++)
		if (line[i] == '\0')
			line[i] = ' ';
	if (len > 0)
		text.command_line = (struct event_text){
			.bytes = line,
			.len = (uint32_t)len,
			.is_cut = len == LINE_BYTES - 1,
		};
	(void)process_run(process, &text);
}

/* The line of cgroup v2, "0::/path". Its number is that of the directory. */
static void read_cgroup(int dir, struct cgroups *cgroups)
{
	static const char *const mounts[] = {"/sys/fs/cgroup",
					     "/sys/fs/cgroup/unified"};
	char lines[LINE_BYTES], path[LINE_BYTES + 32];
	struct stat group;
	char *at, *end;

	if (read_head(dir, "cgroup", lines) <= 0)
		return;
	at = strstr(lines, "0::/");
	if (!at || (at != lines && at[-1] != '\n'))
		return;
	at += strlen("0::");
	end = strchr(at, '\n');
	if (!end)
		return;
	*end = '\0';
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", mounts[i], at);
		if (stat(path, &group) < 0)
			continue;
		cgroups_put(cgroups, group.st_ino,
			    &(struct event_text){.bytes = at,
						 .len = (uint32_t)(end - at)});
	}
}

static void read_process(int proc, const char *name,
			 struct processes *processes, struct cgroups *cgroups)
{
	CLEANUP(closep)
	int dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct process_id id = {.pid = (uint32_t)strtoul(name, NULL, 10)};
	struct process *process;
	char line[LINE_BYTES];
	uint32_t parent;

	if (dir < 0 || read_head(dir, "stat", line) <= 0 ||
	    proc_read_stat(line, &parent, &id.start_ns) < 0)
		return;
	process = processes_put_rough(processes, &id, parent);
	if (!process)
		return;
	read_program(dir, process);
	read_cgroup(dir, cgroups);
}

int proc_read(const char *path, struct processes *processes,
	      struct cgroups *cgroups)
{
	DIR *dir;
	const struct dirent *entry;

	assert(path);
	assert(processes);
	assert(cgroups);

	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			read_process(dirfd(dir), entry->d_name, processes,
				     cgroups);
	(void)closedir(dir);
	return 0;
}
