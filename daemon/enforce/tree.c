// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules/base.h"

#define FILES_MAX   4096 /* open ones that are looked at */
#define PIECE_BYTES 4096

/* One may go on in the next piece. */
size_t tree_numbers(int fd, uint32_t *pids, size_t max)
{
	char piece[PIECE_BYTES];
	uint32_t number = 0;
	size_t count = 0;
	ssize_t len;

	while (count < max && (len = read(fd, piece, sizeof(piece))) > 0) {
		for (ssize_t i = 0; i < len && count < max; i++) {
			if (piece[i] >= '0' && piece[i] <= '9') {
				number = number * 10 +
					 (uint32_t)(piece[i] - '0');
				continue;
			}
			pids[count++] = number;
			number = 0;
		}
	}
	return count;
}

size_t tree_children(const struct subject *subject, uint32_t *pids, size_t max)
{
	DIR *threads = subject_list(subject, "task");
	const struct dirent *entry;
	size_t count = 0;

	while (threads && count < max && (entry = readdir(threads))) {
		char path[sizeof(entry->d_name) + 16];
		CLEANUP(closep) int fd = -1;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/children",
			       entry->d_name);
		fd = openat(dirfd(threads), path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			count += tree_numbers(fd, pids + count, max - count);
	}
	if (threads)
		(void)closedir(threads);
	return count;
}

size_t tree_sockets(const struct subject *subject, uint32_t *inodes, size_t max)
{
	static const char socket[] = "socket:[";
	DIR *files = subject_list(subject, "fd");
	const struct dirent *entry;
	size_t count = 0;

	for (int i = 0; files && i < FILES_MAX && count < max; i++) {
		char name[64];
		ssize_t len;

		entry = readdir(files);
		if (!entry)
			break;
		len = readlinkat(dirfd(files), entry->d_name, name,
				 sizeof(name) - 1);
		if (len < 0)
			continue;
		name[len] = '\0';
		if (strncmp(name, socket, strlen(socket)) == 0)
			inodes[count++] = (uint32_t)strtoul(
				name + strlen(socket), NULL, 10);
	}
	if (files)
		(void)closedir(files);
	return count;
}
