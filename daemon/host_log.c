// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/host_log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/host_json.h"

#define FIRST_SEQ 2

int host_log_init(struct host_log *log)
{
	assert(log);

	log->ring = calloc(HOST_LOG_SIZE, sizeof(*log->ring));
	log->next_seq = FIRST_SEQ;
	log->watched_until_ns = 0;
	return log->ring ? 0 : -ENOMEM;
}

void host_log_done(struct host_log *log)
{
	if (!log->ring)
		return;

	for (size_t i = 0; i < HOST_LOG_SIZE; i++)
		json_decref(log->ring[i].json);
	free(log->ring);
	log->ring = NULL;
}

void host_log_watch(struct host_log *log, uint64_t now_ns)
{
	log->watched_until_ns = now_ns + HOST_LOG_WATCH_NS;
}

static struct logged_host_event *slot(const struct host_log *log, uint64_t seq)
{
	return &log->ring[seq % HOST_LOG_SIZE];
}

void host_log_put(struct host_log *log, const struct event *event,
		  uint64_t now_ns)
{
	struct logged_host_event *logged = slot(log, log->next_seq);

	if (now_ns >= log->watched_until_ns)
		return;
	json_decref(logged->json);
	logged->kind = event->kind;
	logged->json = host_json_of_event(event);
	(void)json_object_set_new(logged->json, "seq",
				  json_integer((json_int_t)log->next_seq));
	log->next_seq++;
}

uint64_t host_log_oldest(const struct host_log *log)
{
	return log->next_seq > FIRST_SEQ + HOST_LOG_SIZE
		       ? log->next_seq - HOST_LOG_SIZE
		       : FIRST_SEQ;
}

const struct logged_host_event *host_log_get(const struct host_log *log,
					     uint64_t seq)
{
	if (seq < host_log_oldest(log) || seq >= log->next_seq)
		return NULL;
	return slot(log, seq);
}
