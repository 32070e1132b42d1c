// SPDX-License-Identifier: GPL-2.0-or-later
/* The other thread: order, where what runs, and the end. */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "daemon/worker.h"

#define JOBS 100

struct shop;

struct task {
	struct job job; /* first: the worker's view of it */
	struct shop *shop;
	int number;
	int again; /* times to submit itself anew from done() */
};

struct shop {
	struct event_base *base;
	struct worker *worker;
	struct task tasks[JOBS];
	int ran[JOBS * 2], done[JOBS * 2]; /* numbers, in order */
	size_t ran_count, done_count;
	size_t batches[JOBS]; /* how many each run_many() was given */
	size_t batch_count;
	pthread_t ran_on, done_on;
	bool is_holding; /* run() waits for `go` after it said `here` */
	sem_t here, go;
};

static void run(struct job *job)
{
	struct task *task = (struct task *)job;
	struct shop *shop = task->shop;

	if (shop->is_holding) {
		(void)sem_post(&shop->here);
		(void)sem_wait(&shop->go);
	}
	shop->ran_on = pthread_self();
	shop->ran[shop->ran_count++] = task->number;
}

static void run_many(struct job *first)
{
	struct shop *shop = ((struct task *)first)->shop;
	size_t *batch = &shop->batches[shop->batch_count++];

	for (struct job *job = first; job; job = job->next) {
		run(job);
		(*batch)++;
	}
}

static void done(struct job *job)
{
	struct task *task = (struct task *)job;
	struct shop *shop = task->shop;

	shop->done_on = pthread_self();
	shop->done[shop->done_count++] = task->number;
	if (task->again-- > 0)
		worker_submit(shop->worker, job);
}

static int setup(void **state)
{
	static struct shop shop;

	memset(&shop, 0, sizeof(shop));
	for (int i = 0; i < JOBS; i++)
		shop.tasks[i] = (struct task){
			.job = {.run = run, .done = done},
			.shop = &shop,
			.number = i,
		};
	assert_int_equal(sem_init(&shop.here, 0, 0), 0);
	assert_int_equal(sem_init(&shop.go, 0, 0), 0);
	shop.base = event_base_new();
	assert_non_null(shop.base);
	*state = &shop;
	return worker_new(shop.base, &shop.worker);
}

static int teardown(void **state)
{
	struct shop *shop = *state;

	worker_free(shop->worker);
	event_base_free(shop->base);
	(void)sem_destroy(&shop->here);
	(void)sem_destroy(&shop->go);
	return 0;
}

static void submit(struct shop *shop, int count)
{
	for (int i = 0; i < count; i++)
		worker_submit(shop->worker, &shop->tasks[i].job);
}

static void turn_until_done(struct shop *shop, size_t count)
{
	while (shop->done_count < count)
		assert_int_equal(event_base_loop(shop->base, EVLOOP_ONCE), 0);
}

static void turn_without_waiting(struct shop *shop)
{
	for (int i = 0; i < 10; i++)
		(void)event_base_loop(shop->base, EVLOOP_NONBLOCK);
}

static void end(struct shop *shop)
{
	worker_free(shop->worker);
	shop->worker = NULL;
}

