// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/held_sockets.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rules/base.h"

struct asker {
	void (*fn)(void *arg);
	void *arg;
	int listener; /* -1: no filter */
	sem_t is_ready;
};

static int listen_to_sends(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
}

static void *ask(void *arg)
{
	struct asker *asker = arg;

	asker->listener = listen_to_sends();
	(void)sem_post(&asker->is_ready);
	if (asker->listener >= 0)
		asker->fn(asker->arg);
	return NULL;
}

/* It is a thread of ours: its memory is. */
static bool is_held(const struct seccomp_notif *asked, uint32_t peer4_be)
{
	const struct nlmsghdr *head;
	const struct inet_diag_req_v2 *wanted;
	const void *message;

	memcpy(&message, &asked->data.args[1], sizeof(message));
	head = message;
	wanted = NLMSG_DATA(head);
	return head->nlmsg_type == SOCK_DESTROY &&
	       wanted->id.idiag_dst[0] == peer4_be;
}

/* Until the thread has ended, and nobody has the filter any more. */
static void answer(int listener, uint32_t peer4_be)
{
	struct pollfd ready = {.fd = listener, .events = POLLIN};

	while (poll(&ready, 1, -1) > 0 && ready.revents & POLLIN) {
		struct seccomp_notif asked = {0};
		struct seccomp_notif_resp response = {0};

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
			continue;
		response.id = asked.id;
		if (is_held(&asked, peer4_be))
			response.error = -EACCES;
		else
			response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

bool held_sockets_run(uint32_t peer4_be, void (*fn)(void *arg), void *arg)
{
	struct asker asker = {.fn = fn, .arg = arg, .listener = -1};
	bool has_run;
	pthread_t thread;

	(void)sem_init(&asker.is_ready, 0, 0);
	if (pthread_create(&thread, NULL, ask, &asker) != 0)
		return false;
	while (sem_wait(&asker.is_ready) < 0)
		;
	has_run = asker.listener >= 0;
	if (has_run)
		answer(asker.listener, peer4_be);
	(void)pthread_join(thread, NULL);
	closep(&asker.listener);
	(void)sem_destroy(&asker.is_ready);
	return has_run;
}
