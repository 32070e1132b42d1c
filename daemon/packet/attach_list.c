// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/attach_list.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/packet/attach_hook.h"
#include "daemon/packet/attach_link.h"
#include "daemon/packet/attach_shared.h"

#define GATES_MAX 1024

struct entry *entry_find(const struct gates *gates, int ifindex)
{
	for (size_t i = 0; i < gates->count; i++)
		if (gates->entries[i].ifindex == ifindex)
			return &gates->entries[i];
	return NULL;
}

int entries_reserve(struct gates *gates)
{
	struct entry *grown;

	if (gates->count >= GATES_MAX)
		return -ENOSPC;
	grown = reallocarray(gates->entries, gates->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	gates->entries = grown;
	return 0;
}

void entry_insert(struct gates *gates, const struct entry *entry)
{
	size_t i = gates->count;

	for (; i > 0 && gates->entries[i - 1].ifindex > entry->ifindex; i--)
		gates->entries[i] = gates->entries[i - 1];
	gates->entries[i] = *entry;
	gates->count++;
}

void entry_remove(struct gates *gates, struct entry *entry)
{
	size_t i = (size_t)(entry - gates->entries);

	closep(&entry->link_fd);
	gates->count--;
	memmove(&gates->entries[i], &gates->entries[i + 1],
		(gates->count - i) * sizeof(*entry));
}

void entry_pin(const struct gates *gates, int ifindex, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/%d", gates->link_dir, ifindex);
}

void entry_forget(struct gates *gates, struct entry *entry)
{
	char pin[PATH_MAX];

	if (entry->share == ATTACH_SHARED) {
		shared_forget(entry->ifindex, entry->program_id,
			      gates->shared_dir);
	} else {
		entry_pin(gates, entry->ifindex, pin);
		(void)unlink(pin);
	}
	entry_remove(gates, entry);
}

/* A decimal number at `*text`, which is moved past it. False: there is none. */
static bool number_read(const char **text, uint32_t max, uint32_t *ret_number)
{
	unsigned long number;
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	number = strtoul(*text, &end, 10);
	if (errno || number > max)
		return false;
	*text = end;
	*ret_number = (uint32_t)number;
	return true;
}

/* "IFINDEX", or "IFINDEX-ID" where an id is wanted; anything else in the
 * directory is not ours. */
static bool pin_name_read(const char *name, struct entry *entry, bool has_id)
{
	uint32_t ifindex;

	if (!number_read(&name, INT_MAX, &ifindex))
		return false;
	entry->ifindex = (int)ifindex;
	if (!has_id)
		return *name == '\0';
	return *name++ == '-' &&
	       number_read(&name, UINT32_MAX, &entry->program_id) &&
	       *name == '\0';
}

/* Open one pinned link; one that is cut is removed. */
static int adopt_link(struct gates *gates, const char *name)
{
	struct entry entry = {.share = ATTACH_EXCLUSIVE, .link_fd = -1};
	int fd CLEANUP(closep) = -1;
	char pin[PATH_MAX];
	int ifindex;
	int r;

	if (!pin_name_read(name, &entry, false))
		return 0;
	entry_pin(gates, entry.ifindex, pin);
	r = link_open(pin, &fd);
	if (r == -EBADF)
		return 0; /* not a link, so not ours */
	if (r < 0)
		return r;
	r = link_read(fd, &ifindex, &entry.program_id);
	if (r < 0)
		return r;
	if (ifindex == 0) {
		(void)unlink(pin);
		return 0;
	}
	r = entries_reserve(gates);
	if (r < 0)
		return r;
	entry.link_fd = TAKE_FD(fd);
	entry_insert(gates, &entry);
	return 0;
}

/*
 * Two pins of one interface: we ended between the two halves of a swap. The
 * newer program stays.
 */
static void adopt_twin(struct gates *gates, struct entry *first, uint32_t id)
{
	uint32_t old = id < first->program_id ? id : first->program_id;
	char ifname[IF_NAMESIZE];
	char note[GATE_NOTE_MAX];

	if (id > first->program_id)
		first->program_id = id;
	if (if_indextoname((unsigned int)first->ifindex, ifname))
		(void)shared_detach(ifname, old, gates->shared_dir, note);
}

static int adopt_shared(struct gates *gates, const char *name)
{
	struct entry entry = {.share = ATTACH_SHARED, .link_fd = -1};
	struct entry *twin;
	enum attach_mode mode;
	int r;

	if (!pin_name_read(name, &entry, true))
		return 0;
	r = shared_find(entry.ifindex, entry.program_id, &mode);
	if (r == -ENOENT || r == -ENODEV) {
		shared_forget(entry.ifindex, entry.program_id,
			      gates->shared_dir);
		return 0;
	}
	/* not allowed to look is no reason to forget it */
	twin = entry_find(gates, entry.ifindex);
	if (twin && twin->share == ATTACH_SHARED) {
		adopt_twin(gates, twin, entry.program_id);
		return 0;
	}
	r = entries_reserve(gates);
	if (r < 0)
		return r;
	entry_insert(gates, &entry);
	return 0;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static int adopt_all(struct gates *gates, const char *path,
		     int (*adopt)(struct gates *gates, const char *name))
{
	DIR *dir CLEANUP(closedirp) = NULL;
	const struct dirent *file;
	int r;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	dir = opendir(path);
	if (!dir)
		return -errno;

	while ((file = readdir(dir))) {
		if (file->d_name[0] == '.')
			continue;
		r = adopt(gates, file->d_name);
		if (r < 0)
			return r;
	}
	return 0;
}

int entries_adopt(struct gates *gates)
{
	int r;

	r = adopt_all(gates, gates->link_dir, adopt_link);
	if (r < 0)
		return r;
	return adopt_all(gates, gates->shared_dir, adopt_shared);
}
