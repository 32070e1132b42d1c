// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/kernel_lacks.h"

#include <stdio.h>
#include <string.h>

#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <zlib.h>

#define LINE_BYTES 512

static bool is_group_root(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static bool has_groups(void)
{
	return is_group_root("/sys/fs/cgroup") ||
	       is_group_root("/sys/fs/cgroup/unified");
}

/* zlib reads what is not compressed as it is. */
static gzFile config_open(void)
{
	gzFile file = gzopen("/proc/config.gz", "rbe");
	char path[sizeof(struct utsname)];
	struct utsname name;

	if (file || uname(&name) < 0)
		return file;
	(void)snprintf(path, sizeof(path), "/boot/config-%s", name.release);
	return gzopen(path, "rbe");
}

static void read_line(const char *line, struct plan_kernel *lacks)
{
	const struct {
		const char *option;
		bool *lacks;
	} options[] = {
		{"CONFIG_CGROUP_BPF=y", &lacks->lacks_group_programs},
		{"CONFIG_INET_DIAG_DESTROY=y", &lacks->lacks_destroy},
		{"CONFIG_PROC_CHILDREN=y", &lacks->lacks_children},
	};

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (strncmp(line, options[i].option,
			    strlen(options[i].option)) == 0)
			*options[i].lacks = false;
	}
}

void kernel_lacks(struct plan_kernel *ret_kernel)
{
	gzFile file = config_open();
	bool lacks = file != NULL; /* until it is found */
	char line[LINE_BYTES];

	*ret_kernel = (struct plan_kernel){
		.lacks_groups = !has_groups(),
		.lacks_group_programs = lacks,
		.lacks_destroy = lacks,
		.lacks_children = lacks,
	};
	if (!file)
		return;
	while (gzgets(file, line, sizeof(line)))
		read_line(line, ret_kernel);
	(void)gzclose(file);
}
