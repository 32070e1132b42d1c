// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines as they come through a pipe. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/lines.h"

#define FILE_BYTES (3ul * LINES_BYTES_MAX)

struct stream {
	struct lines lines;
	int in;
};

static int setup(void **state)
{
	static struct stream stream;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	lines_init(&stream.lines, ends[0]);
	stream.in = ends[1];
	*state = &stream;
	return 0;
}

static int teardown(void **state)
{
	struct stream *stream = *state;

	(void)close(stream->lines.fd);
	lines_done(&stream->lines);
	if (stream->in >= 0)
		(void)close(stream->in);
	return 0;
}

static void say(const struct stream *stream, const char *text)
{
	assert_int_equal(write(stream->in, text, strlen(text)),
			 (ssize_t)strlen(text));
}

static void end(struct stream *stream)
{
	assert_int_equal(close(stream->in), 0);
	stream->in = -1;
}

static void assert_next(struct stream *stream, const char *expected)
{
	size_t len = 0;
	char *line = NULL;

	assert_int_equal(lines_next(&stream->lines, &line, &len), 1);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(line, expected, len);
}

static void assert_end(struct stream *stream)
{
	size_t len;
	char *line;

	assert_int_equal(lines_next(&stream->lines, &line, &len), 0);
}

static void lines_come_one_after_the_other(void **state)
{
	struct stream *stream = *state;

	say(stream, "one\n\nthr");
	assert_next(stream, "one");
	assert_next(stream, "");
	say(stream, "ee\nlast");
	end(stream);
	assert_next(stream, "three");
	assert_next(stream, "last");
	assert_end(stream);
}

static void what_was_read_ahead_is_not_dry(void **state)
{
	struct stream *stream = *state;

	assert_true(lines_are_dry(&stream->lines));
	say(stream, "one\ntwo\npart");
	assert_false(lines_are_dry(&stream->lines));
	assert_next(stream, "one");
	assert_false(lines_are_dry(&stream->lines)); /* the pipe is */
	assert_next(stream, "two");
	assert_true(lines_are_dry(&stream->lines));
	say(stream, "\n");
	assert_false(lines_are_dry(&stream->lines));
	assert_next(stream, "part");
	end(stream);
	assert_false(lines_are_dry(&stream->lines));
	assert_end(stream);
}

static void a_line_that_is_too_long_is_one_line(void **state)
{
	static const char end[] = {'\n', 't', 'w', 'o', '\n'};
	struct stream *stream = *state;
	char *text = malloc(FILE_BYTES);
	char path[] = "/dev/shm/fw-lines-XXXXXX";
	size_t len = 0;
	char *line;
	int fd = mkstemp(path);

	assert_true(fd >= 0 && text);
	memset(text, 'x', FILE_BYTES);
	text[LINES_BYTES_MAX] = '\n';
	memcpy(text + FILE_BYTES - sizeof(end), end, sizeof(end));
	assert_int_equal(write(fd, text, FILE_BYTES), (ssize_t)FILE_BYTES);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	(void)close(stream->lines.fd);
	stream->lines.fd = fd;
	assert_int_equal(lines_next(&stream->lines, &line, &len), 1);
	assert_int_equal(len, LINES_BYTES_MAX);
	assert_int_equal(lines_next(&stream->lines, &line, &len), 1);
	assert_int_equal(len, LINES_BYTES_MAX + 1);
	assert_next(stream, "two");
	assert_end(stream);
	assert_true(stream->lines.room <= 4ul * LINES_BYTES_MAX);
	(void)unlink(path);
	free(text);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(lines_come_one_after_the_other),
		test(what_was_read_ahead_is_not_dry),
		test(a_line_that_is_too_long_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
