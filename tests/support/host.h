/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - the sensor on a bench: what it tells of children that a test makes.
 *
 * Every failure that is not the answer looked for fails the test. Other
 * processes of the machine are told of too: tests look for their own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/event/reader.h"

#define HOST_SEEN_MAX 65536

/* An event with its texts, until the bench is cleared. */
struct seen_event {
	struct event event;
	char *bytes;
};

struct host_bench {
	struct event_reader *reader;
	struct seen_event *seen;
	size_t count;
	size_t overflow; /* that there was no room for */
};

/* Ends the process with status 77, a skip, where programs may not be loaded. */
void host_begin(struct host_bench *bench, const struct sensing_config *config);
void host_end(struct host_bench *bench);

/* Take all there is, losses too. */
void host_settle(struct host_bench *bench);
void host_clear(struct host_bench *bench);

/* The event of this kind and process that comes as number `nth`, from 0; NULL
 * when there are not that many. */
const struct event *host_find(const struct host_bench *bench,
			      enum event_kind kind, pid_t pid, size_t nth);
size_t host_count(const struct host_bench *bench, enum event_kind kind,
		  pid_t pid);

/* Where it comes among all, or -1. */
ssize_t host_place(const struct host_bench *bench, enum event_kind kind,
		   pid_t pid);

bool text_is(const struct event_text *text, const char *expected);

/* A child that runs `fn` and ends with what it returns; settles after. */
pid_t host_child(struct host_bench *bench, int (*fn)(void *arg), void *arg);
