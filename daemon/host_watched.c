// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/host_watched.h"

#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/detect/watched.h"
#include "xdp/sensor.h"

#define FIRST_USER 1000
#define NOBODY	   65534

static int add(struct host_watched *watched, const char *dir, const char *path)
{
	char *joined;

	if (strlen(dir) + strlen(path) >= FW_WATCHED_BYTES)
		return 0;
	if (asprintf(&joined, "%s%s", dir, path) < 0)
		return -ENOMEM;
	watched->paths[watched->count++] = joined;
	return 0;
}

static int add_home(struct host_watched *watched, const char *home)
{
	CLEANUP(freep) char *real = realpath(home, NULL);
	CLEANUP(freep) char *dir = NULL;
	int r = 0;

	if (asprintf(&dir, "%s/", real ? real : home) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < watched_of_user_count && r == 0; i++)
		r = add(watched, dir, watched_of_user[i]);
	return r;
}

static bool has_home(const struct passwd *user)
{
	return (user->pw_uid == 0 || user->pw_uid >= FIRST_USER) &&
	       user->pw_uid != NOBODY && user->pw_dir[0] == '/' &&
	       user->pw_dir[1] != '\0';
}

static int add_homes(struct host_watched *watched, FILE *file)
{
	const struct passwd *user;
	size_t homes = 0;
	int r = 0;

	while (r == 0 && homes < HOST_HOMES_MAX && (user = fgetpwent(file))) {
		if (!has_home(user))
			continue;
		r = add_home(watched, user->pw_dir);
		homes++;
	}
	return r;
}

static int add_more(struct host_watched *watched, const char *more)
{
	int r = 0;

	if (strcmp(more, "none") == 0)
		return 0;
	while (r == 0 && *more) {
		const size_t len = strcspn(more, ",");
		char path[FW_WATCHED_BYTES] = "";

		if (len > 0 && len < sizeof(path)) {
			memcpy(path, more, len);
			r = add(watched, "", path);
		}
		more += len + (more[len] == ',');
	}
	return r;
}

static size_t count_of(const char *more)
{
	size_t count = 1;

	for (; (more = strchr(more, ',')); more++)
		count++;
	return count;
}

static int fill(const char *passwd, const char *more,
		struct host_watched *watched)
{
	FILE *file;
	int r = 0;

	watched->paths = calloc(watched_of_system_count + count_of(more) +
					HOST_HOMES_MAX * watched_of_user_count,
				sizeof(*watched->paths));
	if (!watched->paths)
		return -ENOMEM;
	for (size_t i = 0; i < watched_of_system_count && r == 0; i++)
		r = add(watched, "", watched_of_system[i]);
	if (r == 0)
		r = add_more(watched, more);
	file = fopen(passwd, "re");
	if (!file)
		return r;
	if (r == 0)
		r = add_homes(watched, file);
	(void)fclose(file);
	return r;
}

int host_watched_make(const char *passwd, const char *more,
		      struct host_watched *ret_watched)
{
	struct host_watched watched = {0};
	int r;

	assert(passwd);
	assert(more);
	assert(ret_watched);

	r = fill(passwd, more, &watched);
	if (r < 0)
		host_watched_done(&watched);
	else
		*ret_watched = watched;
	return r;
}

void host_watched_done(struct host_watched *watched)
{
	for (size_t i = 0; i < watched->count; i++) {
		union {
			const char *lent;
			void *owned;
		} path = {watched->paths[i]};

		free(path.owned);
	}
	free(watched->paths);
	*watched = (struct host_watched){0};
}
