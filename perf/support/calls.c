// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "perf/support/work.h"
#include "rules/base.h"

#define WORKERS	   2
#define PEERS	   0x400000u /* of a worker, before one comes again */
#define PORT	   9 /* nobody is there */
#define WATCHED	   "/etc/shadow"
#define PATH_BYTES 512
#define SECOND_NS  1000000000ull
#define LAG_MAX_NS (SECOND_NS / 10)

const char *const calls_names[] = {
	"connect", "send", "memfd", "create", "chmod",
	"unlink",  "fork", "exec",  "exit",   "open",
};

_Static_assert(ARRAY_LEN(calls_names) == CALLS_KIND_COUNT, "");

/* What the workers write and the caller reads. */
struct tally {
	uint64_t counts[WORKERS][CALLS_KIND_COUNT];
};

struct worker {
	const struct calls_order *order;
	uint64_t *counts;
	uint32_t number, next_peer;
	int datagrams; /* a socket */
	int file; /* that is changed and stays */
	char path[PATH_BYTES];
};

static struct sockaddr_in peer_of(struct worker *worker)
{
	uint32_t host = worker->next_peer++ % PEERS;

	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000000u |
					 (worker->number + 1) * PEERS | host),
		.sin_port = htons(PORT),
	};
}

/* A connection that is begun, and refused. */
static int connect_stream(struct worker *worker)
{
	const struct sockaddr_in peer = peer_of(worker);
	CLEANUP(closep)
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) == 0 ||
	    (errno != EINPROGRESS && errno != ECONNREFUSED))
		return -errno;
	worker->counts[CALLS_CONNECT]++;
	return 0;
}

static int connect_datagrams(struct worker *worker)
{
	const struct sockaddr_in peer = peer_of(worker);

	if (connect(worker->datagrams, (const struct sockaddr *)&peer,
		    sizeof(peer)) < 0)
		return -errno;
	worker->counts[CALLS_CONNECT]++;
	return 0;
}

static int send_datagram(struct worker *worker)
{
	const struct sockaddr_in peer = peer_of(worker);

	/* what became of the one before is told by an error */
	if (sendto(worker->datagrams, "", 1, 0, (const struct sockaddr *)&peer,
		   sizeof(peer)) < 0)
		return errno == ECONNREFUSED ? 0 : -errno;
	worker->counts[CALLS_SEND]++;
	return 0;
}

static int make_memfd(struct worker *worker)
{
	CLEANUP(closep) int fd = memfd_create("perf", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	worker->counts[CALLS_MEMFD]++;
	return 0;
}

static int make_file(struct worker *worker)
{
	CLEANUP(closep)
	int fd = open(worker->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC,
		      0600);

	if (fd < 0)
		return -errno;
	worker->counts[CALLS_CREATE]++;
	if (fchmod(fd, 0400) < 0)
		return -errno;
	worker->counts[CALLS_CHMOD]++;
	if (unlink(worker->path) < 0)
		return -errno;
	worker->counts[CALLS_UNLINK]++;
	return 0;
}

static int change_file(struct worker *worker)
{
	if (fchmod(worker->file, 0600) < 0)
		return -errno;
	worker->counts[CALLS_CHMOD]++;
	return 0;
}

static int read_watched(struct worker *worker)
{
	CLEANUP(closep) int fd = open(WATCHED, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	worker->counts[CALLS_OPEN]++;
	return 0;
}

static int spawn(struct worker *worker)
{
	int r = work_spawn();

	if (r < 0)
		return r;
	worker->counts[CALLS_FORK]++;
	worker->counts[CALLS_EXEC]++;
	worker->counts[CALLS_EXIT]++;
	return 0;
}

/* How often in a turn; of one of cheap calls; and about as many events. */
static const struct {
	int (*call)(struct worker *worker);
	int count, cheap_count;
} steps[] = {
	{connect_stream, 4, 0}, {connect_datagrams, 12, 24},
	{send_datagram, 8, 0},	{make_memfd, 2, 2},
	{make_file, 4, 0},	{change_file, 0, 12},
	{read_watched, 1, 1},
};

static int turn(struct worker *worker)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		int count = worker->order->only_cheap ? steps[i].cheap_count
						      : steps[i].count;

		for (int j = 0; j < count; j++) {
			int r = steps[i].call(worker);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static uint64_t events_of(const struct worker *worker)
{
	uint64_t sum = 0;

	for (int i = 0; i < CALLS_OPEN; i++)
		sum += worker->counts[i];
	return sum;
}

/* Until so many events are due. */
static void keep_pace(const struct worker *worker, uint64_t *start_ns)
{
	uint64_t due_ns = *start_ns + events_of(worker) * SECOND_NS * WORKERS /
					      worker->order->per_second;
	uint64_t now_ns = clock_mono_ns();

	if (now_ns > due_ns + LAG_MAX_NS)
		*start_ns += now_ns - due_ns - LAG_MAX_NS;
	else if (now_ns < due_ns)
		(void)usleep((useconds_t)((due_ns - now_ns) / 1000));
}

static int work(struct worker *worker)
{
	uint64_t start_ns = clock_mono_ns(), pace_ns = start_ns;
	uint64_t end_ns = start_ns + worker->order->seconds * SECOND_NS;
	int r = 0;

	(void)snprintf(worker->path, sizeof(worker->path), "%.400s/calls-%u",
		       worker->order->dir, worker->number);
	worker->datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	worker->file = memfd_create("perf", MFD_CLOEXEC);
	if (worker->datagrams < 0 || worker->file < 0)
		return -errno;
	for (uint32_t i = 0; r == 0 && clock_mono_ns() < end_ns; i++) {
		r = turn(worker);
		if (r == 0 && i % worker->order->spawn_every == 0)
			r = spawn(worker);
		keep_pace(worker, &pace_ns);
	}
	return r;
}

static pid_t begin_worker(const struct calls_order *order, struct tally *tally,
			  uint32_t number)
{
	struct worker worker = {
		.order = order,
		.counts = tally->counts[number],
		.number = number,
	};
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(-work(&worker) & 0xff);
	}
	return pid < 0 ? -errno : pid;
}

static int end_worker(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static int run_workers(const struct calls_order *order, struct tally *tally)
{
	pid_t pids[WORKERS];
	int result = 0;

	for (uint32_t i = 0; i < WORKERS; i++)
		pids[i] = begin_worker(order, tally, i);
	for (int i = 0; i < WORKERS; i++) {
		int r = pids[i] < 0 ? pids[i] : end_worker(pids[i]);

		if (r < 0)
			result = r;
	}
	return result;
}

int calls_run(const struct calls_order *order, struct calls_made *ret_made)
{
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t start_ns = clock_mono_ns();
	int r;

	if (tally == MAP_FAILED)
		return -errno;
	r = run_workers(order, tally);
	*ret_made = (struct calls_made){
		.took_s = (double)(clock_mono_ns() - start_ns) / 1e9,
	};
	for (int i = 0; i < WORKERS; i++)
		for (int kind = 0; kind < CALLS_KIND_COUNT; kind++)
			ret_made->counts[kind] += tally->counts[i][kind];
	(void)munmap(tally, sizeof(*tally));
	return r;
}
