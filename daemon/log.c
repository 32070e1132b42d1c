// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"

#define LINE_MAX_BYTES 1024

static struct {
	const char *name;
	int priority; /* of syslog(3) */
} const levels[] = {
	[LOG_LEVEL_ERR] = {"err", 3},
	[LOG_LEVEL_WARNING] = {"warning", 4},
	[LOG_LEVEL_NOTICE] = {"notice", 5},
	[LOG_LEVEL_INFO] = {"info", 6},
	[LOG_LEVEL_DEBUG] = {"debug", 7},
};
_Static_assert(ARRAY_LEN(levels) == LOG_LEVEL_COUNT, "");

static enum log_level shown = LOG_LEVEL_NOTICE;
static bool to_journal;

void log_start(enum log_level level)
{
	shown = level;
	to_journal = getenv("JOURNAL_STREAM") != NULL;
}

int log_level_from_text(const char *text, enum log_level *ret_level)
{
	for (int i = 0; i < LOG_LEVEL_COUNT; i++)
		if (strcmp(levels[i].name, text) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

const char *log_level_name(enum log_level level)
{
	return levels[level].name;
}

/* Text from outside must not forge a second line. */
static void flatten(char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7f)
			*line = ' ';
}

__attribute__((format(printf, 3, 0))) static void
say(enum log_level level, int error, const char *format, va_list args)
{
	char line[LINE_MAX_BYTES];
	int saved = errno;

	if (level > shown)
		return;
	(void)vsnprintf(line, sizeof(line), format, args);
	flatten(line);
	if (to_journal)
		(void)fprintf(stderr, "<%d>", levels[level].priority);
	else
		(void)fprintf(stderr, "fwd: %s: ", levels[level].name);
	(void)fprintf(stderr, error < 0 ? "%s: %s\n" : "%s\n", line,
		      strerror(-error));
	errno = saved;
}

#define SAY(level, error)                        \
	do {                                     \
		va_list args;                    \
		va_start(args, format);          \
		say(level, error, format, args); \
		va_end(args);                    \
	} while (0)

void log_err(int error, const char *format, ...)
{
	SAY(LOG_LEVEL_ERR, error);
}

void log_errx(const char *format, ...)
{
	SAY(LOG_LEVEL_ERR, 0);
}

void log_warning(int error, const char *format, ...)
{
	SAY(LOG_LEVEL_WARNING, error);
}

void log_warningx(const char *format, ...)
{
	SAY(LOG_LEVEL_WARNING, 0);
}

void log_notice(const char *format, ...)
{
	SAY(LOG_LEVEL_NOTICE, 0);
}

void log_info(const char *format, ...)
{
	SAY(LOG_LEVEL_INFO, 0);
}

void log_debug(const char *format, ...)
{
	SAY(LOG_LEVEL_DEBUG, 0);
}
