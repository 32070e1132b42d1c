/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outlet_journal.h - notices to the journal of systemd, in its own protocol:
 * a datagram of fields, of which one is the notice as JSON.
 *
 * Nothing is waited for: a journal that does not read is asked again later,
 * and one that is not there loses what it would have been told.
 *
 * Errors	negative errno; -EAGAIN: not now
 * Threads	none; one owner
 */
#pragma once

#include "daemon/alert/told.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct outlet_journal {
	int fd;
	const char *path; /* borrowed */
};

int outlet_journal_open(const char *path, struct outlet_journal *ret_outlet);
void outlet_journal_close(struct outlet_journal *outlet);

/* `arg` is a struct outlet_journal. */
int outlet_journal_tell(void *arg, const struct told *told);
