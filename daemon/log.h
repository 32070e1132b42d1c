/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - lines for the journal or for standard error.
 *
 * A line is: subject, what, value; then key=value. log_err() and
 * log_warning() append the reason of a negative errno, the others do not.
 * Under systemd (JOURNAL_STREAM) a line begins with its priority in the form
 * of sd-daemon(3); otherwise with its level's name.
 *
 * errno is preserved. Library folders (rules, daemon/merge, daemon/packet) do
 * not log: who decides what happens next logs, once.
 */
#pragma once

enum log_level {
	LOG_LEVEL_ERR, /* a promise was broken */
	LOG_LEVEL_WARNING, /* tolerated; the line says what happens now */
	LOG_LEVEL_NOTICE, /* state changed */
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_COUNT,
};

/* Lines above `level` are left out. */
void log_start(enum log_level level);

/* "err", "warning", "notice", "info", "debug"; -EINVAL. */
int log_level_from_text(const char *text, enum log_level *ret_level);
const char *log_level_name(enum log_level level);

__attribute__((format(printf, 2, 3))) void log_err(int error,
						   const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_errx(const char *format, ...);
__attribute__((format(printf, 2, 3))) void log_warning(int error,
						       const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_warningx(const char *format,
							...);
__attribute__((format(printf, 1, 2))) void log_notice(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_debug(const char *format, ...);
