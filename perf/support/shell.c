// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/shell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_BYTES 1024

static int failed(const char *line)
{
	(void)fprintf(stderr, "failed: %s\n", line);
	return -EIO;
}

int shell_run(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	char quiet[LINE_MAX_BYTES + 8];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	(void)snprintf(quiet, sizeof(quiet), "(%s) >&2", line);
	return system(quiet) == 0 ? 0 : failed(line); // NOLINT(cert-env33-c)
}

int shell_number(uint64_t *ret_number, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	char said[LINE_MAX_BYTES] = "";
	char *end;
	uint64_t number;
	va_list args;
	FILE *pipe;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);

	pipe = popen(line, "re"); // NOLINT(cert-env33-c)
	if (!pipe)
		return failed(line);
	if (!fgets(said, sizeof(said), pipe))
		said[0] = '\0';
	number = strtoull(said, &end, 10);
	if (pclose(pipe) != 0 || end == said)
		return failed(line);
	*ret_number = number;
	return 0;
}

bool shell_has(const char *command)
{
	char line[LINE_MAX_BYTES];

	(void)snprintf(line, sizeof(line), "command -v %s >/dev/null", command);
	return system(line) == 0; // NOLINT(cert-env33-c)
}
