// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/user.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOOK_EVERY_NS 1000000000u
#define USERS_MAX     65536
#define NAME_BYTES    64

struct user {
	uint32_t uid;
	char name[NAME_BYTES];
};

struct users {
	const char *path;
	struct user *list; /* sorted by uid */
	size_t count;
	struct timespec changed;
	uint64_t looked_ns; /* 0: never */
};

static int by_uid(const void *a, const void *b)
{
	const struct user *left = a, *right = b;

	return left->uid < right->uid ? -1 : left->uid > right->uid;
}

/* "name:password:uid:..."; false for what is no such line. */
static bool line_read(const char *line, struct user *ret_user)
{
	const char *colon = strchr(line, ':');
	const char *uid = colon ? strchr(colon + 1, ':') : NULL;
	unsigned long long number;
	char *end;

	if (!uid || colon == line || uid[1] < '0' || uid[1] > '9' ||
	    (size_t)(colon - line) >= sizeof(ret_user->name))
		return false;
	errno = 0;
	number = strtoull(uid + 1, &end, 10);
	if (errno || *end != ':' || number >= UINT32_MAX)
		return false;
	ret_user->uid = (uint32_t)number;
	memcpy(ret_user->name, line, (size_t)(colon - line));
	ret_user->name[colon - line] = '\0';
	return true;
}

static void lines_read(struct users *users, FILE *file)
{
	CLEANUP(freep) char *line = NULL;
	size_t room = 0, list_room = 0;

	users->count = 0;
	while (getline(&line, &room, file) >= 0 && users->count < USERS_MAX) {
		if (users->count == list_room) {
			size_t more = list_room ? 2 * list_room : 64;
			struct user *list =
				reallocarray(users->list, more, sizeof(*list));

			if (!list)
				break;
			users->list = list;
			list_room = more;
		}
		if (line_read(line, &users->list[users->count]))
			users->count++;
	}
	if (users->count)
		qsort(users->list, users->count, sizeof(*users->list), by_uid);
}

static void look(struct users *users)
{
	struct stat stat_now;
	FILE *file;

	if (stat(users->path, &stat_now) < 0 ||
	    memcmp(&stat_now.st_mtim, &users->changed,
		   sizeof(users->changed)) == 0)
		return;
	file = fopen(users->path, "re");
	if (!file)
		return;
	users->changed = stat_now.st_mtim;
	lines_read(users, file);
	(void)fclose(file);
}

int users_new(const char *path, struct users **ret_users)
{
	struct users *users;

	assert(path);
	assert(ret_users);

	users = calloc(1, sizeof(*users));
	if (!users)
		return -ENOMEM;
	users->path = path;
	*ret_users = users;
	return 0;
}

void users_free(struct users *users)
{
	if (!users)
		return;

	free(users->list);
	free(users);
}

struct event_text users_name(struct users *users, uint32_t uid, uint64_t now_ns)
{
	const struct user wanted = {.uid = uid};
	const struct user *user = NULL;

	if (!users->looked_ns || now_ns - users->looked_ns >= LOOK_EVERY_NS) {
		users->looked_ns = now_ns;
		look(users);
	}
	if (users->count)
		user = bsearch(&wanted, users->list, users->count,
			       sizeof(*users->list), by_uid);
	if (!user)
		return (struct event_text){0};
	return (struct event_text){.bytes = user->name,
				   .len = (uint32_t)strlen(user->name)};
}
