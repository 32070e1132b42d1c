/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * captures.h - the packets of all files of captures in a folder, as Ethernet
 * frames.
 *
 * Captures of IP alone get an Ethernet header; those of other links are
 * skipped, by name and count.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CAPTURE_BYTES_MAX 65535

struct captures {
	size_t files, packets;
	size_t other_links; /* files skipped */
	size_t unreadable; /* files that libpcap does not open */
};

/* Number 1 is the first packet of a file. */
typedef void capture_fn(const char *file, size_t number, const uint8_t *frame,
			size_t len);

/* Files in the order of their names; adds to *captures. 0, or -errno when
 * the folder cannot be read. */
int captures_each(const char *folder, capture_fn *fn,
		  struct captures *captures);
