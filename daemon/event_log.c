// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event_log.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define EVENT_FIRST 2

/* The ring has room for 1,820; processors that spend credit in the same moment
 * send a few more than they were given. */
#define CREDIT_MAX	 1024
#define TURNS_PER_SECOND 10

int event_log_init(struct event_log *log)
{
	assert(log);

	log->ring = calloc(EVENT_LOG_SIZE, sizeof(*log->ring));
	log->next_seq = EVENT_FIRST;
	return log->ring ? 0 : -ENOMEM;
}

void event_log_done(struct event_log *log)
{
	free(log->ring);
	log->ring = NULL;
}

void event_log_put(struct event_log *log, const struct fw_event *event,
		   const char *rule, struct owner owner)
{
	struct logged_event *logged =
		&log->ring[log->next_seq % EVENT_LOG_SIZE];

	logged->event = *event;
	logged->owner = owner;
	(void)snprintf(logged->rule, sizeof(logged->rule), "%s", rule);
	log->next_seq++;
}

uint64_t event_log_oldest(const struct event_log *log)
{
	return log->next_seq > EVENT_FIRST + EVENT_LOG_SIZE
		       ? log->next_seq - EVENT_LOG_SIZE
		       : EVENT_FIRST;
}

const struct logged_event *event_log_get(const struct event_log *log,
					 uint64_t seq)
{
	if (seq < event_log_oldest(log) || seq >= log->next_seq)
		return NULL;
	return &log->ring[seq % EVENT_LOG_SIZE];
}

struct event_pace event_log_pace(uint32_t per_second, int taken)
{
	uint32_t turns = (per_second + CREDIT_MAX - 1) / CREDIT_MAX;

	if (turns < TURNS_PER_SECOND)
		turns = TURNS_PER_SECOND;
	return (struct event_pace){
		.credit = (per_second + turns - 1) / turns,
		.pause_us = 1000000 / (taken > 0 ? turns : TURNS_PER_SECOND),
	};
}
