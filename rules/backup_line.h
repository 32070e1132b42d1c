/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backup_line.h - the lines of a backup that its writer and its reader share.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BACKUP_HEADING	      "portcullis-backup 1"
#define BACKUP_HEADING_POLICY "portcullis-backup 2" /* with a policy */
#define BACKUP_HEADING_FEEDS  "portcullis-backup 3" /* with feeds */
#define BACKUP_END_MAX	      48 /* "end LINES CRC32\n" with the NUL */

/* The last line, behind `line_count` lines of this CRC-32. */
void backup_end_line(char line[BACKUP_END_MAX], uint64_t line_count,
		     uint32_t crc);

/* What the kernel allows (dev_valid_name()), without control characters. */
bool backup_ifname_is_valid(const char *name);
