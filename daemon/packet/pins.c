// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/pins.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include <bpf/bpf.h>

#include "rules/base.h"

static int join(char path[PINS_PATH_MAX], const char *pin_dir,
		const char *folder, const char *name)
{
	int len = snprintf(path, PINS_PATH_MAX, "%s/%s%s%s", pin_dir, folder,
			   *name ? "/" : "", name);

	return len < 0 || len >= PINS_PATH_MAX ? -ENAMETOOLONG : 0;
}

static const char *lasting_folder(void)
{
	static char folder[32];

	(void)snprintf(folder, sizeof(folder), "lasting-v%u",
		       (unsigned int)FW_COUNT_VERSION);
	return folder;
}

/* On a bpffs that everybody may write to, somebody may have been here first:
 * whoever can write to the directory can take our gates' links out of it. */
static int check_owner(const char *path, int fd, char note[MAPS_NOTE_MAX])
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid == geteuid() && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	(void)snprintf(note, MAPS_NOTE_MAX,
		       "%s is of uid %u with mode %04o: a directory of uid %u "
		       "that nobody else may write to is taken, or none, which "
		       "is then made",
		       path, st.st_uid, st.st_mode & 07777u, geteuid());
	return -EPERM;
}

/* What is there already must be a directory of ours, and no way to one. */
static int make_own(const char *path, int *ret_fd, char note[MAPS_NOTE_MAX])
{
	CLEANUP(closep) int fd = -1;
	int r = 0;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		r = -errno;
	if (r == 0) {
		fd = open(path,
			  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? -errno : check_owner(path, fd, note);
	}
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	else if (!*note)
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "cannot make the directory of pins %s: %s", path,
			       r == -ENOTDIR ? "what is there is no directory"
					     : strerror(-r));
	return r;
}

static int make_folders(const char *pin_dir, char note[MAPS_NOTE_MAX])
{
	const char *const folders[] = {
		"links",
		"shared",
		"live",
		lasting_folder(),
	};
	char path[PINS_PATH_MAX];
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(folders) && r == 0; i++) {
		CLEANUP(closep) int fd = -1;

		r = join(path, pin_dir, folders[i], "");
		if (r == 0)
			r = make_own(path, &fd, note);
	}
	return r;
}

int pins_check_place(const char *pin_dir)
{
	char nearest[PINS_PATH_MAX];
	struct statfs fs;
	char *slash;

	if (strlen(pin_dir) >= sizeof(nearest))
		return -ENAMETOOLONG;
	(void)memcpy(nearest, pin_dir, strlen(pin_dir) + 1);
	while (statfs(nearest, &fs) < 0) {
		slash = strrchr(nearest, '/');
		if (errno != ENOENT || !slash || slash == nearest)
			return -errno;
		*slash = '\0';
	}
	return (unsigned long)fs.f_type == BPF_FS_MAGIC ? 0 : -EMEDIUMTYPE;
}

/* Make the directories, the descriptor being that of the outer one. */
static int prepare(const char *pin_dir, int *ret_fd, char note[MAPS_NOTE_MAX])
{
	CLEANUP(closep) int fd = -1;
	int r = pins_check_place(pin_dir);

	note[0] = '\0';
	if (r == -EMEDIUMTYPE)
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "%s is not on a bpffs: " PINS_MOUNT, pin_dir);
	else if (r < 0)
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "cannot make the directory of pins %s: %s",
			       pin_dir, strerror(-r));
	if (r == 0)
		r = make_own(pin_dir, &fd, note);
	if (r == 0)
		r = make_folders(pin_dir, note);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

int pins_prepare(const char *pin_dir, char note[MAPS_NOTE_MAX])
{
	CLEANUP(closep) int fd = -1;

	return prepare(pin_dir, &fd, note);
}

int pins_path(const char *pin_dir, const char *name, char path[PINS_PATH_MAX])
{
	return join(path, pin_dir, lasting_folder(), name);
}

static bool is_like(const struct bpf_map_info *info,
		    const struct bpf_map_info *like)
{
	return info->type == like->type && info->key_size == like->key_size &&
	       info->value_size == like->value_size &&
	       (!like->max_entries || info->max_entries == like->max_entries);
}

