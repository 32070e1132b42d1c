// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/backup_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rules/store.h"

void backup_end_line(char line[BACKUP_END_MAX], uint64_t line_count,
		     uint32_t crc)
{
	(void)snprintf(line, BACKUP_END_MAX, "end %" PRIu64 " %08" PRIx32 "\n",
		       line_count, crc);
}

bool backup_ifname_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= IFNAME_MAX || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)name[i];

		if (byte <= ' ' || byte == 0x7f || byte == '/' || byte == ':')
			return false;
	}
	return true;
}
