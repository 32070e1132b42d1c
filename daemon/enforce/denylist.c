// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/denylist.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>

#include "daemon/enforce/barring.h"

#define QUESTION_BYTES 4096
#define DENIALS_MAX    64
#define SECOND_NS      1000000000ull

enum count {
	COUNT_ASKED,
	COUNT_DENIED,
	COUNT_READ,
	COUNT_LATE,
	COUNT_UNREAD,
	COUNT_UNMARKED,
	COUNT_UNTOLD,
	COUNT_COUNT,
};

/* A file that is read. The one who answers puts it in when there is none, and
 * waits a while; the one who reads takes it out. */
struct task {
	int fd; /* -1: there is none; the reader's */
	struct file_state state;
	uint64_t number;
	uint64_t done; /* number of the last one that was */
	int result; /* of that */
	struct file_digest digest;
};

struct denylist {
	int group; /* of fanotify */
	int stop_fd, denial_fd;
	atomic_bool stop;
	uint64_t answer_ns, bytes_max;
	_Atomic uint64_t counts[COUNT_COUNT];
	_Atomic uint64_t barred_count; /* digests that the kernel has */
	pthread_t answering, reading;
	bool is_answering, is_reading;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t asked, found;
	struct task task;
	struct digest_cache *cache;
	struct file_digest *digests; /* in order */
	size_t digest_count;
	struct denylist_denial *denials; /* a ring */
	size_t denial_first, denial_count;
	int ready_count; /* threads that have only what they keep */
	int ready_error; /* of one that has more */
	struct barring *barring; /* NULL: off */
	char barring_note[BARRING_NOTE_MAX]; /* why */
};

static void count(struct denylist *denylist, enum count what)
{
	(void)atomic_fetch_add(&denylist->counts[what], 1);
}

static uint64_t now_ns_of(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static bool is_listed(const struct denylist *denylist,
		      const struct file_digest *digest)
{
	return file_digest_find(denylist->digests, denylist->digest_count,
				digest);
}

/* Of this thread's capabilities only one stays, or none (0). */
static int keep_only(uint32_t kept)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &head, data) < 0)
		return -errno;
	data[0].permitted &= kept;
	data[0].effective &= kept;
	data[0].inheritable = 0;
	data[1] = (struct __user_cap_data_struct){0};
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

/* Who began the thread waits for this: later it could not do so any more. */
static void settle_in(struct denylist *denylist, uint32_t kept)
{
	int r = keep_only(kept);

	(void)pthread_mutex_lock(&denylist->lock);
	denylist->ready_count++;
	if (r < 0)
		denylist->ready_error = r;
	(void)pthread_cond_broadcast(&denylist->found);
	(void)pthread_mutex_unlock(&denylist->lock);
}

/* ---- who reads ---- */

/* A file that is written meanwhile has a digest that is of no use later. */
static int read_file(struct denylist *denylist, int fd,
		     const struct file_state *state,
		     struct file_digest *ret_digest, bool *ret_is_steady)
{
	struct file_state after;
	int r = file_digest_read(fd, denylist->bytes_max, &denylist->stop,
				 ret_digest);

	*ret_is_steady = r == 0 && file_state_read(fd, &after) == 0 &&
			 memcmp(&after, state, sizeof(after)) == 0;
	return r;
}

/* The kernel is told what is certain: not of a file that changed just now.
 * Where it does not take it we are asked as before. */
static void label(struct denylist *denylist, int fd,
		  const struct file_state *state)
{
	struct file_digest digest;

	if (denylist->barring &&
	    digest_cache_find(denylist->cache, state, &digest))
		(void)barring_label(denylist->barring, fd, state, &digest);
}

static void *read_files(void *arg)
{
	struct denylist *denylist = arg;
	struct task *task = &denylist->task;

	settle_in(denylist, 0);
	(void)pthread_mutex_lock(&denylist->lock);
	for (;;) {
		struct file_digest digest = {0};
		struct file_state state;
		bool is_steady;
		int fd, r;

		while (task->fd < 0 && !atomic_load(&denylist->stop))
			(void)pthread_cond_wait(&denylist->asked,
						&denylist->lock);
		if (task->fd < 0)
			break;
		fd = task->fd;
		state = task->state;
		(void)pthread_mutex_unlock(&denylist->lock);
		r = read_file(denylist, fd, &state, &digest, &is_steady);
		(void)pthread_mutex_lock(&denylist->lock);
		if (is_steady)
			digest_cache_put(denylist->cache, &state, &digest,
					 now_ns_of(CLOCK_REALTIME));
		/* whoever asked may have had his answer long ago */
		label(denylist, fd, &state);
		(void)close(fd);
		task->fd = -1;
		task->done = task->number;
		task->result = r;
		task->digest = digest;
		(void)pthread_cond_signal(&denylist->found);
	}
	(void)pthread_mutex_unlock(&denylist->lock);
	return NULL;
}

