/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor.h - what this kernel and this interface allow, before attaching.
 *
 * Asks, never changes: driver, MTU against what XDP of one buffer takes,
 * VLAN tag stripping (a stripped tag is not in the packet the program sees),
 * LRO and hardware GRO, queues against CPUs, who else is attached, offloads
 * that virtio must be able to switch off; of the host: bpffs, BTF, JIT,
 * lockdown, memory. Each finding says how to mend it.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdint.h>

#include "daemon/packet/netlink.h"

enum finding_level {
	FINDING_OK,
	FINDING_NOTE,
	FINDING_WARNING,
	FINDING_ERROR, /* attaching would fail, or not protect */
	FINDING_LEVEL_COUNT,
};

struct finding {
	enum finding_level level;
	const char *what; /* lent for the call */
	const char *mend; /* a command or a sentence; NULL when all is well */
};

typedef int finding_fn(void *arg, const struct finding *finding);

const char *finding_level_name(enum finding_level level);

/* -ENODEV when there is no such interface. `own_id` is our program's, whose
 * name may not be read without CAP_SYS_ADMIN; 0: none. `driver` is of 32
 * bytes. */
int doctor_iface(const struct iface *iface, uint32_t own_id, char driver[32],
		 finding_fn *fn, void *arg);
int doctor_host(const char *pin_dir, finding_fn *fn, void *arg);
