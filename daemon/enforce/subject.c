// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/subject.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/event/proc.h"
#include "rules/base.h"

#define LINE_BYTES    1024
#define GROUPS_BYTES  (PATH_MAX + 2048) /* those of version 1 come before */
#define FLAGS_FIELD   9
#define THREADS_FIELD 20
#define KERNEL_FLAG   0x00200000ul /* PF_KTHREAD */

/* Of /proc/PID/stat. */
struct status {
	uint32_t parent;
	uint64_t start_ns;
	char state;
	unsigned long flags;
	unsigned long threads;
};

/* The first bytes of a file, with a NUL behind. */
static ssize_t read_head(int dir, const char *name, char *room, size_t bytes)
{
	CLEANUP(closep) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, room, bytes - 1);

	if (len < 0)
		return -errno;
	room[len] = '\0';
	return len;
}

/* A number among the fields behind the name, which count from 3. */
static unsigned long field_of(const char *line, int wanted)
{
	const char *at = strrchr(line, ')');

	for (int field = 3; at && field <= wanted; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoul(at + 1, NULL, 10) : 0;
}

static int read_status(int dir, struct status *ret_status)
{
	char line[LINE_BYTES];
	ssize_t len = read_head(dir, "stat", line, sizeof(line));
	int r;

	if (len < 0)
		return (int)len;
	r = proc_read_stat(line, &ret_status->parent, &ret_status->start_ns);
	if (r < 0)
		return r;
	ret_status->state = strrchr(line, ')')[2];
	ret_status->flags = field_of(line, FLAGS_FIELD);
	ret_status->threads = field_of(line, THREADS_FIELD);
	return 0;
}

/* A first thread that has ended does not end the others. */
static bool has_ended(const struct status *status)
{
	return (status->state == 'Z' || status->state == 'X') &&
	       status->threads <= 1;
}

static int read_exe(int dir, char ret_exe[PATH_MAX])
{
	ssize_t len = readlinkat(dir, "exe", ret_exe, PATH_MAX - 1);

	if (len < 0)
		return -errno;
	ret_exe[len] = '\0';
	return 0;
}

/* The line of version 2, "0::/path". */
static int read_cgroup(int dir, char ret_cgroup[PATH_MAX])
{
	char lines[GROUPS_BYTES];
	ssize_t len = read_head(dir, "cgroup", lines, sizeof(lines));
	char *at, *end;

	if (len < 0)
		return (int)len;
	at = strncmp(lines, "0::", 3) == 0 ? lines : strstr(lines, "\n0::");
	at = at ? strchr(at, '/') : NULL;
	end = at ? strchr(at, '\n') : NULL;
	if (!end || end - at >= PATH_MAX)
		return -EBADMSG;
	*end = '\0';
	memcpy(ret_cgroup, at, (size_t)(end - at) + 1);
	return 0;
}

DIR *subject_list(const struct subject *subject, const char *name)
{
	int fd = openat(subject->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list)
		closep(&fd);
	return list;
}

/* Of the process, or of a thread of it that has not ended. */
static int read_names(int dir, struct subject *subject)
{
	int r = read_exe(dir, subject->exe);

	return r < 0 ? r : read_cgroup(dir, subject->cgroup);
}

static int read_names_of_threads(struct subject *subject)
{
	DIR *list = subject_list(subject, "task");
	const struct dirent *entry;
	int r = -ENOENT;

	while (list && r < 0 && (entry = readdir(list))) {
		CLEANUP(closep)
		int thread = openat(dirfd(list), entry->d_name,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (thread >= 0 && entry->d_name[0] != '.')
			r = read_names(thread, subject);
	}
	if (list)
		(void)closedir(list);
	return r;
}

bool subject_lives(const struct subject *subject)
{
	struct status status;

	return read_status(subject->dir, &status) == 0 && !has_ended(&status);
}

static int read_subject(struct subject *subject)
{
	struct status status;
	int r = read_status(subject->dir, &status);

	if (r < 0 || has_ended(&status))
		return r == -EACCES ? r : -ESRCH;
	subject->id.start_ns = status.start_ns;
	subject->is_kernel = status.flags & KERNEL_FLAG;
	if (subject->is_kernel)
		return 0;
	r = read_names(subject->dir, subject);
	if (r == -ENOENT && status.threads > 1)
		r = read_names_of_threads(subject);
	subject->is_known = r == 0;
	return r == 0 || subject_lives(subject) ? 0 : -ESRCH;
}

/* It is there, but /proc does not show it. This call asks for no right over
 * the process, and its answer is not wanted. */
static bool is_hidden(uint32_t pid)
{
	cpu_set_t set;

	return sched_getaffinity((pid_t)pid, sizeof(set), &set) == 0 ||
	       errno != ESRCH;
}

int subject_open_pid(uint32_t pid, struct subject *ret_subject)
{
	char path[32];
	int r;

	assert(ret_subject);

	if (pid == 0 || pid > INT_MAX)
		return -ESRCH;
	(void)snprintf(path, sizeof(path), "/proc/%u", pid);
	*ret_subject = (struct subject){
		.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.id.pid = pid,
	};
	if (ret_subject->dir < 0)
		return errno == ENOENT && !is_hidden(pid) ? -ESRCH : -EACCES;
	r = read_subject(ret_subject);
	if (r < 0)
		subject_close(ret_subject);
	return r;
}

int subject_open(const struct process_id *id, struct subject *ret_subject)
{
	int r = subject_open_pid(id->pid, ret_subject);

	if (r < 0 || subject_is(&ret_subject->id, id))
		return r;
	subject_close(ret_subject);
	return -ESRCH;
}

void subject_close(struct subject *subject)
{
	closep(&subject->dir);
}

int subject_end(const struct subject *subject)
{
	return syscall(SYS_pidfd_send_signal, subject->dir, SIGKILL, NULL, 0) <
			       0
		       ? -errno
		       : 0;
}

static int read_status_of(uint32_t pid, struct status *ret_status)
{
	char path[32];
	CLEANUP(closep) int dir = -1;

	(void)snprintf(path, sizeof(path), "/proc/%u", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : read_status(dir, ret_status);
}

int subject_parent_of(uint32_t pid, struct process_id *ret_parent)
{
	struct status status = {0}, parent = {0};

	assert(ret_parent);

	if (read_status_of(pid, &status) < 0 || status.parent == 0 ||
	    read_status_of(status.parent, &parent) < 0)
		return -ESRCH;
	*ret_parent = (struct process_id){
		.pid = status.parent,
		.start_ns = parent.start_ns,
	};
	return 0;
}