/* ---- who answers ---- */

static struct timespec deadline_of(const struct denylist *denylist)
{
	uint64_t at_ns = now_ns_of(CLOCK_MONOTONIC) + denylist->answer_ns;

	return (struct timespec){
		.tv_sec = (time_t)(at_ns / SECOND_NS),
		.tv_nsec = (long)(at_ns % SECOND_NS),
	};
}

/* Have it read, with the lock held. A reader that is stuck with another file
 * is not waited for. */
static int ask_reader(struct denylist *denylist, int fd,
		      const struct file_state *state,
		      struct file_digest *ret_digest)
{
	struct timespec deadline = deadline_of(denylist);
	struct task *task = &denylist->task;
	uint64_t number;

	if (task->fd >= 0)
		return -ETIME;
	task->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (task->fd < 0)
		return -errno;
	task->state = *state;
	number = ++task->number;
	count(denylist, COUNT_READ);
	(void)pthread_cond_signal(&denylist->asked);
	while (task->done != number)
		if (pthread_cond_timedwait(&denylist->found, &denylist->lock,
					   &deadline) != 0)
			return -ETIME;
	*ret_digest = task->digest;
	return task->result;
}

/* Who reads it puts a label, which is put once more only where it matters. */
static int find_digest(struct denylist *denylist, int fd,
		       struct file_digest *ret_digest)
{
	struct file_state state;
	int r = file_state_read(fd, &state);

	if (r < 0)
		return r;
	if (!digest_cache_find(denylist->cache, &state, ret_digest))
		return ask_reader(denylist, fd, &state, ret_digest);
	if (is_listed(denylist, ret_digest))
		label(denylist, fd, &state);
	return 0;
}

static void tell(struct denylist *denylist, const struct file_digest *digest,
		 int fd, uint32_t pid)
{
	size_t at =
		(denylist->denial_first + denylist->denial_count) % DENIALS_MAX;
	struct denylist_denial *denial = &denylist->denials[at];
	char link[32];
	ssize_t len;

	if (denylist->denial_count == DENIALS_MAX) {
		count(denylist, COUNT_UNTOLD);
		return;
	}
	denial->time_ns = now_ns_of(CLOCK_BOOTTIME);
	denial->pid = pid;
	denial->digest = *digest;
	attempt_read(pid, &denial->who);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, denial->path, sizeof(denial->path) - 1);
	denial->path[len < 0 ? 0 : len] = '\0';
	denylist->denial_count++;
	(void)eventfd_write(denylist->denial_fd, 1);
}

/* So that we are asked when a loader opens it. */
static void mark(struct denylist *denylist, int fd)
{
	if (fanotify_mark(denylist->group, FAN_MARK_ADD, FAN_OPEN_PERM, fd,
			  NULL) < 0)
		count(denylist, COUNT_UNMARKED);
}

static bool is_denied(struct denylist *denylist,
		      const struct fanotify_event_metadata *question)
{
	struct file_digest digest;
	bool is_bad = false;
	int r = 0;

	(void)pthread_mutex_lock(&denylist->lock);
	if (denylist->digest_count) {
		r = find_digest(denylist, question->fd, &digest);
		is_bad = r == 0 && is_listed(denylist, &digest);
	}
	if (is_bad)
		tell(denylist, &digest, question->fd, (uint32_t)question->pid);
	(void)pthread_mutex_unlock(&denylist->lock);
	if (r < 0)
		count(denylist, r == -ETIME ? COUNT_LATE : COUNT_UNREAD);
	return is_bad;
}

/* The mark comes first: who is denied may try a loader at once. */
static void answer(struct denylist *denylist,
		   const struct fanotify_event_metadata *question)
{
	bool denied = is_denied(denylist, question);
	const struct fanotify_response response = {
		.fd = question->fd,
		.response = denied ? FAN_DENY : FAN_ALLOW,
	};

	count(denylist, COUNT_ASKED);
	if (denied) {
		count(denylist, COUNT_DENIED);
		if (question->mask & FAN_OPEN_EXEC_PERM)
			mark(denylist, question->fd);
	}
	(void)!write(denylist->group, &response, sizeof(response));
	(void)close(question->fd);
}

