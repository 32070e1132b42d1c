/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - a file that is there whole, or not at all.
 *
 * Bytes go to a file without a telling name beside the output. Another process,
 * the keeper, is started with the rights of the caller, and can do one thing:
 * give that file the name of the output, if it is told so, and take it away if
 * it is not, also when this process has died. So this process can give away the
 * right to write there before it talks to the network.
 *
 * Owns		a descriptor to write to, and the socket to the keeper
 * Errors	negative errno
 * Threads	none may have been started before output_open()
 */
#pragma once

struct output {
	int fd;
	int keeper_fd;
};

#define OUTPUT_NONE ((struct output){.fd = -1, .keeper_fd = -1})

/* -EISDIR: `path` is a directory. */
int output_open(const char *path, struct output *ret_output);

/* What was written goes to the disk, and takes its name. */
int output_keep(struct output *output);

/* What was not kept is gone when this returns. */
void output_close(struct output *output);
