/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * driver.h - what the driver of an interface says of itself: name, features,
 * queues. Only questions, by the ethtool ioctl, which needs no capability.
 *
 * Errors	negative errno; -EOPNOTSUPP where the driver has no answer
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DRIVER_NAME_MAX 32 /* bytes with the NUL */

struct driver_feature {
	bool is_on;
	bool is_fixed; /* nobody can switch it */
};

struct driver_queues {
	unsigned int rx_count; /* that receive, in use */
	unsigned int rx_max;
};

int driver_name(const char *ifname, char ret_name[DRIVER_NAME_MAX]);
int driver_queues(const char *ifname, struct driver_queues *ret_queues);

/* `names` as the kernel writes them: "rx-lro". One this kernel has not is off
 * and fixed. */
int driver_features(const char *ifname, const char *const *names, size_t count,
		    struct driver_feature *ret_features);
