// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/host.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/clock.h"

#define SKIP	     77
#define TURN_RECORDS 64

static void keep_text(struct event_text *text, char **at)
{
	if (text->len)
		memcpy(*at, text->bytes, text->len);
	text->bytes = *at;
	*at += text->len;
}

static size_t bytes_of(const struct event *event)
{
	size_t bytes = 1;

	for (int i = 0; i < EVENT_WORD_COUNT; i++)
		bytes += event->words[i].len;
	for (uint32_t i = 0; i < event->arg_count; i++)
		bytes += event->args[i].len;
	return bytes;
}

static void keep(void *arg, const struct event *event)
{
	struct host_bench *bench = arg;
	struct seen_event *seen = &bench->seen[bench->count];
	char *at;

	if (bench->count == HOST_SEEN_MAX) {
		bench->overflow++;
		return;
	}
	seen->event = *event;
	seen->bytes = malloc(bytes_of(event));
	assert_non_null(seen->bytes);
	at = seen->bytes;
	for (int i = 0; i < EVENT_WORD_COUNT; i++)
		keep_text(&seen->event.words[i], &at);
	for (uint32_t i = 0; i < event->arg_count; i++)
		keep_text(&seen->event.args[i], &at);
	bench->count++;
}

void host_begin(struct host_bench *bench, const struct sensing_config *config)
{
	char note[SENSING_NOTE_MAX];
	int r;

	*bench = (struct host_bench){0};
	bench->seen = calloc(HOST_SEEN_MAX, sizeof(*bench->seen));
	assert_non_null(bench->seen);
	r = event_reader_start(config, keep, bench, &bench->reader, note);
	if (r == -EPERM) {
		(void)printf("skipped: %s\n", note);
		exit(SKIP);
	}
	if (r < 0)
		fail_msg("%s", note);
}

void host_end(struct host_bench *bench)
{
	event_reader_stop(bench->reader);
	host_clear(bench);
	free(bench->seen);
}

void host_settle(struct host_bench *bench)
{
	while (event_reader_turn(bench->reader, clock_boot_ns(), TURN_RECORDS) >
	       0)
		;
	event_reader_tick(bench->reader, clock_boot_ns());
}

void host_clear(struct host_bench *bench)
{
	for (size_t i = 0; i < bench->count; i++)
		free(bench->seen[i].bytes);
	bench->count = 0;
	bench->overflow = 0;
}

static bool is_of(const struct event *event, enum event_kind kind, pid_t pid)
{
	return event->kind == kind && event->process.pid == (uint32_t)pid;
}

const struct event *host_find(const struct host_bench *bench,
			      enum event_kind kind, pid_t pid, size_t nth)
{
	for (size_t i = 0; i < bench->count; i++)
		if (is_of(&bench->seen[i].event, kind, pid) && nth-- == 0)
			return &bench->seen[i].event;
	return NULL;
}

size_t host_count(const struct host_bench *bench, enum event_kind kind,
		  pid_t pid)
{
	size_t count = 0;

	while (host_find(bench, kind, pid, count))
		count++;
	return count;
}

ssize_t host_place(const struct host_bench *bench, enum event_kind kind,
		   pid_t pid)
{
	for (size_t i = 0; i < bench->count; i++)
		if (is_of(&bench->seen[i].event, kind, pid))
			return (ssize_t)i;
	return -1;
}

bool text_is(const struct event_text *text, const char *expected)
{
	return text->len == strlen(expected) &&
	       memcmp(text->bytes, expected, text->len) == 0;
}

pid_t host_child(struct host_bench *bench, int (*fn)(void *arg), void *arg)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(fn(arg));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	host_settle(bench);
	return child;
}