int pins_get_map(const char *pin_dir, const char *name,
		 const struct bpf_map_info *like, int *ret_fd,
		 char note[MAPS_NOTE_MAX])
{
	CLEANUP(closep) int fd = -1;
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	char path[PINS_PATH_MAX];
	int r = pins_path(pin_dir, name, path);

	if (r < 0)
		return r;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return -errno;
	if (!is_like(&info, like)) {
		(void)snprintf(note, MAPS_NOTE_MAX,
			       "%s is pinned with another layout (value of %u "
			       "bytes, %u entries): detach all gates, remove "
			       "the file, start again",
			       path, info.value_size, info.max_entries);
		return -EPROTO;
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int pin_once(const char *path, int fd)
{
	int r = bpf_obj_pin(fd, path);

	return r == -EEXIST ? 0 : r;
}

int pins_put_map(const char *pin_dir, const char *name, int fd)
{
	char path[PINS_PATH_MAX];
	int r = pins_path(pin_dir, name, path);

	return r < 0 ? r : pin_once(path, fd);
}

int pins_get_meta(const char *pin_dir, struct fw_meta *ret_meta)
{
	CLEANUP(closep) int fd = -1;
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	char path[PINS_PATH_MAX];
	uint32_t zero = 0;
	int r;

	if (!pin_dir)
		return -ENOENT;
	r = join(path, pin_dir, "live", "meta");
	if (r < 0)
		return r;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return -errno;
	if (info.value_size != sizeof(*ret_meta))
		return -EPROTO;
	return bpf_map_lookup_elem(fd, &zero, ret_meta) < 0 ? -errno : 0;
}

/* Under another name first: there is no moment without a pin. */
static int replace_pin(const char *pin_dir, const char *name, int fd)
{
	char path[PINS_PATH_MAX], fresh[PINS_PATH_MAX];
	char fresh_name[64];
	int r;

	(void)snprintf(fresh_name, sizeof(fresh_name), "%s-new", name);
	r = join(path, pin_dir, "live", name);
	if (r == 0)
		r = join(fresh, pin_dir, "live", fresh_name);
	if (r < 0)
		return r;

	(void)unlink(fresh);
	r = bpf_obj_pin(fd, fresh);
	if (r < 0)
		return r;
	return rename(fresh, path) < 0 ? -errno : 0;
}

int pins_put_live(const char *pin_dir, int program_fd,
		  const struct fw_meta *meta)
{
	CLEANUP(closep) int fd = -1;
	uint32_t zero = 0;
	int r;

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "meta", sizeof(zero),
			    sizeof(*meta), 1, NULL);
	if (fd < 0)
		return fd;
	if (bpf_map_update_elem(fd, &zero, meta, BPF_ANY) < 0)
		return -errno;
	r = replace_pin(pin_dir, "program", program_fd);
	return r < 0 ? r : replace_pin(pin_dir, "meta", fd);
}

int pins_put_fallback(const char *pin_dir, int in_fd, int out_fd)
{
	int r = replace_pin(pin_dir, "fallback-in", in_fd);

	return r < 0 ? r : replace_pin(pin_dir, "fallback-out", out_fd);
}

void pins_del_fallback(const char *pin_dir)
{
	static const char *const names[] = {"fallback-in", "fallback-out"};
	char path[PINS_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (join(path, pin_dir, "live", names[i]) == 0)
			(void)unlink(path);
}

static int unpin_folder(const char *pin_dir, const char *folder)
{
	char path[PINS_PATH_MAX];
	struct dirent *entry;
	DIR *dir;
	int r = join(path, pin_dir, folder, "");

	if (r < 0)
		return r;
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			r = -errno;
	}
	(void)closedir(dir);
	if (r == 0 && rmdir(path) < 0)
		r = -errno;
	return r;
}

/* Also those of another FW_COUNT_VERSION. */
static bool is_ours(const char *folder)
{
	return strcmp(folder, "live") == 0 || strcmp(folder, "links") == 0 ||
	       strcmp(folder, "shared") == 0 ||
	       strncmp(folder, "lasting-v", strlen("lasting-v")) == 0;
}

int maps_unpin_all(const char *pin_dir)
{
	struct dirent *entry;
	DIR *dir = opendir(pin_dir);
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (is_ours(entry->d_name))
			r = unpin_folder(pin_dir, entry->d_name);
	(void)closedir(dir);
	if (r == 0 && rmdir(pin_dir) < 0)
		r = -errno;
	return r;
}

int maps_lock_pins(const char *pin_dir, int *ret_fd, char note[MAPS_NOTE_MAX])
{
	CLEANUP(closep) int fd = -1;
	int r;

	assert(pin_dir);
	assert(ret_fd);

	r = prepare(pin_dir, &fd, note);
	if (r < 0)
		return r;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
		(void)snprintf(note, MAPS_NOTE_MAX, "pins %s: %s", pin_dir,
			       r == -EBUSY ? "another fwd uses them"
					   : strerror(-r));
		return r;
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}
