/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * denied.h - files that may not run, on both sides of the boundary.
 *
 * A label stays on its inode for as long as the kernel keeps that, and says
 * what the file was; whether it may run is a matter of the digests alone.
 * Nothing of this is pinned, so there is no version.
 */
#pragma once

#include <linux/types.h>

#define FW_DENIED_MAX 65536 /* digests */

struct fw_digest {
	__u8 bytes[32]; /* SHA-256 */
};

/* The digest is that of the file as long as the rest is so. */
struct fw_label {
	__u64 ctime_ns; /* of CLOCK_REALTIME */
	__u64 bytes;
	struct fw_digest digest;
};

_Static_assert(sizeof(struct fw_label) == 48, "map value layout");
