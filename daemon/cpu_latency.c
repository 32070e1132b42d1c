// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/cpu_latency.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "rules/base.h"

/* The wish is the open file's, which nobody closes. */
int cpu_latency_hold(uint32_t us)
{
	int32_t wish = (int32_t)us;
	int fd = open(CPU_LATENCY_DEVICE, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 || write(fd, &wish, sizeof(wish)) < 0 ? -errno : 0;

	if (r < 0)
		closep(&fd);
	return r;
}
