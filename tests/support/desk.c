// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/desk.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

static int sink_set(void *arg, const struct prefix *prefix, uint16_t class_id)
{
	struct desk *desk = arg;

	(void)prefix;
	(void)class_id;
	if (desk->room == 0)
		return -ENOSPC;
	desk->room--;
	desk->known++;
	return 0;
}

static void sink_clear(void *arg, const struct prefix *prefix,
		       const struct prefix *cover, uint16_t class_id)
{
	struct desk *desk = arg;

	(void)prefix;
	(void)cover;
	(void)class_id;
	desk->room++;
	desk->known--;
}

static int sink_define(void *arg, uint16_t class_id,
		       const struct class_info *info)
{
	(void)arg;
	(void)class_id;
	(void)info;
	return 0;
}

void desk_init(struct desk *desk)
{
	static const struct ledger_sink sink = {
		.set = sink_set,
		.clear = sink_clear,
		.define = sink_define,
	};
	struct daemon *daemon = &desk->daemon;

	memset(desk, 0, sizeof(*desk));
	desk->room = DESK_ROOM;
	assert_int_equal(guard_new(&daemon->guard), 0);
	assert_int_equal(ledger_new(&sink, desk, &daemon->ledger), 0);
	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++)
		assert_int_equal(
			ledger_put_set(daemon->ledger, &set_builtins[i]), 0);
}

void desk_open(struct desk *desk)
{
	struct daemon *daemon = &desk->daemon;

	scratch_init(&desk->scratch, SCRATCH_MAP_BYTES);
	daemon->store = desk->scratch.store;
	daemon->base = event_base_new();
	assert_non_null(daemon->base);
	assert_int_equal(worker_new(daemon->base, &daemon->worker), 0);
}

void desk_commit(struct desk *desk)
{
	worker_free(desk->daemon.worker);
	desk->daemon.worker = NULL;
}

void desk_done(struct desk *desk)
{
	struct daemon *daemon = &desk->daemon;

	desk_commit(desk);
	owed_done(&daemon->owed);
	ledger_free(daemon->ledger);
	guard_free(daemon->guard);
	if (!daemon->base)
		return;
	event_base_free(daemon->base);
	scratch_done(&desk->scratch);
}

struct prefix desk_prefix(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	return prefix;
}

bool desk_holds(const struct desk *desk, uint8_t set_id, const char *text)
{
	const struct prefix prefix = desk_prefix(text);
	struct evidence evidence;

	return ledger_get(desk->daemon.ledger, set_id, &prefix, &evidence) == 0;
}

bool desk_protects(const struct desk *desk, const char *text)
{
	const struct prefix prefix = desk_prefix(text);

	return guard_find(desk->daemon.guard, &prefix) != NULL;
}