static void assert_in_order(const int *numbers, size_t found, size_t count)
{
	assert_int_equal(found, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(numbers[i], i);
}

static void jobs_run_and_are_done_in_the_order_they_came(void **state)
{
	struct shop *shop = *state;

	assert_int_equal(worker_start(shop->worker), 0);
	submit(shop, JOBS);
	turn_until_done(shop, JOBS);
	assert_in_order(shop->ran, shop->ran_count, JOBS);
	assert_in_order(shop->done, shop->done_count, JOBS);
}

static void a_job_runs_elsewhere_and_is_done_on_the_loop(void **state)
{
	struct shop *shop = *state;

	assert_int_equal(worker_start(shop->worker), 0);
	submit(shop, 1);
	turn_until_done(shop, 1);
	assert_false(pthread_equal(shop->ran_on, pthread_self()));
	assert_true(pthread_equal(shop->done_on, pthread_self()));
}

static void before_the_start_jobs_wait(void **state)
{
	struct shop *shop = *state;

	submit(shop, 3);
	turn_without_waiting(shop);
	assert_int_equal(shop->ran_count, 0);
	assert_int_equal(worker_pending(shop->worker), 3);
	assert_int_equal(worker_start(shop->worker), 0);
	turn_until_done(shop, 3);
	assert_in_order(shop->ran, shop->ran_count, 3);
}

static void submitting_does_not_wait_for_what_is_running(void **state)
{
	struct shop *shop = *state;

	shop->is_holding = true;
	assert_int_equal(worker_start(shop->worker), 0);
	submit(shop, 1);
	(void)sem_wait(&shop->here);
	worker_submit(shop->worker, &shop->tasks[1].job);
	turn_without_waiting(shop);
	assert_int_equal(shop->done_count, 0);
	assert_int_equal(worker_pending(shop->worker), 2);
	(void)sem_post(&shop->go);
	(void)sem_post(&shop->go);
	turn_until_done(shop, 2);
	assert_int_equal(worker_pending(shop->worker), 0);
}

static void a_job_may_go_on_as_another_when_it_is_done(void **state)
{
	struct shop *shop = *state;

	shop->tasks[0].again = 5;
	assert_int_equal(worker_start(shop->worker), 0);
	submit(shop, 1);
	turn_until_done(shop, 6);
	assert_int_equal(shop->ran_count, 6);
	assert_int_equal(worker_pending(shop->worker), 0);
}

static void the_end_runs_what_is_queued_and_says_it_is_done(void **state)
{
	struct shop *shop = *state;

	assert_int_equal(worker_start(shop->worker), 0);
	submit(shop, JOBS);
	end(shop);
	assert_in_order(shop->ran, shop->ran_count, JOBS);
	assert_in_order(shop->done, shop->done_count, JOBS);
}

static void the_end_runs_also_what_goes_on_as_another(void **state)
{
	struct shop *shop = *state;

	shop->tasks[0].again = 2;
	shop->tasks[2].again = 1;
	assert_int_equal(worker_start(shop->worker), 0);
	submit(shop, 3);
	worker_free(shop->worker);
	shop->worker = NULL;
	assert_int_equal(shop->ran_count, 6);
	assert_int_equal(shop->done_count, 6);
}

static void what_was_queued_runs_also_when_it_never_started(void **state)
{
	struct shop *shop = *state;

	submit(shop, 3);
	end(shop);
	assert_in_order(shop->ran, shop->ran_count, 3);
	assert_in_order(shop->done, shop->done_count, 3);
}

/* Of six jobs that wait, the third can only be run alone. */
static void submit_some_to_be_run_together(struct shop *shop)
{
	for (int i = 0; i < 6; i++)
		if (i != 2)
			shop->tasks[i].job.run_many = run_many;
	submit(shop, 6);
}

static void jobs_that_wait_side_by_side_are_run_by_one_call(void **state)
{
	struct shop *shop = *state;

	submit_some_to_be_run_together(shop);
	assert_int_equal(worker_start(shop->worker), 0);
	turn_until_done(shop, 6);
	assert_in_order(shop->ran, shop->ran_count, 6);
	assert_in_order(shop->done, shop->done_count, 6);
	assert_int_equal(shop->batch_count, 2);
	assert_int_equal(shop->batches[0], 2);
	assert_int_equal(shop->batches[1], 3);
	assert_int_equal(worker_pending(shop->worker), 0);
}

static void the_end_runs_together_what_is_queued_side_by_side(void **state)
{
	struct shop *shop = *state;

	submit_some_to_be_run_together(shop);
	end(shop);
	assert_in_order(shop->ran, shop->ran_count, 6);
	assert_in_order(shop->done, shop->done_count, 6);
	assert_int_equal(shop->batch_count, 2);
}

/* That it sleeps until then is up to it. */
static void what_was_held_back_is_run_once_it_is_let(void **state)
{
	struct shop *shop = *state;

	assert_int_equal(worker_start(shop->worker), 0);
	submit(shop, 1);
	turn_until_done(shop, 1);
	(void)usleep(20000); /* if it sleeps by then, more is tested */
	worker_hold(shop->worker);
	worker_submit(shop->worker, &shop->tasks[1].job);
	worker_submit(shop->worker, &shop->tasks[2].job);
	worker_let(shop->worker);
	turn_until_done(shop, 3);
	assert_in_order(shop->ran, shop->ran_count, 3);
	assert_int_equal(worker_pending(shop->worker), 0);
}

static void nothing_is_let_where_nothing_was_held_back(void **state)
{
	struct shop *shop = *state;

	worker_hold(shop->worker);
	worker_let(shop->worker);
	assert_int_equal(worker_start(shop->worker), 0);
	submit(shop, 1);
	turn_until_done(shop, 1);
}

static void a_worker_without_work_ends(void **state)
{
	struct shop *shop = *state;

	assert_int_equal(worker_start(shop->worker), 0);
	end(shop);
	worker_free(NULL);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(jobs_run_and_are_done_in_the_order_they_came),
		test(a_job_runs_elsewhere_and_is_done_on_the_loop),
		test(before_the_start_jobs_wait),
		test(submitting_does_not_wait_for_what_is_running),
		test(a_job_may_go_on_as_another_when_it_is_done),
		test(the_end_runs_what_is_queued_and_says_it_is_done),
		test(the_end_runs_also_what_goes_on_as_another),
		test(what_was_queued_runs_also_when_it_never_started),
		test(jobs_that_wait_side_by_side_are_run_by_one_call),
		test(the_end_runs_together_what_is_queued_side_by_side),
		test(what_was_held_back_is_run_once_it_is_let),
		test(nothing_is_let_where_nothing_was_held_back),
		test(a_worker_without_work_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
