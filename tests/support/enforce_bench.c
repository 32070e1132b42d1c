// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/enforce_bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/enforce/subject.h"
#include "tests/support/sandbox.h"

#define SKIP 77
#define ALL_STEPS \
	(ENFORCE_REFUSE | ENFORCE_CUT | ENFORCE_END | ENFORCE_QUARANTINE)

static int listen_on(const char *address)
{
	union far_end end;
	socklen_t len = far_end(address, &end);
	int fd = socket(end.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, &end.any, len), 0);
	assert_int_equal(listen(fd, 1024), 0);
	return fd;
}

void enforce_bench_begin(struct enforce_bench *bench)
{
	*bench = (struct enforce_bench){.allowed = prefix_named(FRIEND)};
	group_begin(&bench->group);
	sandbox_enter();
	sandbox_run("ip addr add " FAR "/32 dev lo && ip addr add " FRIEND
		    "/32 dev lo && ip addr add " FAR6 "/128 dev lo nodad");
	bench->listeners[0] = listen_on("0.0.0.0");
	bench->listeners[1] = listen_on(FAR6);
}

void enforce_bench_end(struct enforce_bench *bench)
{
	(void)close(bench->listeners[0]);
	(void)close(bench->listeners[1]);
	group_end(&bench->group);
}

void enforce_bench_setup(struct enforce_bench *bench)
{
	const struct enforce_config config = {
		.steps = ALL_STEPS,
		.cgroup_root = bench->group.path,
		.allowed = &bench->allowed,
		.allowed_count = 1,
	};
	char note[ENFORCE_NOTE_MAX];
	int r = enforce_new(&config, &bench->enforce, note);

	if (r == -EPERM) {
		(void)printf("skipped: %s\n", note);
		group_end(&bench->group);
		exit(SKIP);
	}
	if (r < 0)
		fail_msg("%s", note);
}

void enforce_bench_teardown(struct enforce_bench *bench)
{
	group_clear(&bench->group);
	enforce_free(TAKE(bench->enforce));
}

struct job {
	const struct enforce_bench *bench;
	int (*fn)(void *arg);
	void *arg;
};

/* Quarantine cuts what a process has open, with whomever it is shared. */
static int close_and_run(void *arg)
{
	const struct job *job = arg;

	(void)close(job->bench->listeners[0]);
	(void)close(job->bench->listeners[1]);
	return job->fn(job->arg);
}

pid_t enforce_start(struct enforce_bench *bench, int (*fn)(void *arg),
		    void *arg)
{
	struct job job = {.bench = bench, .fn = fn, .arg = arg};

	return group_start(&bench->group, close_and_run, &job);
}

int sleep_on(void *arg)
{
	(void)arg;
	while (pause() < 0)
		;
	return 0;
}

struct prefix prefix_named(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	return prefix;
}

struct process_id process_named(pid_t pid)
{
	struct subject subject;

	assert_int_equal(subject_open_pid((uint32_t)pid, &subject), 0);
	subject_close(&subject);
	return subject.id;
}

struct enforce_answer act_on(struct enforce_bench *bench, pid_t pid,
			     uint32_t steps)
{
	const struct enforce_order order = {
		.process = process_named(pid),
		.steps = steps,
	};
	struct enforce_answer answer;

	enforce_act(bench->enforce, &order, &answer);
	return answer;
}

struct enforce_answer act_against(struct enforce_bench *bench, const char *peer,
				  uint32_t steps)
{
	const struct enforce_order order = {
		.peer = prefix_named(peer),
		.steps = steps,
		.until_ns = FOR_EVER,
	};
	struct enforce_answer answer;

	enforce_act(bench->enforce, &order, &answer);
	return answer;
}

struct enforce_info info_of(struct enforce_bench *bench)
{
	struct enforce_info info;

	assert_int_equal(enforce_info(bench->enforce, &info), 0);
	return info;
}

bool has_no_cut(const struct enforce_answer *answer)
{
	return answer->failed && strstr(answer->note, "cannot destroy");
}

socklen_t far_end(const char *address, union far_end *ret_end)
{
	*ret_end = (union far_end){0};
	if (strchr(address, ':')) {
		ret_end->v6.sin6_family = AF_INET6;
		ret_end->v6.sin6_port = htons(FAR_PORT);
		(void)inet_pton(AF_INET6, address, &ret_end->v6.sin6_addr);
		return sizeof(ret_end->v6);
	}
	ret_end->v4.sin_family = AF_INET;
	ret_end->v4.sin_port = htons(FAR_PORT);
	(void)inet_pton(AF_INET, address, &ret_end->v4.sin_addr);
	return sizeof(ret_end->v4);
}

int far_connect(const char *address, int fd)
{
	union far_end end;
	socklen_t len = far_end(address, &end);

	return connect(fd, &end.any, len) < 0 ? errno : 0;
}

int far_talk(const char *address, int type)
{
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(far_connect(address, fd), 0);
	return fd;
}

int far_error(int fd)
{
	int error = -1;
	socklen_t len = sizeof(error);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	return error;
}

/* Both ends are here: the one that is cut first resets the other. */
bool is_cut(int error)
{
	return error == ECONNABORTED || error == ECONNRESET;
}