static void answer_all(struct denylist *denylist)
{
	_Alignas(struct fanotify_event_metadata) char room[QUESTION_BYTES];
	const struct fanotify_event_metadata *question = (void *)room;
	ssize_t len = read(denylist->group, room, sizeof(room));

	for (; len > 0 && FAN_EVENT_OK(question, len);
	     question = FAN_EVENT_NEXT(question, len))
		if (question->fd >= 0)
			answer(denylist, question);
}

static void *answer_questions(void *arg)
{
	struct denylist *denylist = arg;
	struct pollfd ready[] = {
		{.fd = denylist->group, .events = POLLIN},
		{.fd = denylist->stop_fd, .events = POLLIN},
	};

	/* to mark what is not ours */
	settle_in(denylist, 1u << CAP_DAC_READ_SEARCH);
	while (!atomic_load(&denylist->stop))
		if (poll(ready, ARRAY_LEN(ready), -1) > 0 &&
		    ready[0].revents & POLLIN)
			answer_all(denylist);
	return NULL;
}

/* ---- the rest ---- */

/* Whoever answers for it may be as slow as he likes. */
static bool may_wait(const struct statfs *place)
{
	static const uint32_t kinds[] = {
		0x65735546, /* FUSE */
		NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,  SMB2_SUPER_MAGIC,
		CIFS_SUPER_MAGIC, V9FS_MAGIC,	    AFS_SUPER_MAGIC,
		CEPH_SUPER_MAGIC, CODA_SUPER_MAGIC,
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if ((uint32_t)place->f_type == kinds[i])
			return true;
	return false;
}

static int watch(struct denylist *denylist, const char *path,
		 char note[DENYLIST_NOTE_MAX])
{
	struct statfs place;
	int r = statfs(path, &place) < 0 ? -errno : 0;

	if (r == 0 && may_wait(&place))
		r = -EOPNOTSUPP;
	if (r == 0 &&
	    fanotify_mark(denylist->group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
			  FAN_OPEN_EXEC_PERM, AT_FDCWD, path) < 0)
		r = -errno;
	if (r < 0)
		(void)snprintf(note, DENYLIST_NOTE_MAX,
			       "the file system of \"%.100s\" cannot be "
			       "watched: %s",
			       path, strerror(-r));
	return r;
}

static int begin_threads(struct denylist *denylist)
{
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&denylist->reading, NULL, read_files, denylist);
	denylist->is_reading = r == 0;
	if (r == 0) {
		r = pthread_create(&denylist->answering, NULL, answer_questions,
				   denylist);
		denylist->is_answering = r == 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0)
		return -r;
	(void)pthread_mutex_lock(&denylist->lock);
	while (denylist->ready_count < 2)
		(void)pthread_cond_wait(&denylist->found, &denylist->lock);
	r = denylist->ready_error;
	(void)pthread_mutex_unlock(&denylist->lock);
	return r;
}

static int begin(struct denylist *denylist,
		 const struct denylist_config *config,
		 char note[DENYLIST_NOTE_MAX])
{
	int r = digest_cache_new(&denylist->cache);

	denylist->denials = calloc(DENIALS_MAX, sizeof(*denylist->denials));
	if (r < 0 || !denylist->denials)
		return -ENOMEM;
	denylist->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	denylist->denial_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (denylist->stop_fd < 0 || denylist->denial_fd < 0)
		return -errno;
	denylist->group =
		fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK |
				      FAN_UNLIMITED_QUEUE,
			      O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME);
	if (denylist->group < 0)
		return -errno;
	/* without it we are asked all the same */
	(void)barring_new(&denylist->barring, denylist->barring_note);
	r = begin_threads(denylist);
	for (size_t i = 0; i < config->place_count && r == 0; i++)
		r = watch(denylist, config->places[i], note);
	return r;
}

