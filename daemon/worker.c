// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>

struct queue {
	struct job *first;
	struct job **end;
};

struct worker {
	pthread_t thread;
	bool is_started;
	pthread_mutex_t lock; /* guards the four below */
	pthread_cond_t wake;
	struct queue todo;
	struct queue ran;
	bool is_stopping;
	int ran_fd; /* eventfd: something ran */
	struct event *ran_event;
	size_t pending;
	bool is_held; /* the loop's: nobody is woken */
};

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void queue_put(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static struct job *queue_get(struct queue *queue)
{
	struct job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->end = &queue->first;
	return job;
}

/* The first job with those behind it that are run together with it, or NULL. */
static struct job *queue_get_some(struct queue *queue)
{
	struct job *first = queue_get(queue);
	struct job *last = first;

	if (!first)
		return NULL;
	while (first->run_many && queue->first &&
	       queue->first->run_many == first->run_many)
		last = last->next = queue_get(queue);
	last->next = NULL;
	return first;
}

static void queue_put_some(struct queue *queue, struct job *first)
{
	while (first) {
		struct job *job = first;

		first = job->next;
		queue_put(queue, job);
	}
}

static void run_some(struct job *first)
{
	if (first->run_many)
		first->run_many(first);
	else
		first->run(first);
}

/* The next jobs, or NULL when it is time to stop and nothing is left. */
static struct job *wait_for_jobs(struct worker *worker)
{
	struct job *first;

	(void)pthread_mutex_lock(&worker->lock);
	while (!(first = queue_get_some(&worker->todo)) && !worker->is_stopping)
		(void)pthread_cond_wait(&worker->wake, &worker->lock);
	(void)pthread_mutex_unlock(&worker->lock);
	return first;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct job *first;

	while ((first = wait_for_jobs(worker))) {
		run_some(first);
		(void)pthread_mutex_lock(&worker->lock);
		queue_put_some(&worker->ran, first);
		(void)pthread_mutex_unlock(&worker->lock);
		(void)eventfd_write(worker->ran_fd, 1);
	}
	return NULL;
}

static void finish_jobs(struct worker *worker)
{
	struct job *job;

	for (;;) {
		(void)pthread_mutex_lock(&worker->lock);
		job = queue_get(&worker->ran);
		(void)pthread_mutex_unlock(&worker->lock);
		if (!job)
			return;
		worker->pending--;
		job->done(job);
	}
}

/* What was queued when there is no thread, or no longer: done() may submit. */
static void run_rest(struct worker *worker)
{
	struct job *first;

	finish_jobs(worker);
	while ((first = queue_get_some(&worker->todo))) {
		run_some(first);
		queue_put_some(&worker->ran, first);
		finish_jobs(worker);
	}
}

static void on_ran(evutil_socket_t fd, short what, void *arg)
{
	eventfd_t count;

	(void)what;
	(void)eventfd_read(fd, &count);
	finish_jobs(arg);
}

int worker_new(struct event_base *base, struct worker **ret_worker)
{
	CLEANUP(worker_freep) struct worker *worker = NULL;

	assert(base);
	assert(ret_worker);

	worker = calloc(1, sizeof(*worker));
	if (!worker)
		return -ENOMEM;
	queue_init(&worker->todo);
	queue_init(&worker->ran);
	(void)pthread_mutex_init(&worker->lock, NULL);
	(void)pthread_cond_init(&worker->wake, NULL);
	worker->ran_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->ran_fd < 0)
		return -errno;
	worker->ran_event = event_new(base, worker->ran_fd,
				      EV_READ | EV_PERSIST, on_ran, worker);
	if (!worker->ran_event || event_add(worker->ran_event, NULL) < 0)
		return -ENOMEM;

	*ret_worker = TAKE(worker);
	return 0;
}

int worker_start(struct worker *worker)
{
	sigset_t all, old;
	int r;

	assert(worker && !worker->is_started);

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&worker->thread, NULL, work, worker);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	worker->is_started = r == 0;
	return -r;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;

	if (worker->is_started) {
		(void)pthread_mutex_lock(&worker->lock);
		worker->is_stopping = true;
		(void)pthread_cond_signal(&worker->wake);
		(void)pthread_mutex_unlock(&worker->lock);
		(void)pthread_join(worker->thread, NULL);
	}
	run_rest(worker);
	if (worker->ran_event)
		event_free(worker->ran_event);
	closep(&worker->ran_fd);
	(void)pthread_mutex_destroy(&worker->lock);
	(void)pthread_cond_destroy(&worker->wake);
	free(worker);
}

void worker_submit(struct worker *worker, struct job *job)
{
	assert(worker);
	assert(job && job->run && job->done);

	worker->pending++;
	(void)pthread_mutex_lock(&worker->lock);
	queue_put(&worker->todo, job);
	if (!worker->is_held)
		(void)pthread_cond_signal(&worker->wake);
	(void)pthread_mutex_unlock(&worker->lock);
}

void worker_hold(struct worker *worker)
{
	worker->is_held = true;
}

void worker_let(struct worker *worker)
{
	worker->is_held = false;
	(void)pthread_mutex_lock(&worker->lock);
	if (worker->todo.first)
		(void)pthread_cond_signal(&worker->wake);
	(void)pthread_mutex_unlock(&worker->lock);
}

size_t worker_pending(const struct worker *worker)
{
	return worker->pending;
}
