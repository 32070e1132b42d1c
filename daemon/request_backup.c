// SPDX-License-Identifier: GPL-2.0-or-later
/* The request that writes everything at once into a backup. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/requests.h"
#include "rules/backup.h"

struct backup_job {
	struct job job; /* first: the worker's view of it */
	struct store *store;
	struct call *call;
	int fd; /* the client's memfd */
	json_int_t bytes, sets, members;
	int r;
};

static int count_set(void *arg, const struct set *set)
{
	struct backup_job *backup = arg;

	(void)set;
	backup->sets++;
	return 0;
}

static int write_all(struct backup_job *backup)
{
	struct store_usage usage;
	FILE *out;
	int r;

	if (ftruncate(backup->fd, 0) < 0)
		return -errno;
	out = fdopen(backup->fd, "w");
	if (!out)
		return -errno;
	backup->fd = -1; /* closed with `out` */
	r = backup_write(backup->store, out);
	if (r == 0 && fflush(out) != 0)
		r = -EIO;
	backup->bytes = ftell(out);
	if (fclose(out) != 0 && r == 0)
		r = -EIO;
	if (r == 0)
		r = store_each_set(backup->store, count_set, backup);
	if (r == 0)
		r = store_usage(backup->store, &usage);
	if (r == 0)
		backup->members = (json_int_t)usage.member_count;
	return r;
}

static void run_backup(struct job *job)
{
	struct backup_job *backup = (struct backup_job *)job;

	backup->r = write_all(backup);
	store_trim(backup->store);
}

static void backup_finished(struct job *job)
{
	struct backup_job *backup = (struct backup_job *)job;

	if (backup->r < 0)
		call_refuse(backup->call, backup->r,
			    "the backup could not be written: %s",
			    strerror(-backup->r));
	else
		call_done(backup->call,
			  json_pack("{s:I, s:I, s:I}", "bytes", backup->bytes,
				    "sets", backup->sets, "members",
				    backup->members));
	closep(&backup->fd);
	free(backup);
}

void request_backup(struct daemon *daemon, struct call *call)
{
	struct backup_job *backup;

	/* Only a memfd: writing to it never waits for somebody. */
	if (call->fd < 0 || fcntl(call->fd, F_GET_SEALS) < 0) {
		call_refuse(call, -EINVAL,
			    "expected a memfd to write the backup into");
		return;
	}
	backup = calloc(1, sizeof(*backup));
	if (!backup) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	backup->job.run = run_backup;
	backup->job.done = backup_finished;
	backup->store = daemon->store;
	backup->call = call;
	backup->fd = TAKE_FD(call->fd);
	worker_submit(daemon->worker, &backup->job);
}