static void init_locks(struct denylist *denylist)
{
	pthread_condattr_t monotonic;

	(void)pthread_mutex_init(&denylist->lock, NULL);
	(void)pthread_cond_init(&denylist->asked, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&denylist->found, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
}

int denylist_start(const struct denylist_config *config,
		   struct denylist **ret_denylist, char note[DENYLIST_NOTE_MAX])
{
	struct denylist *denylist;
	int r;

	assert(config);
	assert(ret_denylist);

	note[0] = '\0';
	denylist = calloc(1, sizeof(*denylist));
	if (!denylist)
		return -ENOMEM;
	denylist->group = denylist->stop_fd = denylist->denial_fd = -1;
	denylist->task.fd = -1;
	denylist->answer_ns =
		config->answer_ns ? config->answer_ns : DENYLIST_ANSWER_NS;
	denylist->bytes_max =
		config->bytes_max ? config->bytes_max : DENYLIST_BYTES_MAX;
	init_locks(denylist);
	r = begin(denylist, config, note);
	if (r < 0)
		denylist_stop(denylist);
	else
		*ret_denylist = denylist;
	if (r < 0 && !*note)
		(void)snprintf(note, DENYLIST_NOTE_MAX,
			       "executions cannot be watched: %s",
			       strerror(-r));
	return r;
}

/* The group is closed before the reader is waited for: its disk may be slow,
 * and nobody is to wait for that. */
void denylist_stop(struct denylist *denylist)
{
	if (!denylist)
		return;

	(void)pthread_mutex_lock(&denylist->lock);
	atomic_store(&denylist->stop, true);
	(void)pthread_cond_signal(&denylist->asked);
	(void)pthread_mutex_unlock(&denylist->lock);
	if (denylist->is_answering) {
		(void)eventfd_write(denylist->stop_fd, 1);
		(void)pthread_join(denylist->answering, NULL);
	}
	closep(&denylist->group);
	if (denylist->is_reading)
		(void)pthread_join(denylist->reading, NULL);
	barring_free(denylist->barring);
	closep(&denylist->stop_fd);
	closep(&denylist->denial_fd);
	(void)pthread_mutex_destroy(&denylist->lock);
	(void)pthread_cond_destroy(&denylist->asked);
	(void)pthread_cond_destroy(&denylist->found);
	digest_cache_free(denylist->cache);
	free(denylist->digests);
	free(denylist->denials);
	free(denylist);
}

int denylist_set(struct denylist *denylist, const struct file_digest *digests,
		 size_t count)
{
	struct file_digest *copy = calloc(count + 1, sizeof(*copy));
	struct file_digest *old;
	size_t barred = 0;

	if (!copy)
		return -ENOMEM;
	if (count)
		memcpy(copy, digests, count * sizeof(*copy));
	qsort(copy, count, sizeof(*copy), file_digest_cmp);
	(void)pthread_mutex_lock(&denylist->lock);
	old = denylist->digests;
	denylist->digests = copy;
	denylist->digest_count = count;
	(void)pthread_mutex_unlock(&denylist->lock);
	free(old);
	/* nobody else changes them: it may take its time without the lock */
	if (denylist->barring)
		barred = barring_set(denylist->barring, copy, count);
	atomic_store(&denylist->barred_count, barred);
	return 0;
}

int denylist_fd(const struct denylist *denylist)
{
	return denylist->denial_fd;
}

bool denylist_next(struct denylist *denylist,
		   struct denylist_denial *ret_denial)
{
	eventfd_t unused;
	bool has_one;

	assert(ret_denial);

	(void)pthread_mutex_lock(&denylist->lock);
	has_one = denylist->denial_count > 0;
	if (has_one) {
		*ret_denial = denylist->denials[denylist->denial_first];
		denylist->denial_first =
			(denylist->denial_first + 1) % DENIALS_MAX;
		denylist->denial_count--;
	} else {
		(void)eventfd_read(denylist->denial_fd, &unused);
	}
	(void)pthread_mutex_unlock(&denylist->lock);
	return has_one;
}

struct denylist_info denylist_info(struct denylist *denylist)
{
	return (struct denylist_info){
		.asked = atomic_load(&denylist->counts[COUNT_ASKED]),
		.denied = atomic_load(&denylist->counts[COUNT_DENIED]),
		.read = atomic_load(&denylist->counts[COUNT_READ]),
		.late = atomic_load(&denylist->counts[COUNT_LATE]),
		.unread = atomic_load(&denylist->counts[COUNT_UNREAD]),
		.unmarked = atomic_load(&denylist->counts[COUNT_UNMARKED]),
		.untold = atomic_load(&denylist->counts[COUNT_UNTOLD]),
		.is_lsm = denylist->barring != NULL,
		.lsm_digests = atomic_load(&denylist->barred_count),
		.lsm_denied = denylist->barring
				      ? barring_refused(denylist->barring)
				      : 0,
		.lsm_note = denylist->barring_note,
	};
}
