/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer.h - who is at the other end of a Unix socket, and what they may do.
 *
 * The kernel remembers the credentials a process had when it connected; what
 * it says about itself is never asked. Supplementary groups count as much as
 * the first (SO_PEERGROUPS, kernel 4.13).
 *
 * Errors	negative errno; a failed call has written nothing
 * Threads	peer_rights_init() where getgrnam() may be called; else any
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* The groups that give a right. */
struct peer_rights {
	gid_t change;
	gid_t view;
	const char
		*change_name; /* for sentences; "(none)" when there is none */
	const char *view_name;
};

#define PEER_NOBODY ((gid_t)-1) /* no process can be in it (POSIX) */

struct peer {
	uid_t uid;
	bool may_view;
	bool may_change;
};

/*
 * Look the groups up while the name service can still be asked. A name that is
 * NULL or that no group has gives the right to nobody but uid 0. Keeps the
 * names, which must live as long.
 */
void peer_rights_init(struct peer_rights *rights, const char *change_group,
		      const char *view_group);

/* Who is connected to the socket `fd`. */
int peer_of_socket(int fd, const struct peer_rights *rights,
		   struct peer *ret_peer);
