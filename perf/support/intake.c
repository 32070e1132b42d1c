// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/intake.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "perf/support/testrun.h"

int intake_define(const struct gateway *gateway, const struct feedset *set)
{
	int r = 0;

	for (size_t i = 0; i < set->count && r == 0; i++) {
		json_t *answer;

		r = gateway_send(gateway, REQ_FEED_PUT,
				 json_pack("{s:i}", "enforce", 1),
				 set->feeds[i].definition, &answer);
		if (r == 0)
			json_decref(answer);
	}
	return r;
}

struct task {
	const struct gateway *gateway;
	const struct feedset_feed *feed;
	const char *path;
	pthread_t thread;
	json_t *answer;
	int r;
};

static void *run(void *arg)
{
	struct task *task = arg;
	const char *outcome;

	task->r = gateway_send(task->gateway, REQ_FEED_IMPORT,
			       json_pack("{s:s}", "feed", task->feed->name),
			       task->path, &task->answer);
	if (task->r < 0)
		return NULL;
	outcome = json_string_value(json_object_get(task->answer, "outcome"));
	if (!outcome || strcmp(outcome, "accepted") != 0) {
		(void)fprintf(stderr, "feed %s: %s\n", task->feed->name,
			      outcome ? outcome : "no outcome");
		task->r = -EBADMSG;
	}
	return NULL;
}

int intake_send(const struct gateway *gateway, const struct feedset *set,
		enum feedset_version version, struct intake *ret_intake)
{
	struct task tasks[FEEDSET_MAX] = {0};
	size_t count = 0;
	int r = 0;

	*ret_intake = (struct intake){0};
	for (; count < set->count && r == 0; count += r == 0) {
		struct task *task = &tasks[count];

		task->gateway = gateway;
		task->feed = &set->feeds[count];
		task->path = task->feed->versions[version];
		r = -pthread_create(&task->thread, NULL, run, task);
	}
	for (size_t i = 0; i < count; i++) {
		(void)pthread_join(tasks[i].thread, NULL);
		ret_intake->answers[i] = tasks[i].answer;
		r = tasks[i].r < 0 ? tasks[i].r : r;
	}
	return r;
}

void intake_done(struct intake *intake)
{
	for (size_t i = 0; i < FEEDSET_MAX; i++)
		json_decref(intake->answers[i]);
	*intake = (struct intake){0};
}

double intake_sum(const struct intake *intake, const char *key)
{
	double sum = 0;

	for (size_t i = 0; i < FEEDSET_MAX; i++)
		sum += json_number_value(
			json_object_get(intake->answers[i], key));
	return sum;
}

int intake_check(const struct gateway *gateway, const struct feedset *set,
		 enum feedset_version version)
{
	CLEANUP(closep) int gate = gateway_gate(gateway);
	uint32_t verdict = XDP_DROP;
	int r = gate < 0 ? gate : 0;

	for (size_t i = 0; i < set->count && r == 0; i++) {
		const struct feedset_feed *feed = &set->feeds[i];

		if (!feed->last4[version])
			continue;
		r = testrun_judge(gate, feed->last4[version], &verdict);
		if (r == 0 && verdict != XDP_DROP) {
			(void)fprintf(stderr, "feed %s: %08x is not dropped\n",
				      feed->name, feed->last4[version]);
			r = -EBADMSG;
		}
	}
	return r;
}
