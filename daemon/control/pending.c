// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control/pending.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "rules/base.h"

_Static_assert(offsetof(struct pending, call) == 0, "");

static int check_right(const struct peer *peer,
		       const struct peer_rights *rights,
		       const struct request_spec *spec, struct refusal *why)
{
	if (spec->right == WIRE_VIEW ? peer->may_view : peer->may_change)
		return 0;
	return refusal_set(why, -EPERM,
			   "\"%s\" is for root and group %s; uid %u may only "
			   "view",
			   spec->name, rights->change_name, peer->uid);
}

static int check_file(const struct frame_in *in,
		      const struct request_spec *spec, struct refusal *why)
{
	if (in->fd_astray)
		return refusal_set(why, -EINVAL,
				   "one file may come with a request, beside "
				   "its first byte; all were closed");
	if (spec->takes_fd && in->fd < 0)
		return refusal_set(why, -EINVAL,
				   "\"%s\" needs a memfd beside the request's "
				   "first byte",
				   spec->name);
	if (!spec->takes_fd && in->fd >= 0)
		return refusal_set(why, -EINVAL,
				   "\"%s\" takes no file; it was closed",
				   spec->name);
	return 0;
}

static int fill_in(struct call *call, struct frame_in *in,
		   const struct peer *peer, const struct peer_rights *rights,
		   struct refusal *why)
{
	const struct request_spec *spec;
	int r;

	r = message_read(in->body, in->body_bytes, why, &call->request,
			 &call->args);
	if (r < 0)
		return r;
	spec = &request_specs[call->request];
	r = check_right(peer, rights, spec, why);
	if (r < 0)
		return r;
	r = check_file(in, spec, why);
	if (r < 0)
		return r;

	call->fd = TAKE_FD(in->fd);
	return 0;
}

int pending_new(struct frame_in *in, const struct peer *peer,
		const struct peer_rights *rights,
		struct refusal *reterr_refusal, struct pending **ret_pending)
{
	struct pending *pending;
	int r;

	assert(in);
	assert(peer);
	assert(rights);
	assert(reterr_refusal);
	assert(ret_pending);

	pending = calloc(1, sizeof(*pending));
	if (!pending)
		return refusal_set(reterr_refusal, -ENOMEM, "out of memory");
	pending->call.fd = -1;
	pending->call.uid = peer->uid;
	r = fill_in(&pending->call, in, peer, rights, reterr_refusal);
	if (r < 0) {
		pending_free(pending);
		return r;
	}

	*ret_pending = pending;
	return 0;
}

void pending_free(struct pending *pending)
{
	if (!pending)
		return;
	closep(&pending->call.fd);
	json_decref(pending->call.args);
	free(pending);
}
