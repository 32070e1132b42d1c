// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_turn.h"

#include <assert.h>

static bool has_room(const struct feed_turns *turns)
{
	return turns->running == 0 ||
	       (turns->running < FEED_TURNS_MAX &&
		turns->bytes + turns->first->bytes <= FEED_TURNS_BYTES_MAX);
}

/* One that is over at once does not start the next within itself. */
static void start(struct feed_turns *turns)
{
	if (turns->is_starting)
		return;
	turns->is_starting = true;
	while (turns->first && has_room(turns)) {
		struct feed_turn *turn = turns->first;

		turns->first = turn->next;
		turns->running++;
		turns->bytes += turn->bytes;
		turn->run(turn->arg);
	}
	turns->is_starting = false;
}

void feed_turns_take(struct feed_turns *turns, struct feed_turn *turn)
{
	struct feed_turn **last = &turns->first;

	assert(turn->run);

	while (*last)
		last = &(*last)->next;
	turn->next = NULL;
	*last = turn;
	start(turns);
}

void feed_turns_end(struct feed_turns *turns, const struct feed_turn *turn)
{
	assert(turns->running > 0);
	assert(turns->bytes >= turn->bytes);

	turns->running--;
	turns->bytes -= turn->bytes;
	start(turns);
}
