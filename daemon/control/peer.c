// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control/peer.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "rules/base.h"

static gid_t group_of_name(const char *name)
{
	const struct group *group = name ? getgrnam(name) : NULL;

	return group ? group->gr_gid : PEER_NOBODY;
}

static void allow_for_group(struct peer *peer, const struct peer_rights *rights,
			    gid_t gid)
{
	if (gid == rights->change)
		peer->may_change = true;
	if (gid == rights->view || gid == rights->change)
		peer->may_view = true;
}

static void freegids(gid_t **gids)
{
	free(*gids);
}

static int allow_for_groups(struct peer *peer, const struct peer_rights *rights,
			    int fd)
{
	CLEANUP(freegids) gid_t *gids = NULL;
	socklen_t size = 0;

	/* Asked with no room, the kernel says how much it needs. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0)
		return 0;
	if (errno != ERANGE)
		return -errno;
	gids = malloc(size);
	if (!gids)
		return -ENOMEM;
	/* A peer's groups are those of its connect(): they hold still. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gids, &size) < 0)
		return -errno;

	for (size_t i = 0; i < size / sizeof(*gids); i++)
		allow_for_group(peer, rights, gids[i]);
	return 0;
}

void peer_rights_init(struct peer_rights *rights, const char *change_group,
		      const char *view_group)
{
	assert(rights);

	rights->change = group_of_name(change_group);
	rights->view = group_of_name(view_group);
	rights->change_name = change_group ? change_group : "(none)";
	rights->view_name = view_group ? view_group : "(none)";
}

int peer_of_socket(int fd, const struct peer_rights *rights,
		   struct peer *ret_peer)
{
	struct peer peer = {0};
	struct ucred cred;
	socklen_t size = sizeof(cred);
	int r;

	assert(rights);
	assert(ret_peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	peer.uid = cred.uid;
	peer.may_change = cred.uid == 0;
	peer.may_view = cred.uid == 0;
	allow_for_group(&peer, rights, cred.gid);
	r = allow_for_groups(&peer, rights, fd);
	if (r < 0)
		return r;

	*ret_peer = peer;
	return 0;
}
