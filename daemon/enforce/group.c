// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/group.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "rules/base.h"

int group_root(char ret_path[PATH_MAX])
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *mount;
	int r = -ENOENT;

	if (!mounts)
		return -errno;
	while (r < 0 && (mount = getmntent(mounts))) {
		size_t len = strlen(mount->mnt_dir);

		if (strcmp(mount->mnt_type, "cgroup2") != 0 || len >= PATH_MAX)
			continue;
		memcpy(ret_path, mount->mnt_dir, len + 1);
		r = 0;
	}
	(void)endmntent(mounts);
	return r;
}

int group_open(const char *path, int *ret_fd, uint64_t *ret_id)
{
	CLEANUP(closep)
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs place;
	struct stat group;

	assert(ret_fd);
	assert(ret_id);

	if (fd < 0 || fstatfs(fd, &place) < 0 || fstat(fd, &group) < 0)
		return -errno;
	if (place.f_type != CGROUP2_SUPER_MAGIC)
		return -ENOTTY;
	*ret_fd = TAKE_FD(fd);
	*ret_id = group.st_ino;
	return 0;
}
