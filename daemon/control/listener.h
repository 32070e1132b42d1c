/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener.h - a listening Unix socket at a path, in place of a dead one.
 *
 * Errors	negative errno; a failed call leaves no file of its own behind
 * Threads	no state; any thread
 */
#pragma once

/*
 * Bind and listen, non-blocking, mode 0666. A socket that nobody listens on is
 * replaced; one that somebody does is -EADDRINUSE; a file that is no socket is
 * -EEXIST and left alone. The caller unlinks `path` in the end.
 */
int listener_open(const char *path, int *ret_fd);
