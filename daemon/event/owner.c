// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/owner.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"

static const char *const names[] = {
	[OWNER_UNKNOWN] = "unknown",
	[OWNER_FLOW] = "flow",
	[OWNER_LISTENER] = "listener",
};
_Static_assert(ARRAY_LEN(names) == OWNER_HOW_COUNT, "");

const char *owner_how_name(enum owner_how how)
{
	return how < OWNER_HOW_COUNT ? names[how] : names[OWNER_UNKNOWN];
}

static void put_address(uint32_t to_be[4], const struct prefix *address)
{
	if (prefix_is_v4(address))
		memcpy(to_be, address->addr + 12, 4);
	else
		memcpy(to_be, address->addr, 16);
}

static bool was_its(const struct fw_talk *talk, uint64_t when_ns)
{
	uint64_t late_ns = talk->is_taken ? 0 : OWNER_LATE_NS;

	return when_ns == 0 || talk->time_ns <= when_ns + late_ns;
}

struct asking {
	owner_look_fn *look;
	void *arg;
	uint64_t when_ns;
};

/* With the local address, then of a socket that is bound to none. */
static int ask(const struct asking *asking, struct fw_talk_key *key,
	       enum owner_how how, struct owner *ret_owner)
{
	struct fw_talk talk;

	for (int i = 0; i < 2; i++) {
		if (asking->look(asking->arg, key, &talk) == 0 &&
		    was_its(&talk, asking->when_ns)) {
			*ret_owner = (struct owner){
				.how = how,
				.id = {talk.pid, talk.start_ns},
				.uid = talk.uid,
				.since_ns = talk.time_ns,
			};
			return 0;
		}
		memset(key->local_be, 0, sizeof(key->local_be));
	}
	return -ENOENT;
}

int owner_find(const struct owner_question *question, owner_look_fn *look,
	       void *arg, struct owner *ret_owner)
{
	const struct asking asking = {look, arg, question->when_ns};
	struct fw_talk_key key = {
		.peer_port = question->peer_port,
		.local_port = question->local_port,
		.family = prefix_is_v4(&question->local) ? 4 : 6,
		.protocol = question->protocol,
	};
	int r;

	assert(look);
	assert(ret_owner);

	if (prefix_is_v4(&question->local) != prefix_is_v4(&question->peer))
		return -ENOENT;
	put_address(key.peer_be, &question->peer);
	put_address(key.local_be, &question->local);
	r = ask(&asking, &key, OWNER_FLOW, ret_owner);
	if (r == 0 || !question->may_listen)
		return r;
	memset(key.peer_be, 0, sizeof(key.peer_be));
	key.peer_port = 0;
	put_address(key.local_be, &question->local);
	return ask(&asking, &key, OWNER_LISTENER, ret_owner);
}
